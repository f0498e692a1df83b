"""What people do with incidents and maintenance. One function = one transaction = one recorded fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from talaia.config import current
from talaia.events.models import Event, Impact, Update
from talaia.events.timeline import (
    ENDED,
    IncidentState,
    MaintenanceState,
    NotPossible,
    next_incident_state,
    next_maintenance_state,
    next_number,
    parse_reference,
    reference_year,
)
from talaia.events.windows import check
from talaia.outbox.actions import record
from talaia.panel.models import Service
from talaia.panel.state import State


def subject(event: Event) -> str:
    """How facts and deliveries name an event: `incident/2026-003`."""
    return f"{event.kind}/{event.ref}"


def find(kind: str, ref: str) -> Event:
    """The event with that reference. Raises NotPossible."""
    year, number = parse_reference(ref)
    event = Event.objects.filter(kind=kind, year=year, number=number).first()
    if event is None:
        raise NotPossible(f"there is no {kind} {ref}")
    return event


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
) -> Event:
    """Open an incident with its first words. `impacts`: slug of a service → state. Raises NotPossible."""
    if state is IncidentState.RESOLVED:
        raise NotPossible("an incident begins open; resolve it with its next update")
    with transaction.atomic():
        event = _create(Event.INCIDENT, titles, started_at or now, state)
        event.next_update_at = next_update_at
        event.save(update_fields=["next_update_at"])
        _add_update(event, state, texts, started_at or now, by, plain)
        _set_impacts(event, impacts)
        record("incident.opened", subject(event), now, by, _story(event, texts, impacts))
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
) -> Update:
    """Add an entry to the timeline; `resolved` ends the incident, any other state (re)opens it. Raises NotPossible."""
    with transaction.atomic():
        event = _lock(find(Event.INCIDENT, ref))
        reached = next_incident_state(IncidentState(event.state), state)
        update = _add_update(event, reached, texts, at or now, by, plain)
        event.state = reached
        event.next_update_at = None if reached in ENDED else next_update_at
        event.ended_at = (event.ended_at or update.at) if reached in ENDED else None
        event.save(update_fields=["state", "next_update_at", "ended_at"])
        if impacts is not None:
            _set_impacts(event, impacts)
        kind = "incident.resolved" if reached in ENDED else "incident.updated"
        record(kind, subject(event), now, by, _story(event, texts, impacts) | {"update": update.number})
    return update


def edit_update(kind: str, ref: str, number: int, texts: Mapping[str, str], now: datetime, *, by: str = "") -> Update:
    """Correct the words of an entry. Its number and time stay; the fact keeps the words before and after."""
    with transaction.atomic():
        event = _lock(find(kind, ref))
        update = event.updates.filter(number=number).first()
        if update is None:
            raise NotPossible(f"{kind} {ref} has no entry {number}")
        _require_words(texts, "a text")
        before = update.texts
        if before == dict(texts):
            return update
        update.texts, update.edited_at = dict(texts), now
        update.save(update_fields=["texts", "edited_at"])
        data = {"update": number, "before": before, "after": dict(texts)}
        record(f"{kind}.corrected", subject(event), now, by, data)
    return update


def edit_event(
    kind: str,
    ref: str,
    now: datetime,
    *,
    by: str = "",
    titles: Mapping[str, str] | None = None,
    impacts: Mapping[str, State] | None = None,
    next_update_at: datetime | None = None,
    analyses: Mapping[str, str] | None = None,
) -> Event:
    """Change the title, the impacts, the promised time or the analysis; what is None stays as it is."""
    with transaction.atomic():
        event = _lock(find(kind, ref))
        before = {"titles": event.titles, "analyses": event.analyses}
        if titles is not None:
            _require_words(titles, "a title")
            event.titles = dict(titles)
        if analyses is not None:
            event.analyses = dict(analyses)
        if next_update_at is not None:
            event.next_update_at = next_update_at
        event.save(update_fields=["titles", "analyses", "next_update_at"])
        if impacts is not None:
            _set_impacts(event, impacts)
        record(f"{kind}.edited", subject(event), now, by, {"before": before})
    return event


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
        event = _create(Event.MAINTENANCE, titles, window[0], MaintenanceState.SCHEDULED)
        event.window_start, event.window_end, event.silence = *window, silence
        event.save(update_fields=["window_start", "window_end", "silence"])
        _add_update(event, MaintenanceState.SCHEDULED, texts, now, by, plain)
        _set_impacts(event, impacts)
        record("maintenance.planned", subject(event), now, by, _story(event, texts, impacts))
    return event


def update_maintenance(
    ref: str,
    state: MaintenanceState,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    plain: bool = False,
) -> Update | None:
    """Move a maintenance on (`texts` may be empty: then only its state changes). Raises NotPossible."""
    with transaction.atomic():
        event = _lock(find(Event.MAINTENANCE, ref))
        reached = next_maintenance_state(MaintenanceState(event.state), state)
        if reached == event.state and not texts:
            return None
        update = _add_update(event, reached, texts, now, by, plain) if texts else None
        event.state = reached
        event.ended_at = (event.ended_at or now) if reached in ENDED else None
        event.save(update_fields=["state", "ended_at"])
        data = {"update": update.number if update else None, "state": reached.value}
        record(f"maintenance.{reached}", subject(event), now, by, data)
    return update


def _create(kind: str, titles: Mapping[str, str], started_at: datetime, state: str) -> Event:
    _require_words(titles, "a title")
    year = reference_year(started_at, current().site.tz)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # two people at once must not draw one number
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"talaia {kind} {year}"])
    highest = Event.objects.filter(kind=kind, year=year).aggregate(Max("number"))["number__max"] or 0
    return Event.objects.create(
        kind=kind, year=year, number=next_number([highest]), titles=dict(titles), state=state, started_at=started_at
    )


def _lock(event: Event) -> Event:
    return Event.objects.select_for_update().get(pk=event.pk)


def _add_update(event: Event, state: str, texts: Mapping[str, str], at: datetime, by: str, plain: bool) -> Update:
    _require_words(texts, "a text")
    number = next_number(event.updates.values_list("number", flat=True))
    return event.updates.create(number=number, state=state, at=at, texts=dict(texts), by=by, plain=plain)


def _set_impacts(event: Event, impacts: Mapping[str, State]) -> None:
    known = set(Service.objects.filter(pk__in=impacts).values_list("pk", flat=True))
    if missing := sorted(impacts.keys() - known):
        raise NotPossible(f"there is no service {missing[0]!r}; `talaia panel` lists them")
    event.impacts.exclude(service_id__in=impacts).delete()
    for slug, state in impacts.items():
        Impact.objects.update_or_create(event=event, service_id=slug, defaults={"state": state.value})


def _require_words(words: Mapping[str, str], what: str) -> None:
    if not words or not all(text.strip() for text in words.values()):
        raise NotPossible(f"{what} is needed")


def _story(event: Event, texts: Mapping[str, str], impacts: Mapping[str, State] | None) -> dict[str, Any]:
    impacted = sorted(event.impacts.values_list("service_id", flat=True)) if impacts is None else sorted(impacts)
    return {"titles": event.titles, "texts": dict(texts), "state": event.state, "services": impacted}
