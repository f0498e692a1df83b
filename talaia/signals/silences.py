"""Which silences our maintenance asks for, against those that Alertmanager has, pure.

The window in our database is the truth: what is missing is made (again), what differs is changed, what is over ends.
Ours are known by a marker in the comment; all others are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from talaia.signals.parse.report import Silence

SOON = timedelta(minutes=10)  # a silence may stand before its window: Alertmanager keeps it pending
SAME = timedelta(seconds=60)  # a time that differs by less is the same


@dataclass(frozen=True)
class Window:
    """A maintenance that asked for silence: its reference, its window, the services it touches."""

    ref: str
    starts_at: datetime
    ends_at: datetime
    services: tuple[str, ...]


@dataclass(frozen=True)
class Change:
    """What to do: post `body`, or end the silence `expire`."""

    body: Mapping[str, Any] | None = None
    expire: str = ""


def marker(ref: str, service: str, site: str) -> str:
    """How we know a silence as ours: the site, the maintenance and the service in its comment."""
    return f"[talaia {site} maintenance/{ref} {service}]"


def changes(windows: Sequence[Window], present: Iterable[Silence], site: str, now: datetime) -> list[Change]:
    """The steps from what is to what should be. Repeating them is harmless: a second look finds nothing to do."""
    ours = f"[talaia {site} maintenance/"
    live: dict[str, Silence] = {}
    found: list[Change] = []
    for silence in present:
        if not silence.active or ours not in silence.comment:
            continue
        mark = silence.comment[silence.comment.index(ours) :].split("]")[0] + "]"
        if mark in live:  # two of the same: one is too many
            found.append(Change(expire=silence.id))
        live.setdefault(mark, silence)
    for window in windows:
        if window.starts_at - SOON > now or window.ends_at <= now:
            continue
        for service in window.services:
            mark = marker(window.ref, service, site)
            known = live.pop(mark, None)
            if known and abs(known.ends_at - window.ends_at) < SAME:
                continue
            found.append(Change(body=_body(window, service, mark, known, now)))
    found += [Change(expire=silence.id) for silence in live.values()]
    return found


def _body(window: Window, service: str, mark: str, known: Silence | None, now: datetime) -> dict[str, Any]:
    body: dict[str, Any] = {
        "matchers": [{"name": "talaia_service", "value": service, "isRegex": False, "isEqual": True}],
        "startsAt": (known.starts_at if known else max(window.starts_at, now)).isoformat(),
        "endsAt": window.ends_at.isoformat(),
        "createdBy": "talaia",
        "comment": f"planned maintenance {window.ref} {mark}",
    }
    return {**body, "id": known.id} if known else body
