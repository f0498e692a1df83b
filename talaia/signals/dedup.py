"""Whether what is said of a signal is anything new, pure: that it goes on as it was is not written again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from talaia.signals.models import Signal

# Prometheus repeats its alerts every 62 s (measured); an Alertmanager that just started may not have them all before.
RESEND = timedelta(seconds=62)


def differs(row: Signal, fields: Mapping[str, Any], told_end: datetime | None) -> bool:
    """Whether there is anything to write: that something goes on as it was is not."""
    if row.state == Signal.RESOLVED == fields["state"]:
        return bool(told_end) and (row.ends_at is None or fields["ends_at"] > row.ends_at)
    same = all(getattr(row, name) == fields[name] for name in ("labels", "annotations", "state"))
    if not same or (row.via != fields["via"] and fields["via"] == "webhook"):
        return True
    if (row.ends_at is None) != (fields["ends_at"] is None):
        return True
    return row.ends_at is not None and abs(fields["ends_at"] - row.ends_at) > RESEND


def begins_again(row: Signal, fields: Mapping[str, Any], told_start: datetime | None) -> bool:
    """Whether what fires is told to have begun once more: an end of before that is still on its way does not end it."""
    firing = Signal.RESOLVED not in (row.state, fields["state"])
    return firing and told_start is not None and bool(fields["starts_at"] > (row.again_at or row.starts_at))


def turns(row: Signal, fields: Mapping[str, Any]) -> bool:
    """Whether it says something else than before, and not only the same with another number in its words."""
    before, after = (
        (state, labels, {name: words for name, words in annotations.items() if name.startswith("talaia_")})
        for state, labels, annotations in (
            (row.state, row.labels, row.annotations),
            (fields["state"], fields["labels"], fields["annotations"]),
        )
    )
    return before != after
