"""What everybody would read, made by the public page's own templates, before it is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.incidents.forms import EntryForm, OpenForm, UpdateForm
from talaia.desk.maintenance.forms import PlanForm, StepForm
from talaia.desk.pages import frame
from talaia.desk.writing.impacts import ImpactsForm
from talaia.events.published import PublishedEntry, PublishedEvent, TouchedService
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.localization.dates import Dates
from talaia.localization.texts import Words, words
from talaia.site.pages import card
from talaia.site.values import FrontPage

NOT_YET = "…"


@dataclass(frozen=True)
class Preview:
    html: SafeString
    language: str
    name: str  # of the language


def opened(form: OpenForm, seen: FrontPage, now: datetime) -> tuple[Preview, ...]:
    """A new incident, in every language in which there is a text; empty while there is none."""
    titles = form.titles.by_language() or {language_of(form): NOT_YET}
    began = form.cleaned_data.get("began") or now
    event = PublishedEvent("incident", f"{now:%Y}-{NOT_YET}", words(titles, language_of(form)), "", began)
    return _entry(form, seen, now, event, 1)


def updated(form: UpdateForm, seen: FrontPage, now: datetime, event: PublishedEvent) -> tuple[Preview, ...]:
    """An incident with one more entry; empty while there is no text to show."""
    return _entry(form, seen, form.cleaned_data.get("at") or now, event, event.entries[-1].number + 1)


def planned(form: PlanForm, seen: FrontPage) -> tuple[Preview, ...]:
    """A new maintenance, in every language in which there is a text; empty while there is none."""
    spoken = str(form.cleaned_data.get("written_in") or current().site.languages[0])
    texts = words(form.texts.by_language(), spoken)
    titles = words(form.titles.by_language() or {spoken: NOT_YET}, spoken)
    state = MaintenanceState.SCHEDULED
    start, end = form.times.found.get("start"), form.times.found.get("end")
    event = PublishedEvent(
        "maintenance",
        f"{form.now:%Y}-{NOT_YET}",
        titles,
        state,
        start or form.now,
        window=(start, end) if start and end else None,
        touched=_touched(form, seen),
        entries=(PublishedEntry(1, state, form.now, texts),),
    )
    return _as_published(event, texts, spoken)


def stepped(form: StepForm, event: PublishedEvent, now: datetime) -> tuple[Preview, ...]:
    """A maintenance with one more entry; empty while there is no text to show."""
    given, spoken = form.cleaned_data, str(form.cleaned_data.get("written_in") or event.titles[0][0])
    texts = words(form.texts.by_language(), spoken)
    state = given.get("state") or event.state
    entry = PublishedEntry(event.entries[-1].number + 1, state, now, texts, bool(given.get("plain")))
    return _as_published(replace(event, state=state, next_update_at=given.get("next"), entries=(entry,)), texts, spoken)


def corrected(event: PublishedEvent, entry: PublishedEntry, language: str) -> tuple[Preview, ...]:
    """An entry with other words, in every language in which it is there; that of the reader first."""
    return _as_published(replace(event, entries=(entry,)), entry.texts, language)


def language_of(form: EntryForm) -> str:
    return str(form.cleaned_data.get("written_in") or current().site.languages[0])


def _entry(form: EntryForm, seen: FrontPage, at: datetime, event: PublishedEvent, number: int) -> tuple[Preview, ...]:
    given, spoken = form.cleaned_data, language_of(form)
    texts = words(form.texts.by_language(), spoken)
    state = given.get("state") or form.fields["state"].initial
    entry = PublishedEntry(number, state, at, texts, bool(given.get("plain")))
    would_be = replace(
        event,
        state=state,
        next_update_at=None if state == IncidentState.RESOLVED else given.get("next"),
        touched=_touched(form, seen),
        entries=(entry,),
    )
    return _as_published(would_be, texts, spoken)


def _touched(form: ImpactsForm, seen: FrontPage) -> tuple[TouchedService, ...]:
    impacts = form.impacts()
    return tuple(TouchedService(s.slug, s.names, impacts[s.slug]) for s in seen.services if s.slug in impacts)


def _as_published(event: PublishedEvent, texts: Words, first: str) -> tuple[Preview, ...]:
    """The card of the front page, in each language of the texts, `first` before the others."""
    found = []
    for spoken in sorted(dict(texts), key=lambda code: code != first):
        with translation.override(spoken):
            around = {**frame(), "language": spoken, "apart": f"{spoken}-"}
            shown = card(event, Dates(spoken, around["zone"]), around["now"])
            html = render_to_string("site/card.html", {**around, "card": shown})
        found.append(Preview(html, spoken, LANGUAGE_NAMES.get(spoken, spoken)))
    return tuple(found)
