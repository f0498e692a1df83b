"""A roster against a ledger, pure: what it changes, whose the unreadable rows are, what the guard objects to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from talaia.audience.diff import Diff, RecipientEntry, diff
from talaia.audience.guard import NOTHING_BEFORE, ImportObjection, Last, objections
from talaia.audience.roster import Roster
from talaia.audience.row_owners import held, owners
from talaia.config import Audience


@dataclass(frozen=True)
class Assessment:
    """`owners`: of each refused row, the keys of the people who stay as they are because of it."""

    roster: Roster
    diff: Diff
    objections: tuple[ImportObjection, ...]
    owners: tuple[tuple[str, ...], ...]


def judge(
    found: Roster,
    ledger: Mapping[str, RecipientEntry],
    opted_out: Collection[str],
    audience: Audience,
    now: datetime,
    last: Last = NOTHING_BEFORE,
) -> Assessment:
    """opted_out: keys of which only a digest was kept. A row in doubt counts as refused where it is somebody's."""
    doubted = owners(found.doubts, ledger, found.wanted)
    doubts = [one for one, keys in zip(found.doubts, doubted, strict=True) if not found.wanted.keys() >= {*keys}]
    refused = sorted((*found.refused, *doubts), key=lambda one: one.line)
    found = replace(found, refused=tuple(refused), doubts=())
    theirs = owners(found.refused, ledger, found.wanted)
    changes = diff(found.wanted, held(theirs), ledger, opted_out, audience.by_hand, now)
    strangers = sum(not keys and not row.of_above for keys, row in zip(theirs, refused, strict=True))
    return Assessment(found, changes, objections(found, changes, audience, strangers, last), theirs)
