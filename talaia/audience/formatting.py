"""Entries, changes and troubles as people and programs are told them, pure. Only for who is let in at home."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talaia.audience import words
from talaia.audience.diff import RecipientChange, RecipientEntry, What

FIELDS = ("name", "language", "reasons", "connections", "areas", "address")


def as_json(entry: RecipientEntry) -> dict[str, Any]:
    return {
        "address": entry.address,
        "name": entry.name,
        "language": entry.language,
        "standing": entry.standing.value,
        "origin": entry.origin.value,
        "reasons": list(entry.reasons),
        "connections": list(entry.connections),
        "areas": list(entry.areas),
        "left_at": entry.left_at.isoformat() if entry.left_at else None,
    }


def why(change: RecipientChange) -> str:
    """The reasons of somebody who joins or leaves; of somebody who changes, what changes: "Anna → Anna Puig"."""
    after, before = change.after, change.before
    if change.what == What.CHANGES and before:
        both = [(field_text(before, field), field_text(after, field)) for field in FIELDS]
        return "; ".join(f"{old or '–'} → {new or '–'}" for old, new in both if old != new)
    reasons = after.reasons or (before.reasons if before else ())
    return ", ".join(words.reason(one) for one in reasons)


def field_text(entry: RecipientEntry, field: str) -> str:
    value: str | tuple[str, ...] = getattr(entry, field)
    if isinstance(value, str):
        return value
    return ", ".join(words.reason(one) if field == "reasons" else one for one in value)


def trouble(error: Mapping[str, Any]) -> str:
    """What went wrong at a look at the export; empty: nothing."""
    if not error:
        return ""
    if "text" in error:
        return f"{error['text']}; {error['hint']}" if error.get("hint") else str(error["text"])
    said = words.objection if error.get("guard") else words.unreadable
    return said(error["code"], error["data"])
