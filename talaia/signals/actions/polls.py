"""What a source that is asked has answered, or that it has not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from talaia.config import SourceConfig
from talaia.outbox.actions import record
from talaia.outbox.monotonic import over
from talaia.retention import RAW_WEBHOOKS, RESOLVED_SIGNALS
from talaia.signals.actions.rows import apply, by_key, note_heard, store_evidence
from talaia.signals.client import Heard
from talaia.signals.dedup import RESEND
from talaia.signals.models import RawWebhook, Signal, SourceState


def store_poll(source: SourceConfig, heard: Heard, asked_at: datetime, now: datetime) -> None:
    """A complete answer to what was asked at `asked_at`: what it does not list has ended.

    Not so what a hook told after the question, and nothing that an Alertmanager does not list because it has only just
    started. Samples that are too old are none.
    """
    patience = source.stale_after + (RESEND if source.traits.relays else timedelta(0))
    fresh = [sample for sample in heard.measured if sample.age <= patience.total_seconds()]
    just_started = heard.started_at is not None and now - heard.started_at < 2 * RESEND
    with transaction.atomic():
        alerts = [alert for alert in heard.alerts if not alert.heartbeat]
        apply(source, by_key(source, alerts, now), now, "poll", asked_at, _only_heard_here if just_started else None)
        store_evidence(source.id, fresh, now)
        note_heard(source.id, now, heard.notes, heard.started_at)


def _only_heard_here(rows: Iterable[Signal]) -> set[str]:
    """The keys of `rows` that no other source that we ask says to be over."""
    mine = {row.key: row.source for row in rows}
    over = Signal.objects.filter(key__in=list(mine), via="poll", state=Signal.RESOLVED).values_list("key", "source")
    return set(mine) - {key for key, source in over if source != mine[key]}


def source_failed(source: str, error: str, now: datetime, answered: bool = False) -> None:
    """A poll brought no answer; what the source said last stays as it is. `answered`: one that could not be read."""
    with transaction.atomic():
        state, _ = SourceState.objects.get_or_create(source=source)
        if answered:
            SourceState.objects.filter(pk=source).update(answered_at=now)
        if state.error != error or state.tried_at is None or over(state.tried_at, now, timedelta(seconds=10)):
            SourceState.objects.filter(pk=source).update(error=error[:2000], tried_at=now)


def note_silence(source: str, silent: bool, now: datetime) -> None:
    """A source went silent, or is heard again: a fact for operators, once."""
    with transaction.atomic():
        if SourceState.objects.filter(pk=source).exclude(silent=silent).update(silent=silent):
            record("source.silent" if silent else "source.heard", f"source/{source}", now)


def purge(now: datetime) -> None:
    """Forget what came in, and what has ended, thirty days ago. What nobody repeats any more has ended."""
    with transaction.atomic():
        RawWebhook.objects.filter(handled_at__lt=now - RAW_WEBHOOKS).delete()
        ran_out = Signal.objects.exclude(state=Signal.RESOLVED).filter(ends_at__lt=now - RESEND)
        ran_out.update(state=Signal.RESOLVED, last_seen=now)
        Signal.objects.filter(state=Signal.RESOLVED, last_seen__lt=now - RESOLVED_SIGNALS).delete()
