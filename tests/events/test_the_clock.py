"""Which maintenance begins and which is over, by time alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.clock import Clock
from talaia.config import current
from talaia.events.actions import (
    approve_maintenance,
    extend_maintenance,
    plan_maintenance,
    postpone_maintenance,
    take_step,
    update_maintenance,
)
from talaia.events.clock import Late, due, late, remind
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.outbox.models import Fact

START = datetime(2026, 5, 4, 21, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True)
class Planned:
    state: str
    window_start: datetime | None = START
    window_end: datetime | None = END
    ref: str = "2026-001"
    starts_itself: bool = True
    ends_itself: bool = True
    awaits_approval: bool = False


STARTS = ("in_progress", START)
ENDS = ("completed", END)


@pytest.mark.parametrize(
    ("state", "now", "steps"),
    [
        ("scheduled", START - SECOND, []),
        ("scheduled", START, [STARTS]),
        ("scheduled", END - SECOND, [STARTS]),  # late, after a downtime
        ("scheduled", END, [STARTS, ENDS]),  # all of it while nobody looked
        ("scheduled", END + 100 * HOUR, [STARTS, ENDS]),
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
        (Planned("scheduled", ends_itself=False), END, [STARTS]),
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
        (Planned("scheduled", awaits_approval=True), START - SECOND, None),
        (Planned("scheduled", awaits_approval=True), START, "unapproved"),
        (Planned("in_progress", ends_itself=False), END - SECOND, None),
        (Planned("in_progress", ends_itself=False), END, "overrun"),
        (Planned("in_progress", ends_itself=True), END, None),  # the clock ends it this second
        (Planned("completed", ends_itself=False), END, None),
        (Planned("cancelled", awaits_approval=True), START, None),
        (Planned("in_progress", None, None), END, None),
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
    ],
)
def test_operators_are_reminded_at_once_and_then_every_quarter_of_an_hour(
    last: tuple[str, datetime] | None, after: int, again: bool
) -> None:
    quarter = timedelta(minutes=15)
    assert remind(Late.OVERRUN, last, START + timedelta(minutes=after), quarter) == again


def test_what_has_no_window_waits_for_a_person() -> None:
    assert list(due([Planned("scheduled", None, None), Planned("scheduled", START, None)], END)) == []


def test_each_event_moves_by_its_own_window() -> None:
    later = Planned("scheduled", START + HOUR, END + HOUR, "2026-002")
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
    look(END + 5 * HOUR)
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("completed", END)
    assert kinds() == ["maintenance.planned", "maintenance.in_progress", "maintenance.completed"]
    assert [update.number for update in event.updates.all()] == [1]  # the clock has no words of its own


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
    assert kinds() == ["maintenance.proposed", "maintenance.late"]
    approve_maintenance(event.ref, START + HOUR, by="berta")
    look(START + HOUR)  # too late to begin as if nothing had happened: a person starts it
    event.refresh_from_db()
    assert (event.state, event.starts_itself) == ("scheduled", False)
    assert kinds()[2:] == ["maintenance.planned", "maintenance.late"]


@pytest.mark.django_db
def test_what_is_postponed_while_the_clock_looks_is_not_begun() -> None:
    event = plan()
    (step,) = due([event], START)
    postpone_maintenance(event.ref, (START + HOUR, END + HOUR), {"ca": "Més tard."}, START)
    assert not take_step(step, START)
    event.refresh_from_db()
    assert event.state == "scheduled"
