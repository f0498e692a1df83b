"""Rows of an export → who is wanted, pure: members, and people with a live recurring invoice, one entry per address."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from talaia.audience.address import Address, Wrong, has_controls, parse
from talaia.audience.reading import Broken, Table, Unreadable
from talaia.audience.reading.table import plain, writable
from talaia.config import Audience, Columns

LONGEST_NAME, LONGEST_REASON, LONGEST_PLACE = 200, 60, 80
SEVERAL = re.compile(r"[;,\n]")
DAYS = (
    (re.compile(r"(\d{4})-(\d\d?)-(\d\d?)([T ].*)?", re.ASCII), (1, 2, 3)),
    (re.compile(r"(\d\d?)[/.-](\d\d?)[/.-](\d{4})( .*)?", re.ASCII), (3, 2, 1)),
    (re.compile(r"(\d\d?)[/.-](\d\d?)[/.-](\d\d)", re.ASCII), (3, 2, 1)),
)
NO_DAY = {"", "-", "0", "0000-00-00", "00/00/0000"}
LANGUAGES = {
    **dict.fromkeys(("ca", "cat", "català", "catala", "catalan", "catalán", "valencià", "valencian"), "ca"),
    **dict.fromkeys(("es", "spa", "cas", "castellà", "castella", "castellano", "espanyol", "español", "spanish"), "es"),
    **dict.fromkeys(("en", "eng", "anglès", "angles", "inglés", "ingles", "english"), "en"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody who is to be told, and why. `reasons`: "member", "invoice", "invoice 123", "listed"."""

    key: str
    address: str
    name: str = ""
    language: str = ""
    reasons: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()

    def merged(self, other: Wanted) -> Wanted:
        """Both as one entry. Which of the two came first makes no difference."""
        return Wanted(
            self.key,
            max(self.address, other.address),  # small letters before capitals: ANNA@ is anna@
            max(self.name, other.name),
            max(self.language, other.language),
            union(self.reasons, other.reasons),
            union(self.connections, other.connections),
            union(self.areas, other.areas),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken. `word`: the word of the export that was not understood, never an address or a name."""

    line: int
    code: str
    word: str = ""


@dataclass(frozen=True)
class Roster:
    """What an export says. `held`: addresses in refused rows; whoever is there already neither joins nor leaves."""

    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    held: frozenset[str] = frozenset()
    rows: int = 0


class Refuse(Exception):
    """One row is not taken."""

    def __init__(self, code: str, word: str = "") -> None:
        super().__init__(code)
        self.code, self.word = code, writable(word)[:40]


def names(columns: Columns) -> dict[str, str]:
    """What talaia.toml calls the columns: our word → the export's."""
    given = {field: getattr(columns, field) for field in columns.__struct_fields__}
    return {field: name for field, name in given.items() if name is not None}


def places(header: tuple[str, ...], columns: Columns) -> dict[str, int]:
    """Our word → which cell of a row. Raises Unreadable where a column is missing, or stands twice."""
    there = [plain(name) for name in header]
    found = {}
    for word, name in names(columns).items():
        count = there.count(plain(name))
        if count != 1:
            # What resembles the name is told only of a header: a row of a person is nobody's hint.
            is_header = any(plain(other) in there for other in names(columns).values())
            near = difflib.get_close_matches(plain(name), there, 1, 0.6) if is_header and not count else []
            data = {"column": name, "near": header[there.index(near[0])] if near else ""}
            raise Unreadable("twice" if count else "missing", data)
        found[word] = there.index(plain(name))
    return found


def roster(table: Table, audience: Audience, today: date) -> Roster:
    """Who is wanted. Raises Unreadable where the whole export cannot be used."""
    cell_of = places(table.header, audience.columns)
    yes, no = ({word.casefold() for word in words} for words in (audience.yes, audience.no))
    wanted: dict[str, Wanted] = {}
    refused: list[Refusal] = []
    held: set[str] = set()
    count = 0

    def taker(cells: Any) -> Callable[[str], str]:
        def take(word: str) -> str:
            place = cell_of.get(word)
            return cells[place].strip() if place is not None and place < len(cells) else ""

        return take

    for line, cells in table.rows():
        count += 1
        if isinstance(cells, Broken):
            refused.append(Refusal(line, cells[0]))
            continue
        take = taker(cells)
        try:
            reasons = why(take, audience, yes, no, today)
            if not reasons:
                continue
            entries = people(take, reasons)
        except Refuse as refusal:
            refused.append(Refusal(line, refusal.code, refusal.word))
            held.update(address.key for address in readable(take("address")))
            continue
        for entry in entries:
            before = wanted.get(entry.key)
            wanted[entry.key] = before.merged(entry) if before else entry
    return Roster(wanted, tuple(refused), frozenset(held - wanted.keys()), count)


def why(take: Callable[[str], str], audience: Audience, yes: set[str], no: set[str], today: date) -> tuple[str, ...]:
    """The reasons for which a row counts; none: it does not. Raises Refuse."""
    reasons = ["listed"] if audience.everybody else []
    if audience.columns.member:
        word = take("member").casefold()
        if word in yes:
            if within(take("member_from"), take("member_until"), today):
                reasons.append("member")
        elif word and word not in no:
            raise Refuse("yes_or_no", take("member"))
    if audience.columns.invoice:
        numbers = several(take("invoice"))
        told = [number for number in numbers if number.casefold() not in no]
        if told and within(take("invoice_from"), take("invoice_until"), today):
            for number in told:
                if has_controls(number) or "@" in number:
                    raise Refuse("invoice")
                reasons.append("invoice" if number.casefold() in yes else f"invoice {number}"[:LONGEST_REASON])
    return tuple(sorted(set(reasons)))


def people(take: Callable[[str], str], reasons: tuple[str, ...]) -> list[Wanted]:
    """The entries of one row: as a rule one, more where several addresses stand in the cell. Raises Refuse."""
    addresses = several(take("address"))
    if not addresses:
        raise Refuse("no_address")
    name = person(take("name"))
    language = LANGUAGES.get(take("language").casefold(), "")
    connections, areas = (place(take(word)) for word in ("connection", "area"))
    found = []
    for text in addresses:
        try:
            address = parse(text)
        except Wrong as wrong:
            raise Refuse(wrong.code) from None
        found.append(Wanted(address.key, address.written, name, language, reasons, connections, areas))
    return found


def person(text: str) -> str:
    """A name as it may stand in a header of a mail. Raises Refuse for what would break out of it."""
    if has_controls(text):
        raise Refuse("name_controls")
    if text.startswith(("=", "@")):
        raise Refuse("name_formula")
    return " ".join(text.split())[:LONGEST_NAME].rstrip()


def place(text: str) -> tuple[str, ...]:
    if not text:
        return ()
    if has_controls(text.replace("\n", ";")):
        raise Refuse("place_controls")
    return tuple(sorted({one[:LONGEST_PLACE] for one in several(text)}))


def readable(text: str) -> list[Address]:
    """The addresses of a refused row, as far as they are any."""
    found = []
    for one in several(text):
        try:
            found.append(parse(one))
        except Wrong:
            continue
    return found


def several(text: str) -> list[str]:
    """`a@example.org; b@example.org` → both."""
    return [one for part in SEVERAL.split(text) if (one := part.strip())] if text else []


def within(since: str, until: str, today: date) -> bool:
    """Whether `today` is one of the days, the first and the last included. Raises Refuse."""
    first, last = day(since), day(until)
    return (first is None or first <= today) and (last is None or today <= last)


@lru_cache(maxsize=10_000)
def day(text: str) -> date | None:
    """`2026-01-31`, `31/01/2026`, `31.1.26`. Raises Refuse for what is none of them."""
    if text in NO_DAY:
        return None
    for form, order in DAYS:
        if match := form.fullmatch(text):
            year, month, number = (int(match[n]) for n in order)
            try:
                return date(year if year > 99 else 2000 + year, month, number)
            except ValueError:
                break
    raise Refuse("day", text)


def union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if one == other else tuple(sorted({*one, *other}))
