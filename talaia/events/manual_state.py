"""What people have declared of the services: by hand, by incidents and maintenance, and what that shows. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from datetime import datetime

from talaia.events.models import Event, Impact
from talaia.events.timeline import MaintenanceState
from talaia.events.window_schedule import ends
from talaia.panel.holds import Computed
from talaia.panel.models import Service
from talaia.panel.shown import Declared, show, stopped
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State


def declared(services: Iterable[Service]) -> dict[str, Declared]:
    """Slug of each service → what is declared of it. One query besides the services that are given."""
    incidents: dict[str, tuple[State, str, datetime]] = {}
    maintenance: dict[str, tuple[State, str, datetime | None]] = {}
    open_impacts = Impact.objects.filter(event__ended_at=None).select_related("event").order_by("event_id")
    for impact in open_impacts:
        event, state = impact.event, State(impact.state)
        if event.kind == Event.MAINTENANCE:
            if event.state == MaintenanceState.IN_PROGRESS:
                worked_on = maintenance.get(impact.service_id)
                if worked_on is None or WEIGHT[stopped(state)] > WEIGHT[stopped(worked_on[0])]:
                    until = event.window_end if ends(event) else None
                    maintenance[impact.service_id] = (state, event.ref, until)
        elif state in TROUBLE:
            known = incidents.get(impact.service_id)
            since = impact.since or event.started_at
            if known is None or WEIGHT[state] > WEIGHT[known[0]]:
                incidents[impact.service_id] = (state, event.ref, since)
            elif state is known[0]:  # they say the same: it is so since the earlier of them
                incidents[impact.service_id] = (state, known[1], min(known[2], since))
    found = {}
    for service in services:
        said = incidents.get(service.slug)
        announced, work, until = maintenance.get(service.slug, (State.MAINTENANCE, "", None))
        found[service.slug] = Declared(
            by_hand=State(service.override_state) if service.override_state else None,
            by_hand_until=service.override_until,
            by_hand_by=service.override_by,
            by_hand_words=service.override_words,
            incident=said[0] if said else None,
            incident_ref=said[1] if said else "",
            incident_since=said[2] if said else None,
            maintenance_ref=work,
            maintenance_until=until,
            announced=announced,
        )
    return found


def shown_now(
    services: Iterable[Service], now: datetime, measured_well: Callable[[], Collection[str]] = tuple
) -> dict[str, tuple[State, datetime]]:
    """Slug of each service that is listed → its state by what people say at `now`, though nobody has judged it since.

    And since when, as the page will say. A word of an end is believed at once where the last measurement was good.
    `measured_well`: asked where people say that a trouble is over, of which services the signals would say so, too.
    """
    rows = list(services)
    ended = [row for row in rows if row.resolved_at is not None and row.computed_state in TROUBLE]
    agreed = measured_well() if ended else ()
    found = {}
    for row, said in zip(rows, declared(rows).values(), strict=True):
        measured = row.candidate_then[-1][0] if row.candidate_then else row.candidate_state
        well = row in ended and (measured == State.OPERATIONAL or row.slug in agreed)
        computed = State.OPERATIONAL if well else State(row.computed_state)
        shown = show(said, Computed(computed, Reason.from_json(row.computed_reason)), now)
        judged = copy(row)
        judged.computed_state, judged.reason, judged.said_since = computed, shown.reason.to_json(), shown.since
        if shown.state != row.state:
            judged.state, judged.since = shown.state, now
        found[row.slug] = (shown.state, judged.began)
    return found
