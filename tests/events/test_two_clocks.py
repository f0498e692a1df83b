"""Entries stand in the order in which they arrive, whatever the clocks of those who write them say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.events import actions
from talaia.events.timeline import IncidentState, MaintenanceState, NotPossible, entry_time

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BEGAN, LATEST = NOW - 10 * MINUTE, NOW - 3 * MINUTE


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (None, NOW),
        (NOW, NOW),
        (NOW - MINUTE, NOW - MINUTE),
        (LATEST - MINUTE, LATEST),  # by a clock that is behind
        (LATEST - 5 * MINUTE, LATEST),
        (LATEST - 6 * MINUTE, LATEST - 6 * MINUTE),  # somebody writes down what was said before
        (BEGAN, BEGAN),
        (NOW + 5 * MINUTE, NOW),  # by a clock that is ahead: ours rules
    ],
)
def test_when_an_entry_was_written(at: datetime | None, written: datetime) -> None:
    assert entry_time(at, NOW, BEGAN, LATEST) == written


@pytest.mark.parametrize("at", [BEGAN - 6 * MINUTE, NOW + 6 * MINUTE, NOW + HOUR, BEGAN - HOUR])
def test_what_is_farther_than_two_clocks_differ_is_refused(at: datetime) -> None:
    with pytest.raises(NotPossible):
        entry_time(at, NOW, BEGAN, LATEST)


def test_a_little_before_the_beginning_is_the_beginning() -> None:
    assert entry_time(BEGAN - 4 * MINUTE, NOW, BEGAN) == BEGAN
    assert entry_time(BEGAN - 4 * MINUTE, NOW, BEGAN, BEGAN) == BEGAN


@pytest.mark.django_db
@pytest.mark.parametrize("behind", [timedelta(seconds=1), MINUTE, 3 * HOUR])
def test_a_server_whose_clock_is_behind_that_of_the_first_can_write_resolve_and_merge(behind: timedelta) -> None:
    first = actions.open_incident({"ca": "x"}, {"ca": "y"}, {}, NOW, by="anna")
    other = actions.open_incident({"ca": "z"}, {"ca": "y"}, {}, NOW, by="anna")
    there = NOW - behind
    actions.update_incident(first.ref, IncidentState.IDENTIFIED, {"ca": "Un disc."}, there, by="berta")
    actions.merge_incident(other.ref, first.ref, {"ca": "És el mateix."}, there, by="berta")
    actions.update_incident(first.ref, IncidentState.RESOLVED, {"ca": "Fet."}, there, by="berta")
    for event in (first, other):
        event.refresh_from_db()
        times = list(event.updates.order_by("number").values_list("at", flat=True))
        assert times == sorted(times) and times[0] == NOW
        assert event.ended_at == times[-1] >= event.started_at


@pytest.mark.django_db
def test_maintenance_is_moved_on_by_a_server_whose_clock_is_behind() -> None:
    window = (NOW + HOUR, NOW + 2 * HOUR)
    event = actions.plan_maintenance({"ca": "x"}, {"ca": "y"}, {}, window, NOW, by="anna")
    actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, NOW + HOUR, by="anna")
    there = NOW + HOUR / 2
    actions.extend_maintenance(event.ref, NOW + 3 * HOUR, {"ca": "Més."}, there, by="berta")
    actions.update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, there, by="berta")
    event.refresh_from_db()
    assert event.ended_at == event.started_at == NOW + HOUR
    assert [one.at for one in event.updates.order_by("number")] == [NOW, *[NOW + HOUR] * 3]
