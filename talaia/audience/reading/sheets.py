"""Spreadsheets: xlsx, ods and the old xls. Formulas count by what they last showed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

from talaia.audience.reading.table import Numbered, Table, Unreadable, table

LARGEST = 500_000_000  # bytes that a workbook may unpack to

Cell = int | float | str | bool | time | date | datetime | timedelta


def read(data: bytes, names: Collection[str], needed: str) -> Table:
    """The first sheet that has the needed column, or the first one that is not empty. Raises Unreadable."""
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(part.file_size for part in archive.infolist()) > LARGEST:
                    raise Unreadable("too_large", {"limit": LARGEST // 1_000_000})
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise Unreadable("sheet") from None
    first: Table | None = None
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            try:
                found = table(rows(book, name), names, needed)
            except Unreadable:
                continue
            if any(cell.casefold() == needed.strip().casefold() for cell in found.header):
                return found
            first = first or found
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile):
        raise Unreadable("sheet") from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the reader's own, for files that are torn
            raise Unreadable("sheet") from None
        raise
    if first is None:
        raise Unreadable("empty")
    return first


def rows(book: CalamineWorkbook, name: str) -> Iterator[Numbered]:
    """Each row with its number as the spreadsheet shows it."""
    for number, cells in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), 1):
        yield number, [written(cell) for cell in cells]


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
