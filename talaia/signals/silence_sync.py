"""Has Alertmanager's silences follow our maintenance windows: which there are, and the requests that bring it there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from talaia.config import Config
from talaia.events.models import Event
from talaia.events.reading import public
from talaia.events.timeline import MaintenanceState
from talaia.events.window_schedule import ends
from talaia.outbox.errors import OutsideError
from talaia.outbox.models import Fact
from talaia.signals.client import SourceClient
from talaia.signals.silences import SilenceWindow, changes
from talaia.signals.sources.alertmanager import expire_silence, post_silence, silences

AFTERWARDS = timedelta(days=1)  # so long after its window a silence that should be gone is looked for


def windows(now: datetime) -> list[SilenceWindow] | None:
    """The maintenance that wants silence; None when nothing of it need be looked at."""
    recent = now - AFTERWARDS
    asked = Q(silence=True) & (Q(ended_at=None) | Q(ended_at__gt=recent) | Q(window_end__gt=recent))
    rows = public().filter(asked, kind=Event.MAINTENANCE)
    events = list(rows.prefetch_related("impacts"))
    if not events and not _taken_back(recent):
        return None
    return [
        SilenceWindow(
            event.ref,
            event.window_start,
            event.window_end,
            tuple(sorted(impact.service_id for impact in event.impacts.all())),
            begun=event.state == MaintenanceState.IN_PROGRESS,
            open_ended=not ends(event),
        )
        for event in events
        if event.ended_at is None and event.window_start and event.window_end and _may_begin(event)
    ]


def _may_begin(event: Event) -> bool:
    """Nothing is silenced beforehand for work that somebody starts by hand: that may be much later, or never."""
    return event.starts_itself or event.state == MaintenanceState.IN_PROGRESS


def _taken_back(since: datetime) -> bool:
    """Whether somebody has said since then that a maintenance needs its silence no longer."""
    quiet = Event.objects.filter(kind=Event.MAINTENANCE, silence=False, window_end__gt=since, ended_at=None)
    subjects = [f"{event.kind}/{event.ref}" for event in quiet.only("kind", "year", "number")]
    facts = Fact.objects.filter(subject__in=subjects, kind="maintenance.arranged", at__gt=since)
    return any(fact.data["before"].get("silence") for fact in facts)


def silence(client: SourceClient, asked: Sequence[SilenceWindow], config: Config, now: datetime) -> list[OutsideError]:
    """Bring the silences to what they should be; what went wrong. One that is refused stops no other."""
    faults: list[OutsideError] = []
    try:
        present = silences(client)
    except OutsideError as fault:
        return [fault]
    for change in changes(asked, config.tables.services, present, config.site.address, now):
        try:
            if change.body is not None:
                post_silence(client, change.body)
            else:
                expire_silence(client, change.expire)
        except OutsideError as fault:
            faults.append(fault)
    return faults
