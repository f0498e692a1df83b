"""What the clock does with maintenance, pure: which windows begin and which are over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from talaia.events.timeline import MaintenanceState


class Planned(Protocol):
    """A maintenance, as far as the clock needs to know it."""

    @property
    def ref(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def window_start(self) -> datetime | None: ...
    @property
    def window_end(self) -> datetime | None: ...


class Step(NamedTuple):
    """A maintenance that moves on. `at` is when it should have, which after a downtime is not now."""

    ref: str
    state: MaintenanceState
    at: datetime


def due(events: Iterable[Planned], now: datetime) -> Iterator[Step]:
    """The steps that are due, in the order in which to take them.

    A scheduled maintenance starts with its window, one in progress is completed at the window's end; one whose whole
    window has passed while nobody looked does both. Started by hand before its window, it still ends with it.
    """
    for event in events:
        if event.window_start is None or event.window_end is None:
            continue
        if event.state == MaintenanceState.SCHEDULED and event.window_start <= now:
            yield Step(event.ref, MaintenanceState.IN_PROGRESS, event.window_start)
        elif event.state != MaintenanceState.IN_PROGRESS:
            continue
        if event.window_end <= now:
            yield Step(event.ref, MaintenanceState.COMPLETED, event.window_end)
