"""What the reader of spreadsheets does not tell of an xlsx: how far a sheet reaches, and which cells show an error.

It keeps a place for every cell between the first and the last one, so that is looked at before; and it reads a cell
that shows an error, or was never computed, as an empty one, which in a column of members would mean "no".
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from posixpath import join, normpath

PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})?(\d{1,7})["']""")
CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
WHERE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
SHOWN = re.compile(rb"<(?:\w+:)?(?:v|is)\b[^>]*>([^<]*)")
SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)>")
RELATION = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)>")
ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
NEVER_COMPUTED = "#FORMULA!"
OVERLAP = 65_536  # bytes of a cell that lies across two pieces; longer ones hold no error


@dataclass
class Worksheet:
    """`wrong`: (row, column), from 1 → what the cell shows, or NEVER_COMPUTED."""

    rows: int = 0
    columns: int = 0
    wrong: dict[tuple[int, int], str] = field(default_factory=dict)

    @property
    def cells(self) -> int:
        return self.rows * self.columns


def sheets(archive: zipfile.ZipFile) -> Mapping[str, Worksheet]:
    """By their names; none where the archive is no xlsx. Raises what zipfile raises for a torn one."""
    there = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= there:
        return {}
    relations = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    parts = {
        one.get("Id", ""): normpath(join("xl", one.get("Target", ""))).lstrip("/")
        for one in map(attributes, RELATION.findall(relations))
    }
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    found = {}
    for one in map(attributes, SHEET.findall(book)):
        part = parts.get(next((value for name, value in one.items() if name.endswith(":id")), ""), "")
        if part in there:
            found[one.get("name", "")] = look(archive, part)
    return found


def attributes(text: str) -> dict[str, str]:
    return {name: unescape(one or other) for name, one, other in ATTRIBUTE.findall(text)}


def look(archive: zipfile.ZipFile, part: str) -> Worksheet:
    found, left = Worksheet(), b""
    with archive.open(part) as file:
        while piece := file.read(1 << 22):
            text = left + piece
            for letters, number in PLACE.findall(text):
                found.columns = max(found.columns, column(letters))
                found.rows = max(found.rows, int(number))
            if IS_ERROR.search(text) or b"<f" in text or b":f" in text:
                found.wrong |= {place: shown for place, shown in map(wrong, CELL.findall(text)) if shown}
            left = text[max(text.rfind(b"<", 0, len(text) - OVERLAP), 0) :] if len(text) > OVERLAP else text
    return found


def wrong(cell: tuple[bytes, bytes]) -> tuple[tuple[int, int], str]:
    """Where it is, and what it shows if that is an error; "": nothing is wrong with it."""
    about, inside = cell
    where, shown = WHERE.search(about), SHOWN.search(inside)
    place = (int(where[2]), column(where[1])) if where else (0, 0)
    if IS_ERROR.search(about):
        return place, shown[1].decode("ascii", "replace") if shown else NEVER_COMPUTED
    computed = shown is not None or b"<f" not in inside
    return place, "" if computed else NEVER_COMPUTED


def column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
