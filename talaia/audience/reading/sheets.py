"""Spreadsheets: xlsx, ods and the old xls. Formulas count by what they last showed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from talaia.audience.reading import workbook
from talaia.audience.reading.table import Numbered, Table, Unreadable, table
from talaia.audience.text import plain

LARGEST = 500_000_000  # bytes that a workbook may unpack to
MOST_CELLS = 30_000_000  # of one sheet, the empty ones among them

Cell = int | float | str | bool | time | date | datetime | timedelta


def read(data: bytes, names: Collection[str], needed: str) -> Table:
    """The one sheet that has the columns, or the first one that is not empty. Raises Unreadable.

    Of two sheets that both have them nobody can know which is meant; what is hidden nobody has looked at.
    """
    known: Mapping[str, workbook.Worksheet] = {}
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(part.file_size for part in archive.infolist()) > LARGEST:
                    raise Unreadable("too_large", {"limit": LARGEST // 1_000_000})
                known = workbook.sheets(archive)
        except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, EOFError, KeyError, RuntimeError):
            raise Unreadable("sheet") from None
    if far := next((name for name, sheet in known.items() if sheet.cells > MOST_CELLS), None):
        raise Unreadable("sheet_far", {"one": far})
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            seen, hidden, first = tables(book, known, names, needed)
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
        raise Unreadable("sheet") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the reader's own, for files that are torn
            raise Unreadable("sheet") from None
        raise
    if len(seen) > 1:
        one, other, *_ = seen
        raise Unreadable("sheets", {"one": one, "other": other, "column": needed})
    if seen:
        return next(iter(seen.values()))
    if hidden:
        raise Unreadable("sheet_hidden", {"one": hidden[0], "column": needed})
    if first is None:
        raise Unreadable("empty")
    return first


def tables(
    book: CalamineWorkbook, known: Mapping[str, workbook.Worksheet], names: Collection[str], needed: str
) -> tuple[dict[str, Table], list[str], Table | None]:
    """The sheets with the columns, the hidden ones that have them, and the first that is not empty.

    A sheet that has the needed column and lacks others counts only where none has them all; one without rows, only
    where none has any.
    """
    found: list[tuple[bool, bool, str, Table]] = []
    hidden: list[str] = []
    first: Table | None = None
    wanted = {plain(name) for name in names}
    for sheet in book.sheets_metadata:
        if sheet.typ != SheetTypeEnum.WorkSheet:
            continue
        try:
            one = kept(table(rows(book, sheet.name, known.get(sheet.name)), names, needed))
        except Unreadable:
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


def kept(found: Table) -> Table:
    """Its rows can be asked for again."""
    lines = [*found.rows()]
    return Table(found.header, lambda: iter(lines))


def rows(book: CalamineWorkbook, name: str, known: workbook.Worksheet | None) -> Iterator[Numbered]:
    """Each row with its number as the spreadsheet shows it."""
    wrong = known.wrong if known else {}
    in_rows = {row for row, _ in wrong}
    for number, line in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
        cells = [written(cell) for cell in line]
        if number in in_rows:
            cells = [wrong.get((number, place), cell) for place, cell in enumerate(cells, 1)]
        yield number, cells


def written(cell: Cell) -> str:
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
