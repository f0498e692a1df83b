"""What comes in by a hook: stored as it is, then made signals of; and the bell that it rings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from talaia.config import SourceConfig
from talaia.outbox.batches import batches
from talaia.outbox.monotonic import over
from talaia.signals.actions.rows import apply, by_key, note_heard
from talaia.signals.dedup import RESEND
from talaia.signals.flood.actions import fitting, flooded, keep_to_bound
from talaia.signals.late_arrivals import unlisted
from talaia.signals.matching import Concern
from talaia.signals.models import PollRequest, RawWebhook, Signal, SourceState
from talaia.signals.parse.hook import only
from talaia.signals.parse.report import Alert, MalformedBody, Report
from talaia.signals.sources.registry import read

log = logging.getLogger(__name__)

# Set when something came in, so that the watch of this process need not wait for its next look.
WAKE = threading.Event()


def store_webhook(source: str, body: object, now: datetime) -> None:
    """Keep what came in by a hook before anything is made of it, and wake the watch."""
    with transaction.atomic():
        RawWebhook.objects.create(source=source, received_at=now, body=body)
        transaction.on_commit(WAKE.set)


def handle_webhook(
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
    repeated = source.polled or source.traits.restates
    places: dict[int, int] = {}
    alerts = []
    for place, alert in enumerate(report.alerts):
        strange = repeated and concern is not None and not concern.wants(alert.labels)
        if alert.heartbeat or (source.polled and not alert.firing) or strange:
            continue
        places[id(alert)] = place
        alerts.append(alert)
    told = _without_doubtful(source, by_key(source, alerts, received_at), received_at)
    taken = fitting(source.id, told, concern, received_at) if concern else told
    changed: set[int] = set()
    for keys in batches([*taken]):
        with transaction.atomic():
            via = "push" if source.traits.restates else "webhook"
            changed |= {places[id(one)] for one in apply(source, {key: taken[key] for key in keys}, received_at, via)}
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
    known = {key for keys in batches(doubtful) for key in live.filter(key__in=keys).values_list("key", flat=True)}
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
        note_heard(source.id, received_at, [*notes, *truncated])
    elif notes:  # a heartbeat that ended proves nothing but that its sender is in trouble
        SourceState.objects.filter(pk=source.id).update(notes=[dict(note) for note in notes])


def refuse_webhook(intake: RawWebhook, error: str, now: datetime) -> None:
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
