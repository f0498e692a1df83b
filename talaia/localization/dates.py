"""Dates, times and durations as people of each language write them, in the site's zone. Pure; by Babel (CLDR).

Django's own date formats are wrong in Catalan («3 octubre de 2026»). The little grammar that Babel does not have (the
article of an hour, «l’1 d’octubre») stands in config/languages.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, get_timezone_name
from babel.numbers import format_percent

from talaia.config.languages import KNOWN, Grammar

MINUTE, HOUR, DAY = 60, 3600, 86400
NOON = 12


def utc(at: datetime) -> str:
    """An instant for the `datetime` attribute of <time>, for JSON and for headers: `2026-10-03T01:12:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Dates:
    """How instants read in one language and one zone."""

    language: str
    zone: ZoneInfo

    @property
    def locale(self) -> Locale:
        return _locale(self.language)

    @property
    def grammar(self) -> Grammar:
        return KNOWN[self.language].grammar

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def date_of(self, at: datetime | date) -> date:
        return self.local(at).date() if isinstance(at, datetime) else at

    def day(self, at: datetime | date) -> str:
        """`3 d’octubre del 2026`."""
        return format_date(self.date_of(at), "long", locale=self.locale)

    def weekday(self, at: datetime | date) -> str:
        """`dissabte, 3 d’octubre del 2026`."""
        return format_date(self.date_of(at), "full", locale=self.locale)

    def short_day(self, at: datetime | date) -> str:
        """`3 d’octubre`."""
        return str(format_skeleton("MMMMd", self.date_of(at), locale=self.locale))

    def month(self, year: int, month: int) -> str:
        """`octubre del 2026`."""
        return str(format_skeleton("yMMMM", date(year, month, 1), locale=self.locale))

    def month_name(self, month: int) -> str:
        """`octubre`."""
        return format_date(date(2000, month, 1), "LLLL", locale=self.locale)

    def time(self, at: datetime) -> str:
        """`03:12`; in the hour that October has twice, with the zone's letters: `02:30 CEST`."""
        local = self.local(at)
        doubled = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
        return f"{local:%H:%M} {local.tzname()}" if doubled else f"{local:%H:%M}"

    def moment(self, at: datetime) -> str:
        """`3 d’octubre del 2026, 03:12`."""
        return f"{self.day(at)}, {self.time(at)}"

    def at(self, at: datetime, now: datetime | None) -> str:
        """`03:12` of the same day as `now`, `3 d’octubre, 03:12` of its year; else, or without `now`, with the year."""
        local, today = self.local(at), self.local(now).date() if now else date.min
        if local.date() == today:
            return self.time(at)
        return f"{self.short_day(at)}, {self.time(at)}" if local.year == today.year else self.moment(at)

    def at_time(self, at: datetime) -> str:
        """`a les 03:12`."""
        return self._phrase(self.grammar.at, at, at)

    def since_day(self, day: date) -> str:
        """`des del 3 d’octubre`."""
        return _contracted(f"{self.grammar.since} {self._article(day)}{self.short_day(day)}")

    def since(self, at: datetime, now: datetime | None) -> str:
        """`des de les 03:12`; of another day than `now`'s `des del 3 d’octubre a les 03:12`.

        Of another year, or without `now`, the year is said too.
        """
        return self._phrase(self.grammar.since, at, now)

    def before(self, at: datetime, now: datetime | None) -> str:
        """`abans de les 04:30`, `abans del 4 d’octubre a les 04:30`."""
        return self._phrase(self.grammar.before, at, now)

    def until(self, at: datetime, now: datetime | None) -> str:
        """`fins a les 04:30`, `fins al 4 d’octubre a les 04:30`."""
        return self._phrase(self.grammar.until, at, now)

    def window(self, start: datetime, end: datetime) -> str:
        """`dissabte, 3 d’octubre del 2026, 23:00–23:30`; over midnight both ends are given in full."""
        if self.date_of(start) == self.date_of(end):
            return f"{self.weekday(start)}, {self.time(start)}–{self.time(end)}"
        return f"{self.weekday(start)}, {self.time(start)} – {self.weekday(end)}, {self.time(end)}"

    def span(self, start: datetime, end: datetime) -> str:
        """`dissabte, 24 d’octubre del 2026, de 23:00 a 03:00 de l’endemà (5 h)`: a window with its true length.

        What lasts longer than a night has both ends in full.
        """
        long = f"({length((end - start).total_seconds())})"
        days = (self.date_of(end) - self.date_of(start)).days
        if not self.grammar.span or days > 1 or (days == 1 and self.local(end).hour >= NOON):
            first, last = (f"{self.weekday(at)}, {self.time(at)}" for at in (start, end))
            return f"{first} – {last if days else self.time(end)} {long}"
        hours = self.grammar.span.format(self.time(start), self.time(end))
        return f"{self.weekday(start)}, {hours}{self.grammar.next_day if days else ''} {long}"

    def period(self, first: date, last: date) -> str:
        """`26 d’agost – 23 de novembre del 2026`."""
        if first == last:
            return self.day(first)
        return f"{self.short_day(first) if first.year == last.year else self.day(first)} – {self.day(last)}"

    def percent(self, share: float) -> str:
        """`99,95 %`: two decimals, cut, so that only what is whole is `100 %`."""
        cut = math.floor(share * 10_000 + 1e-9) / 10_000
        decimals = "0" if cut == 1 else "0.00"
        pattern = str(self.locale.percent_formats[None].pattern).replace("0", decimals, 1)
        return format_percent(cut, pattern, locale=self.locale)

    def zone_name(self) -> str:
        """`hora d’Europa central`, as it stands in the middle of a sentence."""
        name = get_timezone_name(self.zone, locale=self.locale)
        return name[0].lower() + name[1:] if self.locale.language == "ca" else name

    def _article(self, day: date) -> str:
        return self.grammar.elided_day if day.day in (1, 11) else self.grammar.day

    def _phrase(self, preposition: str, at: datetime, now: datetime | None) -> str:
        """A time with its preposition, and the day where that is not today's."""
        grammar, local, today = self.grammar, self.local(at), self.local(now).date() if now else date.min
        hour = f"{grammar.one_hour if local.hour == 1 else grammar.hours}{self.time(at)}"
        if local.date() == today:
            return _contracted(f"{preposition} {hour}")
        article = self._article(local)
        day = self.short_day(at) if local.year == today.year else self.day(at)
        return _contracted(f"{preposition} {article}{day} {grammar.at} {hour}")


def length(seconds: float) -> str:
    """`1 h 25 min`, `3 d 4 h`: at most two units, cut to the smaller one; less than a minute is `< 1 min`.

    The signs of ISO 80000-3, the same in every language (CLDR's Catalan has «1 hores»).
    """
    whole = int(seconds)
    if whole < MINUTE:
        return "< 1\xa0min"
    if whole >= DAY:
        parts = [(whole // DAY, "d"), (whole % DAY // HOUR, "h")]
    else:
        parts = [(whole // HOUR, "h"), (whole % HOUR // MINUTE, "min")]
    return " ".join(f"{value}\xa0{unit}" for value, unit in parts if value)


def short(seconds: float) -> str:
    """`45 s`, else as `length`: of what is waited for, where "less than a minute" would say too little."""
    return f"{seconds:.0f}\xa0s" if seconds < MINUTE else length(seconds)


def _contracted(phrase: str) -> str:
    """`des de el 3` → `des del 3`, `fins a el 3` → `fins al 3`; the same in Spanish."""
    return phrase.replace(" de el ", " del ").replace(" a el ", " al ").strip()


@lru_cache
def _locale(language: str) -> Locale:
    return Locale.parse(KNOWN[language].locale)
