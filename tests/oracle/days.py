"""Seconds per state and local day, the colour of a day (S4), and the figures of a period (S3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.oracle.history import ZONE, State

UNKNOWN_PAINTS = 5 * 60
"""From so many seconds without data on, a day without trouble is painted as "no data"."""
PERIODS = (7, 30, 90, 365)


@dataclass(frozen=True)
class Spell:
    """A service was shown so from `start` until `end` (not included). Where there is none it was not listed."""

    start: int
    end: int
    state: State
    reasons: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Day:
    """A local day of a service: seconds of each state that it had, as far as it was listed and the day has gone.

    `before`: seconds of the day before the service's very first spell; else 0.
    """

    day: date
    seconds: Mapping[State, int]
    before: int = 0


@dataclass(frozen=True)
class Figure:
    """A period of so many finished local days, the last of them yesterday. `share`: of the measured time in which
    something was either operational or in trouble, how much was operational; None when there was none."""

    days: int
    seconds: Mapping[State, int]
    share: float | None
    before: int
    """Of the unknown seconds, those of the first day before the first spell."""


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def local_day(at: int) -> date:
    return datetime.fromtimestamp(at, ZONE).date()


def each_day(first: date, last: date) -> Iterable[date]:
    day = first
    while day <= last:
        yield day
        day += timedelta(days=1)


def between(spells: Iterable[Spell], start: int, end: int) -> dict[State, int]:
    """Seconds of each state from `start` until `end`."""
    seconds: dict[State, int] = {}
    for spell in spells:
        overlap = min(spell.end, end) - max(spell.start, start)
        if overlap > 0:
            seconds[spell.state] = seconds.get(spell.state, 0) + overlap
    return seconds


def days(spells: Sequence[Spell], now: int) -> tuple[Day, ...]:
    """Every local day from the first spell until today in which the service was listed at all."""
    if not spells:
        return ()
    found, left = [], 0
    for day in each_day(local_day(spells[0].start), local_day(now)):
        start, end = midnight(day), min(midnight(day + timedelta(days=1)), now)
        while left < len(spells) - 1 and spells[left].end <= start:
            left += 1
        of_day = []
        for spell in spells[left:]:
            if spell.start >= end:
                break
            of_day.append(spell)
        seconds = between(of_day, start, end)
        if seconds:
            found.append(Day(day, seconds, max(0, spells[0].start - start)))
    return tuple(found)


def colour(seconds: Mapping[State, int]) -> State | None:
    """S4: how a day is painted; None for one in which the service was not listed."""
    whole = sum(seconds.values())
    for state in (State.DISRUPTION, State.PARTIAL, State.DEGRADED):
        if seconds.get(state, 0) > 0:
            return state
    unknown = seconds.get(State.UNKNOWN, 0)
    if unknown and (unknown >= UNKNOWN_PAINTS or unknown == whole):
        return State.UNKNOWN
    if seconds.get(State.MAINTENANCE, 0) > 0:
        return State.MAINTENANCE
    return State.OPERATIONAL if whole else None


def figure(spells: Sequence[Spell], period: int, now: int) -> Figure:
    """S3: the days before the first spell are no data; time in which the service was not listed is nothing."""
    today = local_day(now)
    start, end = midnight(today - timedelta(days=period)), midnight(today)
    seconds = between(spells, start, end)
    before = 0
    if spells and spells[0].start > start:
        first = min(spells[0].start, end)
        seconds[State.UNKNOWN] = seconds.get(State.UNKNOWN, 0) + first - start
        before = first - max(start, midnight(local_day(first)))
    measured = sum(count for state, count in seconds.items() if state not in (State.UNKNOWN, State.MAINTENANCE))
    share = seconds.get(State.OPERATIONAL, 0) / measured if measured else None
    return Figure(period, {state: count for state, count in seconds.items() if count}, share, before)


@dataclass(frozen=True)
class Headline:
    """How many services are shown so at an instant."""

    not_working: int
    badly: int
    unknown: int
    maintenance: int


def headline(states: Iterable[State]) -> Headline:
    shown = list(states)
    return Headline(
        not_working=shown.count(State.DISRUPTION),
        badly=shown.count(State.DEGRADED) + shown.count(State.PARTIAL),
        unknown=shown.count(State.UNKNOWN),
        maintenance=shown.count(State.MAINTENANCE),
    )
