"""What people wrote about an incident in a topic of their own, read as an incident, pure.

The bracket form is known in Catalan, Spanish and English: `[Investigant] 10:05 No hi ha connexió`. A day stands in the
title, in an entry, or in the one before it. Nothing is thrown away: what is no entry is kept as the analysis.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from talaia.events.timeline import IncidentState
from talaia.forum.escape import JOINER

INVESTIGATING, IDENTIFIED = IncidentState.INVESTIGATING, IncidentState.IDENTIFIED
MONITORING, RESOLVED = IncidentState.MONITORING, IncidentState.RESOLVED
STATES = {
    INVESTIGATING: "investigant, en investigació, investigando, en investigación, investigating",
    IDENTIFIED: "identificat, identificada, causa identificada, identificado, identified",
    MONITORING: "monitoritzant, monitorant, en observació, monitorizando, monitoreando, en observación, monitoring",
    RESOLVED: "resolt, resolta, solucionat, resuelto, resuelta, solucionado, resolved, solved",
}
STATE = {word: state for state, words in STATES.items() for word in words.split(", ")}
MONTHS = (
    ("gener", "enero", "january"),
    ("febrer", "febrero", "february"),
    ("març", "marzo", "march"),
    ("abril", "abril", "april"),
    ("maig", "mayo", "may"),
    ("juny", "junio", "june"),
    ("juliol", "julio", "july"),
    ("agost", "agosto", "august"),
    ("setembre", "septiembre", "september"),
    ("octubre", "octubre", "october"),
    ("novembre", "noviembre", "november"),
    ("desembre", "diciembre", "december"),
)
MONTH = {name: number for number, names in enumerate(MONTHS, 1) for name in names}
_words = "|".join(sorted(map(re.escape, STATE), key=len, reverse=True))
_months = "|".join(sorted(MONTH, key=len, reverse=True))
ENTRY = re.compile(rf"^(?P<before>.{{0,60}}?)\\?\[\s*(?P<state>{_words})\s*\\?\](?P<after>.*)$", re.IGNORECASE)
ISO = re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
SLASHED = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?!\d)")
NAMED = re.compile(
    rf"(?<!\d)(\d{{1,2}})\s+(?:d[’']|de\s+)?({_months})(?:,?\s+(?:de\s+|del\s+)?(\d{{4}}))?(?!\w)", re.IGNORECASE
)
HOUR = re.compile(r"(?<![\d/.-])([01]?\d|2[0-3])(?::([0-5]\d)(?::[0-5]\d)?|[.h]([0-5]\d)\s*h?|\s*h)(?![\d/-])")
HEADING = re.compile(r"^#{1,6}\s+(.*)$")
ANALYSIS = re.compile(r"\b(an[àá]lisi|an[áa]lisis|analysis|informe posterior|post-?mortem)\b", re.IGNORECASE)
TIMELINE = re.compile(r"^\W*(cronologia|cronología|timeline|línia del temps)\W*(\[#\].*)?$", re.IGNORECASE)
MARKS = " \t-–—:·,;.|*_>#()"
LONGEST_TITLE = 200


@dataclass(frozen=True)
class ParsedEntry:
    """One entry."""

    state: IncidentState
    at: datetime
    text: str


@dataclass(frozen=True)
class ParsedTopic:
    """An incident, as a topic tells it. `dated`: a day was found; else it is the one that was given."""

    title: str
    entries: tuple[ParsedEntry, ...]
    analysis: str
    dated: bool

    @property
    def began(self) -> datetime:
        return self.entries[0].at

    @property
    def is_over(self) -> bool:
        return bool(self.entries) and self.entries[-1].state is RESOLVED


def read(title: str, text: str, touched: datetime, zone: ZoneInfo) -> ParsedTopic:
    """The incident. `touched`: when the topic was last written to; its day counts when none stands anywhere."""
    said, day = _title(title)
    lines = text.replace("\r\n", "\n").replace(JOINER, "").split("\n")
    given = day or next((named for line in lines if (named := _day(line, None))), None)
    here = given or touched.astimezone(zone).date()
    entries: list[tuple[IncidentState, datetime, list[str]]] = []
    rest: list[str] = []
    into = rest
    last: datetime | None = None
    for line in lines:
        if (found := ENTRY.match(line)) is not None:
            around = f"{found['before']} {found['after']}"
            written = _day(around, here)
            at = _at(around, written, here, last, zone)
            here, last = at.astimezone(zone).date(), at
            into = [_without_time(found["before"], found["after"])]
            entries.append((STATE[found["state"].lower()], at, into))
            continue
        if (heading := HEADING.match(line)) and len(line) - len(line.lstrip("#")) <= 2:
            into = rest
            if TIMELINE.match(heading[1]) or ANALYSIS.search(heading[1]):
                continue
        elif TIMELINE.match(line):
            continue
        into.append(line)
    told = tuple(
        ParsedEntry(state, at, "\n".join(words).strip() or "—")
        for state, at, words in sorted(entries, key=lambda one: one[1])
    )
    return ParsedTopic(said, told, re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip(), given is not None)


def whole(title: str, text: str, touched: datetime, zone: ZoneInfo) -> ParsedTopic:
    """A topic without entries as one entry that says all of it, at noon of its day."""
    found = read(title, text, touched, zone)
    day = _title(title)[1] or next((d for line in text.split("\n") if (d := _day(line, None))), None)
    at = datetime.combine(day or touched.astimezone(zone).date(), time(12), zone).astimezone(UTC)
    return ParsedTopic(found.title, (ParsedEntry(RESOLVED, min(at, touched), text.strip() or "—"),), "", found.dated)


def _title(title: str) -> tuple[str, date | None]:
    """The title without its day and its reference."""
    day = _day(title, None)
    said = title.replace(JOINER, "")
    for pattern in (ISO, SLASHED):
        said = pattern.sub("", said, count=1)
    said = re.sub(r"\[\s*\]|\(\s*\)", "", said)
    said = re.sub(r"\s*\(\d{4}-\d{3,6}\)\s*$", "", said)
    said = re.sub(r"^(incid[eè]n[ct]ia|incident)\b[\s:–-]*", "", said.strip(MARKS + "[]"), flags=re.IGNORECASE)
    said = " ".join(said.split()).strip(" -–—:·,") or " ".join(title.split())
    return said[:1].upper() + said[1:LONGEST_TITLE], day


def _days(text: str, near: date | None) -> Iterator[tuple[int, date]]:
    for pattern, order in ((ISO, (1, 2, 3)), (SLASHED, (3, 2, 1))):
        for found in pattern.finditer(text):
            year, month, day = (int(found[place]) for place in order)
            if (one := _date(year, month, day)) is not None:
                yield found.start(), one
    for found in NAMED.finditer(text):
        year = int(found[3]) if found[3] else near.year if near else 0
        if (one := _date(year, MONTH[found[2].lower()], int(found[1]))) is not None:
            yield found.start(), one


def _day(text: str, near: date | None) -> date | None:
    """The first day that a line names; without a year it is of that of `near`."""
    return min(_days(text, near), default=(0, None), key=lambda pair: pair[0])[1]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 2000 <= year < 2200 else None
    except ValueError:
        return None


def _at(text: str, written: date | None, here: date, last: datetime | None, zone: ZoneInfo) -> datetime:
    """When it was said. A time that is earlier than the one before it, without a day, is of the next day."""
    without = text
    for pattern in (ISO, SLASHED, NAMED):
        without = pattern.sub(" ", without)
    found = HOUR.search(without)
    if found is None:
        same_day = last is not None and (written is None or written == last.astimezone(zone).date())
        if last is not None and same_day:
            return last
        return datetime.combine(written or here, time(), zone).astimezone(UTC)
    hour = time(int(found[1]), int(found[2] or found[3] or 0))
    at = datetime.combine(written or here, hour, zone).astimezone(UTC)
    if written is None and last is not None and at < last - timedelta(hours=6):
        at = datetime.combine(here + timedelta(days=1), hour, zone).astimezone(UTC)
    return at


def _without_time(before: str, after: str) -> str:
    """The words of an entry's first line."""
    kept = []
    for part in (before, after):
        said = re.sub(r"\[#u\d+\]\([^)]*\)", "", part)
        for pattern in (ISO, SLASHED, NAMED):
            said = pattern.sub("", said, count=1)
        found = HOUR.search(said)
        if found and not re.search(r"\w", said[: found.start()].replace("a les", "").replace("a las", "")):
            said = said[found.end() :]
        kept.append(said.strip(MARKS) if not re.search(r"\w", said) else said.strip().lstrip(MARKS + "]"))
    return " ".join(part for part in kept if part)
