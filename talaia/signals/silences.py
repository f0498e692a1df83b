"""Which silences our maintenance asks for, against those that Alertmanager has, pure.

The window in our database is the truth: what is missing is made (again), what differs is changed, what is over ends.
Ours are known by a marker in the comment; all others are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from talaia.config import ServiceConfig
from talaia.config.matchers import Matcher
from talaia.signals.parse.report import Silence

SOON = timedelta(minutes=10)  # a silence may stand before its window: Alertmanager keeps it pending
AHEAD = timedelta(minutes=10)  # while the work goes on, its silence lasts at least so long from now …
LEASE = timedelta(minutes=30)  # … and past its window it is prolonged by so much at a time
OURS = "[talaia "  # how the marker of ours begins, of whichever site
SAME = timedelta(seconds=60)  # a time that differs by less is the same

Alerts = tuple[Matcher, ...]
"""Matchers that must all hold: one silence."""


@dataclass(frozen=True)
class SilenceWindow:
    """A maintenance that asked for silence: its reference, window and services, and whether it has begun.

    open_ended: a person says that it is over. Begun, it is not over when its window is, and its silence is prolonged
    for as long as nobody has said so.
    """

    ref: str
    starts_at: datetime
    ends_at: datetime
    services: tuple[str, ...]
    begun: bool = False
    open_ended: bool = False


@dataclass(frozen=True)
class SilenceChange:
    """What to do: post `body`, or end the silence `expire`."""

    body: Mapping[str, Any] | None = None
    expire: str = ""


def alerts_of(service: ServiceConfig) -> list[Alerts]:
    """What must be silent for `service` to be: each way in which an alert can concern it.

    Matchers that would all accept an alert without labels are left out: Alertmanager refuses them, rightly.
    """
    found: list[Alerts] = [(Matcher("talaia_service", "=", service.slug),)]
    if service.reference:
        names = "|".join(map(re.escape, service.reference.connections))
        found.append((Matcher(service.reference.label, "=~", names),))
    found += [alert.match.all for alert in service.alerts]
    return [matchers for matchers in found if not all(matcher.accepts({}) for matcher in matchers)]


def marker(ref: str, service: str, number: int, site: str) -> str:
    """How we know a silence as ours: the site, the maintenance, the service and the number of the matchers."""
    return f"[talaia {site} maintenance/{ref} {service}/{number}]"


def changes(
    windows: Sequence[SilenceWindow],
    services: Iterable[ServiceConfig],
    present: Iterable[Silence],
    site: str,
    now: datetime,
) -> list[SilenceChange]:
    """The steps from what is to what should be. Repeating them is harmless: a second look finds nothing to do."""
    ours = f"[talaia {site} maintenance/"
    live: dict[str, Silence] = {}
    found: list[SilenceChange] = []
    for silence in present:
        if not silence.active or ours not in silence.comment:
            continue
        mark = silence.comment[silence.comment.index(ours) :].split("]")[0] + "]"
        if mark in live:  # two of the same: one is too many
            found.append(SilenceChange(expire=silence.id))
        live.setdefault(mark, silence)
    listed = {service.slug: service for service in services}
    for window in windows:
        lasting = window.begun and window.open_ended
        if (window.starts_at - SOON > now and not window.begun) or (window.ends_at <= now and not lasting):
            continue
        for slug in window.services:
            for number, matchers in enumerate(alerts_of(listed[slug]) if slug in listed else (), 1):
                mark = marker(window.ref, slug, number, site)
                known = live.pop(mark, None)
                starts_at = now if window.begun else window.starts_at
                ends_at = _end(window, known, now) if lasting else window.ends_at
                if known is None or not _same(known, matchers, starts_at, ends_at):
                    found.append(SilenceChange(body=_body(window, matchers, mark, known, starts_at, ends_at)))
    found += [SilenceChange(expire=silence.id) for silence in live.values()]
    return found


def _end(window: SilenceWindow, known: Silence | None, now: datetime) -> datetime:
    """Until when the silence of work that goes on must last: beyond its window in good time, but never far ahead.

    If we die, Alertmanager speaks again by itself soon after.
    """
    if window.ends_at >= now + AHEAD:
        return window.ends_at
    if known is not None and now + AHEAD <= known.ends_at <= now + LEASE + SAME:
        return known.ends_at
    return now + LEASE


def _same(known: Silence, matchers: Alerts, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether a silence is as it should be. That it began earlier does no harm."""
    return (
        abs(known.ends_at - ends_at) < SAME
        and known.starts_at - starts_at < SAME
        and set(known.matchers) == set(matchers)
    )


def _body(
    window: SilenceWindow, matchers: Alerts, mark: str, known: Silence | None, starts_at: datetime, ends_at: datetime
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "matchers": [
            {"name": one.name, "value": one.value, "isRegex": "~" in one.op, "isEqual": one.op in ("=", "=~")}
            for one in matchers
        ],
        "startsAt": (min(known.starts_at, starts_at) if known else starts_at).isoformat(),
        "endsAt": ends_at.isoformat(),
        "createdBy": "talaia",
        "comment": f"planned maintenance {window.ref} {mark}",
    }
    return {**body, "id": known.id} if known else body
