"""Spreadsheets: xlsx, ods and the old xls. Formulas count by what they last showed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from talaia.audience.reading import workbook, xls
from talaia.audience.reading.table import ExportTable, Numbered, UnreadableFile, table
from talaia.audience.reading.workbook import Worksheet
from talaia.audience.unicode_text import EDGES, plain

LARGEST = 500_000_000  # bytes that a workbook may unpack to
MOST_CELLS = 30_000_000  # of one sheet, the empty ones among them

Cell = int | float | str | bool | time | date | datetime | timedelta


def read(data: bytes, names: Collection[str], needed: str) -> ExportTable:
    """The one sheet that has the columns, or the first one that is not empty. Raises Unreadable.

    Of two sheets that both have them nobody can know which is meant; what is hidden nobody has looked at.
    """
    known: Mapping[str, Worksheet] = {}
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(part.file_size for part in archive.infolist()) > LARGEST:
                    raise UnreadableFile("too_large", {"limit": LARGEST // 1_000_000})
                known = workbook.sheets(archive)
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, KeyError, RuntimeError):
            raise UnreadableFile("sheet") from None
    else:
        try:
            known = xls.sheets(data)
        except ValueError:
            raise UnreadableFile("sheet") from None
    if far := next((name for name, sheet in known.items() if sheet.cells > MOST_CELLS), None):
        raise UnreadableFile("sheet_far", {"one": far})
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            seen, hidden, first = tables(book, known, names, needed)
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
        raise UnreadableFile("sheet") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the reader's own, for files that are torn
            raise UnreadableFile("sheet") from None
        raise
    if len(seen) > 1:
        one, other, *_ = seen
        raise UnreadableFile("sheets", {"one": one, "other": other, "column": needed})
    if seen:
        return next(iter(seen.values()))
    if hidden:
        raise UnreadableFile("sheet_hidden", {"one": hidden[0], "column": needed})
    if first is None:
        raise UnreadableFile("empty")
    return first


def tables(
    book: CalamineWorkbook, known: Mapping[str, Worksheet], names: Collection[str], needed: str
) -> tuple[dict[str, ExportTable], list[str], ExportTable | None]:
    """The sheets with the columns, the hidden ones that have them, and the first that is not empty.

    A sheet that has the needed column and lacks others counts only where none has them all; one without rows, only
    where none has any.
    """
    found: list[tuple[bool, bool, str, ExportTable]] = []
    hidden: list[str] = []
    first: ExportTable | None = None
    wanted = {plain(name) for name in names}
    for sheet in book.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        if (looked := known.get(workbook.named(sheet.name))) is None:
            raise UnreadableFile("sheet")  # nothing tells which of its cells show an error
        try:
            one = shared(table(rows(book, sheet.name, looked), names, needed), looked, needed)
        except UnreadableFile:
            continue
        there, has_rows = {plain(cell) for cell in one.header}, any(True for _ in one.rows())
        if sheet.visible == SheetVisibleEnum.Visible:
            first = first or one
            if plain(needed) in there:
                found.append((wanted <= there, has_rows, sheet.name, one))
        elif plain(needed) in there and has_rows:
            hidden.append(sheet.name)
    best = max((one[:2] for one in found), default=(False, False))
    chosen = [(name, one) for *how, name, one in found if tuple(how) == best]
    return dict(chosen if best[0] else chosen[:1]), hidden, first


def shared(found: ExportTable, known: Worksheet, needed: str) -> ExportTable:
    """Its rows, which can be asked for again. What merged cells show is so in each row that has an address of its own.

    A row without one continues the row above it, and so says nothing of its own.
    """
    lines = [*found.rows()]
    wanted = plain(needed)
    address = next((n for n, name in enumerate(found.header) if plain(name) == wanted), None)
    if known.merged and address is not None:
        lines = [*_shared(lines, known, address)]
    return ExportTable(found.header, lambda: iter(lines))


def _shared(lines: Iterable[Numbered], known: Worksheet, address: int) -> Iterator[Numbered]:
    waiting = sorted(known.merged, key=lambda one: one.first, reverse=True)
    shown: dict[int, tuple[int, str]] = {}  # place → up to which line, and what
    for line, cells in lines:
        own = [*cells]
        if address < len(own) and own[address].strip(EDGES):
            for place, (last, text) in shown.items():
                if line <= last and place != address and place < len(own) and not own[place].strip(EDGES):
                    own[place] = text
        while waiting and waiting[-1].first <= line:
            one = waiting.pop()
            if one.first == line and one.column <= len(cells):
                shown[one.column - 1] = (one.last, cells[one.column - 1])
        yield line, own


def rows(book: CalamineWorkbook, name: str, known: Worksheet) -> Iterator[Numbered]:
    """Each row with its number as the spreadsheet shows it."""
    in_rows = {row for row, _ in known.wrong}
    for number, line in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
        cells = [cell_text(cell) for cell in line]
        if number in in_rows:
            cells = [known.wrong.get((number, place), cell) for place, cell in enumerate(cells, 1)]
        yield number, cells


def cell_text(cell: Cell) -> str:
    """A cell as a person would write it: whole numbers without a point, days as 2026-01-31."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
    return str(cell)
