"""Correct what stands: what is above the timeline, the words of an entry and its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from talaia.desk.corrections.forms import CorrectForm, HeadForm, PlannedHeadForm
from talaia.desk.corrections.word_diff import by_language
from talaia.desk.fields import not_before
from talaia.desk.pages import for_operators, language, page
from talaia.desk.writing.event_pages import (
    changes_since,
    impacts_of,
    published,
    published_event,
    words_started_from,
    written_in,
)
from talaia.desk.writing.preview import corrected
from talaia.events import actions
from talaia.events.models import Event as Row
from talaia.events.timeline import NotPossible, Overtaken, fingerprint
from talaia.localization.texts import words
from talaia.site import snapshot


@for_operators
@require_http_methods(["GET", "POST"])
def edit_head(request: HttpRequest, ref: str, kind: str = Row.INCIDENT) -> HttpResponse:
    """Title and services, without a new entry."""
    now = timezone.now()
    row = actions.find(kind, ref)
    planned = kind == Row.MAINTENANCE
    saw = actions.mark_of(row)
    row.refresh_from_db()

    def form(data: QueryDict | None = None) -> HeadForm:
        return (PlannedHeadForm if planned else HeadForm)(
            data,
            initial={"seen": saw},
            titles=row.titles,
            groups=snapshot.front(now).groups,
            language=language(),
            touched=impacts_of(row),
            began=None if planned else row.started_at,
            ended=None if planned else row.ended_at,
            causes=row.causes,
            written_in=written_in(row),
        )

    action = reverse("desk-maintenance-head" if planned else "desk-head", args=[row.ref])
    context = {"now": now, "event": published_event(row), "action": action}
    if request.method != "POST":
        return page(request, "desk/corrections/head.html", {**context, "form": form()})
    sent = form(request.POST)
    if sent.is_valid():
        try:
            began = sent.cleaned_data.get("began")
            actions.edit_event(
                kind,
                row.ref,
                now,
                by=request.user.get_username(),
                titles=sent.words.by_language(),
                impacts=sent.impacts(),
                started_at=began,
                ended_at=not_before(sent.cleaned_data.get("ended"), began or row.started_at),
                causes=sent.causes.by_language() if sent.causes else None,
                seen=sent.cleaned_data["seen"],
            )
        except Overtaken:
            again = request.POST.copy()
            again["seen"] = actions.mark_of(row)
            row.refresh_from_db()
            fresh = form()
            for name, field in fresh.fields.items():  # what the event has by now and the form that was sent had not
                if (value := fresh.get_initial_for_field(field, name)) and name not in again:
                    again[name] = value
            changes = changes_since(row, sent.cleaned_data["seen"])
            context |= {"event": published_event(row), "overtaken": True, "changes": changes}
            sent = form(again)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, row.ref, kind=kind)
    return page(request, "desk/corrections/head.html", {**context, "form": sent})


@for_operators
@require_http_methods(["GET", "POST"])
def correct_entry(request: HttpRequest, ref: str, number: int, kind: str = Row.INCIDENT) -> HttpResponse:
    """Other words for an entry; its number, its time and its address stay."""
    now = timezone.now()
    row = actions.find(kind, ref)
    update = row.updates.filter(number=number).first()
    if update is None:
        raise NotPossible(_("%(ref)s has no entry %(number)s") % {"ref": row.ref, "number": number})

    def form(data: QueryDict | None = None, initial: Mapping[str, Any] | None = None) -> CorrectForm:
        return CorrectForm(
            data, initial={"seen": fingerprint(update.texts), **(initial or {})}, texts=update.texts, at=update.at
        )

    event = published_event(row)
    entry = next(entry for entry in event.entries if entry.number == number)
    context = {
        "now": now,
        "event": event,
        "entry": entry,
        "action": reverse("desk-entry" if kind == Row.INCIDENT else "desk-maintenance-entry", args=[row.ref, number]),
    }
    if request.method != "POST":
        return page(request, "desk/corrections/entry.html", {**context, "form": form()})
    sent = form(request.POST)
    valid = sent.is_valid()
    if "preview" in request.POST:
        would_be = replace(entry, texts=words(sent.words.by_language(), update.language))
        context |= {
            "form": form(initial=request.POST.dict()),
            "asked": True,
            "previews": corrected(event, would_be, language()),
        }
        return page(request, "desk/corrections/entry.html", context)
    if valid:
        try:
            actions.edit_update(
                kind,
                row.ref,
                number,
                sent.words.by_language(),
                now,
                by=request.user.get_username(),
                at=not_before(sent.cleaned_data["at"], row.started_at if kind == Row.INCIDENT else now),
                seen=sent.cleaned_data["seen"],
            )
        except Overtaken:
            update.refresh_from_db()
            again = request.POST.copy()
            again["seen"] = fingerprint(update.texts)
            start = words_started_from(row, number, sent.cleaned_data["seen"]) or sent.words.by_language()
            context |= {
                "entry": replace(entry, texts=words(update.texts, update.language)),
                "overtaken": True,
                "changes": by_language("", start, update.texts),
            }
            sent = form(again)
        except NotPossible as refusal:
            sent.add_error(None, str(refusal))
        else:
            return published(request, row.ref, number, kind=kind)
    return page(request, "desk/corrections/entry.html", {**context, "form": sent})
