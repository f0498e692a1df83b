"""The only code that writes signals, evidence, sources, intake and tokens. One function, one transaction.

A poll that brings nothing new writes one row: when its source was heard.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from talaia.config import Check, Source
from talaia.outbox.actions import record
from talaia.signals.client import Heard, Measured
from talaia.signals.models import Evidence, Intake, Ring, Signal, SourceState, Token
from talaia.signals.outcome import Outcome
from talaia.signals.parse.hook import read
from talaia.signals.parse.report import Alert, Malformed
from talaia.signals.view import CHECKS

# Set when something came in, so that the watch of this process need not wait for its next look.
WAKE = threading.Event()

# Prometheus repeats its alerts every 62 s (measured); an Alertmanager that just started may not have them all before.
RESEND = timedelta(seconds=62)
KEEP = timedelta(days=30)


def store_intake(source: str, body: object, now: datetime) -> None:
    """Keep what came in by a hook before anything is made of it, and wake the watch."""
    with transaction.atomic():
        Intake.objects.create(source=source, received_at=now, body=body)
        transaction.on_commit(WAKE.set)


def handle_intake(intake: Intake, source: Source | None, now: datetime) -> None:
    """Make signals of a stored body. A source that is also asked is not taken at its word when it says "resolved"."""
    with transaction.atomic():
        intake.handled_at = now
        if source is None:
            intake.error = "its source is no longer in talaia.toml"
        else:
            try:
                report = read(source.kind, intake.body, intake.received_at)
            except Malformed as error:
                intake.error = str(error)
            else:
                alerts = [alert for alert in report.alerts if alert.firing or not source.polled]
                via = {"prometheus-push": "push"}.get(source.kind, "webhook")
                _apply(source, alerts, intake.received_at, via)
                notes = [
                    *report.notes,
                    *([{"code": "truncated", "count": report.truncated}] if report.truncated else []),
                ]
                if source.polled:
                    Ring.objects.update_or_create(source=source.id, defaults={"rung_at": now})
                else:
                    _heard(source.id, intake.received_at, notes)
        intake.save(update_fields=["handled_at", "error"])


def ring(sources: Iterable[str], now: datetime) -> None:
    """These sources should be polled now."""
    with transaction.atomic():
        for source in sources:
            Ring.objects.update_or_create(source=source, defaults={"rung_at": now})
        transaction.on_commit(WAKE.set)


def answered(source: str, rung_before: datetime) -> None:
    """The bell of `source` was heard, as far as it rang before that moment."""
    Ring.objects.filter(source=source, rung_at__lte=rung_before).delete()


def store_poll(source: Source, heard: Heard, now: datetime) -> None:
    """A complete answer: what it does not list has ended, unless Alertmanager has only just started."""
    with transaction.atomic():
        just_started = heard.started_at is not None and now - heard.started_at < 2 * RESEND
        _apply(source, heard.alerts, now, "poll", complete=True, but_for=_only_heard_here if just_started else None)
        _store_evidence(source.id, heard.measured, now)
        _heard(source.id, now, heard.notes, heard.started_at)


def source_failed(source: str, error: str, now: datetime) -> None:
    """A poll brought no answer; what the source said last stays as it is."""
    with transaction.atomic():
        state, _ = SourceState.objects.get_or_create(source=source)
        if state.error != error or state.tried_at is None or now - state.tried_at > timedelta(seconds=10):
            SourceState.objects.filter(pk=source).update(error=error[:2000], tried_at=now)


def note_silence(source: str, silent: bool, now: datetime) -> None:
    """A source went silent, or is heard again: a fact for operators, once."""
    with transaction.atomic():
        if SourceState.objects.filter(pk=source).exclude(silent=silent).update(silent=silent):
            record("source.silent" if silent else "source.heard", f"source/{source}", now)


def store_outcomes(
    outcomes: Sequence[tuple[Check, Outcome, int]], notes: Iterable[Mapping[str, Any]], now: datetime
) -> None:
    """What checks found, with how often each has failed in a row: signals after `failures` of them, and evidence."""
    with transaction.atomic():
        alerts, measured = [], []
        for check, outcome, failed in outcomes:
            if outcome.measured:
                measured.append(Measured(check.service or "", check.connection or "", float(outcome.ok), 0.0))
            alerts.append(_check_alert(check, outcome, failed >= check.failures))
        source = Source(id=CHECKS, kind="webhook", ignore_labels=())
        _apply(source, alerts, now, "check")
        _store_evidence(CHECKS, measured, now, replace=False)
        _heard(CHECKS, now, notes)


def _check_alert(check: Check, outcome: Outcome, down: bool) -> Alert:
    labels = {"check": check.id, "talaia_service": check.service or ""}
    if check.connection:
        labels["talaia_connection"] = check.connection
    poor = outcome.ok and (outcome.slow or outcome.expiring)
    annotations = {
        "talaia_impact": "degraded" if poor else check.impact,
        "what": "slow" if outcome.slow and outcome.ok else "down",
        "detail": outcome.what,
    }
    # A certificate that ends soon is for operators: the service still works, and nobody can see a difference.
    return Alert(labels, down or (outcome.ok and outcome.slow), annotations, outcome.at)


def forget_checks(kept: Iterable[str], now: datetime) -> None:
    """A check that left talaia.toml says nothing any more."""
    wanted = set(kept)
    with transaction.atomic():
        for row in Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED):
            if row.labels.get("check") not in wanted:
                Signal.objects.filter(pk=row.pk).update(state=Signal.RESOLVED, ends_at=now, last_seen=now)


def purge(now: datetime) -> None:
    """Forget what came in, and what has ended, thirty days ago."""
    with transaction.atomic():
        Intake.objects.filter(handled_at__lt=now - KEEP).delete()
        Signal.objects.filter(state=Signal.RESOLVED, last_seen__lt=now - KEEP).delete()


def issue_token(source: str, now: datetime) -> str:
    """A new secret for `source`, told this once; only its SHA-256 is kept."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Token.objects.create(source=source, digest=_digest(secret), created_at=now)
        record("token.issued", f"source/{source}", now)
    return secret


