"""What a worker says of what it cannot do: when it begins, and when it is over; and what it leaves when we end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction

from talaia.outbox import shutdown
from talaia.outbox.actions import Order, record
from talaia.outbox.errors import PermanentError, RetryLater, TemporaryError
from talaia.outbox.models import Fact
from talaia.outbox.supervise import attempt
from talaia.outbox.worker import Worker
from talaia.site.write import publish
from tests.outbox.channel import TestChannel

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
log = logging.getLogger("talaia.test")
pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def to_mail(fact: Fact) -> Iterator[Order]:
    yield Order("mail", fact.subject)


@pytest.fixture
def worker(tmp_path: Path) -> tuple[Worker, list[Exception], Clock]:
    """One whose only channel raises what stands first in a list, until that is empty."""
    faults: list[Exception] = []

    def deliver(targets: Sequence[str], now: datetime) -> None:
        if faults:
            raise faults[0]

    clock = Clock()
    with transaction.atomic():
        record("thing.happened", "a", NOW)
        record("thing.happened", "b", NOW)
    made = Worker(tmp_path, [TestChannel("mail", deliver, batch=10)], to_mail, clock)
    made.spread()
    return made, faults, clock


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [one.getMessage() for one in caplog.records]
    caplog.clear()
    return found


def test_a_mail_server_that_is_away_is_one_line_and_one_when_it_is_over(
    worker: tuple[Worker, list[Exception], Clock], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "talaia")
    made, faults, clock = worker
    faults.append(TemporaryError("the mail server does not answer", "is it running?", after=timedelta(seconds=1)))
    for _ in range(9):
        made.deliver_due(made.channels[0])
        clock.now += timedelta(minutes=20)
    (line,) = said(caplog)
    assert line.startswith("mail: the mail server does not answer; again in ")
    faults.clear()
    made.deliver_due(made.channels[0])
    assert [line.partition(" (after ")[0] for line in said(caplog)] == ["mail goes on"]


def test_what_is_parked_is_said_and_holds_no_trouble_open(
    worker: tuple[Worker, list[Exception], Clock], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "talaia")
    made, faults, clock = worker
    faults.append(TemporaryError("away"))
    made.deliver_due(made.channels[0])
    faults[0] = PermanentError("never", "look at it")
    clock.now += timedelta(minutes=20)
    made.deliver_due(made.channels[0])
    lines = said(caplog)
    assert [
        line.startswith(("mail: away", "mail a is parked", "mail b is parked", "mail goes on")) for line in lines
    ] == ([True] * 4)
    assert lines[-1].startswith("mail goes on")


def test_a_fault_of_ours_has_its_traceback_once(
    worker: tuple[Worker, list[Exception], Clock], caplog: pytest.LogCaptureFixture
) -> None:
    made, faults, clock = worker
    faults.append(ZeroDivisionError("oh"))
    for _ in range(3):
        made.deliver_due(made.channels[0])
        clock.now += timedelta(minutes=20)
    assert [bool(one.exc_info) for one in caplog.records] == [True]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_step_that_fails_is_said_and_the_next_one_comes(quiet: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "talaia.test")

    def fail() -> None:
        raise KeyError("anna@example.org")

    assert not (attempt(log, "the look", fail, quiet=True) if quiet else attempt(log, "the look", fail))
    assert not attempt(log, "the look", fail, quiet=quiet)
    assert attempt(log, "the look", lambda: None)
    assert bool(caplog.records[0].exc_info) is not quiet  # a traceback ends with the words of the error
    first, over = said(caplog)
    assert first == ("the look goes on after KeyError" + ("" if quiet else ": 'anna@example.org'"))
    assert over.startswith("the look is well again (after ")


@pytest.mark.parametrize("fault", [KeyError("x"), TemporaryError("x", "y"), OperationalError("gone away")], ids=repr)
def test_after_a_step_that_failed_the_connection_to_the_database_is_made_anew(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be what is broken, and then no step would ever go well again."""
    closed: list[Exception] = []
    monkeypatch.setattr(connection, "close", lambda: closed.append(fault))

    def fail() -> None:
        raise fault

    assert attempt(log, "the look", lambda: None) and not closed
    assert not attempt(log, "the look", fail)
    assert closed == [fault]


@pytest.mark.parametrize("quiet", [False, True])
def test_a_fault_of_something_outside_is_a_line_without_a_traceback(
    quiet: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise TemporaryError("/srv/public: No space left on device", "make room on the disk")

    assert not attempt(log, "the pages", fail, quiet=quiet)
    assert [bool(one.exc_info) for one in caplog.records] == [False]
    why = "TemporaryError" if quiet else "/srv/public: No space left on device; make room on the disk"
    assert said(caplog) == [f"the pages cannot go on: {why}"]


def test_a_database_that_is_away_is_said_once_for_all_who_meet_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "talaia.test")

    def fail() -> None:
        raise OperationalError("connection refused\nIs the server running?")

    for _ in range(3):
        for who in ("the watch", "the clock", "worker"):
            assert not attempt(log, who, fail)
    for who in ("the watch", "the clock", "worker"):
        assert attempt(log, who, lambda: None)
    first, over = said(caplog)
    assert first == "the database does not answer: connection refused"
    assert over == "the database answers again (after 0 s, 9 times)"


def test_when_we_end_what_takes_long_is_left_for_the_next_start() -> None:
    shutdown.ENDING.set()
    try:
        with pytest.raises(RetryLater):
            publish(["front"], NOW)
    finally:
        shutdown.ENDING.clear()


def test_whoever_waits_is_called_off() -> None:
    class Waits:
        off = False

        def call_off(self) -> None:
            self.off = True

    one = Waits()
    shutdown.waits(one)
    shutdown.call_off()
    assert one.off
