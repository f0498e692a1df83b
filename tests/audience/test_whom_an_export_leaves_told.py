"""Who is told once an export was applied, reckoned anew from docs/audience.md, person by person."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Literal

import pytest

from talaia.audience.diff import SUBSCRIBED, Origin, RecipientEntry, RecipientStatus, diff
from talaia.audience.roster import WantedRecipient
from tests.audience.ledger import NOW

ON, LEFT, OPTED_OUT, BOUNCED = (
    RecipientStatus.ON,
    RecipientStatus.LEFT,
    RecipientStatus.OPTED_OUT,
    RecipientStatus.BOUNCED,
)
KEYS = ("a", "b", "c")
WAYS: tuple[Literal["leave", "adopt"], ...] = ("leave", "adopt")


def somebody(dice: random.Random, key: str) -> RecipientEntry:
    """Any entry that a ledger can hold."""
    origin = dice.choice([*Origin])
    standing = dice.choice([ON, ON, OPTED_OUT, BOUNCED, *([LEFT] if origin is Origin.EXPORT else [])])
    gone = origin is Origin.EXPORT and (standing is LEFT or (standing is not ON and dice.random() < 0.5))
    reasons = () if gone or origin is Origin.HAND else dice.choice([("member",), ("invoice 1",)])
    if not gone and dice.random() < 0.4:
        reasons = (*reasons, SUBSCRIBED)
    left_at = NOW - timedelta(days=3) if gone else None
    connections: tuple[str, ...] = dice.choice([(), ("c1",)])
    return RecipientEntry(key, key, "N", "ca", standing, origin, reasons, connections, left_at=left_at)


def is_told(before: RecipientEntry | None, wanted: bool, unread: bool, digest: bool) -> bool:
    if before is None:
        return wanted and not digest
    if before.standing in (OPTED_OUT, BOUNCED):
        return False
    if before.origin is Origin.HAND:  # no export takes away who was added by hand, or subscribed
        return True
    if unread and before.standing is ON:
        return True
    return wanted or SUBSCRIBED in before.reasons


@pytest.mark.parametrize("seed", range(4))
def test_who_is_told_after_an_export_is_who_is_in_it_or_cannot_be_read_or_asked_for_it_themselves(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3000):
        ledger = {key: somebody(dice, key) for key in KEYS if dice.random() < 0.7}
        wanted = {
            key: WantedRecipient(key, key, reasons=dice.choice([("member",), ("invoice 1",)]), connections=("c2",))
            for key in KEYS
            if dice.random() < 0.5
        }
        unread = {key for key in KEYS if dice.random() < 0.2}
        digests = {key for key in KEYS if key not in ledger and dice.random() < 0.3}
        by_hand = dice.choice(WAYS)
        found = diff(wanted, unread, ledger, digests, by_hand, NOW)
        after = ledger | {change.after.key: change.after for change in found.to_write}
        told = {key for key in KEYS if is_told(ledger.get(key), key in wanted, key in unread, key in digests)}
        case = (ledger, set(wanted), unread, digests, by_hand)
        assert {key for key, entry in after.items() if entry.standing is ON} == told, case
        for key, before in ledger.items():
            if before.standing in (OPTED_OUT, BOUNCED):
                assert after[key].standing is before.standing, "no import changes that"
            if key in unread and before.left_at is None:
                assert after[key] == before, "nothing of them changes"
            if SUBSCRIBED in before.reasons and before.standing is ON:
                assert SUBSCRIBED in after[key].reasons and after[key].left_at is None, case
        lost = sum(entry.standing is ON and key not in told for key, entry in ledger.items())
        assert sum(change.tells_one_less for change in found.changes) == lost
        assert not diff(wanted, unread, after, digests, by_hand, NOW + timedelta(days=1)).to_write, "twice is once"
