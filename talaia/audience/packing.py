"""A roster as bytes, and back, pure: an import that waits to be confirmed carries it."""

from __future__ import annotations

import json
import zlib
from hashlib import sha256

from talaia.audience.roster import Refusal, Roster, Wanted


def pack(roster: Roster) -> bytes:
    """The same roster gives the same bytes, in whatever order its rows came."""
    people = [
        [one.key, one.address, one.name, one.language, one.reasons, one.connections, one.areas]
        for _, one in sorted(roster.wanted.items())
    ]
    refused = [[one.line, one.code, one.word] for one in roster.refused]
    whole = [people, refused, sorted(roster.held), roster.rows]
    return zlib.compress(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def unpack(data: bytes) -> Roster:
    people, refused, held, rows = json.loads(zlib.decompress(data))
    wanted = {
        key: Wanted(key, address, name, language, tuple(reasons), tuple(connections), tuple(areas))
        for key, address, name, language, reasons, connections, areas in people
    }
    return Roster(wanted, tuple(Refusal(*one) for one in refused), frozenset(held), rows)


def digest(packed: bytes) -> str:
    return sha256(packed).hexdigest()
