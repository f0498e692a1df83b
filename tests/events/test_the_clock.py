"""Which maintenance begins and which is over, by time alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import translation

from talaia.config import current
from talaia.events.actions import (
    approve_maintenance,
    edit_update,
    extend_maintenance,
    mark_of,
    plan_maintenance,
    postpone_maintenance,
    take_step,
    update_maintenance,
)
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState, NotPossible
from talaia.events.window_schedule import DueTransition, Late, due, late, remind
from talaia.outbox.models import Fact
from talaia.server import scheduler as running
from talaia.server.scheduler import Clock

START = datetime(2026, 5, 4, 21, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True)
class Planned:
    state: str
    started_at: datetime = START
    window_start: datetime | None = START
    window_end: datetime | None = END
    ref: str = "2026-001"
    starts_itself: bool = True
    ends_itself: bool = True
    awaits_approval: bool = False
    proposed: object = None


STARTS = ("in_progress", START)
ENDS = ("completed", END)
LONGER = END + 2 * HOUR


@pytest.mark.parametrize(
    ("state", "now", "steps"),
    [
        ("scheduled", START - SECOND, []),
        ("scheduled", START, [STARTS]),
        ("scheduled", END - SECOND, [STARTS]),  # late, after a downtime
        ("scheduled", END, []),  # all of it while nobody looked: whether it was done a person knows
        ("scheduled", END + 100 * HOUR, []),
        ("in_progress", START - HOUR, []),  # begun by hand before its window
        ("in_progress", END - SECOND, []),
        ("in_progress", END, [ENDS]),
        ("in_progress", END + 100 * HOUR, [ENDS]),
        ("completed", END + HOUR, []),
        ("cancelled", START, []),
        ("cancelled", END, []),
    ],
)
def test_a_window_begins_and_ends(state: str, now: datetime, steps: list[tuple[str, datetime]]) -> None:
    assert [(step.state, step.at) for step in due([Planned(state)], now)] == steps


@pytest.mark.parametrize(
    ("event", "now", "steps"),
    [
        (Planned("scheduled", starts_itself=False), START, []),
        (Planned("scheduled", starts_itself=False), END + HOUR, []),  # nobody came: nothing is claimed
        (Planned("in_progress", starts_itself=False), END, [ENDS]),
        (Planned("in_progress", ends_itself=False), END, []),
        (Planned("in_progress", ends_itself=False), END + 100 * HOUR, []),  # only a person says that it is over
        (Planned("in_progress", END - SECOND), END, [ENDS]),
        (Planned("in_progress", END), END, []),  # begun when its window was over
        (Planned("in_progress", END + HOUR), END + 100 * HOUR, []),
        (
            Planned("in_progress", END + HOUR, window_end=END + 2 * HOUR),
            END + 2 * HOUR,
            [("completed", END + 2 * HOUR)],
        ),
        (Planned("scheduled", ends_itself=False), END - SECOND, [STARTS]),
        (Planned("scheduled", ends_itself=False), END, []),
        (Planned("scheduled", proposed={"window": []}), START, []),  # a change waits for a second person
        (Planned("scheduled", awaits_approval=True), START, []),
        (Planned("scheduled", awaits_approval=True), END + HOUR, []),
    ],
)
def test_the_clock_does_only_what_it_was_asked_to(
    event: Planned, now: datetime, steps: list[tuple[str, datetime]]
) -> None:
    assert [(step.state, step.at) for step in due([event], now)] == steps


@pytest.mark.parametrize(
    ("event", "now", "why"),
    [
        (Planned("scheduled"), START, None),  # the clock starts it this second
        (Planned("scheduled", starts_itself=False), START - SECOND, None),
        (Planned("scheduled", starts_itself=False), START, "not_begun"),
        (Planned("scheduled", starts_itself=False), END + HOUR, "not_begun"),
        (Planned("scheduled", proposed={"window": []}), START, "unapproved"),
        (Planned("scheduled"), END - SECOND, None),
        (Planned("scheduled"), END, "unseen"),
        (Planned("scheduled", ends_itself=False), END, "unseen"),
        (Planned("scheduled", awaits_approval=True), START - SECOND, None),
        (Planned("scheduled", awaits_approval=True), START, "unapproved"),
        (Planned("in_progress", ends_itself=False), END - SECOND, None),
        (Planned("in_progress", ends_itself=False), END, "overrun"),
        (Planned("in_progress", ends_itself=True), END, None),  # the clock ends it this second
        (Planned("completed", ends_itself=False), END, None),
        (Planned("cancelled", awaits_approval=True), START, None),
        (Planned("in_progress", START, None, None), END, None),
        (Planned("in_progress", END - SECOND), END, None),
        (
            Planned("in_progress", END),
            END + HOUR,
            "overrun",
        ),  # begun when its window was over
        (Planned("in_progress", END + HOUR), END + HOUR, "overrun"),
        (Planned("in_progress", END + HOUR, window_end=END + 2 * HOUR), END + HOUR, None),  # extended since
    ],
)
def test_what_is_not_where_its_window_says_has_a_reason(event: Planned, now: datetime, why: str | None) -> None:
    assert late(event, now) == why


@pytest.mark.parametrize(
    ("last", "after", "again"),
    [
        (None, 0, True),
        (("overrun", START), 1, False),
        (("overrun", START), 14, False),
        (("overrun", START), 15, True),
        (("not_begun", START), 1, True),  # another reason is news
        (("overrun", START + 3 * HOUR), 1, True),  # told by a clock that was set back since
    ],
)
def test_operators_are_reminded_at_once_and_then_every_quarter_of_an_hour(
    last: tuple[str, datetime] | None, after: int, again: bool
) -> None:
    quarter = timedelta(minutes=15)
    assert remind(Late.OVERRUN, last, START + timedelta(minutes=after), quarter) == again


def test_of_an_unseen_window_operators_are_reminded_once_a_day() -> None:
    last, quarter = ("unseen", END), timedelta(minutes=15)
    assert not remind(Late.UNSEEN, last, END + 23 * HOUR, quarter)
    assert remind(Late.UNSEEN, last, END + 24 * HOUR, quarter)


def test_what_has_no_window_waits_for_a_person() -> None:
    assert list(due([Planned("scheduled", START, None, None), Planned("scheduled", START, START, None)], END)) == []


def test_each_event_moves_by_its_own_window() -> None:
    later = Planned("scheduled", START + HOUR, START + HOUR, END + HOUR, "2026-002")
    assert [(step.ref, step.state) for step in due([Planned("in_progress"), later], END)] == [
        ("2026-001", "completed"),
        ("2026-002", "in_progress"),
    ]


def plan(**more: Any) -> Event:
    return plan_maintenance({"ca": "Canvi"}, {"ca": "Canviem."}, {}, (START, END), START - HOUR, **more)


def kinds() -> list[str]:
    return list(Fact.objects.filter(subject="maintenance/2026-001").order_by("id").values_list("kind", flat=True))


def look(now: datetime) -> None:
    Clock(current, lambda: now).step(now)


@pytest.mark.django_db
def test_after_a_downtime_the_clock_writes_down_when_the_window_ended_not_when_it_looked() -> None:
    event = plan(ends_itself=True)
    look(START)
    look(END + 5 * HOUR)
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("completed", END)
    assert kinds() == ["maintenance.planned", "maintenance.in_progress", "maintenance.completed"]
    entries = event.updates.order_by("number").values_list("state", "at", "stock")
    assert list(entries)[1:] == [("in_progress", START, True), ("completed", END, True)]


@pytest.mark.django_db
@pytest.mark.parametrize("ends_itself", [False, True])
def test_a_window_that_passed_while_talaia_was_off_is_neither_begun_nor_ended_and_is_asked_about(
    ends_itself: bool,
) -> None:
    event = plan(ends_itself=ends_itself)
    for hours in (50, 51, 52):
        look(END + hours * HOUR)
    event.refresh_from_db()
    assert (event.state, event.ended_at, event.updates.count()) == ("scheduled", None, 1)
    assert kinds() == ["maintenance.planned", "maintenance.unseen"]
    look(END + 75 * HOUR)
    assert kinds()[2:] == ["maintenance.late"]


@pytest.mark.django_db
def test_of_a_window_that_passed_unseen_a_person_says_afterwards_that_the_work_was_done() -> None:
    event = plan()
    with pytest.raises(NotPossible, match="begins"), translation.override("en"):
        update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, END - SECOND, by="anna")
    look(END + 50 * HOUR)
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, END + 51 * HOUR, by="anna")
    event.refresh_from_db()
    assert (event.state, event.started_at, event.ended_at) == ("completed", START, END)
    entry = event.updates.order_by("number").last()
    assert entry and (entry.state, entry.at, entry.by) == ("completed", END + 51 * HOUR, "anna")


@pytest.mark.django_db
@pytest.mark.parametrize("by", ["anna", ""])
def test_a_step_without_words_has_an_entry_with_its_hour_and_words_in_every_language(by: str) -> None:
    event = plan(ends_itself=True)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START, by=by, key="form 1")
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START + SECOND, by=by, key="form 1")
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, START + HOUR, by=by)
    found = event.updates.order_by("number").values_list("number", "state", "at", "by", "stock")
    assert list(found)[1:] == [(2, "in_progress", START, by, True), (3, "completed", START + HOUR, by, True)]
    for update in event.updates.filter(stock=True):
        assert set(update.texts) == set(current().site.languages) and all(update.texts.values())
        assert len(set(update.texts.values())) == len(update.texts)


@pytest.mark.django_db
def test_the_words_of_such_an_entry_become_somebodys_when_they_are_corrected() -> None:
    event = plan()
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START)
    edit_update("maintenance", event.ref, 2, {"ca": "Hem començat pel tercer rack."}, START + SECOND)
    assert not event.updates.get(number=2).stock


@pytest.mark.django_db
def test_a_form_that_was_open_when_the_clock_began_the_work_is_not_overtaken() -> None:
    event = plan()
    seen = mark_of(event)
    look(START)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {"ca": "Som-hi."}, START + SECOND, seen=seen)
    assert event.updates.count() == 3


@pytest.mark.django_db
def test_work_is_not_over_hours_before_it_began() -> None:
    event = plan()
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START)
    with pytest.raises(NotPossible):
        update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, START + HOUR, at=START - 5 * HOUR)


@pytest.mark.django_db
def test_the_clock_looks_again_without_doing_it_again() -> None:
    plan()
    for _ in range(3):
        look(START)
    assert kinds() == ["maintenance.planned", "maintenance.in_progress"]


@pytest.mark.django_db
def test_what_a_person_ended_by_hand_the_clock_leaves_alone() -> None:
    event = plan(ends_itself=True)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START - SECOND)
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, START + HOUR)
    look(END + HOUR)
    event.refresh_from_db()
    assert (event.started_at, event.ended_at) == (START - SECOND, START + HOUR)


@pytest.mark.django_db
def test_the_clock_never_says_over_of_its_own_and_notes_once_that_it_lasts_longer() -> None:
    event = plan()
    look(START)
    for seconds in range(3):
        look(END + seconds * SECOND)
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("in_progress", None)
    assert kinds()[2:] == ["maintenance.overrun"]  # the fact at which the pages are made anew
    look(END + timedelta(minutes=14, seconds=59))
    assert len(kinds()) == 3
    look(END + timedelta(minutes=15))
    assert kinds()[3:] == ["maintenance.late"]
    longer = END + HOUR
    extend_maintenance(event.ref, longer, {"ca": "Ens cal una hora més."}, END + HOUR / 2)
    look(longer - SECOND)
    assert kinds()[4:] == ["maintenance.extended"]
    look(longer)
    assert kinds()[5:] == ["maintenance.overrun"]  # of the new window, at its own minute
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, longer + SECOND)
    look(longer + HOUR)
    assert kinds()[6:] == ["maintenance.completed"]


@pytest.mark.django_db
def test_after_a_downtime_one_reminder_comes_not_all_that_were_missed() -> None:
    plan()
    look(START)
    look(END + 9 * HOUR)
    look(END + 9 * HOUR + SECOND)
    assert kinds()[2:] == ["maintenance.overrun"]


@pytest.mark.django_db
def test_what_nobody_approved_in_time_does_not_begin_and_is_told_to_operators() -> None:
    event = plan(needs_approval=True, by="anna")
    look(START)
    look(START + SECOND)
    event.refresh_from_db()
    assert event.state == "scheduled"
    assert kinds() == ["maintenance.proposed", "maintenance.late"]  # no page: nobody outside knows of it
    approve_maintenance(event.ref, START + HOUR, by="berta")
    look(START + HOUR)  # too late to begin as if nothing had happened: a person starts it
    event.refresh_from_db()
    assert (event.state, event.starts_itself) == ("scheduled", False)
    assert kinds()[2:] == ["maintenance.planned", "maintenance.not_begun"]


@pytest.mark.django_db
def test_what_is_postponed_while_the_clock_looks_is_not_begun() -> None:
    event = plan()
    (step,) = due([event], START)
    postpone_maintenance(event.ref, (START + HOUR, END + HOUR), {"ca": "Més tard."}, START)
    assert not take_step(step, START)
    event.refresh_from_db()
    assert event.state == "scheduled"


@pytest.mark.django_db
@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=3), timedelta(minutes=10)])
def test_work_begun_after_its_window_is_overrun_until_a_person_ends_it_and_holds_up_nothing_else(
    after: timedelta,
) -> None:
    first = plan(starts_itself=False, ends_itself=True)
    second = plan_maintenance({"ca": "B"}, {"ca": "B."}, {}, (END + HOUR, END + 2 * HOUR), START, ends_itself=True)
    began = END + after
    update_maintenance(first.ref, MaintenanceState.IN_PROGRESS, {}, began, by="anna")
    for minutes in (1, 61, 121):
        look(END + timedelta(minutes=10 + minutes))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.ended_at, second.state) == ("in_progress", None, "completed")
    assert "maintenance.overrun" in kinds()
    update_maintenance(first.ref, MaintenanceState.COMPLETED, {}, END + 3 * HOUR, by="anna")
    first.refresh_from_db()
    assert (first.started_at, first.ended_at) == (began, END + 3 * HOUR)


@pytest.mark.django_db
def test_work_begun_after_its_window_ends_by_the_clock_once_it_is_extended() -> None:
    event = plan(starts_itself=False, ends_itself=True)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, END + HOUR)
    extend_maintenance(event.ref, END + 2 * HOUR, {"ca": "Una hora."}, END + HOUR)
    look(END + 2 * HOUR)
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("completed", END + 2 * HOUR)


@pytest.mark.django_db
def test_work_is_never_over_before_it_began_by_however_little() -> None:
    event = plan(starts_itself=False)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, END + timedelta(minutes=3))
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, END + HOUR, at=END)
    event.refresh_from_db()
    assert event.ended_at == event.started_at


PARTS = [
    "mark_unwatched",
    "note_late",
    "note_whether_told",
    "due_days",
    "forget_replies",
    "forget_asked",
    "forget_sessions",
]


def failing(monkeypatch: pytest.MonkeyPatch, ref: str, fault: Exception) -> None:
    """The clock's step for that maintenance fails as a bug or a bad row would make it fail."""

    def step(step: DueTransition, now: datetime) -> bool:
        if step.ref == ref:
            raise fault
        return take_step(step, now)

    monkeypatch.setattr(running, "take_step", step)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [NotPossible("no"), ZeroDivisionError("a fault of ours")])
