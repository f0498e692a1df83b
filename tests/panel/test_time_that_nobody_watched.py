"""When a time is one that nobody watched, and what a service was shown as in it: every limit, from both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.panel.monitoring_gaps import BEHIND, beat_due, left_alone, unjudged, unwatched_since
from talaia.panel.shown import Declared
from talaia.panel.state import Reason, State

SINCE = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NOW = SINCE + 5 * HOUR
BY_HAND, WORK = Reason("by_hand", {}), Reason("maintenance", {"ref": "2026-004"})
UNKNOWN = (State.UNKNOWN, "not_running")


@pytest.mark.parametrize(
    ("away", "unwatched"),
    [(timedelta(0), False), (3 * MINUTE, False), (3 * MINUTE + SECOND, True), (HOUR, True), (-HOUR, False)],
)
def test_what_is_longer_than_a_restart_was_not_watched(away: timedelta, unwatched: bool) -> None:
    assert unwatched_since(SINCE, SINCE + away) == (SINCE if unwatched else None)
    assert unwatched_since(None, SINCE + away) is None
    assert timedelta(minutes=10) == BEHIND  # so long the watch waits for a clock that was set back


@pytest.mark.parametrize(
    ("since", "due"),
    [(timedelta(0), False), (59 * SECOND, False), (60 * SECOND, True), (HOUR, True), (-HOUR, False)],
)
def test_that_we_watch_is_noted_each_minute_and_never_by_a_clock_that_is_behind(since: timedelta, due: bool) -> None:
    assert beat_due(SINCE, SINCE + since) is due
    assert beat_due(None, SINCE)


def test_of_a_time_that_nobody_watched_is_said_since_when() -> None:
    assert unjudged(SINCE).state is State.UNKNOWN
    assert unjudged(SINCE).reason == Reason("not_running", {"since": SINCE.isoformat()})


def by_hand(until: datetime | None) -> Declared:
    return Declared(by_hand=State.DEGRADED, by_hand_until=until)


def work(until: datetime | None) -> Declared:
    return Declared(maintenance_ref="2026-004", maintenance_until=until)


HELD, WORKED_ON = (State.DEGRADED, "by_hand"), (State.MAINTENANCE, "maintenance")


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (Declared(), [(SINCE, UNKNOWN)]),
        (by_hand(None), [(SINCE, HELD)]),
        (by_hand(NOW + SECOND), [(SINCE, HELD)]),
        (by_hand(NOW), [(SINCE, HELD)]),  # what follows is judged again
        (by_hand(SINCE + HOUR), [(SINCE, HELD), (SINCE + HOUR, UNKNOWN)]),
        (by_hand(SINCE), [(SINCE, UNKNOWN)]),
        (by_hand(SINCE - HOUR), [(SINCE, UNKNOWN)]),  # it had run out, and nobody had looked yet
        (work(None), [(SINCE, WORKED_ON)]),
        (work(NOW), [(SINCE, WORKED_ON)]),
        (work(SINCE + HOUR), [(SINCE, WORKED_ON), (SINCE + HOUR, UNKNOWN)]),
        (work(SINCE), [(SINCE, UNKNOWN)]),
        (
            Declared(
                by_hand=State.DEGRADED,
                by_hand_until=SINCE + 2 * HOUR,
                maintenance_ref="2026-004",
                maintenance_until=SINCE + HOUR,
            ),
            [(SINCE, HELD), (SINCE + 2 * HOUR, UNKNOWN)],  # that the work ended was not seen
        ),
        (
            Declared(
                by_hand=State.DEGRADED,
                by_hand_until=SINCE + HOUR,
                maintenance_ref="2026-004",
                maintenance_until=SINCE + 2 * HOUR,
            ),
            [(SINCE, HELD), (SINCE + HOUR, WORKED_ON), (SINCE + 2 * HOUR, UNKNOWN)],
        ),
    ],
)
def test_what_people_have_said_stands_for_as_long_as_they_said(
    declared: Declared, told: list[tuple[datetime, tuple[State, str]]]
) -> None:
    found = left_alone(declared, SINCE, NOW)
    assert [(at, (shown.state, shown.reason.code)) for at, shown in found] == told
