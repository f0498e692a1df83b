"""Which trouble outlasts the incident that told of its end. Reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import OuterRef, Q, Subquery

from talaia.events import models as events
from talaia.panel import models as panel
from talaia.panel.state import TROUBLE
from talaia.site.values import ToldTrouble


def told_of(slugs: Collection[str]) -> tuple[ToldTrouble, ...]:
    """Of these services, those of whose very trouble people have been told, and by which incident, the latest.

    It is over for whoever wrote it; the signals see the trouble from its beginning on until they see it well again. Of
    an incident that turned out to be part of another one, the other one tells.
    """
    troubled = panel.Service.objects.filter(pk__in=slugs, trouble_since__isnull=False)
    if not (since := {row.pk: row.trouble_since for row in troubled} if slugs else {}):
        return ()
    first = events.Update.objects.filter(event=OuterRef("event"), number=1).values("at")[:1]
    impacts = events.Impact.objects.filter(service__in=since, event__kind=events.Event.INCIDENT)
    latest = (
        impacts.annotate(began=Subquery(first))
        .select_related("event__merged_into")
        .order_by("event__started_at", "event")
    )
    earliest = min(filter(None, since.values()))
    found: dict[str, ToldTrouble] = {}
    for impact in latest.filter(Q(event__ended_at__gte=earliest) | Q(began__gte=earliest)):
        slug, event = impact.service_id, impact.event
        began = since[slug]
        if began is None or not any(at and at >= began for at in (event.ended_at, impact.began)):
            continue
        teller = event.merged_into or event
        found[slug] = ToldTrouble(slug, teller.ref, teller.ended_at)
    return tuple(found[slug] for slug in slugs if slug in found)


def uncovered(*slugs: str) -> list[str]:
    """Those of these services that are in trouble of which no open incident says so."""
    said = events.Impact.objects.filter(
        event__kind=events.Event.INCIDENT, event__ended_at=None, state__in=TROUBLE
    ).values("service")
    rows = panel.Service.objects.filter(pk__in=slugs, state__in=TROUBLE, retired_at=None).exclude(pk__in=said)
    return list(rows.values_list("pk", flat=True))


def failing_still(slugs: Collection[str]) -> dict[str, list[ToldTrouble]]:
    """Of these services, those that fail still though people were told of an end, by the incident that told it."""
    found: dict[str, list[ToldTrouble]] = defaultdict(list)
    for told in told_of(uncovered(*slugs)):
        if told.resolved_at is not None:
            found[told.ref].append(told)
    return found
