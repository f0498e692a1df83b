"""Drafts: what is kept of a form that is not published yet, and what is offered when it is opened again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from talaia.config import current
from talaia.desk.models import Draft
from talaia.desk.pages import for_editors, frame, language
from talaia.desk.writing import actions, resubmit
from talaia.events.models import Update
from talaia.events.timeline import NotPossible
from talaia.localization.dates import Dates

NEW, PLAN = "incident/new", "maintenance/new"
EXCERPT = 90  # characters of what a draft says


@dataclass(frozen=True)
class DraftStart:
    """What a form begins with, and what its page says of that."""

    fields: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DraftRow:
    """A draft as a list shows it."""

    pk: int
    person: str
    saved_at: datetime
    kind: str
    ref: str  # of the event to which it is an update; "" for a new one
    excerpt: str
    address: str


def beginning(request: HttpRequest, subject: str) -> DraftStart:
    """What was put aside when a login ended, or the draft that was asked for; else a draft is only offered."""
    if (aside := resubmit.taken_up(request)) is not None:
        return DraftStart(aside, {"was_aside": True})
    asked = request.GET.get("draft", "")
    drafts = Draft.objects.filter(subject=subject)
    if asked.isdecimal() and asked.isascii() and len(asked) < 18:
        draft = drafts.filter(pk=int(asked)).first()
        if draft is not None and (draft.offered or draft.person == request.user.get_username()):
            which = f"{draft.pk}-{actions.version_of(draft)}"
            # Whoever publishes the same words of somebody else makes the same entry; its writer goes on with another.
            key = {} if draft.person == request.user.get_username() else {"key": f"draft-{which}"}
            return DraftStart({**draft.fields, **key, "draft": which}, {"from_draft": draft_row(draft)})
    own = drafts.filter(person=request.user.get_username()).first()
    return DraftStart({}, {"offered": draft_row(own)} if own else {})


def keep(request: HttpRequest, subject: str) -> HttpResponse:
    """Keep the form as it was sent. The script is told the time; a person comes back to the form."""
    now = timezone.now()
    fields = resubmit.fields_of(request)
    fields.pop("draft", None)
    person, key = request.user.get_username(), fields.get("key", "")
    # A late word of the script: this very form is out already.
    if key and Update.objects.filter(key=key, by=person).exists():
        return JsonResponse({"kept": "", "out": True}) if by_script(request) else HttpResponseRedirect(reverse("desk"))
    draft = actions.keep_draft(person, subject, fields, now, offer="offer" in request.POST)
    at = Dates(language(), current().site.tz).at_time(now)
    if by_script(request):
        return JsonResponse({"kept": _("Kept %(at_time)s; not published.") % {"at_time": at}, "draft": draft.pk})
    said = (
        _("Kept %(at_time)s. The operators are asked to publish it.")
        if draft.offered
        else _("Kept %(at_time)s; not published.")
    )
    messages.info(request, said % {"at_time": at})
    return HttpResponseRedirect(f"{address_of(subject)}?draft={draft.pk}")


def forget(request: HttpRequest, subject: str, which: str) -> None:
    """What was published needs no draft any more: one's own, and the one of somebody else that it began as.

    What that one has written since is still to be published, or not.
    """
    now, person = timezone.now(), request.user.get_username()
    for pk in Draft.objects.filter(person=person, subject=subject).values_list("pk", flat=True):
        actions.drop_draft(pk, person, now, published=True)
    number, _dash, version = which.partition("-")
    if number.isdecimal() and number.isascii() and len(number) < 18:
        actions.drop_draft(int(number), person, now, published=True, version=version)


@for_editors
@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw one's own draft away."""
    draft = Draft.objects.filter(pk=pk, person=request.user.get_username()).first()
    if draft is None:
        raise NotPossible(_("this draft is not there any more"))
    actions.drop_draft(pk, request.user.get_username(), timezone.now())
    messages.info(request, _("The draft is thrown away."), extra_tags=draft.subject)
    return HttpResponseRedirect(reverse("desk"))


def to_go_on_with(person: str) -> list[DraftRow]:
    """One's own drafts, and what others have offered, the latest first."""
    rows = Draft.objects.order_by("-saved_at")
    kinds = ("incident/", "maintenance/")
    return [draft_row(row) for row in rows if row.subject.startswith(kinds) and (row.offered or row.person == person)]


def draft_row(draft: Draft) -> DraftRow:
    words = draft.fields.get("title") or draft.fields.get("text") or "…"
    short = words if len(words) <= EXCERPT else words[: EXCERPT - 1].rstrip() + "…"
    kind, _slash, ref = draft.subject.partition("/")
    known = "" if ref == "new" else ref
    return DraftRow(draft.pk, draft.person, draft.saved_at, kind, known, short, address_of(draft.subject))


def address_of(subject: str) -> str:
    kind, _slash, ref = subject.partition("/")
    if ref == "new":
        return reverse("desk-open" if subject == NEW else "desk-plan")
    return reverse(f"desk-{kind}", args=[ref])


def preview(request: HttpRequest, again: Callable[..., HttpResponse], **shown: Any) -> HttpResponse:
    """What would appear: only that where desk.js asks, else `again`, the whole page of the form, with it."""
    shown["asked"] = True
    if by_script(request):
        return render(request, "desk/writing/shown.html", {**frame(), **shown})
    return again(**shown)


def by_script(request: HttpRequest) -> bool:
    """Whether desk.js asks, and not a person who waits for a page."""
    return request.headers.get("X-Desk") == "script"
