"""Writes the story into an empty database: events by the same actions as ever, with their own times; the year in bulk.

What happened in the story has had its consequences long ago, so its facts are marked as spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from talaia.config import Config
from talaia.demo.history import YEAR, Turn, turns
from talaia.demo.story import Happening, story
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Day, Service, Transition
from talaia.panel.rollup import due_days
from talaia.panel.state import Reason, State


def seed(config: Config, now: datetime, by: str) -> dict[str, str]:
    """Write everything. Returns the reference of each tale by its name (`{"fibre-cut": "2026-014"}`)."""
    told = story(now, config.site.tz)
    with transaction.atomic():
        list_services(headings(config), now - YEAR)
        refs = {happening.name: write(happening, by) for happening in told}
        by_hand = {service.slug: service.kept_by_hand for service in config.tables.services}
        write_year(list(turns(by_hand, told, refs, now)))
        declare(told, refs)
        days = due_days(now, config.site.tz)
        Day.objects.bulk_create([Day(service_id=d.slug, day=d.day, seconds=dict(d.seconds)) for d in days])
        Fact.objects.filter(spread=False).update(spread=True)
    return refs


def write(happening: Happening, by: str) -> str:
    """An event with its timeline and its analysis, each at its time."""
    impacts = {slug: State(impact) for slug, impact in happening.impacts.items()}
    first, *later = happening.entries
    if happening.window:
        event = actions.plan_maintenance(
            happening.titles, first.texts, impacts, happening.window, first.at, by=by, silence=True
        )
        for entry in later:
            actions.update_maintenance(event.ref, MaintenanceState(entry.state), entry.texts, entry.at, by=by)
        return event.ref
    state = IncidentState(first.state)
    event = actions.open_incident(happening.titles, first.texts, impacts, first.at, by=by, state=state)
    for entry in later:
        promised = happening.promised if entry is later[-1] else None
        state = IncidentState(entry.state)
        actions.update_incident(event.ref, state, entry.texts, entry.at, by=by, next_update_at=promised)
    for language, text in happening.analyses.items() if happening.ended else ():
        actions.write_analysis(event.kind, event.ref, language, text, happening.analysed, by=by)
    return event.ref


def write_year(year: Sequence[Turn]) -> None:
    """The changes of a year, and each service as the last of them left it."""
    Transition.objects.bulk_create(
        [
            Transition(
                service_id=turn.service,
                at=turn.at,
                from_state=turn.before,
                to_state=turn.after,
                reason=turn.reason.to_json(),
            )
            for turn in year
        ]
    )
    for turn in {turn.service: turn for turn in year}.values():
        reason = turn.reason.to_json()
        Service.objects.filter(pk=turn.service).update(
            state=turn.after,
            since=turn.at,
            reason=reason,
            computed_state=turn.after,
            computed_reason=reason,
            computed_since=turn.at,
        )


def declare(told: Sequence[Happening], refs: dict[str, str]) -> None:
    """What an open incident touches is explained by it."""
    for happening in told:
        if happening.kind == Event.INCIDENT and happening.ended is None:
            reason = Reason("incident", {"ref": refs[happening.name]}).to_json()
            said = Service.objects.filter(pk__in=happening.impacts)
            said.update(reason=reason, said_since=happening.entries[0].at)
