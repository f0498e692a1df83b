"""What people do to an incident: open it, and add to its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.models import Event, Update
from talaia.events.timeline import (
    ENDED,
    IncidentState,
    NotPossible,
    Overtaken,
    check_time,
    next_incident_state,
)
from talaia.outbox.actions import record
from talaia.panel.state import State


def open_incident(
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    impacts: Mapping[str, State],
    now: datetime,
    *,
    by: str = "",
    state: IncidentState = IncidentState.INVESTIGATING,
    started_at: datetime | None = None,
    next_update_at: datetime | None = None,
    plain: bool = False,
    key: str | None = None,
) -> Event:
    """Open an incident with its first words. `impacts`: slug of a service → state. Raises NotPossible."""
    if state is IncidentState.RESOLVED:
        raise NotPossible(_("an incident begins open; resolve it with its next update"))
    began = started_at or now
    check_time(began, None, now)
    with transaction.atomic():
        rows.draw_alone(Event.INCIDENT)
        if (made := rows.made_by(key)) is not None:
            if made.number == 1 and (made.state, made.texts, made.plain) == (state, dict(texts), plain):
                return made.event
            what = _("this form has already opened incident %(ref)s; write there what is new")
            raise NotPossible(what % {"ref": made.event.ref})
        event = rows.create(Event.INCIDENT, titles, began, state)
        event.next_update_at = next_update_at
        event.save(update_fields=["next_update_at"])
        rows.add_update(event, state, texts, began, by, plain, key)
        touched = rows.set_impacts(event, impacts)
        record("incident.opened", rows.subject(event), now, by, rows.story(event, texts, touched) | {"update": 1})
    return event


def update_incident(
    ref: str,
    state: IncidentState,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    impacts: Mapping[str, State] | None = None,
    next_update_at: datetime | None = None,
    plain: bool = False,
    at: datetime | None = None,
    key: str | None = None,
    seen: str | None = None,
) -> Update:
    """Add an entry to the timeline; `resolved` ends the incident, any other state (re)opens it.

    Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.INCIDENT, ref))
        reached = next_incident_state(IncidentState(event.state), state)
        if (made := rows.made_by(key)) is not None:
            if made.event_id == event.pk and (made.state, made.texts, made.plain) == (reached, dict(texts), plain):
                return made
            raise Overtaken(_("this form has been sent before, with other words"))
        rows.check_seen(seen, rows.mark_of(event))
        check_time(at or now, event.started_at, now)
        update = rows.add_update(event, reached, texts, at or now, by, plain, key)
        event.state = reached
        event.next_update_at = None if reached in ENDED else next_update_at
        event.ended_at = (event.ended_at or update.at) if reached in ENDED else None
        event.save(update_fields=["state", "next_update_at", "ended_at"])
        touched = rows.set_impacts(event, impacts)
        kind = "incident.resolved" if reached in ENDED else "incident.updated"
        record(kind, rows.subject(event), now, by, rows.story(event, texts, touched) | {"update": update.number})
    return update
