"""What an incident says of the time before it was written: the past of the services that it touches."""

from __future__ import annotations

from datetime import datetime, timedelta

from talaia.events.models import Event, Impact
from talaia.outbox.models import Fact
from talaia.panel.backdated.actions import first_said, say_since, unsay
from talaia.panel.models import Service
from talaia.panel.state import TROUBLE, State

CLOSED = ("incident.resolved", "incident.merged")
AT_ONCE = timedelta(minutes=5)  # written down when all was over: nothing but the writing lies in between


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


def taken_on(event: Event, other: Event) -> None:
    """What both of them say of a service is so since the earlier of them, where `event` becomes part of `other`."""
    earlier = {(one.service_id, one.state): one.since or event.started_at for one in event.impacts.all()}
    for impact in other.impacts.all():
        since = earlier.get((impact.service_id, impact.state))
        if since and since < (impact.since or other.started_at):
            other.impacts.filter(pk=impact.pk).update(since=since)


def ended(event: Event, before: datetime | None, now: datetime) -> None:
    """It was over at another time than was said `before` (None: than now).

    What it only says of the past lasts until then. What has been shown while it was open stays: of that time nobody
    knows any more what the signals would have said.
    """
    if (end := event.ended_at) is None:
        return
    if before is not None and end > before:
        for impact in _troubled(event):
            say_since(impact.service_id, event.ref, State(impact.state), before, end, now)
    said = Fact.objects.filter(subject=f"incident/{event.ref}").order_by("pk")
    written = said.filter(kind="incident.opened").first()
    closed = said.filter(kind__in=CLOSED).last()
    for service in Service.objects.filter(impacts__event=event).distinct().order_by("pk"):
        if written and end < written.at:
            at_once = now - written.at <= AT_ONCE and service.trouble_since is None
            unsay(service.pk, event.ref, None if at_once else written.at, now, after=end)
        if closed:  # that it lasted longer than until it was closed was said afterwards, too
            unsay(service.pk, event.ref, None, now, after=max(end, closed.at))


def _troubled(event: Event) -> list[Impact]:
    return list(event.impacts.filter(state__in=TROUBLE).order_by("service_id"))
