"""What every kind of export is read into, and how its header is found, pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from talaia.audience.unicode_text import EDGES, plain

TITLES = 20  # lines that may stand above the header

Numbered = tuple[int, Sequence[str]]


def writable(text: str) -> str:
    """A text that can be kept: half of a pair, which JSON may hold, is no letter, and stands in it as \\ud83d."""
    return text.encode(errors="backslashreplace").decode()


class UnreadableFile(Exception):
    """A file of which nothing can be used. `code` and `data` for words.py; no cell of a person is in it."""

    def __init__(self, code: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.data = {name: writable(value) if isinstance(value, str) else value for name, value in (data or {}).items()}


class BrokenRow(tuple[str, ...]):
    """Stands for a row whose cells cannot be told apart any more: the reason, for words.py, then what stood there."""


@dataclass(frozen=True)
class ExportTable:
    """`rows()` gives each row that holds anything with the line on which it begins. It may raise Unreadable.

    `ended`: the last line has its end; None: there are no lines, so nobody can say.
    """

    header: tuple[str, ...]
    rows: Callable[[], Iterator[Numbered]]
    ended: bool | None = None


def table(lines: Iterable[Numbered], names: Collection[str], needed: str) -> ExportTable:
    """Find the header among the first lines. Raises Unreadable, also when there is none."""
    rows = iter(lines)
    first = list(islice(rows, TITLES))
    found = header_among([cells for _, cells in first], names, needed)
    if found is None:
        if not any(cell.strip() for _, cells in first for cell in cells):
            raise UnreadableFile("empty")
        fullest = max((cells for _, cells in first), key=lambda cells: sum(bool(cell.strip()) for cell in cells))
        header = tuple(cell.strip() for cell in fullest)
        return ExportTable(header, lambda: iter(()))
    header = tuple(cell.strip() for cell in first[found][1])
    return ExportTable(header, lambda: filled(chain(first[found + 1 :], rows)))


def header_among(lines: Sequence[Sequence[str]], names: Collection[str], needed: str) -> int | None:
    """Which of the lines is the header: the one with most of the names, if the needed one is among them."""
    wanted = {plain(name) for name in names}
    best, most = None, 0
    for number, cells in enumerate(lines):
        there = {plain(cell) for cell in cells if len(cell) < 200} & wanted
        if plain(needed) in there and len(there) > most:
            best, most = number, len(there)
    return best


def filled(rows: Iterable[Numbered]) -> Iterator[Numbered]:
    """Without the rows in which nothing stands."""
    return ((line, cells) for line, cells in rows if any(cells) and any(cell.strip(EDGES) for cell in cells))
