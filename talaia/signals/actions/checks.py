"""What the built-in checks have found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from talaia.config import CheckConfig, SourceConfig
from talaia.outbox.monotonic import over
from talaia.signals.actions.rows import apply, by_key, note_heard, signal_key, store_evidence
from talaia.signals.check_outcome import CheckOutcome, Streak
from talaia.signals.check_streaks import Place, ProbedCheck
from talaia.signals.evidence import Measured
from talaia.signals.inputs import CHECKS
from talaia.signals.models import CheckFinding, Evidence, Signal, SourceState
from talaia.signals.parse.report import Alert

CHECKS_SOURCE = SourceConfig(id=CHECKS, kind="push", ignore_labels=())


def store_outcomes(
    found: Sequence[ProbedCheck],
    measured: Iterable[Measured],
    unsighted: Iterable[Place],
    notes: Iterable[Mapping[str, Any]],
    still_fresh: timedelta,
    now: datetime,
) -> None:
    """What checks found: a signal for each that is in trouble, evidence, and what operators read of it.

    What says the same as before is written again only after `still_fresh`. Of what is `unsighted` nothing is known any
    more.
    """
    with transaction.atomic():
        live = {row.key: row for row in Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED)}
        alerts = [
            alert
            for check, outcome, streak, *_ in found
            if not check.canary and (alert := _check_alert(check, outcome, streak, live)) is not None
        ]
        apply(CHECKS_SOURCE, by_key(CHECKS_SOURCE, alerts, now), now, "check")
        store_evidence(CHECKS, measured, now, still_fresh)
        for service, connection in unsighted:
            Evidence.objects.filter(source=CHECKS, service=service, connection=connection).delete()
        _store_findings(found, still_fresh)
        notes = [dict(note) for note in notes]
        state = SourceState.objects.filter(pk=CHECKS).first()
        if state is None or state.heard_at is None or over(state.heard_at, now, still_fresh) or state.notes != notes:
            note_heard(CHECKS, now, notes)


def _store_findings(found: Iterable[ProbedCheck], still_fresh: timedelta) -> None:
    known = CheckFinding.objects.in_bulk()
    for one in found:
        outcome, row = one.outcome, known.get(one.check.id)
        if row is None or one.turned or row.kind != outcome.kind or outcome.at - row.at >= still_fresh:
            fields = {"kind": outcome.kind, "what": outcome.what, "since": one.since, "at": outcome.at}
            CheckFinding.objects.update_or_create(check_id=one.check.id, defaults=fields)


def _check_alert(check: CheckConfig, outcome: CheckOutcome, streak: Streak, live: Mapping[str, Signal]) -> Alert | None:
    """The alert that a check gives, if it gives one or gave one."""
    labels = {"check": check.id, "talaia_service": check.service or ""}
    if check.connection:
        labels["talaia_connection"] = check.connection
    row = live.get(signal_key(labels, ()))
    if not streak.trouble:
        return Alert(labels, False, row.annotations, row.starts_at) if row else None
    impact = check.impact if streak.trouble == "down" else "degraded"
    annotations = {"talaia_impact": impact, "what": streak.trouble}
    return Alert(labels, True, annotations, row.starts_at if row else outcome.at)


def forget_checks(kept: Iterable[CheckConfig], now: datetime) -> None:
    """A check that left talaia.toml, or speaks of another service now, says nothing any more."""
    with transaction.atomic():
        wanted = {(check.id, check.service, check.connection or "") for check in kept}
        CheckFinding.objects.exclude(check_id__in=[check_id for check_id, _, _ in wanted]).delete()
        for row in Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED):
            says = (row.labels.get("check"), row.labels.get("talaia_service"), row.labels.get("talaia_connection", ""))
            if says not in wanted:
                Signal.objects.filter(pk=row.pk).update(state=Signal.RESOLVED, ends_at=now, last_seen=now)