def revoke_tokens(source: str, now: datetime, but_newest: bool = False) -> int:
    """Take back every secret of `source`, or all but the one issued last; how many there were."""
    with transaction.atomic():
        tokens = Token.objects.filter(source=source)
        if but_newest:
            tokens = tokens.exclude(pk__in=list(tokens.order_by("-pk").values_list("pk", flat=True)[:1]))
        count, _ = tokens.delete()
        if count:
            record("token.revoked", f"source/{source}", now)
    return count


def check_token(source: str, secret: str, now: datetime) -> bool:
    """Whether `secret` lets in as `source`. What is compared is a digest, so time tells nothing of the secret."""
    token = Token.objects.filter(source=source, digest=_digest(secret)).first()
    if token is None:
        return False
    if token.last_used_at is None or now - token.last_used_at > timedelta(hours=1):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return True


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def signal_key(labels: Mapping[str, str], ignored: Iterable[str]) -> str:
    """What makes two alerts the same: their labels, without those that only tell who sent them."""
    without = set(ignored)
    kept = sorted((name, value) for name, value in labels.items() if name not in without)
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _only_heard_here(rows: Iterable[Signal]) -> set[str]:
    """The keys of `rows` that no other source that we ask says to be over."""
    mine = {row.key: row.source for row in rows}
    over = Signal.objects.filter(key__in=list(mine), via="poll", state=Signal.RESOLVED).values_list("key", "source")
    return set(mine) - {key for key, source in over if source != mine[key]}


def _apply(
    source: Source,
    alerts: Iterable[Alert],
    now: datetime,
    via: str,
    complete: bool = False,
    but_for: Callable[[Iterable[Signal]], set[str]] | None = None,
) -> None:
    """Bring the rows of `source` to what `alerts` say; with `complete`, what is not among them has ended.

    `but_for`: which of those that are missing may still fire, though the answer does not list them.
    """
    wanted: dict[str, Alert] = {}
    for alert in alerts:
        key = signal_key(alert.labels, source.ignore_labels)
        known = wanted.get(key)
        if known is None or (alert.firing, alert.silenced) >= (known.firing, known.silenced):
            wanted[key] = alert
    rows = Signal.objects.filter(source=source.id)
    live = rows.exclude(state=Signal.RESOLVED)
    present = {row.key: row for row in (live if complete else rows.filter(key__in=list(wanted)))}
    if complete and (more := [key for key in wanted if key not in present]):
        present |= {row.key: row for row in rows.filter(key__in=more)}
    new, changed = [], []
    for key, alert in wanted.items():
        fields = _fields(alert, now, via)
        row = present.pop(key, None)
        if row is None:
            new.append(Signal(source=source.id, key=key, last_seen=now, **fields))
        elif any(getattr(row, name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(row, name, value)
            row.last_seen = now
            changed.append(row)
    if complete:
        kept = but_for(present.values()) if but_for else set()
        for row in present.values():
            if row.state != Signal.RESOLVED and row.key not in kept:
                row.state, row.ends_at, row.last_seen = Signal.RESOLVED, now, now
                changed.append(row)
    Signal.objects.bulk_create(new, batch_size=300)
    names = ["labels", "annotations", "state", "starts_at", "ends_at", "via", "last_seen"]
    Signal.objects.bulk_update(changed, names, batch_size=100)


def _fields(alert: Alert, now: datetime, via: str) -> dict[str, Any]:
    state = (Signal.SUPPRESSED if alert.silenced else Signal.FIRING) if alert.firing else Signal.RESOLVED
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": state,
        "starts_at": alert.starts_at or now,
        "ends_at": alert.ends_at if alert.firing else alert.ends_at or now,
        "via": via,
    }


def _store_evidence(source: str, measured: Iterable[Measured], now: datetime, replace: bool = True) -> None:
    """The latest samples; with `replace`, one that was not measured this time is gone."""
    rows = {(row.service, row.connection): row for row in Evidence.objects.filter(source=source)}
    new, changed = [], []
    for sample in {(one.service, one.connection): one for one in measured}.values():
        row = rows.pop((sample.service, sample.connection), None)
        if row is None:
            row = Evidence(source=source, service=sample.service, connection=sample.connection)
            new.append(row)
        else:
            changed.append(row)
        row.value, row.age, row.read_at = sample.value, sample.age, now
    Evidence.objects.bulk_create(new, batch_size=300)
    Evidence.objects.bulk_update(changed, ["value", "age", "read_at"], batch_size=200)
    if replace and rows:
        Evidence.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()


def _heard(source: str, now: datetime, notes: Iterable[Mapping[str, Any]], started_at: datetime | None = None) -> None:
    fields = {"heard_at": now, "tried_at": now, "error": "", "notes": [dict(note) for note in notes]}
    if started_at:
        fields["started_at"] = started_at
    SourceState.objects.update_or_create(source=source, defaults=fields)
