"""Template tags of the published site and of the desk.

They read from the context: `language` (else the one in force), `languages` and `zone` (else talaia.toml's), and `now`,
the moment at which the page is made (without it, times are always given with their day).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events.anchors import Names
from talaia.events.published import PublishedEntry, PublishedEvent
from talaia.events.timeline import IncidentState, MaintenanceState, incident_word, maintenance_word
from talaia.localization import dates
from talaia.localization.texts import LocalizedText, Words, in_language
from talaia.panel import words as panel_words
from talaia.panel.state import Reason, State
from talaia.site import addresses, assets, markdown
from talaia.site.fragments import part
from talaia.site.history_values import Month
from talaia.site.state_icons import SHAPES
from talaia.site.values import PageService

register = template.Library()

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def language(context: Context) -> str:
    return str(context.get("language") or get_language() or current().site.languages[0])


def calendar(context: Context) -> dates.Dates:
    zone = context.get("zone")
    return dates.Dates(language(context), zone if isinstance(zone, ZoneInfo) else current().site.tz)


def present(context: Context) -> datetime:
    """The moment at which the page is made; where there is none, long ago, so that every time comes with its day."""
    now = context.get("now")
    return now if isinstance(now, datetime) else LONG_AGO


def _time(at: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', dates.utc(at), text)


@register.simple_tag
def shapes() -> SafeString:
    """The sprite with every state's shape, once in a page; `shape` refers to it."""
    symbols = "".join(f'<symbol id="{s.value}" viewBox="0 0 16 16">{drawn}</symbol>' for s, drawn in SHAPES.items())
    return mark_safe(f'<svg class="sprite" aria-hidden="true">{symbols}</svg>')  # noqa: S308  our own constants


@register.simple_tag
def shape(state: State | str) -> SafeString:
    """The shape of a state; its word must stand beside it."""
    return format_html('<svg class="shape {0}" aria-hidden="true"><use href="#{0}"/></svg>', State(state).value)


@register.simple_tag
def state_word(state: State | str) -> str:
    return panel_words.state(State(state))


@register.simple_tag
def in_day(state: State | None) -> SafeString:
    """A state as a part of a day, shape and word. None: the service was not on the panel, and is drawn as no data."""
    drawn = State.UNKNOWN if state is None else State(state)
    html = '<span class="state {}">{}{}</span>'
    return format_html(html, drawn.value, shape(drawn), day_word(state))


@register.simple_tag
def day_word(state: State | None) -> str:
    """What there was in a day, in a word or two."""
    if state is None:
        return _("Not on the panel")
    return _("No data") if State(state) is State.UNKNOWN else panel_words.state(State(state))


@register.simple_tag
def impact_word(state: State | str) -> str:
    return panel_words.impact(State(state))


@register.simple_tag
def effect(event: PublishedEvent, state: State | str) -> SafeString:
    """What an event does to a service: the impact of an incident, the level that a maintenance has announced."""
    value = State(state)
    word = panel_words.impact(value) if event.is_incident else panel_words.level(value)
    seen = value if event.is_incident else panel_words.level_state(value)
    return format_html('<span class="state {}">{}{}</span>', seen.value, shape(seen), word)


@register.simple_tag
def step_word(state: str) -> str:
    """The word for the state of an incident or of a maintenance."""
    if state in set(MaintenanceState):
        return maintenance_word(MaintenanceState(state))
    return incident_word(IncidentState(state))


@register.simple_tag(takes_context=True)
def why(context: Context, reason: Reason) -> str:
    """The reason of a state as the part of a sentence; empty when there is nothing to say."""
    return panel_words.reason(reason, lambda at: _since(context, at))


@register.simple_tag(takes_context=True)
def say(context: Context, given: Words, mark: bool = False) -> SafeString:
    """Words in the reader's language; others in their own, with `lang` and, when asked, a mark that says which."""
    said = in_language(given, language(context))
    if not said.lang:
        return format_html("{}", said.text)
    return format_html('<span lang="{}">{}</span>{}', said.lang, said.text, _mark(context, said) if mark else "")


