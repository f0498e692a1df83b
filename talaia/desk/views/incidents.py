"""Open an incident, and write its next entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk import urgency
from talaia.desk.forms.fields import new_key
from talaia.desk.forms.incidents import OpenForm, UpdateForm
from talaia.desk.pages import for_operators, language, page
from talaia.desk.preview import opened, updated
from talaia.desk.views.written import impacts_of, published, told, written_in
from talaia.events import actions
from talaia.events.models import Event as Row
from talaia.events.timeline import IncidentState, NotPossible, Overtaken, last_seen
from talaia.panel.state import TROUBLE
from talaia.site import snapshot

OPENING = (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING)


@for_operators
@require_http_methods(["GET", "POST"])
def open_incident(request: HttpRequest) -> HttpResponse:
    """The first words. `?service=<slug>` begins with that service's state as its impact."""
    now = timezone.now()
    seen = snapshot.front(now)
    asked = set(request.GET.getlist("service"))
    suggested = {s.slug: s.state for s in seen.services if s.slug in asked and s.state in TROUBLE}
    context: dict[str, Any] = {"now": now, "action": reverse("desk-open")}

    def form(data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> OpenForm:
        return OpenForm(
            data,
            initial=initial,
            groups=seen.groups,
            language=language(),
            suggested=suggested,
            now=now,
            states=OPENING,
            written_in=current().site.languages[0],
        )

    if request.method != "POST":
        return page(request, "desk/open.html", {**context, "form": form()})
    sent = form(request.POST)
    valid = sent.is_valid()
    if "preview" in request.POST:
        context |= {"form": form(initial=request.POST.dict()), "asked": True, "preview": opened(sent, seen, now)}
        return page(request, "desk/open.html", context)
    if valid:
        given = sent.cleaned_data
        try:
            event = actions.open_incident(
                {given["written_in"]: given["title"]},
                {given["written_in"]: given["text"]},
                sent.impacts(),
                now,
                by=request.user.get_username(),
                state=IncidentState(given["state"]),
                next_update_at=given["next"],
                plain=given["plain"],
                key=given["key"] or None,
            )
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, event.ref, 1)
    return page(request, "desk/open.html", {**context, "form": sent})


@for_operators
@require_http_methods(["GET", "POST"])
def incident(request: HttpRequest, ref: str) -> HttpResponse:
    """The timeline, and the form for its next entry."""
    now = timezone.now()
    row = actions.find(Row.INCIDENT, ref)
    saw = actions.mark_of(row)  # before what is shown is read: what comes in between must count as not seen
    row.refresh_from_db()
    seen, shown = snapshot.front(now), told(row)

    def form(data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> UpdateForm:
        here = IncidentState(row.state)
        return UpdateForm(
            data,
            initial={"seen": saw, "state": here.value, **(initial or {})},
            groups=seen.groups,
            language=language(),
            touched=impacts_of(row),
            now=now,
            states=list(IncidentState),
            written_in=written_in(row),
        )

    context: dict[str, Any] = {
        "now": now,
        "event": shown,
        "late": urgency.late_by(shown.next_update_at, now),
        "action": reverse("desk-incident", args=[row.ref]),
    }
    if request.method != "POST":
        return page(request, "desk/incident.html", {**context, "form": form()})
    sent = form(request.POST)
    valid = sent.is_valid()
    if "preview" in request.POST:
        context |= {
            "form": form(initial=request.POST.dict()),
            "asked": True,
            "preview": updated(sent, seen, now, shown),
        }
        return page(request, "desk/incident.html", context)
    if valid:
        given = sent.cleaned_data
        try:
            update = actions.update_incident(
                row.ref,
                IncidentState(given["state"]),
                {given["written_in"]: given["text"]},
                now,
                by=request.user.get_username(),
                impacts=sent.impacts(),
                next_update_at=given["next"],
                plain=given["plain"],
                key=given["key"] or None,
                seen=given["seen"],
            )
        except Overtaken:
            # Everything that was written stays; the form now knows what came meanwhile, and may be sent.
            again = request.POST.copy()
            again["seen"], again["key"] = actions.mark_of(row), new_key()
            row.refresh_from_db()
            newer = told(row)
            entries = [entry for entry in newer.entries if entry.number > last_seen(given["seen"])]
            context |= {"event": newer, "overtaken": True, "newer": entries}
            context["late"] = urgency.late_by(newer.next_update_at, now)
            sent = form(again)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, row.ref, update.number)
    return page(request, "desk/incident.html", {**context, "form": sent})
