"""Which maintenance begins and which is over, by time alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from talaia.clock import Clock
from talaia.config import current
from talaia.events.actions import plan_maintenance, update_maintenance
from talaia.events.clock import due
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


def test_what_has_no_window_waits_for_a_person() -> None:
    assert list(due([Planned("scheduled", None, None), Planned("scheduled", START, None)], END)) == []


def test_each_event_moves_by_its_own_window() -> None:
    later = Planned("scheduled", START + HOUR, END + HOUR, "2026-002")
    assert [(step.ref, step.state) for step in due([Planned("in_progress"), later], END)] == [
        ("2026-001", "completed"),
        ("2026-002", "in_progress"),
    ]


@pytest.mark.django_db
def test_after_a_downtime_the_clock_writes_down_when_the_window_ended_not_when_it_looked() -> None:
    event = plan_maintenance({"ca": "Canvi"}, {"ca": "Canviem."}, {}, (START, END), START - HOUR)
    Clock(current, lambda: START).step(END + 5 * HOUR)
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("completed", END)
    assert [fact.kind for fact in Fact.objects.filter(subject="maintenance/2026-001").order_by("id")] == [
        "maintenance.planned",
        "maintenance.in_progress",
        "maintenance.completed",
    ]
    assert [update.number for update in event.updates.all()] == [1]  # the clock has no words of its own


@pytest.mark.django_db
def test_the_clock_looks_again_without_doing_it_again() -> None:
    plan_maintenance({"ca": "Canvi"}, {"ca": "Canviem."}, {}, (START, END), START - HOUR)
    for _ in range(3):
        Clock(current, lambda: START).step(START)
    assert Fact.objects.filter(kind="maintenance.in_progress").count() == 1


@pytest.mark.django_db
def test_what_a_person_ended_by_hand_the_clock_leaves_alone() -> None:
    event = plan_maintenance({"ca": "Canvi"}, {"ca": "Canviem."}, {}, (START, END), START - HOUR)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, START - SECOND)
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, START + HOUR)
    Clock(current, lambda: START).step(END + HOUR)
    assert Event.objects.get().ended_at == START + HOUR