@register.simple_tag(takes_context=True)
def text(context: Context, entry: PublishedEntry, top: int = 4, named: bool = False) -> SafeString:
    """The text of an entry as HTML; `top` as in `markdown.render`; named: with the addresses of its parts."""
    names = entry.names(language(context)) if named else markdown.NO_NAMES
    return _long_text(context, entry.texts, top, names, entry.plain)


@register.simple_tag(takes_context=True)
def analysis(context: Context, event: PublishedEvent, top: int = 3) -> SafeString:
    """The analysis of an event as HTML, with the addresses of its parts."""
    return _long_text(context, event.analyses, top, event.names(language(context)))


@register.simple_tag(takes_context=True)
def words_text(context: Context, given: Words, top: int = 4) -> SafeString:
    """Words that are not published yet as the text of an entry would be, without addresses."""
    return _long_text(context, given, top, markdown.NO_NAMES)


@register.simple_tag
def markdown_text(written: str, top: int = 2) -> SafeString:
    """A text in the reader's language as HTML."""
    html = markdown.render(written, top=top, table=_("Table"), here=_("Link to this part"))
    return format_html('<div class="text">{}</div>', html)


def _long_text(context: Context, given: Words, top: int, names: Names, plain: bool = False) -> SafeString:
    """A long text (Markdown, or plain) as HTML, in the language in which it is there."""
    said = in_language(given, language(context))
    html = markdown.render(said.text, plain=plain, top=top, names=names, table=_("Table"), here=_("Link to this part"))
    if not said.lang:
        return format_html('<div class="text">{}</div>', html)
    return format_html('<div class="text" lang="{}">{}</div>{}', said.lang, html, _mark(context, said))


@register.simple_tag(takes_context=True)
def href(context: Context, path: str) -> str:
    """The address of a page in the language of this one."""
    return addresses.localized(path, language(context), context.get("languages") or current().site.languages)


@register.simple_tag
def asset(name: str) -> str:
    """The address of `style.css`, `script.js` or `<state>.svg`."""
    return assets.address(name)


@register.simple_tag(takes_context=True)
def moment(context: Context, at: datetime) -> SafeString:
    """`3 d’octubre del 2026, 03:12`."""
    return _time(at, calendar(context).moment(at))


@register.simple_tag(takes_context=True)
def day(context: Context, at: datetime | date) -> SafeString:
    """`3 d’octubre del 2026`."""
    there = calendar(context)
    return format_html('<time datetime="{}">{}</time>', there.date_of(at).isoformat(), there.day(at))


@register.simple_tag(takes_context=True)
def at(context: Context, at: datetime) -> SafeString:
    """`03:12` when that is today, else with the day."""
    return _time(at, calendar(context).at(at, context.get("now")))


@register.simple_tag(takes_context=True)
def at_time(context: Context, at: datetime) -> SafeString:
    """`a les 03:12`."""
    return _time(at, calendar(context).at_time(at))


@register.simple_tag(takes_context=True)
def since_day(context: Context, first: date) -> str:
    """`des del 3 d’octubre`."""
    return calendar(context).since_day(first)


@register.simple_tag(takes_context=True)
def since(context: Context, at: datetime) -> SafeString:
    """`des de les 03:12`."""
    return _time(at, _since(context, at))


@register.simple_tag(takes_context=True)
def before(context: Context, at: datetime) -> SafeString:
    """`abans de les 04:30`."""
    return _time(at, calendar(context).before(at, present(context)))


@register.simple_tag(takes_context=True)
def until(context: Context, at: datetime) -> SafeString:
    """`fins a les 04:30`."""
    return _time(at, calendar(context).until(at, present(context)))


@register.simple_tag(takes_context=True)
def window(context: Context, event: PublishedEvent) -> SafeString:
    """The window of a maintenance: `dissabte, 3 d’octubre del 2026, 23:00–23:30`."""
    if event.window is None:
        return SafeString("")
    start, end = event.window
    return _time(start, calendar(context).window(start, end))


