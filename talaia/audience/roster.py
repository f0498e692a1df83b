"""Rows of an export → who is wanted, pure: members, and people with a live recurring invoice, one entry per address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from talaia.audience.address import AddressError, parse
from talaia.audience.cells import CellRefused, day, decisive, invoices, is_yes, optional, several, within
from talaia.audience.reading import BrokenRow, ExportTable
from talaia.audience.reading.table import writable
from talaia.audience.row_cells import DATED, LANGUAGES, Cells, bare, names, person, place, places, readable
from talaia.audience.unicode_text import plain, tidy
from talaia.config import Audience


@dataclass(frozen=True, slots=True)
class WantedRecipient:
    """Somebody who is to be told, and why. `reasons`: "member", "invoice", "invoice 123", "listed"."""

    key: str
    address: str
    name: str = ""
    language: str = ""
    reasons: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()

    def merged(self, other: WantedRecipient) -> WantedRecipient:
        """Both as one entry. Which of the two came first makes no difference."""
        return WantedRecipient(
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
    """A row that was not taken. `word`: the word that was not understood, never an address or a name.

    `text`: all that stands in the row, by which its person is found; it goes when the import is over. `of_above`: the
    row continues the one above, so it is not another person's.
    """

    line: int
    code: str
    word: str = ""
    text: str = ""
    of_above: bool = False


@dataclass(frozen=True)
class Roster:
    """What an export says. Whoever stands in a refused row is found by row_owners.py.

    `ended`: whether its last line has an end (None: there are no lines). `torn`: the last row is refused. `last`: the
    keys of the last row. `doubts`: rows of nobody who is to be told, in which something cannot be read all the same;
    they matter only where somebody of the ledger stands in them. `month_first`: the first line with a day that can only
    have its month first, whoever's it is: so may the others, that can be read both ways.
    """

    wanted: Mapping[str, WantedRecipient] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    rows: int = 0
    ended: bool | None = None
    torn: bool = False
    last: tuple[str, ...] = ()
    doubts: tuple[Refusal, ...] = ()
    month_first: int | None = None


def roster(table: ExportTable, audience: Audience, today: date, zone: ZoneInfo | None = None) -> Roster:
    """Who is wanted. `zone`: that of moments in dates. Raises Unreadable where the whole export cannot be used."""
    gathered = Gathering(audience, places(table.header, audience.columns), today, zone)
    for line, cells in table.rows():
        gathered.take(line, cells)
    gathered.close()
    torn = bool(gathered.refused) and gathered.refused[-1].line == gathered.line
    return Roster(
        gathered.wanted,
        tuple(gathered.refused),
        gathered.rows,
        table.ended,
        torn,
        gathered.last,
        tuple(gathered.doubts),
        gathered.month_first,
    )


class Gathering:
    """Takes one row after the other. A row without address and name continues the one above it.

    So administrative tools write whoever has several lines of something: the person once, and below it only the lines.
    """

    def __init__(self, audience: Audience, cell_of: Mapping[str, int], today: date, zone: ZoneInfo | None) -> None:
        self.audience, self.cell_of, self.today, self.zone = audience, cell_of, today, zone
        self.yes, self.no = ({plain(word) for word in words} for words in (audience.yes, audience.no))
        self.heads = {word: plain(name) for word, name in names(audience.columns).items()}
        self.wanted: dict[str, WantedRecipient] = {}
        self.refused: list[Refusal] = []
        self.doubts: list[Refusal] = []
        self.rows = self.line = 0
        self.group: list[Cells] = []
        self.broken_above = False
        self.last: tuple[str, ...] = ()
        self.month_first: int | None = None

    def take(self, line: int, cells: Sequence[str]) -> None:
        if isinstance(cells, BrokenRow):
            self.close()
            self.rows, self.line, self.broken_above = self.rows + 1, line, True
            self.refuse(line, CellRefused(cells[0]), cells[1:])
            return
        row = Cells(line, cells, self.cell_of)
        if "@" not in row("address") and all(plain(row(word)) == head for word, head in self.heads.items()):
            return  # the header once more, as of two exports in one file
        self.rows, self.line = self.rows + 1, line
        if self.month_first is None and any(self.is_month_first(row(word)) for word in DATED):
            self.month_first = line
        if row.says("address", "name", "member"):
            self.close()
            self.group, self.broken_above = [row], False
        elif self.group:
            self.group.append(row)
        elif self.broken_above:
            self.refuse(line, CellRefused("row_above"), cells, of_above=True)
        elif row.says(*self.heads):
            self.refuse(line, CellRefused("no_address"), cells)

    def close(self) -> None:
        """Everything of one person is there."""
        group, self.group = self.group, []
        if not group:
            return
        self.last = ()
        first, reasons, connections, areas = group[0], set[str](), set[str](), set[str]()
        for row in group:
            try:
                here, there, around = {*self.why(row)}, {*place(row("connection"))}, {*place(row("area"))}
                reasons |= here
                # A line that is over says nothing of where its person is; one about places alone does.
                if here or row is first or not row.says("invoice"):
                    connections |= there
                    areas |= around
            except CellRefused as refusal:
                of_above = row is not first
                # With the address of the person it belongs to.
                self.refuse(row.line, refusal, (*first.parts, *row.parts) if of_above else row.parts, of_above)
        if not reasons:
            seen = {one.line for one in self.refused[-len(group) :]}
            self.doubts += [doubt for row in group if row.line not in seen and (doubt := self.doubt(row, first))]
            return
        try:
            found = people(first, tuple(sorted(reasons)), tuple(sorted(connections)), tuple(sorted(areas)))
        except CellRefused as refusal:
            if first.line not in {one.line for one in self.refused[-len(group) :]}:
                self.refuse(first.line, refusal, [part for row in group for part in row.parts])
            return
        self.last = tuple(entry.key for entry in found)
        for entry in found:
            before = self.wanted.get(entry.key)
            self.wanted[entry.key] = before.merged(entry) if before else entry

    def is_month_first(self, text: str) -> bool:
        """Whether it is no day but with its month first."""
        try:
            day(text, self.today, self.zone)
        except CellRefused as refusal:
            return refusal.code == "month_first"
        return False

    def doubt(self, row: Cells, first: Cells) -> Refusal | None:
        """A row that gives nobody a reason, although its cells may stand in the wrong columns, or be broken."""
        cells = row.parts if row is first else (*first.parts, *row.parts)
        moved = row.says("address") and not readable(row("address")) and any("@" in part for part in row.parts)
        if moved:
            return refused(row.line, CellRefused("cells_moved"), cells)
        for word in DATED:
            try:
                day(row(word), self.today, self.zone)
            except CellRefused as refusal:
                return refused(row.line, refusal, cells)
        return None

    def refuse(self, line: int, refusal: CellRefused, cells: Iterable[str], of_above: bool = False) -> None:
        self.refused.append(refused(line, refusal, cells, of_above))

    def why(self, row: Cells) -> Iterable[str]:
        """The reasons for which a row counts; none: it does not. Raises Refuse."""
        columns = self.audience.columns
        if self.audience.everybody:
            yield "listed"
        member = columns.member and is_yes(row("member"), self.yes, self.no)
        if member and within(row("member_from"), row("member_until"), self.today, self.zone):
            yield "member"
        if columns.invoice:
            found = invoices(row("invoice"), self.yes, self.no)
            if found and within(row("invoice_from"), row("invoice_until"), self.today, self.zone):
                yield from found


def refused(line: int, refusal: CellRefused, cells: Iterable[str], of_above: bool = False) -> Refusal:
    text = writable(" | ".join(part for cell in cells if (part := tidy(cell))))
    return Refusal(line, refusal.code, refusal.word, text, of_above)


def people(
    row: Cells, reasons: tuple[str, ...], connections: tuple[str, ...], areas: tuple[str, ...]
) -> list[WantedRecipient]:
    """The entries of one person: as a rule one, more where several addresses stand in the cell. Raises Refuse."""
    addresses = several(decisive(row("address")))
    if not addresses:
        raise CellRefused("no_address")
    name = person(optional(row("name")))
    language = LANGUAGES.get(plain(optional(row("language"))), "")
    found = []
    for text in addresses:
        try:
            address = parse(bare(text))
        except AddressError as wrong:
            raise CellRefused(wrong.code) from None
        found.append(WantedRecipient(address.key, address.written, name, language, reasons, connections, areas))
    return found


def union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return one if one == other else tuple(sorted({*one, *other}))
