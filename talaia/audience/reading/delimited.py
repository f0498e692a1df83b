"""CSV of every kind, pure: what encoding it has and what parts its cells is found out, strictly.

The standard library's Sniffer guesses by frequencies and is often wrong. We know the names of the columns: what parts
the cells is what makes the header hold them.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice

from talaia.audience.address import AddressError, parse
from talaia.audience.reading.table import TITLES, BrokenRow, ExportTable, Numbered, UnreadableFile, header_among, table
from talaia.audience.unicode_text import EDGES, plain

USUAL = (",", ";", "\t", "|")
LONGEST_CELL = 131_072
BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decode(data: bytes) -> str:
    """By its byte order mark, else UTF-8, else Windows' Latin-1, in which every file can be read."""
    for mark, encoding in BOMS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableFile("encoding", {"encoding": encoding, "byte": error.start + len(mark)}) from None
    head = data[:4000]
    if head[1::2].count(0) > len(head) / 4:
        return data.decode("utf-16-le", "replace")
    if head[::2].count(0) > len(head) / 4:
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    read = data.decode("utf-8", "replace")
    torn = read.count("\ufffd")
    if sum(not letter.isascii() for letter in read) > 2 * torn:
        # UTF-8 with a line of something else in it, or cut within a letter: the other lines are read as they are.
        return "".join(windows(line) for line in data.splitlines(keepends=True))
    return windows(data, "cp1252")


def windows(data: bytes, *first: str) -> str:
    """Under the first encoding that can read it; Latin-1 reads everything."""
    for encoding in first or ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def read(text: str, names: Collection[str], needed: str) -> ExportTable:
    """The table in a text. Raises Unreadable, also while its rows are taken."""
    text = text.rstrip("\x1a")  # with which DOS ended a text
    first, _, rest = text.partition("\n")
    skipped = 0
    if told := re.fullmatch(r'\ufeff?"?sep=(.)"?\r?', first, re.IGNORECASE):
        delimiter, text, skipped = told[1], rest, 1
    else:
        delimiter = parted_by(text, names, needed)
    found = table(records(text, delimiter, skipped), names, needed)
    places = {n for n, name in enumerate(found.header) if plain(name) in {plain(wanted) for wanted in names}}
    addresses = next((n for n, name in enumerate(found.header) if plain(name) == plain(needed)), 0)
    ended = text.endswith(("\n", "\r"))
    last = max(places, default=0)
    return ExportTable(found.header, lambda: whole(found, last, addresses, delimiter, ended), ended)


def records(text: str, delimiter: str, skipped: int = 0) -> Iterator[Numbered]:
    """Each record with the line on which it begins. A quotation mark that is never closed is an end, not a cell."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = skipped + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            code = "quotes" if "limit" in str(error) or "end of data" in str(error) else "csv"
            raise UnreadableFile(code, {"line": line, "error": str(error)}) from None
        yield line, [unwrapped(cell) for cell in cells]
        line = skipped + reader.line_num + 1


def unwrapped(cell: str) -> str:
    """`="00123"`, which spreadsheets write to keep a number a text → `00123`."""
    return cell[2:-1] if cell.startswith('="') and cell.endswith('"') and len(cell) > 2 else cell


def whole(found: ExportTable, last: int, addresses: int, delimiter: str, ended: bool) -> Iterator[Numbered]:
    """Rows as long as the header. Broken is one in which cells are too many, or missing where we read; in which a
    quotation mark has swallowed the rows below it; and the last one, without a line end, if no other is as short."""
    rows = found.rows()
    first = list(islice(rows, TITLES))
    # Some programs end every row, but not the header, with a delimiter. One with more cells than the others is broken.
    width = max(len(found.header), min((len(cells) for _, cells in first), default=0))
    shortest = len(found.header)
    for (line, cells), below in pairwise(chain(first, rows, (None,))):
        text = delimiter.join(cells)
        several_lines = "\n" in text or "\r" in text
        if several_lines and any(has_rows(cell, addresses, delimiter) for cell in cells):
            yield line, BrokenRow(["cells_swallowed", *cells])
        elif len(cells) > width or any(cell.strip(EDGES) for cell in cells[len(found.header) :]):
            yield line, BrokenRow(["cells_many", *cells])
        elif len(cells) <= last or (below is None and not ended and len(cells) < shortest):
            yield line, BrokenRow(["cells_few", *cells])
        else:
            shortest = min(shortest, len(cells))
            yield line, cells


def pairwise(rows: Iterable[Numbered | None]) -> Iterator[tuple[Numbered, Numbered | None]]:
    """Each row with the one below it; None: it is the last."""
    before: Numbered | None = None
    for row in rows:
        if before is not None:
            yield before, row
        before = row


def has_rows(cell: str, addresses: int, delimiter: str) -> bool:
    """Whether below the first line of a cell there are lines with an address just where a row would have one."""
    return "@" in cell and any(is_row(line.split(delimiter), addresses) for line in cell.splitlines()[1:])


def is_row(cells: Sequence[str], addresses: int) -> bool:
    if len(cells) < max(3, addresses + 1):
        return False
    try:
        parse(cells[addresses].strip(EDGES + '"'))
    except AddressError:
        return False
    return True


def parted_by(text: str, names: Collection[str], needed: str) -> str:
    """The delimiter under which the header holds most of the names: a usual one, or whatever stands beside them."""
    head = text[:200_000]
    best, most = ",", 0
    for delimiter in dict.fromkeys((*USUAL, *beside(head, names))):
        try:
            lines = [cells for _, cells in islice(records(head, delimiter), TITLES)]
        except UnreadableFile:
            continue
        number = header_among(lines, names, needed)
        if number is None:
            continue
        count = len({plain(cell) for cell in lines[number]} & {plain(name) for name in names})
        if count > most or (count == most and len(lines[number]) > 1 and best not in text[:10_000]):
            best, most = delimiter, count
    return best


def beside(head: str, names: Collection[str]) -> Iterator[str]:
    """The characters that stand beside the names of columns."""
    beginning = unicodedata.normalize("NFC", head[:10_000])
    for name in names:
        for match in re.finditer(re.escape(unicodedata.normalize("NFC", name)), beginning, re.IGNORECASE):
            for place in (match.end(), match.start() - 1):
                around = beginning[place : place + 2].lstrip('"') if place >= 0 else ""
                if around and not around[0].isalnum() and around[0] not in " \r\n\"'":
                    yield around[0]
