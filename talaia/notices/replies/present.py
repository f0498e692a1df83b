"""Rows → how it stands now, as the answer tells it. Reads only; what waits for a second person is not told."""

from __future__ import annotations

from datetime import datetime

from talaia.events.models import Event
from talaia.events.published import TouchedService, path_of
from talaia.events.reading import public, window_of
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
        incidents=tuple(_open(row) for row in incidents),
        working=tuple(_open(row) for row in working),
        coming=tuple(_open(row) for row in coming),
    )


def _open(row: Event) -> OpenEvent:
    return OpenEvent(path_of(row.kind, row.ref), words(row.titles, row.language), row.state, window_of(row))
