"""What an incident says of the time before it was written: the past of the services that it touches."""

from __future__ import annotations

from datetime import datetime

from talaia.events.models import Event, Impact
from talaia.panel.said.actions import first_said, say_since, unsay
from talaia.panel.state import TROUBLE, State


def reach_back(event: Event, now: datetime) -> None:
    """Its services have been as it says since it began, or since it says so of them."""
    for impact in _troubled(event):
        since = impact.since or event.started_at
        if since < now:
            say_since(impact.service_id, event.ref, State(impact.state), since, event.ended_at, now)


def moved(event: Event, before: datetime, now: datetime) -> None:
    """It began at another time than was said `before`."""
    for impact in event.impacts.order_by("service_id"):
        slug, state, began = impact.service_id, State(impact.state), event.started_at
        if impact.since is None and state in TROUBLE:
            say_since(slug, event.ref, state, began, event.ended_at, now, anew=True)
        elif began > before:
            unsay(slug, event.ref, began, now)
        elif (first := first_said(slug, event.ref)) and (impact.since is None or first[0] < impact.since):
            say_since(slug, event.ref, first[1], began, first[0], now)


def corrected(event: Event, before: dict[str, str], now: datetime) -> None:
    """It touches other services than was said `before`, or otherwise, and has all the while."""
    after = dict(event.impacts.values_list("service_id", "state"))
    for slug in sorted({*before, *after}):
        if before.get(slug) != after.get(slug):
            unsay(slug, event.ref, None, now)
    for impact in _troubled(event):
        if before.get(impact.service_id) != impact.state and event.started_at < now:
            say_since(impact.service_id, event.ref, State(impact.state), event.started_at, event.ended_at, now)


def _troubled(event: Event) -> list[Impact]:
    return list(event.impacts.filter(state__in=TROUBLE).order_by("service_id"))
