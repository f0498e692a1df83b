"""What everybody would read, made by the public page's own templates, before it is published."""

from __future__ import annotations

from datetime import datetime

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from talaia.config import current
from talaia.desk.forms import EntryForm, ImpactsForm
from talaia.desk.pages import frame
from talaia.events.timeline import IncidentState
from talaia.site.pages import promise
from talaia.site.values import Entry, Event, Front, Touched

NO_TITLE = "…"


def opened(form: EntryForm, seen: Front, now: datetime) -> SafeString | None:
    """A new incident; None while there is no text to show."""
    spoken = language_of(form)
    title = form.cleaned_data.get("title") or NO_TITLE
    return _entry(form, seen, now, Event("incident", "", ((spoken, title),), "", now), 1)


def updated(form: EntryForm, seen: Front, now: datetime, event: Event) -> SafeString | None:
    """An incident with one more entry; None while there is no text to show."""
    return _entry(form, seen, now, event, event.entries[-1].number + 1)


def corrected(event: Event, entry: Entry, language: str) -> SafeString | None:
    """An entry with other words, in `language`, or in the one in which it is there."""
    if not entry.texts:
        return None
    spoken = language if language in dict(entry.texts) else entry.texts[0][0]
    return _as_published(event, entry, spoken)


def language_of(form: EntryForm) -> str:
    return str(form.cleaned_data.get("written_in") or current().site.languages[0])


def _entry(form: EntryForm, seen: Front, now: datetime, event: Event, number: int) -> SafeString | None:
    given, spoken = form.cleaned_data, language_of(form)
    if not given.get("text"):
        return None
    state = given.get("state") or form.fields["state"].initial
    entry = Entry(number, state, now, ((spoken, given["text"]),), bool(given.get("plain")))
    would_be = Event(
        kind=event.kind,
        ref=event.ref,
        titles=event.titles,
        state=state,
        started_at=event.started_at,
        next_update_at=None if state == IncidentState.RESOLVED else given.get("next"),
        touched=_touched(form, seen),
        entries=(entry,),
    )
    return _as_published(would_be, entry, spoken)


def _touched(form: ImpactsForm, seen: Front) -> tuple[Touched, ...]:
    impacts = form.impacts()
    return tuple(Touched(s.slug, s.names, impacts[s.slug]) for s in seen.services if s.slug in impacts)


def _as_published(event: Event, entry: Entry, spoken: str) -> SafeString:
    """The card of the front page, in the language of the entry."""
    with translation.override(spoken):
        around = {**frame(), "language": spoken}
        said = promise(event, around["now"], around["house"])
        return render_to_string("site/card.html", {**around, "event": event, "promise": said, "entries": (entry,)})
