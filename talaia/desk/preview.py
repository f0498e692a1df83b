"""What everybody would read, made by the public page's own templates, before it is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from talaia.config import current
from talaia.desk.forms.impacts import ImpactsForm
from talaia.desk.forms.incidents import EntryForm
from talaia.desk.pages import frame
from talaia.events.timeline import IncidentState
from talaia.site.dates import Calendar
from talaia.site.pages import card
from talaia.site.values import Entry, Event, Front, Touched

NOT_YET = "…"


@dataclass(frozen=True)
class Preview:
    html: SafeString
    language: str


def opened(form: EntryForm, seen: Front, now: datetime) -> Preview | None:
    """A new incident; None while there is no text to show."""
    spoken = language_of(form)
    title = form.cleaned_data.get("title") or NOT_YET
    return _entry(form, seen, now, Event("incident", f"{now:%Y}-{NOT_YET}", ((spoken, title),), "", now), 1)


def updated(form: EntryForm, seen: Front, now: datetime, event: Event) -> Preview | None:
    """An incident with one more entry; None while there is no text to show."""
    return _entry(form, seen, now, event, event.entries[-1].number + 1)


def corrected(event: Event, entry: Entry, language: str) -> Preview | None:
    """An entry with other words, in `language`, or in the one in which it is there."""
    if not entry.texts:
        return None
    spoken = language if language in dict(entry.texts) else entry.texts[0][0]
    return _as_published(replace(event, entries=(entry,)), spoken)


def language_of(form: EntryForm) -> str:
    return str(form.cleaned_data.get("written_in") or current().site.languages[0])


def _entry(form: EntryForm, seen: Front, now: datetime, event: Event, number: int) -> Preview | None:
    given, spoken = form.cleaned_data, language_of(form)
    if not given.get("text"):
        return None
    state = given.get("state") or form.fields["state"].initial
    entry = Entry(number, state, now, ((spoken, given["text"]),), bool(given.get("plain")))
    would_be = replace(
        event,
        state=state,
        next_update_at=None if state == IncidentState.RESOLVED else given.get("next"),
        touched=_touched(form, seen),
        entries=(entry,),
    )
    return _as_published(would_be, spoken)


def _touched(form: ImpactsForm, seen: Front) -> tuple[Touched, ...]:
    impacts = form.impacts()
    return tuple(Touched(s.slug, s.names, impacts[s.slug]) for s in seen.services if s.slug in impacts)


def _as_published(event: Event, spoken: str) -> Preview:
    """The card of the front page, in the language of the entry."""
    with translation.override(spoken):
        around = {**frame(), "language": spoken}
        shown = card(event, Calendar(spoken, around["zone"]), around["now"])
        return Preview(render_to_string("site/card.html", {**around, "card": shown}), spoken)
