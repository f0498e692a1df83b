"""A roster as bytes, and back, pure: an import that waits to be confirmed carries it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from talaia.audience.roster import Refusal, Roster, WantedRecipient


@dataclass(frozen=True, slots=True)
class InvalidSnapshot:
    """A refused row as an import keeps it. `people`: the numbers of those it belongs to, which tell nothing without the
    ledger. `of_above`: it continues the row above; None: it was kept before we asked whose it is."""

    line: int
    code: str
    word: str = ""
    text: str = ""
    people: tuple[int, ...] = ()
    of_above: bool | None = None

    @property
    def is_a_strangers(self) -> bool:
        return not self.people and self.of_above is False

    def as_list(self, over: bool = False) -> list[Any]:
        """`over`: without what stood in it."""
        said = ("", "") if over else (self.word, self.text)
        return [self.line, self.code, *said, [*self.people], self.of_above]


def not_taken(rows: Iterable[Sequence[Any]]) -> list[InvalidSnapshot]:
    """As they are kept in Import.refused."""
    return [
        InvalidSnapshot(*row[:4], *(tuple(one) if isinstance(one, list) else one for one in row[4:])) for row in rows
    ]


def pack(roster: Roster) -> bytes:
    """The same roster gives the same bytes, in whatever order its rows came."""
    people = [
        [one.key, one.address, one.name, one.language, one.reasons, one.connections, one.areas]
        for _, one in sorted(roster.wanted.items())
    ]
    refused = [[one.line, one.code, one.word, one.text, one.of_above] for one in roster.refused]
    whole = [people, refused, roster.rows, roster.ended, roster.torn, roster.last]
    return zlib.compress(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack(data: bytes) -> Roster:
    people, refused, *more = json.loads(zlib.decompress(data))
    if len(more) == 2:  # as it was packed while a row said no text: whoever is held is found all the same
        held, rows = more
        refused = [[*refused[0], " | ".join(held)], *refused[1:]] if refused else []
        more = [rows, None, False, ()]
    rows, ended, torn, last = more
    wanted = {
        key: WantedRecipient(key, address, name, language, tuple(reasons), tuple(connections), tuple(areas))
        for key, address, name, language, reasons, connections, areas in people
    }
    return Roster(wanted, tuple(Refusal(*one) for one in refused), rows, ended, torn, tuple(last))


def digest(packed: bytes) -> str:
    return sha256(packed).hexdigest()
