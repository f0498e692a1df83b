"""Entries of the ledger as rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from talaia.audience.diff import RecipientEntry
from talaia.audience.models import OptOut, Recipient
from talaia.audience.recipients import digest_of

WRITTEN = ["address", "name", "language", "standing", "origin", "reasons", "connections", "areas", "since", "left_at"]


def store(
    found: Iterable[tuple[RecipientEntry, RecipientEntry | None]], since: Mapping[str, datetime], now: datetime
) -> None:
    """Write entries, new ones and old ones alike. `since`: when the standing of those that are there began."""
    rows = [
        Recipient(
            key=after.key,
            address=after.address,
            name=after.name,
            language=after.language,
            standing=after.standing.value,
            origin=after.origin.value,
            reasons=list(after.reasons),
            connections=list(after.connections),
            areas=list(after.areas),
            first_at=now,
            since=since[after.key] if before and before.standing == after.standing else now,
            left_at=after.left_at,
        )
        for after, before in found
    ]
    Recipient.objects.bulk_create(
        rows, batch_size=60, update_conflicts=True, unique_fields=["key"], update_fields=WRITTEN
    )


def on_the_list(before: Recipient | None, now: datetime) -> dict[str, datetime | None]:
    """Of somebody who is told again: not on the list as far as we know, whatever it made of them before.

    It may have let them go, or have switched off their mail; so it is told of them anew. It may also have them still.
    """
    if before is None:
        return {"listed_at": None, "joining_at": None}
    return {"listed_at": None, "joining_at": now if before.listed_at else before.joining_at}


def remember_opt_out(key: str, at: datetime) -> None:
    """Keep a digest only. One salt for all: an import asks for many addresses at once."""
    salt = OptOut.objects.order_by("pk").values_list("salt", flat=True).first() or secrets.token_hex(16)
    OptOut.objects.get_or_create(digest=digest_of(key, salt), defaults={"salt": salt, "at": at})
