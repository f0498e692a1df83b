"""What the reader of spreadsheets does not tell of an xlsx or ods: how far a sheet reaches, which cells show an error,
and which ones are merged down.

It keeps a place for every cell between the first and the last one, so that is looked at before; it reads a cell that
shows an error, or was never computed, as an empty one, which in a column of members would mean "no"; and of merged
cells only the first one holds what all of them show.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath
from xml.parsers import expat

from talaia.audience.reading.table import UnreadableFile

Attributes = Mapping[str, str]
Place = tuple[int, int]

WHERE = re.compile(r"([A-Za-z]{1,3})(\d{1,7})")
MERGED = re.compile(r"([A-Za-z]{1,3})(\d{1,7}):[A-Za-z]{1,3}(\d{1,7})")
LOOKS_WRONG = re.compile(r"#|err:\d", re.IGNORECASE)
NEVER_COMPUTED = "#FORMULA!"
# Of these kinds alone what was computed may be empty: programs that compute nothing leave an empty place for it, too.
EMPTY_TEXT = ("str", "inlineStr")
VALUES = ("value", "boolean-value", "date-value", "time-value", "string-value")
LONGEST = 60  # letters of what a wrong cell shows
MOST_REPEATED = 1000  # an ods says once what many cells show; of an error in more, the first ones count


@dataclass(frozen=True)
class MergedCells:
    """Cells of one column that are shown as one. From 1."""

    first: int
    last: int
    column: int


@dataclass
class Worksheet:
    """`wrong`: (row, column), from 1 → what the cell shows, or NEVER_COMPUTED."""

    rows: int = 0
    columns: int = 0
    wrong: dict[Place, str] = field(default_factory=dict)
    merged: list[MergedCells] = field(default_factory=list)

    @property
    def cells(self) -> int:
        return self.rows * self.columns


def sheets(archive: zipfile.ZipFile) -> Mapping[str, Worksheet]:
    """By their names, in one form (`named`); none where the archive is neither xlsx nor ods.

    Parts are found whatever their capitals and slashes, as the reader finds them. Raises Unreadable for an xlsb,
    ValueError for what is torn, and what zipfile raises.
    """
    there = {_part(name): name for name in archive.namelist()}
    if "xl/workbook.bin" in there:  # nothing tells which of its cells show an error
        raise UnreadableFile("sheet_form")
    if {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= there.keys():
        return _of_xlsx(archive, there)
    if "content.xml" in there:
        reader = _Opened()
        _parse(archive, there["content.xml"], reader.start, reader.end, reader.said)
        return reader.found
    return {}


def named(sheet: str) -> str:
    """The name of a sheet, in which readers of XML leave blanks of several kinds, or one."""
    return " ".join(sheet.split())


def _part(name: str) -> str:
    return name.replace("\\", "/").lower()


def _of_xlsx(archive: zipfile.ZipFile, there: Mapping[str, str]) -> Mapping[str, Worksheet]:
    parts = {
        one.get("Id", ""): _part(normpath(join("xl", one.get("Target", "").replace("\\", "/"))).lstrip("/"))
        for one in _elements(archive, there["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    found = {}
    for one in _elements(archive, there["xl/workbook.xml"], "sheet"):
        part = parts.get(next((value for name, value in one.items() if name.endswith(":id")), ""), "")
        if part in there:
            reader = _Sheet()
            _parse(archive, there[part], reader.start, reader.end, reader.said)
            found[named(one.get("name", ""))] = reader.found
    return found


def _elements(archive: zipfile.ZipFile, part: str, wanted: str) -> Iterator[Attributes]:
    found: list[Attributes] = []

    def start(name: str, about: Attributes) -> None:
        if _local(name) == wanted:
            found.append(about)

    _parse(archive, part, start)
    return iter(found)


def _parse(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] | None = None,
    said: Callable[[str], None] | None = None,
) -> None:
    """Raises ValueError for what is no XML, or declares entities of its own."""
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None


def _no_doctype(*_: object) -> None:
    raise ValueError("a sheet declares no document type")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Sheet:
    """One sheet of an xlsx, while it is read. A cell that does not say where it is stands behind the one before it."""

    def __init__(self) -> None:
        self.found = Worksheet()
        self.row = self.column = 0
        self.kind, self.formula, self.shown, self.inside = "", False, "", False
        self.valued = False

    def start(self, name: str, about: Attributes) -> None:
        match _local(name):
            case "c":
                if where := WHERE.fullmatch(about.get("r", "")):
                    self.row, self.column = int(where[2]), column(where[1])
                else:
                    self.column += 1
                self.found.rows = max(self.found.rows, self.row)
                self.found.columns = max(self.found.columns, self.column)
                self.kind, self.formula, self.shown, self.valued = about.get("t", ""), False, "", False
            case "v" | "is":
                self.inside, self.valued = True, self.kind in EMPTY_TEXT
            case "f":
                self.formula = True
            case "row":
                said = about.get("r", "")
                self.row, self.column = int(said) if said.isdecimal() else self.row + 1, 0
                self.found.rows = max(self.found.rows, self.row)
            case "mergeCell":
                if where := MERGED.fullmatch(about.get("ref", "")):
                    _merge(self.found, MergedCells(int(where[2]), int(where[3]), column(where[1])))

    def said(self, text: str) -> None:
        if self.inside:
            self.valued = self.valued or bool(text.strip())
            if self.kind == "e":
                self.shown += text[:LONGEST]

    def end(self, name: str) -> None:
        match _local(name):
            case "c":
                if self.kind == "e" or (self.formula and not self.valued):
                    shown = self.shown.strip()[:LONGEST] if self.kind == "e" else ""
                    self.found.wrong[self.row, self.column] = shown or NEVER_COMPUTED
            case "v" | "is":
                self.inside = False


class _Opened:
    """The tables of an ods, while they are read. Cells and rows are numbered by how often each is repeated."""

    def __init__(self) -> None:
        self.found: dict[str, Worksheet] = {}
        self.sheet = Worksheet()
        self.row = self.rows = self.column = self.columns = 0
        self.cell: Attributes = {}
        self.shown, self.aside, self.inside = "", 0, False

    def start(self, name: str, about: Attributes) -> None:
        match _local(name):
            case "table":
                self.sheet = self.found.setdefault(named(about.get("table:name", "")), Worksheet())
                self.row, self.rows = 0, 0
            case "table-row":
                self.row, self.rows = self.row + self.rows, _times(about, "rows-repeated")
                self.column = self.columns = 0
            case "table-cell" | "covered-table-cell":
                self.column, self.columns = self.column + self.columns, _times(about, "columns-repeated")
                self.cell, self.shown, self.inside = about, "", True
            case "annotation":
                self.aside += 1

    def said(self, text: str) -> None:
        if self.inside and not self.aside and len(self.shown) < LONGEST:
            self.shown += text

    def end(self, name: str) -> None:
        match _local(name):
            case "annotation":
                self.aside -= 1
            case "table-cell" | "covered-table-cell":
                self.inside = False
                self._take(" ".join(self.shown.split())[:LONGEST])

    def _take(self, shown: str) -> None:
        kinds = [value for name, value in self.cell.items() if _local(name) == "value-type"]
        if kinds or shown:
            self.sheet.rows = max(self.sheet.rows, self.row + self.rows)
            self.sheet.columns = max(self.sheet.columns, self.column + self.columns)
        formula = "table:formula" in self.cell
        valued = kinds and (shown or "string" in kinds or any(_local(name) in VALUES for name in self.cell))
        if "error" in kinds or (formula and (not valued or LOOKS_WRONG.match(shown))):
            for row in range(1, min(self.rows, MOST_REPEATED) + 1):
                for place in range(1, min(self.columns, MOST_REPEATED) + 1):
                    self.sheet.wrong[self.row + row, self.column + place] = shown or NEVER_COMPUTED
        spanned = _times(self.cell, "rows-spanned")
        _merge(self.sheet, MergedCells(self.row + 1, self.row + spanned, self.column + 1))


def _times(about: Attributes, what: str) -> int:
    said = about.get(f"table:number-{what}", "1")
    return max(int(said), 1) if said.isdecimal() and len(said) < 9 else 1


def _merge(sheet: Worksheet, one: MergedCells) -> None:
    if one.last > one.first:
        sheet.merged.append(one)


def column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
