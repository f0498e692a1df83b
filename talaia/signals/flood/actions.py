"""Forgets what is too much of one source, a little at a time, so that nobody waits long for the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from talaia.outbox.batches import batches
from talaia.signals.flood.bound import MOST, SAID_FOR, RankedSignal, too_many
from talaia.signals.matching import Concern
from talaia.signals.models import Signal, SourceState
from talaia.signals.parse.report import Alert

AT_ONCE = 500  # rows of one transaction
CODE = "too_many"


def keep_to_bound(source: str, concern: Concern) -> int:
    """Forget signals of `source` beyond what one source may have; how many went."""
    rows = Signal.objects.filter(source=source)
    if rows.count() <= MOST:
        return 0
    told = [
        RankedSignal(
            str(pk),
            concern.about(Alert(labels, True, words, silenced=state == Signal.SUPPRESSED)),
            state != Signal.RESOLVED,
            at,
        )
        for pk, labels, words, state, at in rows.values_list("pk", "labels", "annotations", "state", "last_seen")
    ]
    gone = sorted(map(int, too_many(told)))
    for first in range(0, len(gone), AT_ONCE):
        with transaction.atomic():
            Signal.objects.filter(pk__in=gone[first : first + AT_ONCE]).delete()
    return len(gone)


def fitting(source: str, alerts: Mapping[str, Alert], concern: Concern, now: datetime) -> dict[str, Alert]:
    """Of the alerts of one body, by their keys, those that are taken: of what we know all, of the others what fits."""
    if len(alerts) <= MOST:
        return dict(alerts)
    known: set[str] = set()
    for keys in batches([*alerts]):
        known |= set(Signal.objects.filter(source=source, key__in=keys).values_list("key", flat=True))
    told = (
        RankedSignal(key, concern.about(alert), alert.firing, min(alert.starts_at or now, now))
        for key, alert in alerts.items()
        if key not in known
    )
    gone = too_many(told)
    return {key: alert for key, alert in alerts.items() if key not in gone}


def flooded(source: str, left_out: int, now: datetime) -> list[Mapping[str, Any]]:
    """The note for operators, which stays for a day; none where nothing was left out."""
    state = SourceState.objects.filter(pk=source).first()
    before = next((note for note in state.notes if note["code"] == CODE), None) if state else None
    if before and abs(now - datetime.fromisoformat(before["at"])) < SAID_FOR:
        if not left_out:
            return [before]
        left_out += before["count"]
    return [{"code": CODE, "count": left_out, "at": now.isoformat()}] if left_out else []
