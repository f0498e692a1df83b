"""Seconds per state and day: they add up, also when the clocks change, and no figure flatters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.panel.state import State
from talaia.panel.uptime import (
    DaySeconds,
    StateChange,
    bounds,
    by_day,
    day_state,
    days_before,
    figure,
    seconds_between,
    while_listed,
)

MADRID = ZoneInfo("Europe/Madrid")
OK, D, P, X, M, U = (
    State.OPERATIONAL,
    State.DEGRADED,
    State.PARTIAL,
    State.DISRUPTION,
    State.MAINTENANCE,
    State.UNKNOWN,
)
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=MADRID, fold=fold)  # type: ignore[arg-type,misc]


def before(state: State) -> StateChange:
    """The state before all changes."""
    return StateChange(datetime(2020, 1, 1, tzinfo=UTC), state)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 1, 1), 24)],
)
def test_a_local_day_is_as_long_as_it_is(day: date, hours: int) -> None:
    start, end = bounds(day, MADRID)
    assert end - start == timedelta(hours=hours)
    assert sum(seconds_between(OK, [], start, end).values()) == hours * 3600


@pytest.mark.parametrize(
    ("name", "first", "changes", "days", "expected"),
    [
        ("nothing changed", OK, [], [date(2026, 5, 4)], [{OK: 86_400}]),
        (
            "an outage of an hour",
            OK,
            [(local(2026, 5, 4, 3), X), (local(2026, 5, 4, 4), OK)],
            [date(2026, 5, 4)],
            [{OK: 82_800, X: 3_600}],
        ),
        (
            "over midnight",
            OK,
            [(local(2026, 5, 4, 23), X), (local(2026, 5, 5, 1), OK)],
            [date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)],
            [{OK: 82_800, X: 3_600}, {X: 3_600, OK: 82_800}, {OK: 86_400}],
        ),
        (
            "over the hour that March skips",
            OK,
            [(local(2026, 3, 29, 1, 30), X), (local(2026, 3, 29, 3, 30), OK)],
            [date(2026, 3, 29)],
            [{OK: 22 * 3_600, X: 3_600}],
        ),
        (
            "over the hour that October has twice",
            OK,
            [(local(2026, 10, 25, 2, 30), X), (local(2026, 10, 25, 2, 30, fold=1), OK)],
            [date(2026, 10, 25)],
            [{OK: 24 * 3_600, X: 3_600}],
        ),
        ("a change at midnight itself", OK, [(local(2026, 5, 5, 0), X)], [date(2026, 5, 4), date(2026, 5, 5)],
         [{OK: 86_400}, {X: 86_400}]),
        ("changes before the first day", OK, [(local(2026, 5, 1, 9), X), (local(2026, 5, 2, 9), D)], [date(2026, 5, 4)],
         [{D: 86_400}]),
        ("two changes at one instant", OK, [(local(2026, 5, 4, 12), X), (local(2026, 5, 4, 12), D)], [date(2026, 5, 4)],
         [{OK: 43_200, D: 43_200}]),
    ],
)  # fmt: skip
def test_days(
    name: str, first: State, changes: list[tuple[datetime, State]], days: list[date], expected: list[dict[State, int]]
) -> None:
    moves = [StateChange(at.astimezone(UTC), state) for at, state in changes]
    assert [dict(entry.seconds) for entry in by_day(before(first), moves, days, MADRID, LATER)] == expected, name


def test_today_goes_as_far_as_now_and_days_to_come_are_not_there() -> None:
    days = [date(2026, 5, 4), date(2026, 5, 5), date(2026, 5, 6)]
    found = list(by_day(before(OK), [], days, MADRID, local(2026, 5, 5, 6)))
    assert [(entry.day, dict(entry.seconds)) for entry in found] == [(days[0], {OK: 86_400}), (days[1], {OK: 21_600})]


@given(
    st.lists(st.tuples(st.integers(0, 4 * 86_400_000_000), st.sampled_from(State)), max_size=30),
    st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), date(2026, 5, 4)]),
)
def test_the_parts_of_a_day_always_add_up_to_its_length(moves: list[tuple[int, State]], first: date) -> None:
    start = bounds(first, MADRID)[0]
    changes = [StateChange(start + timedelta(microseconds=at), state) for at, state in sorted(moves)]
    days = [first + timedelta(days=n) for n in range(3)]
    for entry in by_day(before(OK), changes, days, MADRID, LATER):
        begin, end = bounds(entry.day, MADRID)
        assert entry.total == (end - begin).total_seconds()
        assert all(value > 0 for value in entry.seconds.values())


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        ({OK: 86_400}, OK),
        ({OK: 86_399, D: 1}, D),
        ({OK: 80_000, D: 6_000, X: 400}, X),
        ({OK: 80_000, P: 6_000, D: 400}, P),
        ({OK: 80_000, M: 6_400}, M),
        ({M: 86_000, X: 400}, X),
        ({OK: 86_101, U: 299}, OK),
        ({OK: 86_100, U: 300}, U),
        ({OK: 43_200, M: 42_901, U: 299}, M),
        ({M: 86_100, U: 300}, U),
        ({U: 43_200, X: 1}, X),
        ({U: 86_400}, U),
        ({U: 20}, U),
        ({}, U),
    ],
)
def test_a_day_is_shown_as_the_worst_it_had_and_no_data_is_worse_than_maintenance(
    seconds: dict[State, int], shown: State
) -> None:
    assert day_state(seconds) is shown


def test_what_was_known_only_afterwards_is_counted_beside_its_state() -> None:
    moves = [StateChange(local(2026, 5, 4, 6), X, filled=True), StateChange(local(2026, 5, 4, 7), OK)]
    days = [date(2026, 5, 4), date(2026, 5, 5)]
    found = list(by_day(StateChange(LATER, OK, filled=True), moves, days, MADRID, LATER))
    assert [(entry.seconds, entry.filled) for entry in found] == [({OK: 82_800, X: 3_600}, 25_200), ({OK: 86_400}, 0)]


def test_what_happens_while_a_service_is_not_listed_is_in_no_day() -> None:
    listed = [
        (local(2026, 5, 1, 9), local(2026, 5, 4, 12)),
        (local(2026, 5, 4, 18), local(2026, 5, 4, 20)),
        (local(2026, 5, 6, 6), None),
    ]
    moves = [
        StateChange(local(2026, 5, 4, 6), X),
        StateChange(local(2026, 5, 4, 12), D),  # at the very moment at which it left
        StateChange(local(2026, 5, 4, 15), M),  # while it was not there
        StateChange(local(2026, 5, 4, 18), U),  # at the very moment at which it came back
        StateChange(local(2026, 5, 4, 19), OK),
        StateChange(local(2026, 5, 6, 6), U),
    ]
    days = [date(2026, 5, day) for day in (1, 4, 5, 6)]
    found = by_day(*while_listed(before(OK), moves, listed), days, MADRID, LATER)
    assert [dict(entry.seconds) for entry in found] == [
        {OK: 86_400},  # of what was before the first time it is asked elsewhere
        {OK: 21_600, X: 21_600, U: 3_600} | {OK: 21_600 + 3_600},
        {},
        {U: 18 * 3_600},
    ]


def year_of(seconds: dict[State, int]) -> list[DaySeconds]:
    return [DaySeconds(day, seconds) for day in days_before(date(2026, 6, 1), 30)]


@pytest.mark.parametrize(
    ("seconds", "share"),
    [
        ({OK: 86_400}, 1.0),
        ({OK: 86_399, X: 1}, 0.9999),  # 99.9988 %: cut
        ({OK: 43_200, X: 43_200}, 0.5),
        ({OK: 43_200, D: 43_200}, 0.5),  # degraded is not operational
        ({OK: 43_200, M: 43_200}, 1.0),  # maintenance is counted apart
        ({OK: 43_200, U: 43_200}, 1.0),  # so is time without data …
        ({U: 86_400}, None),  # … and nothing measured is no figure, least of all 100 %
        ({M: 86_400}, None),
    ],
)
def test_the_share_is_of_measured_time_and_never_rounded_up(seconds: dict[State, int], share: float | None) -> None:
    found = figure(year_of(seconds), date(2026, 5, 2), date(2026, 5, 31), MADRID)
    assert found.share == share
    assert found.days == 30


def test_days_of_which_nothing_is_known_count_as_without_data() -> None:
    found = figure([DaySeconds(date(2026, 3, 28), {OK: 86_400})], date(2026, 3, 28), date(2026, 3, 30), MADRID)
    assert found.of(U) == (23 + 24) * 3600
    assert found.share == 1.0
    assert (found.measured_from, found.begins_later, found.absent) == (date(2026, 3, 28), False, 0)


def test_a_figure_says_from_when_it_is_measured_and_what_was_not_listed_is_no_part_of_it() -> None:
    days = [
        DaySeconds(date(2026, 5, 2), {M: 86_400}),
        DaySeconds(date(2026, 5, 3), {U: 43_200, OK: 43_200}, filled=3_600),
        DaySeconds(date(2026, 5, 4), {X: 3_600}),  # it left at one
        DaySeconds(date(2026, 5, 5), {}),
    ]
    found = figure(days, date(2026, 5, 1), date(2026, 5, 5), MADRID)
    assert found.measured_from == date(2026, 5, 3)
    assert found.begins_later
    assert (found.without_data, found.absent, found.filled) == (86_400 + 43_200, 82_800 + 86_400, 3_600)
    assert found.share == 43_200 * 10_000 // 46_800 / 10_000
    assert sum(found.seconds.values()) + found.absent == 5 * 86_400


def test_a_service_that_has_failed_ever_since_it_came_is_measured_since_then() -> None:
    days = [DaySeconds(date(2026, 5, 2), {X: 86_400}), DaySeconds(date(2026, 5, 3), {OK: 86_400})]
    assert figure(days, date(2026, 5, 1), date(2026, 5, 3), MADRID).measured_from == date(2026, 5, 2)
