"""What people and the clock do to planned maintenance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from talaia.events.actions import rows
from talaia.events.models import Event, Update
from talaia.events.timeline import ENDED, MaintenanceState, check_time, next_maintenance_state
from talaia.events.windows import check
from talaia.outbox.actions import record
from talaia.panel.state import State


def plan_maintenance(
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    impacts: Mapping[str, State],
    window: tuple[datetime, datetime],
    now: datetime,
    *,
    by: str = "",
    silence: bool = False,
    plain: bool = False,
) -> Event:
    """Announce planned work. `impacts`: slug of a service → the level to expect meanwhile. Raises NotPossible."""
    check(*window)
    with transaction.atomic():
        rows.draw_alone(Event.MAINTENANCE)
        event = rows.create(Event.MAINTENANCE, titles, window[0], MaintenanceState.SCHEDULED)
        event.window_start, event.window_end, event.silence = *window, silence
        event.save(update_fields=["window_start", "window_end", "silence"])
        rows.add_update(event, MaintenanceState.SCHEDULED, texts, now, by, plain)
        touched = rows.set_impacts(event, impacts)
        record("maintenance.planned", rows.subject(event), now, by, rows.story(event, texts, touched) | {"update": 1})
    return event


def update_maintenance(
    ref: str,
    state: MaintenanceState,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    plain: bool = False,
    at: datetime | None = None,
) -> Update | None:
    """Move a maintenance on (`texts` may be empty: then only its state changes). Raises NotPossible.

    `at`: when it happened, if that was before now (the clock catching up after a downtime).
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        reached = next_maintenance_state(MaintenanceState(event.state), state)
        if reached == event.state and not texts:
            return None
        check_time(at or now, None, now)
        update = rows.add_update(event, reached, texts, at or now, by, plain) if texts else None
        event.state = reached
        event.ended_at = (event.ended_at or at or now) if reached in ENDED else None
        event.next_update_at = None if reached in ENDED else event.next_update_at
        event.save(update_fields=["state", "ended_at", "next_update_at"])
        data = {"update": update.number if update else None, "state": reached.value, "services": rows.touched(event)}
        record(f"maintenance.{reached}", rows.subject(event), now, by, data)
    return update
