"""Has Alertmanager's silences follow our maintenance windows: which there are, and the requests that bring it there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from talaia.config import Config
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.outbox.faults import Fault
from talaia.signals.client import Client
from talaia.signals.silences import Window, changes

AFTERWARDS = timedelta(days=1)  # so long after its window a silence that should be gone is looked for


def windows(now: datetime) -> list[Window] | None:
    """The maintenance that asked for silence; None when nothing of it need be looked at."""
    rows = Event.objects.filter(kind=Event.MAINTENANCE, silence=True, window_end__gt=now - AFTERWARDS)
    events = list(rows.prefetch_related("impacts"))
    if not events:
        return None
    return [
        Window(
            event.ref,
            event.window_start,
            event.window_end,
            tuple(sorted(impact.service_id for impact in event.impacts.all())),
            begun=event.state == MaintenanceState.IN_PROGRESS,
        )
        for event in events
        if event.ended_at is None and event.window_start and event.window_end
    ]


def silence(client: Client, asked: Sequence[Window], config: Config, now: datetime) -> list[Fault]:
    """Bring the silences to what they should be; what went wrong. One that is refused stops no other."""
    faults: list[Fault] = []
    try:
        present = client.silences()
    except Fault as fault:
        return [fault]
    for change in changes(asked, config.tables.services, present, config.site.address, now):
        try:
            if change.body is not None:
                client.post_silence(change.body)
            else:
                client.expire_silence(change.expire)
        except Fault as fault:
            faults.append(fault)
    return faults
