"""What a service's page tells of its days, as values: in which order, and which days are one line."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from talaia.panel.state import State
from talaia.panel.uptime import DaySeconds, Figure
from talaia.site.figures import Filled, Stretch, filled, measures, stretches

OK, D, X, M, U = State.OPERATIONAL, State.DEGRADED, State.DISRUPTION, State.MAINTENANCE, State.UNKNOWN
WHOLE = 86_400
ZONE = ZoneInfo("Europe/Madrid")


def day(number: int, seconds: dict[State, int], filled: int = 0) -> DaySeconds:
    return DaySeconds(date(2026, 5, number), seconds, filled)


def test_the_worst_stands_first_and_what_was_not_at_all_stands_nowhere() -> None:
    one = Figure(date(2026, 5, 1), date(2026, 5, 7), {OK: 900, M: 5, U: 4, D: 3, X: 2})
    other = Figure(date(2026, 4, 1), date(2026, 5, 7), {OK: 900}, absent=60)
    assert [(line.state, line.seconds) for line in measures([one, other])] == [
        (X, (2, 0)),
        (D, (3, 0)),
        (U, (4, 0)),
        (M, (5, 0)),
        (None, (0, 60)),
    ]


def test_days_that_became_known_afterwards_are_one_where_they_follow_each_other() -> None:
    days = [day(1, {OK: WHOLE}, 10), day(2, {OK: WHOLE}, 20), day(3, {OK: WHOLE}), day(4, {OK: WHOLE}, 5)]
    assert filled(days) == (
        Filled(date(2026, 5, 4), date(2026, 5, 4), 5),
        Filled(date(2026, 5, 1), date(2026, 5, 2), 30),
    )


def test_of_a_day_what_the_picture_shows_stands_before_the_rest_and_the_worst_before_the_better() -> None:
    (found,) = stretches([day(1, {OK: 80_000, M: 5_000, U: 200, X: 1_200})], ZONE)
    assert found == Stretch(date(2026, 5, 1), date(2026, 5, 1), ((X, 1_200), (U, 200), (M, 5_000)))
    (found,) = stretches([day(1, {OK: 80_000, M: 6_300, U: 100})], ZONE)  # so short a time repaints no day
    assert found.worst is M


def test_whole_days_alike_are_one_line_where_they_follow_each_other() -> None:
    days = [
        *(day(number, {X: WHOLE}) for number in (1, 2)),
        day(3, {OK: WHOLE}),
        *(day(number, {X: WHOLE}) for number in (4, 6)),
        day(7, {U: WHOLE}),
        day(8, {U: 80_000, OK: 6_400}),
        *(day(number, {}) for number in (9, 10)),
    ]
    found = [(one.first.day, one.last.day, one.worst, one.several) for one in stretches(days, ZONE)]
    assert found == [
        (9, 10, None, True),
        (8, 8, U, False),
        (7, 7, U, False),
        (6, 6, X, False),
        (4, 4, X, False),
        (1, 2, X, True),
    ]
