"""The pages of the desk. Whoever writes goes through events.actions; a refusal comes back beside what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from talaia.config import current
from talaia.desk import assets, urgency
from talaia.desk.forms import CorrectForm, HeadForm, OpenForm, UpdateForm, new_key
from talaia.desk.pages import for_operators, language, page
from talaia.desk.preview import corrected, opened, updated
from talaia.events import actions
from talaia.events.models import Event as Row
from talaia.events.timeline import IncidentState, NotPossible, Overtaken, fingerprint, last_seen
from talaia.outbox.models import Delivery
from talaia.panel.state import TROUBLE, State
from talaia.signals.models import SourceState
from talaia.site import snapshot
from talaia.site.values import Event, words

OPENING = (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.MONITORING)
PARKED = 10  # shown; the others are counted


@for_operators
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


@for_operators
@require_http_methods(["GET", "POST"])
def edit_head(request: HttpRequest, ref: str) -> HttpResponse:
    """Title and services, without a new entry."""
    now = timezone.now()
    row = actions.find(Row.INCIDENT, ref)
    saw = actions.mark_of(row)
    row.refresh_from_db()

    def form(data: QueryDict | None = None) -> HeadForm:
        return HeadForm(
            data,
            initial={"seen": saw},
            titles=row.titles,
            groups=snapshot.front(now).groups,
            language=language(),
            touched=impacts_of(row),
        )

    context = {"now": now, "event": told(row), "action": reverse("desk-head", args=[row.ref])}
    if request.method != "POST":
        return page(request, "desk/head.html", {**context, "form": form()})
    sent = form(request.POST)
    if sent.is_valid():
        try:
            actions.edit_event(
                Row.INCIDENT,
                row.ref,
                now,
                by=request.user.get_username(),
                titles=sent.words.by_language(),
                impacts=sent.impacts(),
                seen=sent.cleaned_data["seen"],
            )
        except Overtaken:
            again = request.POST.copy()
            again["seen"] = actions.mark_of(row)
            row.refresh_from_db()
            context |= {"event": told(row), "overtaken": True}
            sent = form(again)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, row.ref)
    return page(request, "desk/head.html", {**context, "form": sent})


@for_operators
@require_http_methods(["GET", "POST"])
def correct_entry(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Other words for an entry; its number, its time and its address stay."""
    now = timezone.now()
    row = actions.find(Row.INCIDENT, ref)
    update = row.updates.filter(number=number).first()
    if update is None:
        raise NotPossible(_("%(ref)s has no entry %(number)s") % {"ref": row.ref, "number": number})

    def form(data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> CorrectForm:
        return CorrectForm(data, initial={"seen": fingerprint(update.texts), **(initial or {})}, texts=update.texts)

    event = told(row)
    entry = next(entry for entry in event.entries if entry.number == number)
    context = {
        "now": now,
        "event": event,
        "entry": entry,
        "action": reverse("desk-entry", args=[row.ref, number]),
    }
    if request.method != "POST":
        return page(request, "desk/entry.html", {**context, "form": form()})
    sent = form(request.POST)
    valid = sent.is_valid()
    if "preview" in request.POST:
        would_be = replace(entry, texts=words(sent.words.by_language()))
        context |= {
            "form": form(initial=request.POST.dict()),
            "asked": True,
            "preview": corrected(event, would_be, language()),
        }
        return page(request, "desk/entry.html", context)
    if valid:
        try:
            actions.edit_update(
                Row.INCIDENT,
                row.ref,
                number,
                sent.words.by_language(),
                now,
                by=request.user.get_username(),
                seen=sent.cleaned_data["seen"],
            )
        except Overtaken:
            update.refresh_from_db()
            again = request.POST.copy()
            again["seen"] = fingerprint(update.texts)
            context |= {"entry": replace(entry, texts=words(update.texts)), "overtaken": True}
            sent = form(again)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, row.ref, number)
    return page(request, "desk/entry.html", {**context, "form": sent})


@require_GET
def static_file(_request: HttpRequest, name: str) -> HttpResponse:
    """The desk's own files. An address is that of one content for ever."""
    found = assets.by_address().get(f"/desk/static/{name}")
    if found is None:
        return HttpResponse(status=404)
    content, kind = found
    return HttpResponse(content, kind, headers={"Cache-Control": "public, max-age=31536000, immutable"})


@for_operators
def nothing_here(_request: HttpRequest, rest: str) -> HttpResponse:
    raise NotPossible(_("there is no page /desk/%(rest)s") % {"rest": rest})


def published(request: HttpRequest, ref: str, number: int | None = None) -> HttpResponse:
    """Back to the incident, which says that it is done and where everybody reads it."""
    messages.success(
        request, f"{current().site.address.rstrip('/')}/incidents/{ref}/" + (f"#u{number}" if number else "")
    )
    return HttpResponseRedirect(reverse("desk-incident", args=[ref]))


def told(row: Row) -> Event:
    event = snapshot.event(row.kind, row.ref)
    assert event is not None
    return event


def impacts_of(row: Row) -> dict[str, State]:
    return {impact.service_id: State(impact.state) for impact in row.impacts.all()}


def written_in(row: Row) -> str:
    """The language of the title, if the site still has it."""
    first = next(iter(row.titles))
    return first if first in current().site.languages else current().site.languages[0]
