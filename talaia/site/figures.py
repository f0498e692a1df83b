"""What a service's page tells of its days, pure: figures of periods, and the days that were not wholly operational.

Everything is of finished days, so that a page says the same whenever it is made; of today only the states are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from talaia.panel.state import WEIGHT, State
from talaia.panel.uptime import ONE_DAY, DaySeconds, Figure, as_counted, day_state, figure
from talaia.site.values import ServicePage, SiteInfo

PERIODS = (7, 30, 90)  # days
ORDER = sorted((state for state in State if state is not State.OPERATIONAL), key=WEIGHT.__getitem__, reverse=True)


@dataclass(frozen=True)
class Measure:
    """A line of the table of figures: seconds in `state`, for each period, `as_counted`. None: not on the panel."""

    state: State | None
    seconds: tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """Days, one or several alike, that were not wholly operational: each state with its seconds, the worst first.

    The first of them is what the picture shows, but for a moment without data that repaints no day. A day on which the
    service was not on the panel has one part, of no state.
    """

    first: date
    last: date
    parts: tuple[tuple[State | None, int], ...]

    @property
    def several(self) -> bool:
        return self.first != self.last

    @property
    def worst(self) -> State | None:
        return self.parts[0][0]


@dataclass(frozen=True)
class Filled:
    """Days of which something was known only afterwards: so many seconds of them."""

    first: date
    last: date
    seconds: int


def figures(page: ServicePage, house: SiteInfo) -> tuple[Figure, ...]:
    """The figure of each period; all of them end yesterday, or on the day on which the service left."""
    finished = page.finished
    last = finished[-1].day
    return tuple(figure(finished, last - timedelta(days=count - 1), last, house.zone) for count in PERIODS)


def measures(found: Sequence[Figure]) -> tuple[Measure, ...]:
    """The states besides operational in which the service was at all, the worst first."""
    lines = [Measure(state, tuple(p.counted.get(state, p.of(state)) for p in found)) for state in ORDER]
    lines.append(Measure(None, tuple(p.counted.get(None, p.absent) for p in found)))
    return tuple(line for line in lines if any(line.seconds))


def filled(days: Sequence[DaySeconds], zone: ZoneInfo) -> tuple[Filled, ...]:
    """The days of which something was known only afterwards, newest first; those that follow each other are one."""
    found: list[Filled] = []
    for day in reversed(days):
        if not day.filled:
            continue
        seconds = as_counted(day.filled, day.day, zone)
        if found and found[-1].first == day.day + ONE_DAY:
            found[-1] = Filled(day.day, found[-1].last, found[-1].seconds + seconds)
        else:
            found.append(Filled(day.day, day.day, seconds))
    return tuple(found)


def stretches(days: Sequence[DaySeconds], zone: ZoneInfo) -> Iterator[Stretch]:
    """The days that were not wholly operational, newest first; whole days alike that follow each other are one."""
    pending: Stretch | None = None
    for day in reversed(days):
        parts = _parts(day, zone)
        whole = len(parts) == 1 and not day.seconds.get(State.OPERATIONAL)
        if pending and whole and pending.first == day.day + ONE_DAY and pending.worst is parts[0][0]:
            pending = Stretch(day.day, pending.last, (*pending.parts[:1],))
            continue
        if pending:
            yield pending
            pending = None
        if whole:
            pending = Stretch(day.day, day.day, parts)
        elif parts:
            yield Stretch(day.day, day.day, parts)
    if pending:
        yield pending


def _parts(day: DaySeconds, zone: ZoneInfo) -> tuple[tuple[State | None, int], ...]:
    """The states of a day besides operational, what the picture shows of it before the others."""
    if not day.seconds:
        return ((None, 0),)
    shown = day_state(day.seconds)
    states = sorted((state for state in ORDER if day.seconds.get(state)), key=lambda state: state is not shown)
    return tuple((state, as_counted(day.seconds[state], day.day, zone)) for state in states)