@register.simple_tag(takes_context=True)
def time_of(context: Context, at: datetime) -> str:
    """`05:00`; of another day than today's with that day."""
    return calendar(context).at(at, present(context))


@register.simple_tag(takes_context=True)
def hours(context: Context, event: PublishedEvent) -> SafeString:
    """The hours of a maintenance, in the form of its window: as they are planned, or as they were."""
    if event.hours is None:
        return SafeString("")
    start, end = event.hours
    return _time(start, calendar(context).window(start, end))


@register.simple_tag(takes_context=True)
def span(context: Context, event: PublishedEvent) -> SafeString:
    """The window with its true length, of work that is over its hours: `…, de 23:00 a 03:00 de l’endemà (5 h)`."""
    found = event.hours if event.ended else event.window
    if found is None:
        return SafeString("")
    start, end = found
    return _time(start, calendar(context).span(start, end))


@register.filter
def lasting(seconds: float) -> str:
    """`1 h 25 min`."""
    return dates.length(seconds)


@register.filter
def shortly(seconds: float) -> str:
    """`45 s`, or `1 min`."""
    return dates.short(seconds)


@register.simple_tag(takes_context=True)
def percent(context: Context, share: float) -> str:
    """`99,95 %`."""
    return calendar(context).percent(share)


@register.simple_tag(takes_context=True)
def period(context: Context, first: date, last: date) -> str:
    """`26 d’agost – 23 de novembre del 2026`."""
    return calendar(context).period(first, last)


@register.simple_tag(takes_context=True)
def month_name(context: Context, month: Month) -> str:
    """`octubre del 2026`."""
    return calendar(context).month(month.year, month.number)


@register.simple_tag(takes_context=True)
def word_of(context: Context, given: Words) -> str:
    """Words in the reader's language where they are there, else as they were written: for titles and attributes."""
    return in_language(given, language(context)).text


@register.simple_tag(takes_context=True)
def preview(context: Context, event: PublishedEvent) -> str:
    """What a shared link tells: how the event stands, how long it took, and the latest words of it."""
    there, parts = calendar(context), [step_word(event.state)]
    if event.merged_into is not None:  # how long it took, and how it ended, is told there
        parts = [_("Continues in %(ref)s") % {"ref": event.merged_into.ref}, there.moment(event.started_at)]
    elif event.hours is not None:
        parts.append(there.window(*event.hours))
    elif event.ended_at is not None:
        parts += [there.moment(event.ended_at), dates.length(event.seconds)]
    else:
        parts.append(there.since(event.started_at, None))
    if event.entries:
        parts.append(markdown.excerpt(word_of(context, event.entries[-1].texts), 160))
    return " · ".join(filter(None, parts))


@register.simple_tag(takes_context=True)
def brief(context: Context, event: PublishedEvent) -> SafeString:
    """An event as a line of a list."""
    given = _frame(context)
    return part("brief.html", (event, *given.values()), {**given, "event": event})


@register.simple_tag(takes_context=True)
def row(context: Context, service: PageService) -> SafeString:
    """A service as a row of the panel."""
    given = _frame(context)
    return part("row.html", (repr(service), *given.values()), {**given, "service": service})


def _frame(context: Context) -> dict[str, Any]:
    """All that the tags read from the context. Of `now` they read the day alone."""
    now = context.get("now")
    there = calendar(context)
    today = datetime.combine(there.date_of(now), time(), there.zone) if now else None
    languages = context.get("languages") or current().site.languages
    return {"language": there.language, "languages": tuple(languages), "zone": there.zone, "now": today}


def _since(context: Context, at: datetime) -> str:
    return calendar(context).since(at, present(context))


def _mark(context: Context, said: LocalizedText) -> SafeString:
    name = Locale.parse(said.lang).get_language_name(language(context)) or said.lang
    # Translators: a small mark beside a text that is not in the reader's language: "(in Catalan)"
    return format_html(' <small class="in">({})</small>', _("in %(language)s") % {"language": name})
