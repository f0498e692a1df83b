"""What people do with incidents and maintenance. One function = one transaction = one recorded fact.

`key`: a form's one-use number. It is stored with the entry, under a unique constraint: sent again (two taps, a second
try after a lost connection), the same form finds its own entry instead of making another.
`seen`: what the writer saw (`mark_of`); when it is no longer so, Overtaken is raised and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events.models import Event, Impact, Update
from talaia.events.timeline import (
    ENDED,
    IncidentState,
    MaintenanceState,
    NotPossible,
    Overtaken,
    check_time,
    fingerprint,
    mark,
    next_incident_state,
    next_maintenance_state,
    next_number,
    parse_reference,
    reference_year,
)
from talaia.events.windows import check
from talaia.outbox.actions import record
from talaia.panel.models import Service
from talaia.panel.state import TROUBLE, State

# What an event may say of a service. "operational": it is touched, and works (again, or all the while).
IMPACTS = {
    Event.INCIDENT: (State.OPERATIONAL, *TROUBLE),
    Event.MAINTENANCE: (State.OPERATIONAL, *TROUBLE, State.MAINTENANCE),
}


def subject(event: Event) -> str:
    """How facts and deliveries name an event: `incident/2026-003`."""
    return f"{event.kind}/{event.ref}"


def find(kind: str, ref: str) -> Event:
    """The event with that reference. Raises NotPossible."""
    year, number = parse_reference(ref)
    event = Event.objects.filter(kind=kind, year=year, number=number).first()
    if event is None:
        what = _("there is no incident %(ref)s") if kind == Event.INCIDENT else _("there is no maintenance %(ref)s")
        raise NotPossible(what % {"ref": ref})
    return event


def mark_of(event: Event) -> str:
    """What whoever reads the event now has seen of it."""
    return mark(_last(event), event.titles, dict(event.impacts.values_list("service_id", "state")))


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
        _draw_alone(Event.INCIDENT)
        if (made := _made_by(key)) is not None:
            if made.number == 1 and (made.state, made.texts, made.plain) == (state, dict(texts), plain):
                return made.event
            what = _("this form has already opened incident %(ref)s; write there what is new")
            raise NotPossible(what % {"ref": made.event.ref})
        event = _create(Event.INCIDENT, titles, began, state)
        event.next_update_at = next_update_at
        event.save(update_fields=["next_update_at"])
        _add_update(event, state, texts, began, by, plain, key)
        touched = _set_impacts(event, impacts)
        record("incident.opened", subject(event), now, by, _story(event, texts, touched) | {"update": 1})
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
        event = _lock(find(Event.INCIDENT, ref))
        reached = next_incident_state(IncidentState(event.state), state)
        if (made := _made_by(key)) is not None:
            if made.event_id == event.pk and (made.state, made.texts, made.plain) == (reached, dict(texts), plain):
                return made
            raise Overtaken(_("this form has been sent before, with other words"))
        _check_seen(seen, mark_of(event))
        check_time(at or now, event.started_at, now)
        update = _add_update(event, reached, texts, at or now, by, plain, key)
        event.state = reached
        event.next_update_at = None if reached in ENDED else next_update_at
        event.ended_at = (event.ended_at or update.at) if reached in ENDED else None
        event.save(update_fields=["state", "next_update_at", "ended_at"])
        touched = _set_impacts(event, impacts)
        kind = "incident.resolved" if reached in ENDED else "incident.updated"
        record(kind, subject(event), now, by, _story(event, texts, touched) | {"update": update.number})
    return update


def edit_update(
    kind: str,
    ref: str,
    number: int,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    seen: str | None = None,
) -> Update:
    """Correct the words of an entry. Its number and time stay; the fact keeps the words before and after.

    `seen`: the `fingerprint` of the words that the writer started from. Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = _lock(find(kind, ref))
        update = event.updates.filter(number=number).first()
        if update is None:
            raise NotPossible(_("%(ref)s has no entry %(number)s") % {"ref": ref, "number": number})
        _require_words(texts, _("a text is needed"))
        before = update.texts
        if before == dict(texts):
            return update
        _check_seen(seen, fingerprint(before))
        update.texts, update.edited_at = dict(texts), now
        update.save(update_fields=["texts", "edited_at"])
        data = {"update": number, "before": before, "after": dict(texts), "services": _touched(event)}
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
    seen: str | None = None,
) -> Event:
    """Change the title, the impacts, the promised time or the analysis; what is None stays as it is.

    Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = _lock(find(kind, ref))
        before = {
            "titles": event.titles,
            "impacts": dict(event.impacts.values_list("service_id", "state")),
            "next_update_at": event.next_update_at,
            "analyses": event.analyses,
        }
        if titles is not None:
            _require_words(titles, _("a title is needed"))
        if next_update_at is not None and event.state in ENDED:
            raise NotPossible(_("this is over; no further update can be promised"))
        wanted = {"titles": titles, "impacts": impacts, "next_update_at": next_update_at, "analyses": analyses}
        changed = {name: value for name, value in wanted.items() if value is not None and value != before[name]}
        if not changed:
            return event
        _check_seen(seen, mark_of(event))
        for name in changed.keys() - {"impacts"}:
            setattr(event, name, changed[name])
        event.save(update_fields=["titles", "analyses", "next_update_at"])
        touched = _set_impacts(event, impacts)
        old = {name: str(was) if isinstance(was := before[name], datetime) else was for name in changed}
        data = {"before": old, "services": touched}
        record(f"{kind}.edited", subject(event), now, by, data)
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
        _draw_alone(Event.MAINTENANCE)
        event = _create(Event.MAINTENANCE, titles, window[0], MaintenanceState.SCHEDULED)
        event.window_start, event.window_end, event.silence = *window, silence
        event.save(update_fields=["window_start", "window_end", "silence"])
        _add_update(event, MaintenanceState.SCHEDULED, texts, now, by, plain)
        touched = _set_impacts(event, impacts)
        record("maintenance.planned", subject(event), now, by, _story(event, texts, touched) | {"update": 1})
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
        event = _lock(find(Event.MAINTENANCE, ref))
        reached = next_maintenance_state(MaintenanceState(event.state), state)
        if reached == event.state and not texts:
            return None
        check_time(at or now, None, now)
        update = _add_update(event, reached, texts, at or now, by, plain) if texts else None
        event.state = reached
        event.ended_at = (event.ended_at or at or now) if reached in ENDED else None
        event.next_update_at = None if reached in ENDED else event.next_update_at
        event.save(update_fields=["state", "ended_at", "next_update_at"])
        data = {"update": update.number if update else None, "state": reached.value, "services": _touched(event)}
        record(f"maintenance.{reached}", subject(event), now, by, data)
    return update


def _draw_alone(kind: str) -> None:
    """Two people at once must not draw one number, nor one form two. SQLite has but one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"talaia {kind}"])