def test_one_maintenance_that_cannot_move_stops_no_other_and_operators_are_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    bad = plan()
    good = plan_maintenance({"ca": "B"}, {"ca": "B."}, {}, (START, END), START - HOUR)
    failing(monkeypatch, bad.ref, fault)
    clock = Clock(current, lambda: START)
    for seconds in range(5):
        clock.step(START + seconds * SECOND)
    good.refresh_from_db()
    assert good.state == "in_progress"
    assert kinds() == ["maintenance.planned", "maintenance.stuck"]
    assert len([line for line in caplog.records if bad.ref in line.getMessage()]) == 1
    clock.step(START + HOUR)
    assert kinds() == ["maintenance.planned", "maintenance.stuck"]  # only the log says it again
    assert len([line for line in caplog.records if bad.ref in line.getMessage()]) == 2
    monkeypatch.undo()
    clock.step(START + HOUR)
    assert kinds()[2:] == ["maintenance.in_progress"]


@pytest.mark.django_db
def test_a_database_that_is_away_is_no_fault_of_one_maintenance(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, plan().ref, OperationalError("database is locked"))
    with pytest.raises(OperationalError):
        look(START)
    assert kinds() == ["maintenance.planned"]


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_the_clock_that_fails_stops_the_others(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    called: set[str] = set()

    def spy(name: str) -> None:
        real = getattr(running, name)

        def act(*given: object) -> object:
            called.add(name)
            if name == part:
                raise ZeroDivisionError
            return real(*given)

        monkeypatch.setattr(running, name, act)

    for name in PARTS:
        spy(name)
    plan(starts_itself=False)
    moves = plan_maintenance({"ca": "B"}, {"ca": "B."}, {}, (START, END), START - HOUR)
    look(START)
    moves.refresh_from_db()
    assert (moves.state, called) == ("in_progress", set(PARTS))
