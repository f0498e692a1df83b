"""The only code that mends hours that lie ahead of now, because the clock was set back since they were written."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F

from talaia.outbox.monotonic import SLACK
from talaia.signals.models import CheckFinding, Evidence, PollRequest, RawWebhook, Signal, SourceState

# When something was last heard, told or measured: what is silent or too old is reckoned from these.
HOURS: tuple[tuple[type[models.Model], str], ...] = (
    (SourceState, "heard_at"),
    (SourceState, "answered_at"),
    (SourceState, "tried_at"),
    (Signal, "last_seen"),
    (Signal, "doubted_at"),
    (Evidence, "read_at"),
    (CheckFinding, "at"),
    (CheckFinding, "since"),
    (RawWebhook, "received_at"),
    (PollRequest, "rung_at"),
)


def mend_hours(now: datetime, by: timedelta | None) -> int:
    """Put what lies ahead of now where it belongs. Returns how many hours were mended. No fact: nothing happened.

    `by`: how far the clock was set back; None: nobody knows, so it was now. Of an alert that is over, its end is mended
    too: a new one that begins before it would be taken for old news.
    """
    with transaction.atomic():
        found = [model._default_manager.filter(**{f"{name}__gt": now + SLACK}) for model, name in HOURS]
        ended = Signal.objects.filter(state=Signal.RESOLVED, ends_at__gt=now + SLACK)
        return sum(
            _mend(rows, name, now, by)
            for rows, name in [*zip(found, (name for _, name in HOURS), strict=True), (ended, "ends_at")]
        )


def _mend(rows: models.QuerySet[models.Model], name: str, now: datetime, by: timedelta | None) -> int:
    if by is None:
        return rows.update(**{name: now})
    count = rows.update(**{name: F(name) - by})
    rows.update(**{name: now})  # what lay ahead of the clock even then
    return count
