"""The desk's first page: what is on now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from talaia.config import current
from talaia.desk import assets, urgency
from talaia.desk.pages import for_viewers, page
from talaia.events.timeline import NotPossible
from talaia.outbox.models import Delivery
from talaia.signals.models import SourceState
from talaia.site import snapshot

PARKED = 10  # shown; the others are counted


@for_viewers
@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """What is on now, in the order of its urgency."""
    now = timezone.now()
    seen = snapshot.front(now)
    parked = Delivery.objects.filter(state=Delivery.PARKED).order_by("-id")
    states = SourceState.objects.values_list("source", "heard_at", "error")
    context = {
        "now": now,
        "incidents": urgency.incidents_by_urgency(seen.incidents, now),
        "unexplained": urgency.unexplained(seen),
        "maintenance": urgency.maintenance_by_urgency(seen, now),
        "resolved": seen.resolved,
        "parked": parked[:PARKED],
        "parked_count": parked.count(),
        "silent": urgency.silent(
            {source.id: source.stale_after for source in current().tables.sources},
            {source: (heard_at, error) for source, heard_at, error in states},
            now,
        ),
    }
    return page(request, "desk/front.html", context)


@require_GET
def static_file(_request: HttpRequest, name: str) -> HttpResponse:
    """The desk's own files. An address is that of one content for ever."""
    found = assets.by_address().get(f"/desk/static/{name}")
    if found is None:
        return HttpResponse(status=404)
    content, kind = found
    return HttpResponse(content, kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@for_viewers
def nothing_here(_request: HttpRequest, rest: str) -> HttpResponse:
    raise NotPossible(_("there is no page /desk/%(rest)s") % {"rest": rest})
