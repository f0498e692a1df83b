"""How long a service was in which state, by local day, pure. The bars and the figures are made of these values alone.

A local day has 23, 24 or 25 hours. Whole seconds: every instant is cut to its second, so that the parts of a day add up
to its length.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.panel.state import TROUBLE, State, worst

ONE_DAY = timedelta(days=1)
Seconds = Mapping[State, int]


# So much time without data a day may have and still be shown as what was seen of it: a restart, not an absence.
SHORT = 300
Span = tuple[datetime, datetime | None]
"""A time in which the service was listed; None: it still is."""


@dataclass(frozen=True)
class StateChange:
    """From `at` on the service is shown as `state`; None: it is not listed. `filled`: known only afterwards."""

    at: datetime
    state: State | None
    filled: bool = False


@dataclass(frozen=True)
class DaySeconds:
    """One local day: seconds in each state that it was in. Their sum is the length of the day, or of what counts of it.

    Empty: it was not listed at all on that day. `filled`: how many of the seconds were known only afterwards.
    """

    day: date
    seconds: Seconds
    filled: int = 0

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


def length(day: date, zone: ZoneInfo) -> int:
    """How many seconds a local day has."""
    start, end = bounds(day, zone)
    return round((end - start).total_seconds())


def as_counted(seconds: int, day: date, zone: ZoneInfo) -> int:
    """Seconds of a day as people count them: a whole day is 24 hours, also where the clocks make it another length."""
    return round(ONE_DAY.total_seconds()) if seconds == length(day, zone) else seconds


def while_listed(
    first: StateChange, changes: Sequence[StateChange], listed: Sequence[Span]
) -> tuple[StateChange, list[StateChange]]:
    """The state before all `changes`, and the changes, with the times in which the service was not listed cut out.

    Before the first time that it was listed nothing is known of it, which is not the same as not being listed.
    """
    ends: list[tuple[datetime, int, StateChange | None]] = []
    for number, (since, until) in enumerate(listed):
        if number:
            ends.append((since, 0, None))  # what happens at that instant happens to a service that is listed
        if until is not None:
            ends.append((until, 2, None))
    moves = sorted([*ends, *((change.at, 1, change) for change in changes)], key=lambda move: move[:2])
    found: list[StateChange] = []
    now, here = first, True
    for at, what, change in moves:
        if change is not None:
            now = change
        else:
            here = what == 0
        found.append(StateChange(at, now.state, now.filled) if here else StateChange(at, None))
    return first, found


def seconds_between(
    first: State | None, changes: Sequence[StateChange], start: datetime, end: datetime
) -> dict[State, int]:
    """Seconds in each state from `start` to `end`, being `first` at the start. `changes`: in order, any period."""
    return _parts(StateChange(start, first), changes, start, end)[0]


def by_day(
    first: StateChange, changes: Sequence[StateChange], days: Iterable[date], zone: ZoneInfo, until: datetime
) -> Iterator[DaySeconds]:
    """The given days (in order), the last of them as far as `until`. `first`: the state before all `changes`."""
    position, state = 0, first
    for day in days:
        start, end = bounds(day, zone)
        if start >= until:
            return
        while position < len(changes) and changes[position].at < start:
            state = changes[position]
            position += 1
        here: list[StateChange] = []
        while position < len(changes) and changes[position].at < end:
            here.append(changes[position])
            position += 1
        seconds, filled = _parts(state, here, start, min(end, until))
        yield DaySeconds(day, seconds, filled)
        state = here[-1] if here else state


def day_state(seconds: Seconds) -> State:
    """What a day is shown as: the worst that it had, however short. Picture, table and legend are of this alone.

    No data is worse than maintenance, but less than SHORT of it, which is a restart, does not repaint a day.
    """
    if trouble := [state for state in TROUBLE if seconds.get(state)]:
        return worst(trouble)
    unknown = seconds.get(State.UNKNOWN, 0)
    if unknown >= SHORT or unknown == sum(seconds.values()):
        return State.UNKNOWN
    return State.MAINTENANCE if seconds.get(State.MAINTENANCE) else State.OPERATIONAL


@dataclass(frozen=True)
class Figure:
    """The seconds of a period, from its `first` to its `last` day.

    `filled`: how many of them were known only afterwards. `absent`: in how many the service was not listed; they are in
    no state. `measured_from`: the first day of which anything was measured. `counted`: the seconds in each state, and
    under None those that are absent, `as_counted`.
    """

    first: date
    last: date
    seconds: Seconds
    filled: int = 0
    absent: int = 0
    measured_from: date | None = None
    counted: Mapping[State | None, int] = field(default_factory=dict)

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
    def without_data(self) -> int:
        return self.of(State.UNKNOWN)

    @property
    def begins_later(self) -> bool:
        """Whether the first of its days have nothing that was measured."""
        return self.measured_from is not None and self.measured_from > self.first

    @property
    def share(self) -> float | None:
        """Operational part of the measured time, cut (never rounded up) to 0.01 %; None: nothing was measured."""
        if not self.measured:
            return None
        return self.of(State.OPERATIONAL) * 10_000 // self.measured / 10_000


def figure(days: Sequence[DaySeconds], first: date, last: date, zone: ZoneInfo) -> Figure:
    """The figure of the period `first`…`last`. A day of which nothing is known counts as a whole day without data.

    Of a day that is there, what it lacks of its length is not counted: the service was not listed then.
    """
    known = {entry.day: entry for entry in days if first <= entry.day <= last}
    total: dict[State, int] = {}
    counted: dict[State | None, int] = {}
    filled, absent, measured_from = 0, 0, None
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        entry = known.get(day) or DaySeconds(day, {State.UNKNOWN: length(day, zone)})
        filled, absent = filled + entry.filled, absent + length(day, zone) - entry.total
        for state, value in entry.seconds.items():
            total[state] = total.get(state, 0) + value
        for what, value in (*entry.seconds.items(), (None, length(day, zone) - entry.total)):
            counted[what] = counted.get(what, 0) + as_counted(value, day, zone)
        if measured_from is None and any(entry.seconds.get(state) for state in (State.OPERATIONAL, *TROUBLE)):
            measured_from = day
    return Figure(first, last, total, filled, absent, measured_from, counted)


def _parts(
    first: StateChange, changes: Sequence[StateChange], start: datetime, end: datetime
) -> tuple[dict[State, int], int]:
    """Seconds in each state, and how many of them were known only afterwards."""
    found: dict[State, int] = {}
    filled, now, since = 0, first, start
    for change in [*changes, StateChange(end, None)]:
        at = min(change.at, end)
        if at > since:
            seconds = math.floor(at.timestamp()) - math.floor(since.timestamp())
            if now.state is not None and seconds > 0:
                found[now.state] = found.get(now.state, 0) + seconds
                filled += seconds if now.filled else 0
            since = at
        if change.at >= end:
            break
        now = change
    return found, filled
