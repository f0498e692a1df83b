"""The only code that writes signals, evidence, sources and intake. One function, one transaction.

A poll that brings nothing new writes one row: when its source was heard. Notes for operators (`SourceState.notes`) are
`{"code": …}` with: skew {seconds} · truncated {count} · broken_rule {rule, error} · bad_query {service, error} ·
future_sample {service, seconds} · no_time {service} · flood {count} · certificate {check, what} ·
not_measured {check, what} · our_line {since, canary} · too_many {count, at}.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from talaia.config import CheckConfig, SourceConfig
from talaia.outbox.actions import record
from talaia.outbox.monotonic import over
from talaia.retention import RAW_WEBHOOKS, RESOLVED_SIGNALS
from talaia.signals.check_outcome import CheckOutcome, Streak
from talaia.signals.check_streaks import Place, ProbedCheck
from talaia.signals.client import Heard
from talaia.signals.dedup import RESEND, begins_again, differs, turns
from talaia.signals.evidence import Measured
from talaia.signals.flood.actions import fitting, flooded, keep_to_bound, portions
from talaia.signals.inputs import CHECKS
from talaia.signals.late_arrivals import REPEATED, TOLERANCE, KnownAlert, old_news, one_word_each, unlisted
from talaia.signals.matching import Concern
from talaia.signals.models import CheckFinding, Evidence, PollRequest, RawWebhook, Signal, SourceState
from talaia.signals.parse.hook import only, read
from talaia.signals.parse.report import Alert, MalformedBody, Report

log = logging.getLogger(__name__)

# Set when something came in, so that the watch of this process need not wait for its next look.
WAKE = threading.Event()

CHECKS_SOURCE = SourceConfig(id=CHECKS, kind="webhook", ignore_labels=())


def store_intake(source: str, body: object, now: datetime) -> None:
    """Keep what came in by a hook before anything is made of it, and wake the watch."""
    with transaction.atomic():
        RawWebhook.objects.create(source=source, received_at=now, body=body)
        transaction.on_commit(WAKE.set)


def handle_intake(
    intake: RawWebhook, source: SourceConfig | None, now: datetime, concern: Concern | None = None
) -> None:
    """Make signals of a stored body. A source that is also asked is not taken at its word when it says "resolved".

    Of the body is kept what changed something: what a sender repeats, a heartbeat too, costs no row. `concern`: what
    of the alerts is any of ours; None: all of it. The signals are written some at a time, so that nobody waits long for
    the database; whoever is ended in between begins this body anew.
    """
    changed: set[int] = set()
    report, left_out = None, 0
    received_at = min(intake.received_at, now)  # the clock may have been set back meanwhile
    if source is None:
        intake.error = "its source is no longer in talaia.toml"
    else:
        try:
            report = read(source.kind, intake.body, received_at)
        except MalformedBody as error:
            intake.error = str(error)
        else:
            changed, left_out = _take(source, report, received_at, concern)
    with transaction.atomic():
        if source and report:
            _note_report(source, report, left_out, received_at, now)
        intake.handled_at = now
        ended = (
            {n for n, alert in enumerate(report.alerts) if alert.heartbeat and not alert.firing} if report else set()
        )
        if report is None or report.truncated or changed or ended:
            if report:
                intake.body = only(intake.body, changed | ended)
            intake.save(update_fields=["handled_at", "error", "body"])
        else:
            intake.delete()


def _take(source: SourceConfig, report: Report, received_at: datetime, concern: Concern | None) -> tuple[set[int], int]:
    """The places of those alerts that changed something, and how many signals there is no room for.

    What is repeated every minute, or asked for, and concerns nothing of ours is not kept. What a source says only once
    is, for the day on which talaia.toml wants to know of it.
    """
    repeated = source.polled or source.kind == "prometheus-push"
    places: dict[int, int] = {}
    alerts = []
    for place, alert in enumerate(report.alerts):
        strange = repeated and concern is not None and not concern.wants(alert.labels)
        if alert.heartbeat or (source.polled and not alert.firing) or strange:
            continue
        places[id(alert)] = place
        alerts.append(alert)
    told = _without_doubtful(source, _by_key(source, alerts, received_at), received_at)
    taken = fitting(source.id, told, concern, received_at) if concern else told
    changed: set[int] = set()
    for keys in portions([*taken]):
        with transaction.atomic():
            via = "push" if source.kind == "prometheus-push" else "webhook"
            changed |= {places[id(one)] for one in _apply(source, {key: taken[key] for key in keys}, received_at, via)}
    return changed, len(told) - len(taken) + (keep_to_bound(source.id, concern) if concern else 0)


def _without_doubtful(source: SourceConfig, told: dict[str, Alert], now: datetime) -> dict[str, Alert]:
    """Of what a hook tells of a source that answers when it is asked, all but what it should have listed before.

    That rings a bell, as all does that it tells: the next answer is there within a second or two, and has the word.
    """
    state = SourceState.objects.filter(pk=source.id).first() if source.polled else None
    if state is None or state.heard_at is None or over(state.heard_at, now, source.stale_after):
        return told
    doubtful = [
        key for key, one in told.items() if one.firing and unlisted(one, state.heard_at, state.started_at, RESEND)
    ]
    live = Signal.objects.filter(source=source.id).exclude(state=Signal.RESOLVED)
    known = {key for keys in portions(doubtful) for key in live.filter(key__in=keys).values_list("key", flat=True)}
    unknown = set(doubtful) - known
    return {key: one for key, one in told.items() if key not in unknown}


def _note_report(source: SourceConfig, report: Report, left_out: int, received_at: datetime, now: datetime) -> None:
    """That a source was heard by a hook, or that it is to be asked."""
    notes = [*report.notes, *flooded(source.id, left_out, now)]
    if left_out:
        log.warning("%s says more than is kept: %s signals were left out", source.id, f"{left_out:,}")
    if source.polled:
        _ring(source.id, now)
    elif all(alert.firing for alert in report.alerts if alert.heartbeat):
        truncated = [{"code": "truncated", "count": report.truncated}] if report.truncated else []
        _heard(source.id, received_at, [*notes, *truncated])
    elif notes:  # a heartbeat that ended proves nothing but that its sender is in trouble
        SourceState.objects.filter(pk=source.id).update(notes=[dict(note) for note in notes])


def refuse_intake(intake: RawWebhook, error: str, now: datetime) -> None:
    """Set aside a body of which, through a fault of ours, nothing can be made; the others must not wait for it."""
    RawWebhook.objects.filter(pk=intake.pk).update(handled_at=now, error=error[:2000])


def ring(sources: Iterable[str], now: datetime) -> None:
    """These sources should be polled now."""
    with transaction.atomic():
        for source in sources:
            _ring(source, now)
        transaction.on_commit(WAKE.set)


def _ring(source: str, now: datetime) -> None:
    PollRequest.objects.update_or_create(source=source, defaults={"rung_at": now})


def answered(source: str, rung_before: datetime) -> None:
    """The bell of `source` was heard, as far as it rang before that moment."""
    PollRequest.objects.filter(source=source, rung_at__lte=rung_before).delete()


def store_poll(source: SourceConfig, heard: Heard, asked_at: datetime, now: datetime) -> None:
    """A complete answer to what was asked at `asked_at`: what it does not list has ended.

    Not so what a hook told after the question, and nothing that an Alertmanager does not list because it has only just
    started. Samples that are too old are none.
    """
    patience = source.stale_after + (RESEND if source.kind == "alertmanager" else timedelta(0))
    fresh = [sample for sample in heard.measured if sample.age <= patience.total_seconds()]
    just_started = heard.started_at is not None and now - heard.started_at < 2 * RESEND
    with transaction.atomic():
        alerts = [alert for alert in heard.alerts if not alert.heartbeat]
        _apply(source, _by_key(source, alerts, now), now, "poll", asked_at, _only_heard_here if just_started else None)
        _store_evidence(source.id, fresh, now)
        _heard(source.id, now, heard.notes, heard.started_at)


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
        _apply(CHECKS_SOURCE, _by_key(CHECKS_SOURCE, alerts, now), now, "check")
        _store_evidence(CHECKS, measured, now, still_fresh)
        for service, connection in unsighted:
            Evidence.objects.filter(source=CHECKS, service=service, connection=connection).delete()
        _store_findings(found, still_fresh)
        notes = [dict(note) for note in notes]
        state = SourceState.objects.filter(pk=CHECKS).first()
        if state is None or state.heard_at is None or over(state.heard_at, now, still_fresh) or state.notes != notes:
            _heard(CHECKS, now, notes)


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


def purge(now: datetime) -> None:
    """Forget what came in, and what has ended, thirty days ago. What nobody repeats any more has ended."""
    with transaction.atomic():
        RawWebhook.objects.filter(handled_at__lt=now - RAW_WEBHOOKS).delete()
        ran_out = Signal.objects.exclude(state=Signal.RESOLVED).filter(ends_at__lt=now - RESEND)
        ran_out.update(state=Signal.RESOLVED, last_seen=now)
        Signal.objects.filter(state=Signal.RESOLVED, last_seen__lt=now - RESOLVED_SIGNALS).delete()


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


def _by_key(source: SourceConfig, alerts: Iterable[Alert], now: datetime) -> dict[str, Alert]:
    """What is said of each thing, by its key."""
    return one_word_each(alerts, lambda labels: signal_key(labels, source.ignore_labels), now, _tolerance(source))


def _apply(
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
        row.key: row for keys in portions([*(wanted.keys() - present.keys())]) for row in rows.filter(key__in=keys)
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
    return TOLERANCE if source.kind == "webhook" else timedelta(0)


def _too_late(source: SourceConfig, row: Signal, alert: Alert, now: datetime) -> bool:
    known = KnownAlert(row.state != Signal.RESOLVED, row.again_at or row.starts_at, row.ends_at)
    if not old_news(alert, known, _tolerance(source)):
        return False
    repeats = source.kind == "alertmanager" and not source.polled and row.state == Signal.RESOLVED
    return not (repeats and row.doubted_at is not None and now - row.doubted_at >= REPEATED)


def _fields(alert: Alert, now: datetime, via: str) -> dict[str, Any]:
    state = (Signal.SUPPRESSED if alert.silenced else Signal.FIRING) if alert.firing else Signal.RESOLVED
    return {
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "state": state,
        # What a clock that goes ahead says would make old news of the end that follows.
        "starts_at": min(alert.starts_at or now, now),
        "ends_at": alert.ends_at if alert.firing else min(alert.ends_at or now, now),
        "via": via,
    }


def _store_evidence(
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


def _heard(source: str, now: datetime, notes: Iterable[Mapping[str, Any]], started_at: datetime | None = None) -> None:
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
