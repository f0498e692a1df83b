"""The wanted roster against the ledger, pure: who joins, who leaves, what changes, who stays out.

The same function says what would happen and, asked again for some addresses inside a transaction, what does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from talaia.audience.roster import WantedRecipient


class RecipientStatus(StrEnum):
    """Where an address stands. Only ON is told anything."""

    ON = "on"
    LEFT = "left"  # no export has it any more
    OPTED_OUT = "opted_out"  # the person said so: no import changes that
    BOUNCED = "bounced"  # its mail comes back


class Origin(StrEnum):
    EXPORT = "export"
    HAND = "hand"


PLACES = ("connections", "areas")
SUBSCRIBED = "subscribed"  # the reason of who asked for our mails and confirmed it: no export takes it away


@dataclass(frozen=True, slots=True)
class RecipientEntry:
    """One address of the ledger. `left_at`: since when no export has it (None: one has it, or it was added by hand)."""

    key: str
    address: str
    name: str = ""
    language: str = ""
    standing: RecipientStatus = RecipientStatus.ON
    origin: Origin = Origin.EXPORT
    reasons: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    left_at: datetime | None = None

    @property
    def in_export(self) -> bool:
        return self.origin == Origin.EXPORT and self.left_at is None


class What(StrEnum):
    JOINS = "joins"
    RETURNS = "returns"  # had left, is back
    LEAVES = "leaves"
    CHANGES = "changes"  # name, language, reasons, places
    ADOPTED = "adopted"  # was added by hand, follows the export from now on
    STAYS_OUT = "stays_out"  # the export has it, and the person opted out or its mail comes back
    KEPT = "kept"  # a row that may be theirs cannot be read, so they stay as they are


@dataclass(frozen=True, slots=True)
class RecipientChange:
    """What happens to one address. `after` is what the ledger holds then."""

    what: What
    after: RecipientEntry
    before: RecipientEntry | None = None
    # Of somebody who stays out, or as they are: whether there is anything to write.
    writes: bool = True

    @property
    def tells_one_less(self) -> bool:
        return self.what == What.LEAVES and self.before is not None and self.before.standing == RecipientStatus.ON


@dataclass(frozen=True)
class Diff:
    """`base`: how many people are told whom an export had so far; by it the guard judges. `placed`: of how many of them
    it said a connection, an area."""

    changes: tuple[RecipientChange, ...]
    base: int = 0
    placed: Mapping[str, int] = field(default_factory=dict)

    def of(self, *what: What) -> tuple[RecipientChange, ...]:
        return tuple(change for change in self.changes if change.what in what)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(change.what.value for change in self.changes)
        return {what.value: found[what.value] for what in What}

    @property
    def to_write(self) -> tuple[RecipientChange, ...]:
        return tuple(change for change in self.changes if change.writes)


def diff(
    wanted: Mapping[str, WantedRecipient],
    held: Collection[str],
    ledger: Mapping[str, RecipientEntry],
    opted_out: Collection[str],
    by_hand: Literal["leave", "adopt"],
    now: datetime,
) -> Diff:
    """What has to happen so that the ledger holds what is wanted. opted_out: keys of which only a digest was kept.
    held: keys of people of whom a row cannot be read.

    Joins come before leaves: whoever has a new address is never without one.
    """
    joining, leaving = [], []
    for key, person in wanted.items():
        before = ledger.get(key)
        if before and before.in_export and key in held:
            leaving.append(RecipientChange(What.KEPT, before, before, writes=False))
            continue
        by = "leave" if key in held else by_hand  # of whom a row cannot be read nothing changes
        change = joined(person, key in opted_out) if before is None else kept(person, before, by)
        if change:
            joining.append(change)
    for key, before in ledger.items():
        if key not in wanted and before.in_export:
            if key in held:
                leaving.append(RecipientChange(What.KEPT, before, before, writes=False))
                continue
            if before.standing == RecipientStatus.ON and SUBSCRIBED in before.reasons:
                stays = replace(before, origin=Origin.HAND, reasons=(SUBSCRIBED,), connections=(), areas=())
                leaving.append(RecipientChange(What.CHANGES, stays, before))
                continue
            standing = RecipientStatus.LEFT if before.standing == RecipientStatus.ON else before.standing
            leaving.append(
                RecipientChange(What.LEAVES, replace(before, standing=standing, reasons=(), left_at=now), before)
            )
    told = [entry for entry in ledger.values() if entry.in_export and entry.standing == RecipientStatus.ON]
    placed = {field: sum(bool(getattr(entry, field)) for entry in told) for field in PLACES}
    return Diff((*joining, *leaving), len(told), placed)


def joined(person: WantedRecipient, opted_out: bool) -> RecipientChange:
    after = entry(person, RecipientStatus.OPTED_OUT if opted_out else RecipientStatus.ON)
    return RecipientChange(What.STAYS_OUT if opted_out else What.JOINS, after)


def kept(person: WantedRecipient, before: RecipientEntry, by_hand: Literal["leave", "adopt"]) -> RecipientChange | None:
    """What becomes of an address that the ledger knows."""
    if before.origin == Origin.HAND and by_hand == "leave":
        return None
    standing = RecipientStatus.ON if before.standing == RecipientStatus.LEFT else before.standing
    after = entry(person, standing)
    # An export without a name or a language takes nothing away that somebody knew.
    after = replace(after, name=after.name or before.name, language=after.language or before.language)
    if SUBSCRIBED in before.reasons:
        after = replace(after, reasons=tuple(sorted({*after.reasons, SUBSCRIBED})))
    if standing in (RecipientStatus.OPTED_OUT, RecipientStatus.BOUNCED):
        return RecipientChange(What.STAYS_OUT, after, before, writes=after != before)
    if after == before:
        return None
    if before.standing == RecipientStatus.LEFT:
        return RecipientChange(What.RETURNS, after, before)
    return RecipientChange(What.ADOPTED if before.origin == Origin.HAND else What.CHANGES, after, before)


def entry(person: WantedRecipient, standing: RecipientStatus) -> RecipientEntry:
    return RecipientEntry(
        person.key,
        person.address,
        person.name,
        person.language,
        standing,
        Origin.EXPORT,
        person.reasons,
        person.connections,
        person.areas,
    )
