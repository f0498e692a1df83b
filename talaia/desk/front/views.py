"""The desk's first page: what is on now."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from talaia.audience.mailing import chosen_in_vain, neighbours
from talaia.audience.models import Import
from talaia.config import current
from talaia.desk import assets
from talaia.desk.by_hand import views as override
from talaia.desk.forum import views as forum
from talaia.desk.front import dashboard, self_health
from talaia.desk.front.found import in_reader_words
from talaia.desk.front.source_warnings import odd_words
from talaia.desk.mails import notice_overview
from talaia.desk.pages import for_operators, for_viewers, language, page
from talaia.desk.reports.reading import reported
from talaia.desk.suggestions.views import card, dismissed, suggestions
from talaia.desk.writing import drafts
from talaia.events.reading import proposed
from talaia.events.timeline import NotPossible
from talaia.forwarded import is_forgotten
from talaia.notices import actions as notices
from talaia.notices.bounce_counts import came_back
from talaia.notices.models import Notice
from talaia.outbox.actions import let_go, try_again
from talaia.outbox.models import Delivery
from talaia.panel.models import Service
from talaia.signals.check_findings import Finding, read_findings
from talaia.signals.evaluate import read_odd
from talaia.signals.inputs import CHECKS
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
    suggested = suggestions(seen, now)
    drafted = {service.slug for one in suggested for service in one.services}
    said_no = dismissed()
    shown = {service.slug: service for service in seen.services}
    others = [service for service in dashboard.unexplained(seen) if service.slug not in drafted]
    told = {one.slug: one for one in seen.told}
    context = {
        "now": now,
        "ourselves": self_health.troubles(current(), now),
        "mails": notice_overview.waiting(language()),
        "reported": reported(seen.services, now),
        "incidents": dashboard.incidents_by_urgency(seen.incidents, now),
        "suggestions": [card(one) for one in suggested],
        "unexplained": [
            (service, said_no.get((service.slug, service.since), ""), told.get(service.slug)) for service in others
        ],
        "by_hand": [(shown[row.slug], row) for row in override.set_by_hand() if row.slug in shown],
        "drafts": drafts.to_go_on_with(request.user.get_username()),
        "maintenance": dashboard.maintenance_by_urgency(seen, proposed(), now),
        "resolved": seen.resolved,
        **forum.waiting(),
        "came_back": came_back(now, neighbours),
        "parked": parked[:PARKED],
        "parked_count": parked.count(),
        "imports": Import.objects.filter(state=Import.WAITING).only("source", "objections", "at").order_by("-pk"),
        "unlisted": unlisted_choices(),
        "checks": checks(),
        "odd": [(odd.source, odd_words(odd)) for odd in read_odd(current())],
        "forwarded": is_forgotten(current().home, current().web.behind_proxy, now),
        "silent": dashboard.silent(
            {source.id: source.stale_after for source in current().tables.sources},
            {source: (heard_at, error) for source, heard_at, error in states},
            now,
        ),
    }
    return page(request, "desk/front/front.html", context)


def unlisted_choices() -> list[tuple[str, int]]:
    """Services that have left the panel and that people chose to be told of; nothing is read where none has left."""
    if not Service.objects.exclude(retired_at=None).exists():
        return []
    listed = Service.objects.filter(retired_at=None).values_list("pk", flat=True)
    return list(chosen_in_vain(list(listed)).items())


def checks() -> list[tuple[Finding, str, str, bool]]:
    """The checks of ours that are not well, or whose certificate ends soon: each with what it found in the reader's
    words, where we have them, and the name of its service."""
    config = current()
    state = SourceState.objects.filter(pk=CHECKS).first()
    expiring = {note["check"] for note in state.notes if note["code"] == "certificate"} if state else set()
    names = {service.slug: service.name.inside(language()) for service in config.tables.services}
    return [
        (one, in_reader_words(one.what), names.get(one.check.service or "", ""), one.check.id in expiring)
        for one in read_findings(config)
        if one.kind in ("failing", "slow", "blind") or one.check.id in expiring
    ]


@for_operators
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What becomes of a stuck delivery: another try, or it is let go."""
    now, by = timezone.now(), request.user.get_username()
    if "let_go" in request.POST:
        said = _("It will not be delivered.") if let_go(pk, now, by=by) else ""
    else:
        said = _("It is tried again now.") if _mail_goes_on(pk, now, by) or try_again(pk, now, by=by) else ""
    messages.info(request, said or _("That has changed meanwhile. This is how it is now."))
    return HttpResponseRedirect(reverse("desk"))


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


def _mail_goes_on(pk: int, now: datetime, by: str) -> bool:
    """Whether a stuck delivery is that of a notice that cannot go on; then it does so, as from the notice's own page.

    To have the delivery alone tried again would change nothing: the notice's row says that it waits for a person.
    """
    stuck = Delivery.objects.filter(pk=pk, state=Delivery.PARKED, channel="mail", target__startswith="notice/").first()
    notice = int(stuck.target.partition("/")[2]) if stuck else 0
    if not Notice.objects.filter(pk=notice, state=Notice.STUCK).exists():
        return False
    notices.try_again(notice, now, by=by)
    return True
