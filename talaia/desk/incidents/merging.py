"""Say that an incident is another one's duplicate."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from talaia.config import current
from talaia.desk.incidents.forms import MergeForm
from talaia.desk.pages import for_operators, language, page
from talaia.desk.writing.event_pages import published, published_event
from talaia.events import actions
from talaia.events.merging import merged_words, reopening_words
from talaia.events.models import Event as Row
from talaia.events.timeline import IsOver, NotPossible, Overtaken
from talaia.localization.dates import Dates
from talaia.localization.texts import in_language, words

CHOICES = 12


@for_operators
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, ref: str) -> HttpResponse:
    """Choose the other; the entry that is written is shown before."""
    now = timezone.now()
    row = actions.find(Row.INCIDENT, ref)
    saw = actions.mark_of(row)
    shown = published_event(row)
    calendar = Dates(language(), current().site.tz)
    is_open = row.ended_at is None
    others = Row.objects.filter(kind=Row.INCIDENT, merged_into=None).exclude(pk=row.pk)
    recent = others.order_by(F("ended_at").desc(nulls_first=True), "-started_at")[:CHOICES]
    choices = [
        (
            other.ref,
            f"{other.ref} · {in_language(words(other.titles, other.language), language()).text} "
            f"({calendar.at(other.started_at, now)}{_over(other, calendar, now)})",
        )
        for other in recent
    ]
    may_reopen = is_open and any(other.ended_at for other in recent)
    context = {
        "now": now,
        "event": shown,
        "action": reverse("desk-merge", args=[row.ref]),
        "said": _said("…"),
    }
    asked: dict[str, Any] = {"others": choices, "may_reopen": may_reopen}
    form = MergeForm(request.POST or None, **asked, initial={"seen": saw, "move": is_open})
    if request.method == "POST" and form.is_valid():
        into, site = form.cleaned_data["into"], current().site
        again = reopening_words(row.ref, site.languages, site.address) if form.cleaned_data.get("reopen") else None
        try:
            update = actions.merge_incident(
                row.ref,
                into,
                merged_words(into, site.languages, site.address),
                now,
                by=request.user.get_username(),
                move_services=form.cleaned_data["move"],
                reopen=again,
                key=form.cleaned_data["key"] or None,
                seen=form.cleaned_data["seen"],
            )
        except Overtaken as overtaken:
            form = MergeForm({**request.POST.dict(), "seen": saw}, **asked)
            form.is_valid()
            form.add_error(None, str(overtaken))
        except IsOver as over:
            form.add_error("reopen" if may_reopen else None, str(over))
        except NotPossible as refusal:
            form.add_error(None, str(refusal))
        else:
            return published(request, row.ref, update.number)
    return page(request, "desk/incidents/merge.html", {**context, "form": form})


def _over(other: Row, calendar: Dates, now: datetime) -> str:
    """What is over says so."""
    if other.ended_at is None:
        return ""
    # Translators: %(since)s is "since 9:37"; it stands behind when an incident began
    return _("; over %(since)s") % {"since": calendar.since(other.ended_at, now)}


def _said(ref: str) -> str:
    """The entry that will be written, in the language of this person."""
    with translation.override(language()):
        return _("This is the same as incident %(ref)s, where we go on writing.") % {"ref": ref}
