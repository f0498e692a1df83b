"""The outbox: facts become deliveries, deliveries are done at least once, and faults have their outcomes."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction

from talaia.outbox import actions
from talaia.outbox.actions import Order, record
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.machine_id import is_dead, start_ticks, this_machine
from talaia.outbox.models import Delivery, Fact
from talaia.outbox.worker import Worker, wait_before
from tests.outbox.channel import TestChannel

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def happen(*subjects: str) -> None:
    for subject in subjects:
        with transaction.atomic():
            record("thing.happened", subject, NOW)


def to_page(fact: Fact) -> Iterator[Order]:
    yield Order("page", fact.subject)


def worker(
    tmp_path: Path, deliver: Callable[[Sequence[str], datetime], None], clock: Clock, **options: object
) -> Worker:
    return Worker(tmp_path, [TestChannel("page", deliver, **options)], to_page, clock)  # type: ignore[arg-type]


def states() -> list[tuple[str, str, int]]:
    return list(Delivery.objects.order_by("id").values_list("target", "state", "attempts"))


def test_a_fact_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record("thing.happened", "a", NOW)


def test_a_fact_that_is_rolled_back_has_no_consequence(tmp_path: Path) -> None:
    with transaction.atomic():
        record("thing.happened", "a", NOW)
        transaction.set_rollback(True)
    worker(tmp_path, lambda *_: None, Clock()).spread()
    assert states() == []


def test_deliveries_of_one_channel_are_done_together_and_each_target_once(tmp_path: Path) -> None:
    calls: list[list[str]] = []
    happen("a", "b", "a")
    at_work = worker(tmp_path, lambda targets, _: calls.append(list(targets)), Clock(), batch=50)
    at_work.spread()
    assert at_work.deliver_due(at_work.channels[0])
    assert calls == [["a", "b"]]
    assert {state for _, state, _ in states()} == {"done"}
    assert not at_work.deliver_due(at_work.channels[0])


def test_spreading_twice_writes_no_delivery_twice(tmp_path: Path) -> None:
    happen("a")
    at_work = worker(tmp_path, lambda *_: None, Clock())
    at_work.spread()
    Fact.objects.update(spread=False)
    at_work.spread()
    assert len(states()) == 1


def test_a_fact_of_which_nobody_knows_what_follows_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(actions, "UNCLEAR", {})

    def consequences(fact: Fact) -> Iterator[Order]:
        if fact.subject == "bad":
            raise ValueError("no such year")
        return to_page(fact)

    at_work = Worker(tmp_path, [TestChannel("page", lambda *_: None)], consequences, Clock())
    happen("bad", "a")
    at_work.spread()
    happen("b")
    at_work.spread()
    assert [target for target, _, _ in states()] == ["a", "b"]
    assert [*Fact.objects.filter(spread=False).values_list("subject", flat=True)] == ["bad"]
    assert len(caplog.records) == 1  # said once
    clock = Clock()
    mended = worker(tmp_path, lambda *_: None, clock)
    mended.spread()
    assert len(states()) == 2
    clock.now += timedelta(minutes=11)
    mended.spread()
    assert [target for target, _, _ in states()] == ["a", "b", "bad"]


def test_a_temporary_fault_waits_as_long_as_it_was_told(tmp_path: Path) -> None:
    clock = Clock()

    def full(targets: Sequence[str], now: datetime) -> None:
        raise TemporaryError("disk full", "make room in public/", after=timedelta(minutes=3))

    happen("a")
    at_work = worker(tmp_path, full, clock)
    at_work.spread()
    at_work.deliver_due(at_work.channels[0])
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.due, delivery.hint) == (
        "ready",
        NOW + timedelta(minutes=3),
        "make room in public/",
    )
    clock.now = NOW + timedelta(minutes=2)
    assert not at_work.deliver_due(at_work.channels[0])


def test_what_has_failed_for_days_is_tried_as_before_and_holds_up_no_other(tmp_path: Path) -> None:
    clock, came = Clock(), list[str]()

    def away(targets: Sequence[str], now: datetime) -> None:
        if "bad" in targets:
            raise TemporaryError("nobody answers", "ask who runs it")
        came.extend(targets)

    happen("bad")
    happen("good")
    at_work = worker(tmp_path, away, clock)
    at_work.spread()
    Delivery.objects.update(attempts=1100, error="nobody answers")
    for _ in range(2):
        at_work.deliver_due(at_work.channels[0])
    assert came == ["good"]
    bad = Delivery.objects.get(target="bad")
    assert (bad.state, bad.hint) == ("ready", "ask who runs it")
    assert bad.due <= NOW + at_work.channels[0].longest_wait


def test_one_bad_target_is_parked_and_does_not_hold_up_the_others(tmp_path: Path) -> None:
    done: list[str] = []
    clock = Clock()

    def deliver(targets: Sequence[str], now: datetime) -> None:
        if "bad" in targets:
            raise PermanentError("never", "look at bad")
        done.extend(targets)

    happen("a", "bad", "b")
    at_work = worker(tmp_path, deliver, clock, batch=50)
    at_work.spread()
    at_work.deliver_due(at_work.channels[0])
    assert done == []
    at_work.deliver_due(at_work.channels[0])
    assert sorted(done) == ["a", "b"]
    assert ("bad", "parked", 2) in states()


def test_an_unforeseen_error_is_tried_again_and_keeps_its_words(tmp_path: Path) -> None:
    def broken(targets: Sequence[str], now: datetime) -> None:
        raise ZeroDivisionError("oh")

    happen("a")
    at_work = worker(tmp_path, broken, Clock())
    at_work.spread()
    at_work.deliver_due(at_work.channels[0])
    delivery = Delivery.objects.get()
    assert delivery.state == "ready"
    assert delivery.error == "ZeroDivisionError: oh"
    assert NOW < delivery.due <= NOW + timedelta(seconds=1)


def test_a_lease_that_ended_is_taken_by_another_and_the_first_cannot_mark_it_done() -> None:
    happen("a")
    actions.spread(NOW, to_page)
    lease = timedelta(seconds=60)
    (first,) = actions.claim("one", "page", NOW, lease, 10)
    assert actions.claim("two", "page", NOW, lease, 10) == []
    (second,) = actions.claim("two", "page", NOW + lease, lease, 10)
    assert second.pk == first.pk
    assert actions.done("one", [first.pk], NOW) == 0
    assert actions.done("two", [second.pk], NOW) == 1


@pytest.mark.parametrize("outcome", ["again", "park", "done"])
def test_whoever_lost_their_lease_decides_nothing_of_what_another_has_by_now(outcome: str) -> None:
    happen("a")
    actions.spread(NOW, to_page)
    lease = timedelta(seconds=60)
    (first,) = actions.claim("one", "page", NOW, lease, 10)
    actions.claim("two", "page", NOW + lease, lease, 10)
    if outcome == "again":
        actions.again("one", [first.pk], NOW + lease, timedelta(0), "away")
    elif outcome == "park":
        actions.park("one", [first.pk], "no")
    else:
        actions.done("one", [first.pk], NOW + lease)
    first.refresh_from_db()
    assert (first.state, first.worker, first.error) == ("running", "two", "")


def test_what_was_parked_meanwhile_is_not_marked_done() -> None:
    happen("a")
    actions.spread(NOW, to_page)
    (one,) = actions.claim("one", "page", NOW, timedelta(seconds=60), 10)
    actions.park("one", [one.pk], "no", "look at it")
    assert actions.done("one", [one.pk], NOW) == 0
    assert states() == [("a", "parked", 1)]


def test_a_person_decides_once_about_what_is_parked_and_only_about_that() -> None:
    happen("a")
    actions.spread(NOW, to_page)
    (one,) = actions.claim("one", "page", NOW, timedelta(seconds=60), 10)
    assert actions.try_again(one.pk, NOW, by="anna") is None  # it runs
    assert actions.settle("page", "a", NOW) == 0
    actions.park("one", [one.pk], "no", "look at it")
    later = NOW + timedelta(hours=1)
    again = actions.try_again(one.pk, later, by="anna")
    assert again is not None
    assert actions.try_again(one.pk, later, by="berta") is None
    one.refresh_from_db()
    assert (one.state, one.due, one.since, one.attempts) == ("ready", later, later, 0)
    (one,) = actions.claim("one", "page", later, timedelta(seconds=60), 10)
    actions.park("one", [one.pk], "no")
    assert actions.settle("page", "a", later) == 1
    assert states() == [("a", "done", 1)]


def test_what_was_done_at_last_has_no_fault_any_more(tmp_path: Path) -> None:
    happen("a")
    clock, well = Clock(), threading.Event()

    def deliver(targets: Sequence[str], now: datetime) -> None:
        if not well.is_set():
            raise TemporaryError("away", "wait", after=timedelta(seconds=1))

    at_work = worker(tmp_path, deliver, clock)
    at_work.spread()
    at_work.deliver_due(at_work.channels[0])
    well.set()
    clock.now += timedelta(seconds=1)
    at_work.deliver_due(at_work.channels[0])
    row = Delivery.objects.get()
    assert (row.state, row.error, row.hint) == ("done", "", "")
    assert at_work.running == set()  # its lease is kept by nobody


def test_the_oldest_comes_first() -> None:
    happen("a", "b")
    actions.spread(NOW, to_page, limit=1)
    assert [target for target, _, _ in states()] == ["a"]
    actions.spread(NOW + timedelta(seconds=1), to_page)
    (first,) = actions.claim("one", "page", NOW + timedelta(seconds=2), timedelta(seconds=60), 1)
    assert first.target == "a"


def test_more_facts_than_are_looked_at_together_are_spread_at_once(tmp_path: Path) -> None:
    Fact.objects.bulk_create(Fact(kind="thing.happened", subject=f"t{n}", at=NOW) for n in range(201))
    worker(tmp_path, lambda *_: None, Clock()).spread()
    assert Delivery.objects.count() == 201


def test_a_channel_is_woken_for_what_a_worker_that_is_gone_had_taken() -> None:
    happen("a")
    actions.spread(NOW, to_page)
    lease = timedelta(seconds=60)
    actions.claim("gone", "page", NOW, lease, 1)
    assert actions.due_channels(NOW) == []
    assert actions.due_channels(NOW + lease) == ["page"]


def test_what_failed_together_waits_as_long_as_what_was_tried_most_often(tmp_path: Path) -> None:
    clock = Clock()

    def away(targets: Sequence[str], now: datetime) -> None:
        raise TemporaryError("away")

    happen("a")
    at_work = worker(tmp_path, away, clock, batch=10)
    at_work.spread()
    for _ in range(3):  # its workers died, one after the other
        actions.claim("gone", "page", clock.now, timedelta(seconds=1), 1)
        clock.now += timedelta(seconds=1)
    happen("b")
    at_work.spread()
    at_work.deliver_due(at_work.channels[0])
    assert {row.due >= clock.now + timedelta(seconds=4) for row in Delivery.objects.all()} == {True}


def test_from_where_somebody_acted_is_written_of_people_alone() -> None:
    token = actions.PLACE.set("203.0.113.7")
    try:
        with transaction.atomic():
            made = [record("thing.happened", "a", NOW, by) for by in ("anna", "")]
    finally:
        actions.PLACE.reset(token)
    assert [fact.place for fact in made] == ["203.0.113.7", ""]


def test_two_workers_at_once_never_hold_the_same_delivery() -> None:
    happen(*(f"t{n}" for n in range(60)))
    actions.spread(NOW, to_page)
    held: list[int] = []
    lock, start = threading.Lock(), threading.Barrier(4)

    def take(name: str) -> None:
        from django.db import connection

        start.wait()
        while taken := actions.claim(name, "page", NOW, timedelta(seconds=60), 5):
            with lock:
                held.extend(delivery.pk for delivery in taken)
        connection.close()

    threads = [threading.Thread(target=take, args=[f"w{n}"]) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == len(set(held)) == 60


def test_what_a_dead_worker_held_comes_back_at_once(tmp_path: Path) -> None:
    happen("a", "b")
    actions.spread(NOW, to_page)
    actions.claim(f"{this_machine(tmp_path)}/999999999/1-abc", "page", NOW, timedelta(hours=1), 1)
    at_work = worker(tmp_path, lambda *_: None, Clock(), batch=10)
    actions.claim(at_work.name, "page", NOW, timedelta(hours=1), 1)
    at_work.rescue()
    assert [state for _, state, _ in states()] == ["ready", "running"]


def test_a_worker_that_begins_takes_back_what_a_dead_one_held_before_anything_else(tmp_path: Path) -> None:
    happen("a")
    actions.spread(NOW, to_page)
    actions.claim(f"{this_machine(tmp_path)}/999999999/1-abc", "page", NOW, timedelta(hours=1), 1)
    at_work = worker(tmp_path, lambda *_: None, Clock())
    at_work.stop.set()
    at_work.run()
    assert [state for _, state, _ in states()] == ["ready"]


def test_with_nothing_to_do_a_channel_does_anew_what_is_to_be_fresh(tmp_path: Path) -> None:
    done: list[list[str]] = []

    def deliver(targets: Sequence[str], now: datetime) -> None:
        done.append(list(targets))
        at_work.stop.set()

    at_work = worker(tmp_path, deliver, Clock(), refresh=timedelta(microseconds=1), refreshed=("front",))
    watchdog = threading.Timer(20, at_work.stop.set)
    watchdog.start()
    at_work.run()
    watchdog.cancel()
    assert done[:1] == [["front"]]


@pytest.mark.parametrize(("work", "moments"), [(False, [10, 20, 30]), (True, [11, 21, 31])])
def test_what_is_to_be_fresh_is_done_anew_as_often_as_that_and_work_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: bool, moments: list[int]
) -> None:
    seconds, done = [-1.0], list[int]()

    def monotonic() -> float:
        seconds[0] += 1
        return seconds[0]

    def deliver(targets: Sequence[str], now: datetime) -> None:
        if list(targets) == ["front"]:
            done.append(int(seconds[0]))
        if len(done) == len(moments):
            at_work.stop.set()

    at_work = worker(tmp_path, deliver, Clock(), refresh=timedelta(seconds=10), refreshed=("front",))
    if work:
        happen("a")
        at_work.spread()
    monkeypatch.setattr("talaia.outbox.worker.time", SimpleNamespace(monotonic=monotonic))
    monkeypatch.setattr("talaia.outbox.worker.IDLE", 0.0)
    at_work._deliver_all(at_work.channels[0])
    assert done == moments


@pytest.mark.parametrize(
    ("name", "dead"),
    [
        ("box/b1/n1/1/x-1", True),
        ("box/b1/n1/x/1-1", True),  # none of ours ever was called so
        ("box/b0/n1/1/x-1", True),  # before the machine was started again
        ("box/b1/n2/1/x-1", False),  # another container: its processes cannot be seen from here
        ("other/b1/n1/1/x-1", False),
        ("other/b0/n1/1/x-1", False),  # of another machine nobody knows
        pytest.param(f"box/b1/n1/{os.getpid()}/1-1", True, id="reused"),  # another process has its number by now
    ],
)
def test_only_a_worker_that_is_dead_for_certain_is_called_dead(name: str, dead: bool) -> None:
    assert is_dead(name, "box/b1/n1") is dead


def test_a_living_worker_is_not_dead() -> None:
    assert not is_dead(f"box/b1/n1/{os.getpid()}/{start_ticks(os.getpid())}-1", "box/b1/n1")


@pytest.mark.parametrize(
    ("attempt", "chance", "seconds"),
    [(1, 0, 1), (2, 0, 2), (5, 0, 16), (5, 1, 8), (50, 0, 900), (50, 1, 450), (5000, 0, 900)],
)
def test_the_wait_doubles_up_to_its_limit(attempt: int, chance: float, seconds: float) -> None:
    assert wait_before(attempt, timedelta(minutes=15), chance) == timedelta(seconds=seconds)


DONE = 'UPDATE "talaia_delivery" SET "state" = %s, "done_at"'


@contextmanager
def read_only(begin: str, times: int) -> Iterator[None]:
    """The database takes no statement that begins so, the first times."""
    left = [times]

    def refuse(execute: Callable[..., object], sql: str, *given: object) -> object:
        if sql.startswith(begin) and left[0]:
            left[0] -= 1
            raise OperationalError("attempt to write a readonly database")
        return execute(sql, *given)

    with connection.execute_wrapper(refuse):
        yield
    assert not left[0]


def test_what_is_done_while_the_database_takes_no_row_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talaia.outbox.held_outcomes.PAUSE", 0.01)
    happen("a")
    said: list[str] = []

    def deliver(targets: Sequence[str], now: datetime) -> None:
        said.extend(targets)
        refused.enter_context(read_only(DONE, 3))

    with ExitStack() as refused:
        made = worker(tmp_path, deliver, clock := Clock())
        made.spread()
        made.deliver_due(made.channels[0])
    clock.now += timedelta(hours=1)
    made.deliver_due(made.channels[0])
    assert (said, states()) == (["a"], [("a", "done", 1)])


def test_a_worker_that_is_to_end_does_not_wait_for_the_database(tmp_path: Path) -> None:
    happen("a")

    def deliver(targets: Sequence[str], now: datetime) -> None:
        made.stop.set()
        refused.enter_context(read_only(DONE, 1))

    with ExitStack() as refused:
        made = worker(tmp_path, deliver, Clock())
        made.spread()
        with pytest.raises(OperationalError):
            made.deliver_due(made.channels[0])
    assert states() == [("a", "running", 1)]
