"""The first draft of an analysis, pure: what is known of an event, as a Markdown document in the language in force.

And its chronology anew: what has become known since is put in at its time; nothing that a person wrote is touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from talaia.events.published import PublishedEvent
from talaia.localization.dates import Dates, length
from talaia.localization.texts import in_language
from talaia.panel import words as panel_words
from talaia.panel.state import State
from talaia.site import markdown

GAP = "…"  # what a person has to write
HEADING = re.compile(r"(#{1,6})[ \t]+(.*)$")
MOST = 120  # lines of a chronology; a flapping line must not bury the story
# Spain, RD 899/2009: what was cut in these hours decides whether a fee is paid back unasked.
DAY_BEGINS, DAY_ENDS = time(8), time(22)


@dataclass(frozen=True)
class Moment:
    """Something that happened. `words`: a line of Markdown."""

    at: datetime
    words: str


@dataclass(frozen=True)
class TroubleSummary:
    """A service during the event: the worst it was, and when it was not well."""

    name: str
    worst: State
    spells: tuple[tuple[datetime, datetime], ...]

    @property
    def seconds(self) -> int:
        return sum(round((end - start).total_seconds()) for start, end in self.spells)


def document(
    event: PublishedEvent, troubles: Sequence[TroubleSummary], moments: Iterable[Moment], calendar: Dates
) -> str:
    """All sections, with what is known filled in; a `…` is what a person has to write."""
    title = in_language(event.titles, calendar.language).text
    sections = (
        (_("Summary"), f"{title}. {_period(event, calendar)}\n\n{GAP}"),
        (_("Impact"), _impact(troubles, calendar.zone)),
        (_("Chronology"), "\n".join(lines(moments, calendar))),
        (_("Cause"), in_language(event.causes, calendar.language).text or GAP),
        (_("What we changed"), f"- {GAP}"),
        (_("What remains"), _remaining()),
    )
    return "\n\n".join(f"## {heading}\n\n{body}".rstrip() for heading, body in sections) + "\n"


def lines(moments: Iterable[Moment], calendar: Dates) -> list[str]:
    """The chronology as list items, in the order of time; what was told twice is one."""
    ordered = sorted(dict.fromkeys(moments), key=lambda moment: moment.at)
    return [f"{_stamp(moment.at, calendar)} {moment.words}" for moment in ordered[:MOST]]


def refreshed(text: str, moments: Iterable[Moment], calendar: Dates, names: Iterable[str]) -> str:
    """The text with what its chronology does not have yet. `names`: how its heading is called, in any language.

    A line stands already when as many lines bear its time: somebody may have put it in other words.
    """
    known = lines(moments, calendar)
    rows = text.rstrip("\n").split("\n") if text.strip() else []
    start = _section(rows, {name.casefold() for name in names})
    if start is None:
        rows += [*([""] if rows else []), f"## {_('Chronology')}", ""]
        start = len(rows)
    after = start  # where the next one goes if it is not there: behind all that is earlier
    for stamp, wanted in _by_stamp(known):
        there = [at for at in range(start, _end(rows, start)) if rows[at].startswith(stamp)]
        missing = wanted[len(there) :]
        after = max(after, *(_item_end(rows, at) for at in there)) if there else after
        if missing and after == start and start < len(rows) and not rows[start].strip():
            after = start + 1
        rows[after:after] = missing
        after += len(missing)
    return "\n".join(rows).rstrip("\n") + "\n"


def daytime(spells: Iterable[tuple[datetime, datetime]], zone: ZoneInfo) -> int:
    """Seconds between eight in the morning and ten at night, by the clocks of `zone`."""
    seconds = 0.0
    for start, end in spells:
        day = start.astimezone(zone).date()
        while day <= end.astimezone(zone).date():
            opens = datetime.combine(day, DAY_BEGINS, zone).astimezone(UTC)
            closes = datetime.combine(day, DAY_ENDS, zone).astimezone(UTC)
            seconds += max((min(end, closes) - max(start, opens)).total_seconds(), 0)
            day += timedelta(days=1)
    return round(seconds)


def gaps(text: str) -> int:
    """How many places are still to be filled in."""
    return sum(bool(re.fullmatch(r"[\s|\-*\d.]*…[\s|…]*", row)) for row in text.splitlines())


def _period(event: PublishedEvent, calendar: Dates) -> str:
    words = {"start": calendar.moment(event.started_at)}
    if event.merged_into:  # how it ended is told there
        return f"{_('It began on %(start)s.') % words} {_('Continues in %(ref)s') % {'ref': event.merged_into.ref}}."
    if event.ended_at is None:
        return _("It began on %(start)s.") % words
    if event.called_off and event.over_at and event.window:
        called_off = {"window": calendar.span(*event.window), "when": calendar.moment(event.over_at)}
        return _("Planned: %(window)s. Called off: %(when)s.") % called_off
    words |= {"end": calendar.moment(event.ended_at), "length": length(event.seconds)}
    return _("It began on %(start)s and ended on %(end)s: it lasted %(length)s.") % words


def _impact(troubles: Sequence[TroubleSummary], zone: ZoneInfo) -> str:
    if not troubles:
        return GAP
    heads = (_("Service"), _("Kind of impact"), _("Time it lasted"), _("of it, between 08:00 and 22:00"))
    rows = ["| " + " | ".join(heads) + " |", "|---|---|---:|---:|"]
    for trouble in troubles:
        by_day = daytime(trouble.spells, zone)
        cells = (
            trouble.name.replace("|", "\\|"),
            panel_words.impact(trouble.worst),
            _measured(trouble.seconds),
            _measured(by_day),
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join([*rows, "", GAP])


def _measured(seconds: int) -> str:
    """`2 h 31 min (9060 s)`: for people, and for whoever has to calculate."""
    return f"{length(seconds)} ({seconds}\xa0s)" if seconds else "0\xa0s"


def _remaining() -> str:
    heads = (_("What is to be done"), _("Who sees to it"), _("Until when"))
    return "| " + " | ".join(heads) + " |\n|---|---|---|\n" + f"| {GAP} | {GAP} | {GAP} |"


def _stamp(at: datetime, calendar: Dates) -> str:
    """`- **3 d’octubre, 03:12**`: the day always, as an analysis is read much later."""
    return f"- **{calendar.short_day(at)}, {calendar.time(at)}**"


def _by_stamp(known: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for line in known:
        found.setdefault(line[: line.index("**", 4) + 2], []).append(line)
    yield from found.items()


def _section(rows: Sequence[str], names: set[str]) -> int | None:
    """The row after the heading of the chronology; None when there is none."""
    for at, row in enumerate(rows):
        if (heading := HEADING.match(row)) and heading[2].rstrip(" \t#").strip().casefold() in names:
            return at + 1
    return None


def _end(rows: Sequence[str], start: int) -> int:
    return next((at for at in range(start, len(rows)) if HEADING.match(rows[at])), len(rows))


def _item_end(rows: Sequence[str], at: int) -> int:
    """The row after an item: what is indented under it belongs to it."""
    end = at + 1
    while end < len(rows) and rows[end].strip() and not re.match(r"[-*#]|\d+\.", rows[end]):
        end += 1
    return end


def excerpt(text: str) -> str:
    """The first words of an entry, safe inside a line of Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", markdown.excerpt(text, 140))
