"""How long a service was in which state, by local day, pure. The bars and the figures are made of these values alone.

A local day has 23, 24 or 25 hours. Whole seconds: every instant is cut to its second, so that the parts of a day add up
to its length.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.panel.state import TROUBLE, State, worst

ONE_DAY = timedelta(days=1)
Seconds = Mapping[State, int]


@dataclass(frozen=True)
class Change:
    """From `at` on the service is shown as `state`."""

    at: datetime
    state: State


@dataclass(frozen=True)
class DaySeconds:
    """One local day: seconds in each state that it was in. Their sum is the length of the day, or of what was seen."""

    day: date
    seconds: Seconds

    @property
    def total(self) -> int:
        return sum(self.seconds.values())


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a local day begins and ends."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    next_day = day + ONE_DAY
    end = datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def days_before(day: date, count: int) -> tuple[date, ...]:
    """The `count` days that end the day before `day`, oldest first."""
    return tuple(day - timedelta(days=back) for back in range(count, 0, -1))


def seconds_between(first: State, changes: Sequence[Change], start: datetime, end: datetime) -> dict[State, int]:
    """Seconds in each state from `start` to `end`, being `first` at the start. `changes`: in order, any period."""
    found: dict[State, int] = {}
    state, since = first, start
    for change in changes:
        if change.at >= end:
            break
        if change.at > since:
            _add(found, state, since, change.at)
            since = change.at
        state = change.state
    _add(found, state, since, end)
    return found


def by_day(
    first: State, changes: Sequence[Change], days: Iterable[date], zone: ZoneInfo, until: datetime
) -> Iterator[DaySeconds]:
    """The given days (in order), the last of them as far as `until`. `first`: the state before all `changes`."""
    position, state = 0, first
    for day in days:
        start, end = bounds(day, zone)
        if start >= until:
            return
        here: list[Change] = []
        while position < len(changes) and changes[position].at < end:
            here.append(changes[position])
            position += 1
        yield DaySeconds(day, seconds_between(state, here, start, min(end, until)))
        state = here[-1].state if here else state


def day_state(seconds: Seconds) -> State:
    """What a day is shown as: its worst trouble, however short; else maintenance; else unknown when most of it was.

    A minute without data does not hide a day that was seen to be well; a minute of trouble is never hidden.
    """
    total = sum(seconds.values())
    trouble = [state for state in TROUBLE if seconds.get(state)]
    if trouble:
        return worst(trouble)
    if seconds.get(State.MAINTENANCE):
        return State.MAINTENANCE
    if not total or seconds.get(State.UNKNOWN, 0) * 2 > total:
        return State.UNKNOWN
    return State.OPERATIONAL


@dataclass(frozen=True)
class Figure:
    """The seconds of a period, from its `first` to its `last` day."""

    first: date
    last: date
    seconds: Seconds

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def of(self, *states: State) -> int:
        return sum(self.seconds.get(state, 0) for state in states)

    @property
    def measured(self) -> int:
        """Seconds that count: neither without data nor in announced maintenance."""
        return self.of(State.OPERATIONAL, *TROUBLE)

    @property
    def share(self) -> float | None:
        """Operational part of the measured time, cut (never rounded up) to 0.01 %; None: nothing was measured."""
        if not self.measured:
            return None
        return math.floor(self.of(State.OPERATIONAL) / self.measured * 10_000) / 10_000


def figure(days: Sequence[DaySeconds], first: date, last: date, zone: ZoneInfo) -> Figure:
    """The figure of the period `first`…`last`. A day of which nothing is known counts as a whole day without data."""
    known = {entry.day: entry for entry in days if first <= entry.day <= last}
    total: dict[State, int] = {}
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        if day in known:
            seconds = known[day].seconds
        else:
            start, end = bounds(day, zone)
            seconds = {State.UNKNOWN: round((end - start).total_seconds())}
        for state, value in seconds.items():
            total[state] = total.get(state, 0) + value
    return Figure(first, last, total)


def _add(found: dict[State, int], state: State, start: datetime, end: datetime) -> None:
    seconds = math.floor(end.timestamp()) - math.floor(start.timestamp())
    if seconds > 0:
        found[state] = found.get(state, 0) + seconds
