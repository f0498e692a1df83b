"""What the desk shows first, pure: promises that are overdue, services that nobody has explained, silent sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.events.published import PublishedEvent
from talaia.panel.state import State
from talaia.site.values import FrontPage, PageService


@dataclass(frozen=True)
class OpenItem:
    """An event that is not over. `late`: seconds since the promised word was due, or since its window ended."""

    event: PublishedEvent
    late: float = 0
    waits: bool = False  # for a second person

    @property
    def promised(self) -> datetime | None:
        return self.event.next_update_at


def incidents_by_urgency(events: Iterable[PublishedEvent], now: datetime) -> tuple[OpenItem, ...]:
    """Those whose promise is overdue the longest first, then by the time that was promised, then those without one."""
    found = [OpenItem(event, late_by(event.next_update_at, now)) for event in events]
    last = datetime.max.replace(tzinfo=now.tzinfo)
    return tuple(sorted(found, key=lambda one: (one.promised or last, one.event.started_at)))


def maintenance_by_urgency(front: FrontPage, proposed: Iterable[PublishedEvent], now: datetime) -> tuple[OpenItem, ...]:
    """What is worked on, the overrun first; then what comes or waits for a second person, the next first."""
    working = [OpenItem(event, late_by(event.window[1] if event.window else None, now)) for event in front.in_progress]
    begins = [(event, False) for event in front.coming] + [(event, True) for event in proposed]
    coming = [
        OpenItem(event, late_by(event.window[0] if event.window else None, now), waits) for event, waits in begins
    ]
    working.sort(key=lambda one: (-one.late, one.event.started_at))
    return (*working, *sorted(coming, key=lambda one: one.event.started_at))


def unexplained(front: FrontPage) -> tuple[PageService, ...]:
    """Services that are not well and of which nobody has spoken, the worst first.

    In trouble: no open incident says so, whatever a maintenance has announced, as it shows only when it is worse than
    that. Without data: no open event speaks of it.
    """
    spoken_of = {touched.slug for event in (*front.incidents, *front.in_progress) for touched in event.touched}
    silent = tuple(s for s in front.services if s.state is State.UNKNOWN and s.slug not in spoken_of)
    return (*front.uncovered, *silent)


@dataclass(frozen=True)
class SilentSource:
    """A source that has not been heard for longer than it may. `heard_at` None: never."""

    source: str
    heard_at: datetime | None
    error: str = ""


def silent(
    stale_after: Mapping[str, timedelta], heard: Mapping[str, tuple[datetime | None, str]], now: datetime
) -> tuple[SilentSource, ...]:
    """The sources of talaia.toml that are silent. `heard`: source → last heard, and what went wrong last."""
    found = []
    for source, limit in stale_after.items():
        at, error = heard.get(source, (None, ""))
        if at is None or now - at > limit:
            found.append(SilentSource(source, at, error))
    return tuple(found)


def late_by(at: datetime | None, now: datetime) -> float:
    """Seconds since `at`; 0 while it is still to come, or when nothing was promised."""
    return max(0.0, (now - at).total_seconds()) if at else 0.0
