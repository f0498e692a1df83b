"""Rows → how it stands now, as the answer tells it. Reads only; what waits for a second person is not told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from talaia.events.models import Event
from talaia.events.published import TouchedService
from talaia.events.reading import public, published
from talaia.events.timeline import MaintenanceState
from talaia.localization.texts import words
from talaia.notices.replies.write import OpenEvent, Present
from talaia.panel.models import Service
from talaia.panel.state import State

MOST = 10  # of each kind; the page has the rest


def present(now: datetime) -> Present:
    rows = Service.objects.filter(retired_at=None).order_by("group__position", "position")
    services = list(rows.values_list("slug", "names", "state"))
    shown = public().filter(ended_at=None, merged_into=None)
    incidents = shown.filter(kind=Event.INCIDENT).order_by("-started_at")[:MOST]
    planned = shown.filter(kind=Event.MAINTENANCE).order_by("window_start", "pk")
    working = planned.filter(state=MaintenanceState.IN_PROGRESS)[:MOST]
    coming = planned.filter(state=MaintenanceState.SCHEDULED)[:MOST]
    return Present(
        at=now,
        listed=bool(services),
        services=tuple(
            TouchedService(slug, words(names), State(state))
            for slug, names, state in services
            if state != State.OPERATIONAL
        ),
        incidents=_open(incidents),
        working=_open(working),
        coming=_open(coming),
    )


def _open(rows: Iterable[Event]) -> tuple[OpenEvent, ...]:
    return tuple(OpenEvent(one.path, one.titles, one.state, one.hours) for one in published(list(rows)))
