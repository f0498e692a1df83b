"""One row of an export: names, addresses, places and languages as people write them. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from talaia.audience.address import Address, AddressError, has_controls, parse
from talaia.audience.cells import CellRefused, optional, several
from talaia.audience.reading import UnreadableFile
from talaia.audience.unicode_text import plain, tidy
from talaia.config import Columns
from talaia.config.languages import KNOWN

LONGEST_NAME, LONGEST_PLACE = 200, 80
DATED = ("member_from", "member_until", "invoice_from", "invoice_until")


LANGUAGES = {word: code for code, row in KNOWN.items() for word in (code, *row.called)}


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
            raise UnreadableFile("twice" if count else "missing", data)
        found[word] = there.index(plain(name))
    return found


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one row, by our words for the columns. `parts`: all of them, in their order."""

    line: int
    parts: Sequence[str]
    cell_of: Mapping[str, int]

    def __call__(self, word: str) -> str:
        place = self.cell_of.get(word)
        return self.parts[place] if place is not None and place < len(self.parts) else ""

    def says(self, *words: str) -> bool:
        return any((cell := self(word)) and tidy(cell) for word in words)


def bare(text: str) -> str:
    """`Anna Puig <anna@example.org>`, `'anna@example.org'`, `MAILTO:anna@example.org?subject=x` → the address alone.

    A lone apostrophe before it is how a spreadsheet marks a text.
    """
    text = text.strip()
    if text.endswith(">") and text.count("<") == 1:
        text = text.partition("<")[2][:-1].strip()
    if text[:7].casefold() == "mailto:":
        text = text[7:].partition("?")[0]
    if text[:1] in ("'", '"') and "@" in text:
        text = text[1:].removesuffix(text[:1])
    return text.strip()


def person(text: str) -> str:
    """A name as it may stand in a header of a mail. Raises Refuse for what would break out of it."""
    if has_controls(text):
        raise CellRefused("name_controls")
    if text.startswith(("=", "@")):
        raise CellRefused("name_formula")
    return " ".join(text.split())[:LONGEST_NAME].rstrip()


def place(text: str) -> Iterable[str]:
    """The connections, or the areas, in a cell. Raises Refuse."""
    if not text:
        return ()
    text = optional(text)
    if has_controls(text.replace("\n", ";").replace("\r", "")):
        raise CellRefused("place_controls")
    return (one[:LONGEST_PLACE] for one in map(optional, several(text)) if one)


def readable(text: str) -> list[Address]:
    """The addresses of a refused row, as far as they are any."""
    found = []
    for one in several(text):
        try:
            found.append(parse(bare(one)))
        except AddressError:
            continue
    return found
