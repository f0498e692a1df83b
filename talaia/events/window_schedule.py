"""What the clock does with maintenance, pure: which windows begin, which are over, of what operators are reminded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from talaia.events.timeline import MaintenanceState
from talaia.outbox.monotonic import over

A_DAY = timedelta(days=1)


class Planned(Protocol):
    """A maintenance, as far as the clock needs to know it."""

    @property
    def ref(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def window_start(self) -> datetime | None: ...
    @property
    def window_end(self) -> datetime | None: ...
    @property
    def starts_itself(self) -> bool: ...
    @property
    def ends_itself(self) -> bool: ...
    @property
    def awaits_approval(self) -> bool: ...
    @property
    def proposed(self) -> object: ...


class DueTransition(NamedTuple):
    """A maintenance that moves on. `at` is when it should have, which after a downtime is not now."""

    ref: str
    state: MaintenanceState
    at: datetime


class Late(StrEnum):
    """Why a maintenance is not where its window says that it should be."""

    UNAPPROVED = "unapproved"  # its window has begun, and no second person has said yes
    NOT_BEGUN = "not_begun"  # likewise, and nobody has started it by hand
    UNSEEN = "unseen"  # it was to begin by itself, and all of its window passed while nobody looked
    OVERRUN = "overrun"  # its window is over, and the work is not
    STUCK = "stuck"  # the clock could not take the step that was due


def due(events: Iterable[Planned], now: datetime) -> Iterator[DueTransition]:
    """The steps that are due, in the order in which to take them.

    A scheduled maintenance starts with its window unless a person is to start it; one in progress ends with it only
    where that was chosen. One whose whole window has passed while nobody looked does neither: what became of it a
    person knows, and says. Started by hand before its window, it still ends with it; after it, a person ends it. What
    waits for a second person, or of which a change does, does not begin.
    """
    for event in events:
        if event.window_start is None or event.window_end is None or event.awaits_approval:
            continue
        if event.state == MaintenanceState.SCHEDULED and event.starts_itself and event.proposed is None:
            if event.window_start <= now < event.window_end:
                yield DueTransition(event.ref, MaintenanceState.IN_PROGRESS, event.window_start)
        elif event.state == MaintenanceState.IN_PROGRESS and ends(event) and event.window_end <= now:
            yield DueTransition(event.ref, MaintenanceState.COMPLETED, event.window_end)


def ends(event: Planned) -> bool:
    """Whether it ends with its window: what was begun after that cannot, and is over when a person says so."""
    return event.ends_itself and event.window_end is not None and event.started_at < event.window_end


def late(event: Planned, now: datetime) -> Late | None:
    """Why it is not where its window says; None when it is, or when the clock itself is about to move it."""
    if event.window_start is None or event.window_end is None:
        return None
    if event.state == MaintenanceState.SCHEDULED and event.window_start <= now:
        if event.awaits_approval or event.proposed is not None:
            return Late.UNAPPROVED
        if not event.starts_itself:
            return Late.NOT_BEGUN
        return Late.UNSEEN if event.window_end <= now else None
    if event.state == MaintenanceState.IN_PROGRESS and event.window_end <= now and not ends(event):
        return Late.OVERRUN
    return None


def remind(why: Late, last: tuple[str, datetime] | None, now: datetime, every: timedelta) -> bool:
    """Whether operators are told (again). `last`: why and when they were told of this window before.

    Of a window that nobody saw it is no use to hear every quarter of an hour.
    """
    if last is None or last[0] != why:
        return True
    return over(last[1], now, max(every, A_DAY) if why is Late.UNSEEN else every)
