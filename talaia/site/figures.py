"""What a service's page tells of its days, pure: figures of periods, and the days that were not wholly operational.

Everything is of finished days, so that a page says the same whenever it is made; of today only the states are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from talaia.panel.state import WEIGHT, State
from talaia.panel.uptime import ONE_DAY, DaySeconds, Figure, figure
from talaia.site.values import House, ServicePage

PERIODS = (7, 30, 90)  # days
ORDER = sorted((state for state in State if state is not State.OPERATIONAL), key=WEIGHT.__getitem__, reverse=True)


@dataclass(frozen=True)
class Measure:
    """A line of the table of figures: seconds in `state`, for each period."""

    state: State
    seconds: tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """Days, one or several alike, that were not wholly operational: each state with its seconds, the worst first."""

    first: date
    last: date
    parts: tuple[tuple[State, int], ...]

    @property
    def several(self) -> bool:
        return self.first != self.last

    @property
    def worst(self) -> State:
        return self.parts[0][0]


def figures(page: ServicePage, house: House) -> tuple[Figure, ...]:
    """The figure of each period; all of them end yesterday."""
    last = page.today - ONE_DAY
    finished = [day for day in page.days if day.day < page.today]
    return tuple(figure(finished, page.today - timedelta(days=count), last, house.zone) for count in PERIODS)


def measures(found: Sequence[Figure]) -> tuple[Measure, ...]:
    """The states besides operational in which the service was at all, the worst first."""
    lines = (Measure(state, tuple(period.of(state) for period in found)) for state in ORDER)
    return tuple(line for line in lines if any(line.seconds))


def stretches(days: Sequence[DaySeconds]) -> Iterator[Stretch]:
    """The days that were not wholly operational, newest first; whole days alike that follow each other are one."""
    pending: Stretch | None = None
    for day in reversed(days):
        parts = tuple((state, day.seconds[state]) for state in ORDER if day.seconds.get(state))
        if not day.seconds:
            parts = ((State.UNKNOWN, 0),)
        whole = len(parts) == 1 and State.OPERATIONAL not in day.seconds
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
