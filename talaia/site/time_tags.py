"""Dates and hours in templates, as the reader's language writes them: part of the library of tags.py."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from talaia.config import current
from talaia.events.published import PublishedEvent
from talaia.localization import dates
from talaia.site.history_values import Month

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
    return _time(at, since_phrase(context, at))


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
    return _from_to(event.window, calendar(context).window)


@register.simple_tag(takes_context=True)
def time_of(context: Context, at: datetime) -> str:
    """`05:00`; of another day than today's with that day."""
    return calendar(context).at(at, present(context))


@register.simple_tag(takes_context=True)
def hours(context: Context, event: PublishedEvent) -> SafeString:
    """The hours of a maintenance, in the form of its window: as they are planned, or as they were."""
    return _from_to(event.hours, calendar(context).window)


@register.simple_tag(takes_context=True)
def span(context: Context, event: PublishedEvent) -> SafeString:
    """The window with its true length, of work that is over its hours: `…, de 23:00 a 03:00 de l’endemà (5 h)`."""
    return _from_to(event.hours if event.ended else event.window, calendar(context).span)


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


def since_phrase(context: Context, at: datetime) -> str:
    return calendar(context).since(at, present(context))


def _from_to(found: tuple[datetime, datetime] | None, words: Callable[[datetime, datetime], str]) -> SafeString:
    return _time(found[0], words(*found)) if found else SafeString("")
