"""The same of an old xls: which cells show an error, and which ones are merged down."""

from __future__ import annotations

import io
from collections.abc import Mapping

import xlrd

from talaia.audience.reading.workbook import MergedCells, Worksheet, named


def sheets(data: bytes) -> Mapping[str, Worksheet]:
    """By their names. Raises ValueError for a file that is torn, or has a password."""
    try:
        with xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO()) as book:
            return {named(sheet.name): _worksheet(sheet) for sheet in book.sheets()}
    except Exception as error:  # noqa: BLE001 - whatever is in a torn file: it has some fifteen kinds of them
        raise ValueError(str(error)) from None


def _worksheet(sheet: xlrd.sheet.Sheet) -> Worksheet:
    wrong = {
        (row + 1, column + 1): xlrd.error_text_from_code.get(int(sheet.cell_value(row, column)), "#N/A")
        for row in range(sheet.nrows)
        for column, kind in enumerate(sheet.row_types(row))
        if kind == xlrd.XL_CELL_ERROR
    }
    merged = [MergedCells(top + 1, bottom, left + 1) for top, bottom, left, _ in sheet.merged_cells if bottom > top + 1]
    return Worksheet(sheet.nrows, sheet.ncols, wrong, merged)
