"""Waits, leases and what keeps them, by a clock that may be set back."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from talaia.outbox import actions, worker
from talaia.outbox.actions import Order, record
from talaia.outbox.errors import RetryLater, TemporaryError
from talaia.outbox.models import Delivery, Fact
from talaia.outbox.monotonic import moved, over
from talaia.outbox.worker import LEASE, Worker
from tests.outbox.channel import TestChannel
from tests.outbox.test_delivering import NOW, Clock, happen, to_page

pytestmark = pytest.mark.django_db(transaction=True)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("after", "is_over"),
    [
        (timedelta(0), False),
        (59 * SECOND, False),
        (MINUTE, True),
        (3 * HOUR, True),
        (-3 * SECOND, False),  # two clocks differ by that
        (-5 * SECOND, False),
        (-6 * SECOND, True),
        (-3 * HOUR, True),
    ],
)
def test_a_wait_is_over_after_its_length_or_when_the_clock_was_set_back(after: timedelta, is_over: bool) -> None:
    assert over(NOW, NOW + after, MINUTE) == is_over


@pytest.mark.parametrize("ahead", [timedelta(0), 5 * SECOND, MINUTE, 3 * HOUR])
def test_a_wait_that_begins_ahead_of_now_begins_now_and_an_hour_of_the_day_stays(ahead: timedelta) -> None:
    since = NOW + ahead
    shift = ahead if ahead > 5 * SECOND else timedelta(0)
    assert moved(since + MINUTE, since, NOW) == (since + MINUTE - shift, since - shift)
    assert moved(since + MINUTE, None, NOW) == (since + MINUTE, None)


class Fails:
    """A channel that is asked to come again in `after`, until it is well."""

    def __init__(self, after: timedelta, fault: type[TemporaryError] = TemporaryError) -> None:
        self.after, self.fault, self.well, self.done = after, fault, False, 0

    def __call__(self, _targets: Sequence[str], _now: datetime) -> None:
        if not self.well:
            raise self.fault("away", after=self.after)
        self.done += 1


def work(one: Worker) -> None:
    one.spread()
    while one.deliver_due(one.channels[0]):
        pass


@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_tried_again_in_ten_minutes_is_so_though_the_clock_is_set_back(tmp_path: Path, restarted: bool) -> None:
    clock, fails = Clock(), Fails(10 * MINUTE)
    channels = [TestChannel("page", fails)]
    one = Worker(tmp_path, channels, to_page, clock)
    happen("a")
    work(one)
    fails.well = True
    clock.now -= 6 * HOUR
    one = Worker(tmp_path, channels, to_page, clock) if restarted else one
    work(one)
    clock.now += 10 * MINUTE - SECOND
    work(one)
    assert fails.done == 0
    clock.now += SECOND
    work(one)
    assert fails.done == 1


def test_two_clocks_that_differ_by_seconds_are_no_clock_that_was_set_back() -> None:
    happen("a")
    actions.spread(NOW, to_page)
    assert actions.mend_waits(NOW - 4 * SECOND) == 0
    assert actions.mend_waits(NOW - 6 * SECOND) == 1


def test_an_hour_of_the_day_is_waited_for_by_the_clock_as_it_is(tmp_path: Path) -> None:
    clock, fails = Clock(), Fails(MINUTE)
    fails.well = True
    one = Worker(tmp_path, [TestChannel("page", fails)], lambda fact: [Order("page", fact.subject, NOW + HOUR)], clock)
    happen("a")
    work(one)
    clock.now -= 3 * HOUR
    work(one)
    clock.now = NOW + HOUR - SECOND
    work(one)
    assert fails.done == 0
    clock.now = NOW + HOUR
    work(one)
    assert fails.done == 1


def test_a_wait_that_was_ordered_before_the_clock_was_set_back_is_as_long_as_it_was_to_be(tmp_path: Path) -> None:
    clock, fails = Clock(), Fails(MINUTE)
    fails.well = True

    def in_a_minute(fact: Fact) -> Iterable[Order]:
        yield Order("page", fact.subject, fact.at + MINUTE, fact.at)

    one = Worker(tmp_path, [TestChannel("page", fails)], in_a_minute, clock)
    happen("a")
    clock.now -= 3 * HOUR
    work(one)
    assert fails.done == 0
    clock.now += MINUTE
    work(one)
    assert fails.done == 1


def test_asked_before_its_time_it_is_put_back_without_a_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock, fails = Clock(), Fails(MINUTE, RetryLater)
    one = Worker(tmp_path, [TestChannel("page", fails)], to_page, clock)
    happen("a")
    work(one)
    row = Delivery.objects.get()
    assert (row.state, row.due, row.error) == ("ready", NOW + MINUTE, "") and not caplog.records


def test_the_lease_of_a_worker_that_is_gone_ends_though_the_clock_is_set_back(tmp_path: Path) -> None:
    clock, fails = Clock(), Fails(MINUTE)
    fails.well = True
    happen("a")
    actions.spread(NOW, to_page)
    actions.claim("elsewhere/x/1/2-3", "page", NOW, LEASE, 1)
    clock.now -= 3 * HOUR
    one = Worker(tmp_path, [TestChannel("page", fails)], to_page, clock)
    work(one)
    assert fails.done == 0  # they may well be alive
    clock.now += LEASE
    work(one)
    assert fails.done == 1


def taken() -> Delivery:
    happen("a")
    actions.spread(NOW, to_page)
    [mine] = actions.claim("me", "page", NOW, LEASE, 1)
    return mine


def test_what_a_worker_is_still_at_is_taken_by_nobody_else() -> None:
    mine = taken()
    actions.prolong("me", [mine.pk], NOW + 50 * SECOND, LEASE)
    assert Delivery.objects.get().since == NOW + 50 * SECOND  # a wait from then on, should the clock be set back
    assert actions.claim("other", "page", NOW + LEASE, LEASE, 1) == []
    assert actions.claim("other", "page", NOW + LEASE + 50 * SECOND, LEASE, 1) == [mine]


def test_nobody_prolongs_what_another_has_by_now() -> None:
    mine = taken()
    assert actions.claim("other", "page", NOW + LEASE, LEASE, 1) == [mine]
    actions.prolong("me", [mine.pk], NOW + HOUR, LEASE)
    mine.refresh_from_db()
    assert (mine.worker, mine.due) == ("other", NOW + 2 * LEASE)


@pytest.mark.parametrize("outcome", ["again", "done", "park"])
def test_nobody_prolongs_what_is_not_running_any_more(outcome: str) -> None:
    mine = taken()
    if outcome == "again":
        actions.again("me", [mine.pk], NOW, SECOND, "away")
    elif outcome == "done":
        actions.done("me", [mine.pk], NOW)
    else:
        actions.park("me", [mine.pk], "no")
    mine.refresh_from_db()
    before = (mine.state, mine.due)
    actions.prolong("me", [mine.pk], NOW + HOUR, LEASE)
    mine.refresh_from_db()
    assert (mine.state, mine.due) == before


@pytest.mark.parametrize("back", [timedelta(0), 6 * HOUR])
def test_a_worker_that_runs_keeps_its_leases_whatever_the_clock_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back: timedelta
) -> None:
    clock, busy, go_on, kept = Clock(), threading.Event(), threading.Event(), threading.Event()
    monkeypatch.setattr(worker, "BEAT", 0.01)
    monkeypatch.setattr(worker, "LOOK_EVERY", 0.01)

    def deliver(_targets: Sequence[str], _now: datetime) -> None:
        busy.set()
        assert go_on.wait(30)

    prolong = actions.prolong

    def seen(*given: object) -> None:
        prolong(*given)  # type: ignore[arg-type]
        if given[2] == clock.now and busy.is_set():
            kept.set()

    monkeypatch.setattr(actions, "prolong", seen)
    one = Worker(tmp_path, [TestChannel("page", deliver)], to_page, clock)
    thread = threading.Thread(target=one.run)
    with transaction.atomic():
        record("thing.happened", "a", NOW)
    thread.start()
    assert busy.wait(30)
    clock.now = NOW + 50 * SECOND - back
    kept.clear()
    assert kept.wait(30)
    assert Delivery.objects.get().due == clock.now + LEASE
    go_on.set()
    one.stop.set()
    actions.WAKE.set()
    thread.join(30)
    assert Delivery.objects.get().state == "done"
    connection.close()
