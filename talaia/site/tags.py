"""Template tags of the published site and of the desk.

They read from the context: `language` (else the one in force), `languages` and `zone` (else talaia.toml's), and `now`,
the moment at which the page is made (without it, times are always given with their day).
"""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from babel import Locale
from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
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
from talaia.site.state_icons import SHAPES
from talaia.site.time_tags import calendar, language, since_phrase
from talaia.site.time_tags import register as times
from talaia.site.values import PageService

register = template.Library()
register.tags.update(times.tags)
register.filters.update(times.filters)


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
    return panel_words.reason(reason, lambda at: since_phrase(context, at))


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


def _mark(context: Context, said: LocalizedText) -> SafeString:
    name = Locale.parse(said.lang).get_language_name(language(context)) or said.lang
    # Translators: a small mark beside a text that is not in the reader's language: "(in Catalan)"
    return format_html(' <small class="in">({})</small>', _("in %(language)s") % {"language": name})
