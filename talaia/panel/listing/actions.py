"""The services and groups of talaia.toml come to the panel, leave it, and come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from talaia.config import current
from talaia.outbox.actions import record
from talaia.panel.catalogue import Heading
from talaia.panel.models import Day, FormerSlug, Group, Listing, Service, Transition
from talaia.panel.state import Reason, State
from talaia.panel.uptime import local_day


def list_services(headings: Sequence[Heading], now: datetime) -> bool:
    """Make the panel's rows follow talaia.toml. A service that left it is retired: hidden, its history kept.

    One that comes back is unknown until it is judged: nobody looked at it meanwhile, and that time is not counted.
    Returns whether anything changed; only then is a fact recorded.
    """
    with transaction.atomic():
        changed = False
        known = {service.slug: service for service in Service.objects.select_related("group")}
        groups = {group.slug: group for group in Group.objects.all()}
        position = 0
        for place, heading in enumerate(headings):
            group = groups.get(heading.slug)
            if group is None or (group.names, group.position) != (dict(heading.names), place):
                group, _ = Group.objects.update_or_create(
                    slug=heading.slug, defaults={"names": dict(heading.names), "position": place}
                )
                changed = True
            for entry in heading.services:
                position += 1
                service = known.pop(entry.slug, None)
                wanted = (dict(entry.names), dict(entry.descriptions), heading.slug, position, None)
                if service is None:
                    FormerSlug.objects.filter(pk=entry.slug).delete()  # from now on it is the name of another one
                    service = Service.objects.create(
                        slug=entry.slug,
                        first_slug=_first_slug(entry.slug, now),
                        names=dict(entry.names),
                        descriptions=dict(entry.descriptions),
                        group=group,
                        position=position,
                        since=now,
                        reason=Reason("never_measured").to_json(),
                        computed_reason=Reason("never_measured").to_json(),
                        computed_since=now,
                    )
                    Listing.objects.create(service=service, since=now)
                    changed = True
                elif wanted != (
                    service.names,
                    service.descriptions,
                    service.group_id,
                    service.position,
                    service.retired_at,
                ):
                    Service.objects.filter(pk=service.pk).update(
                        names=wanted[0], descriptions=wanted[1], group=group, position=position, retired_at=None
                    )
                    if service.retired_at is not None:
                        _come_back(service, max(now, service.retired_at))
                    changed = True
        for service in known.values():
            if service.retired_at is None:
                Service.objects.filter(pk=service.pk).update(retired_at=now)
                Listing.objects.filter(service=service, until=None).update(until=now)
                days_anew(service, now)
                changed = True
        if changed:
            record("panel.listed", "panel", now)
    return changed


def _first_slug(slug: str, now: datetime) -> str:
    """Empty, but where codes are made of that slug already: those of a service that was called so before."""
    taken = Service.objects.exclude(pk=slug).filter(first_slug=slug).exists()
    return f"{slug} {now.isoformat()}" if taken else ""


def _come_back(service: Service, now: datetime) -> None:
    """It is listed again: of how it was before, nothing holds any more."""
    words = Reason("never_measured").to_json()
    Listing.objects.create(service=service, since=now)
    if service.state != State.UNKNOWN:
        Transition.objects.create(
            service=service, at=now, from_state=service.state, to_state=State.UNKNOWN, reason=words
        )
    Service.objects.filter(pk=service.pk).update(
        state=State.UNKNOWN,
        reason=words,
        since=now,
        said_since=None,
        computed_state=State.UNKNOWN,
        computed_reason=words,
        computed_since=now,
        candidate_state="",
        candidate_since=None,
        candidate_then=[],
        unrest={},
        trouble_since=None,
        resolved_at=None,
    )
    days_anew(service, now)


def days_anew(service: Service, at: datetime) -> None:
    """What was stored of the days from `at` on is no longer so: they are due again, and the clock stores them anew."""
    Day.objects.filter(service=service, day__gte=local_day(at, current().site.tz)).delete()