def _create(kind: str, titles: Mapping[str, str], started_at: datetime, state: str) -> Event:
    _require_words(titles, _("a title is needed"))
    year = reference_year(started_at, current().site.tz)
    highest = Event.objects.filter(kind=kind, year=year).aggregate(Max("number"))["number__max"] or 0
    return Event.objects.create(
        kind=kind, year=year, number=next_number([highest]), titles=dict(titles), state=state, started_at=started_at
    )


def _lock(event: Event) -> Event:
    return Event.objects.select_for_update().get(pk=event.pk)


def _made_by(key: str | None) -> Update | None:
    return Update.objects.select_related("event").filter(key=key).first() if key else None


def _check_seen(seen: str | None, there: str) -> None:
    if seen is not None and seen != there:
        raise Overtaken(_("somebody else has written meanwhile"))


def _add_update(
    event: Event, state: str, texts: Mapping[str, str], at: datetime, by: str, plain: bool, key: str | None = None
) -> Update:
    _require_words(texts, _("a text is needed"))
    number = next_number([_last(event)])
    return event.updates.create(number=number, state=state, at=at, texts=dict(texts), by=by, plain=plain, key=key)


def _last(event: Event) -> int:
    return event.updates.aggregate(Max("number"))["number__max"] or 0


def _set_impacts(event: Event, impacts: Mapping[str, State] | None) -> list[str]:
    """Make the impacts these (None: leave them). Returns the services touched before or after: their pages change."""
    before = _touched(event)
    if impacts is None:
        return before
    known = set(Service.objects.filter(pk__in=impacts).values_list("pk", flat=True))
    if missing := sorted(impacts.keys() - known):
        raise NotPossible(_("there is no service “%(slug)s”; `talaia panel` lists them") % {"slug": missing[0]})
    if any(state not in IMPACTS[event.kind] for state in impacts.values()):
        raise NotPossible(_("an impact is one of these: %(states)s") % {"states": ", ".join(IMPACTS[event.kind])})
    event.impacts.exclude(service_id__in=impacts).delete()
    for slug, state in impacts.items():
        Impact.objects.update_or_create(event=event, service_id=slug, defaults={"state": state.value})
    return sorted({*before, *impacts})


def _touched(event: Event) -> list[str]:
    return sorted(event.impacts.values_list("service_id", flat=True))


def _require_words(words: Mapping[str, str], what: str) -> None:
    if not words or not all(text.strip() for text in words.values()):
        raise NotPossible(what)


def _story(event: Event, texts: Mapping[str, str], touched: list[str]) -> dict[str, Any]:
    return {"titles": event.titles, "texts": dict(texts), "state": event.state, "services": touched}
