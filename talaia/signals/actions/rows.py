"""What the actions of this folder share: signals brought to what is said, evidence, when a source was heard."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from talaia.config import SourceConfig
from talaia.outbox.batches import batches
from talaia.outbox.monotonic import over
from talaia.signals.dedup import begins_again, differs, turns
from talaia.signals.evidence import Measured
from talaia.signals.late_arrivals import REPEATED, TOLERANCE, KnownAlert, known_end, old_news, one_word_each
from talaia.signals.models import Evidence, Signal, SourceState
from talaia.signals.parse.report import Alert


def signal_key(labels: Mapping[str, str], ignored: Iterable[str]) -> str:
    """What makes two alerts the same: their labels, without those that only tell who sent them."""
    without = set(ignored)
    kept = sorted((name, value) for name, value in labels.items() if name not in without)
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def by_key(source: SourceConfig, alerts: Iterable[Alert], now: datetime) -> dict[str, Alert]:
    """What is said of each thing, by its key."""
    return one_word_each(alerts, lambda labels: signal_key(labels, source.ignore_labels), now, _tolerance(source))


def apply(
    source: SourceConfig,
    wanted: Mapping[str, Alert],
    now: datetime,
    via: str,
    asked_at: datetime | None = None,
    but_for: Callable[[Iterable[Signal]], set[str]] | None = None,
) -> list[Alert]:
    """Bring the rows of `source` to what is `wanted`, by key; with `asked_at` that is all, and what is missing ended.

    `but_for`: which of those that are missing may still fire, though the answer does not list them. Returns the alerts
    that said something new.
    """
    rows = Signal.objects.filter(source=source.id)
    present = {row.key: row for row in (rows.exclude(state=Signal.RESOLVED) if asked_at else ())}
    present |= {
        row.key: row for keys in batches([*(wanted.keys() - present.keys())]) for row in rows.filter(key__in=keys)
    }
    new, changed, news = [], [], []
    for key, alert in wanted.items():
        fields = _fields(alert, now, via)
        row = present.pop(key, None)
        if row is None:
            new.append(Signal(source=source.id, key=key, last_seen=now, **fields))
            news.append(alert)
        elif not asked_at and _too_late(source, row, alert, now):
            if row.doubted_at is None and alert.firing:
                row.doubted_at = now
                changed.append(row)
        elif differs(row, fields, alert.ends_at):
            if turns(row, fields):
                news.append(alert)
            for name, value in fields.items():
                setattr(row, name, value)
            row.last_seen, row.doubted_at, row.again_at = now, None, None
            changed.append(row)
        elif not asked_at and begins_again(row, fields, alert.starts_at):
            row.again_at = fields["starts_at"]
            changed.append(row)
    if asked_at:
        missing = [row for row in present.values() if row.via != "webhook" or row.last_seen < asked_at]
        kept = but_for(missing) if but_for and missing else set()
        for row in missing:
            if row.key not in kept:
                row.state, row.ends_at, row.last_seen, row.doubted_at = Signal.RESOLVED, now, now, None
                changed.append(row)
    Signal.objects.bulk_create(new, batch_size=300)
    names = ["labels", "annotations", "state", "starts_at", "ends_at", "via", "last_seen", "doubted_at", "again_at"]
    Signal.objects.bulk_update(changed, names, batch_size=100)
    return news


def _tolerance(source: SourceConfig) -> timedelta:
    return TOLERANCE if source.traits.own_clock else timedelta(0)


def _too_late(source: SourceConfig, row: Signal, alert: Alert, now: datetime) -> bool:
    known = KnownAlert(row.state != Signal.RESOLVED, row.again_at or row.starts_at, row.ends_at)
    if not old_news(alert, known, _tolerance(source)):
        return False
    repeats = source.traits.relays and not source.polled and row.state == Signal.RESOLVED
    return not (repeats and row.doubted_at is not None and now - row.doubted_at >= REPEATED)


def _fields(alert: Alert, now: datetime, via: str) -> dict[str, Any]:
    state = (Signal.SUPPRESSED if alert.silenced else Signal.FIRING) if alert.firing else Signal.RESOLVED
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": state,
        # What a clock that goes ahead says would make old news of the end that follows.
        "starts_at": min(alert.starts_at or now, now),
        "ends_at": alert.ends_at if alert.firing else known_end(alert.ends_at, now),
        "via": via,
    }


def store_evidence(
    source: str, measured: Iterable[Measured], now: datetime, still_fresh: timedelta | None = None
) -> None:
    """The latest samples. Those of a poll are all that there are; those of checks (`still_fresh`) are some of them."""
    rows = {(row.service, row.connection): row for row in Evidence.objects.filter(source=source)}
    new, changed = [], []
    for sample in {(one.service, one.connection): one for one in measured}.values():
        row = rows.pop((sample.service, sample.connection), None)
        if row is None:
            row = Evidence(source=source, service=sample.service, connection=sample.connection)
            new.append(row)
        elif row.value != sample.value or (still_fresh is not None and over(row.read_at, now, still_fresh)):
            changed.append(row)
        row.value, row.age, row.read_at = sample.value, sample.age, now
    Evidence.objects.bulk_create(new, batch_size=300)
    Evidence.objects.bulk_update(changed, ["value", "age", "read_at"], batch_size=200)
    if still_fresh is None and rows:
        Evidence.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()


def note_heard(
    source: str, now: datetime, notes: Iterable[Mapping[str, Any]], started_at: datetime | None = None
) -> None:
    fields = {
        "heard_at": now,
        "answered_at": now,
        "tried_at": now,
        "error": "",
        "notes": [dict(note) for note in notes],
    }
    if started_at:
        fields["started_at"] = started_at
    SourceState.objects.bulk_create(
        [SourceState(source=source, **fields)], update_conflicts=True, unique_fields=["source"], update_fields=[*fields]
    )
