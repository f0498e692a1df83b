"""What a webhook carries, pure: the body of Statuspage's own webhooks, with its words for states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from talaia.events.published import PublishedEntry, PublishedEvent
from talaia.events.timeline import ENDED, over_at
from talaia.localization.texts import in_language
from talaia.panel.state import State
from talaia.panel.statuspage_ids import code

# There is no word for "unknown", and an invented one reads as green: the mildest trouble is the nearest truth.
COMPONENT: Mapping[State, str] = {
    State.OPERATIONAL: "operational",
    State.DEGRADED: "degraded_performance",
    State.PARTIAL: "partial_outage",
    State.DISRUPTION: "major_outage",
    State.MAINTENANCE: "under_maintenance",
    State.UNKNOWN: "degraded_performance",
}
IMPACT: Mapping[State, str] = {
    State.OPERATIONAL: "none",
    State.DEGRADED: "minor",
    State.PARTIAL: "major",
    State.DISRUPTION: "critical",
    State.MAINTENANCE: "maintenance",
    State.UNKNOWN: "minor",
}
# "maintenance" is no indicator for many of those who read this.
PAGE: Mapping[State, tuple[str, str]] = {
    State.OPERATIONAL: ("none", "All Systems Operational"),
    State.DEGRADED: ("minor", "Partially Degraded Service"),
    State.PARTIAL: ("major", "Partial System Outage"),
    State.DISRUPTION: ("critical", "Major Service Outage"),
    State.MAINTENANCE: ("none", "Service Under Maintenance"),
    State.UNKNOWN: ("minor", "State Of Some Services Unknown"),
}
MAINTENANCE_STATES = {"cancelled": "completed"}  # there is none for work that does not take place; its text says so


@dataclass(frozen=True)
class Component:
    """`slug`: the first one that it had, as it is known by the codes that are made of it."""

    slug: str
    name: str
    state: State
    since: datetime


def event(
    told: PublishedEvent, components: Sequence[Component], services: State, language: str, address: str, host: str
) -> dict[str, Any]:
    """Of an incident or a maintenance, with the entries that there were when it happened.

    `components`: what it touches, as it is now; `services`: the worst of all; `address`: of the page, without its last
    slash.
    """
    entries = [_entry(told, one, language, host) for one in reversed(told.entries)]
    watched = next((one for one in told.entries if one.state == "monitoring"), None)
    first, last = told.entries[0], told.entries[-1]
    # Of an entry that is delivered late: what has ended, or was opened again, since is told by the next one.
    over = over_at(last.state, told.ended_at, told.entries) or last.at if last.state in ENDED else None
    window = told.window or (None, None)
    planned = {"scheduled_for": when(window[0]), "scheduled_until": when(window[1])} if told.window else {}
    return {
        "meta": _meta(address),
        "page": _page(services, host),
        "incident": {
            "id": code(host, told.kind, told.ref),
            "name": in_language(told.titles, language).text,
            "status": _state(told.kind, last.state),
            "impact": "maintenance" if told.window else IMPACT[told.impact],
            "backfilled": False,
            "created_at": when(first.at),
            "started_at": when(told.started_at),
            "updated_at": when(last.edited_at or last.at),
            "monitoring_at": when(watched.at) if watched else None,
            "resolved_at": when(over),
            "shortlink": f"{address}{told.path}",
            "page_id": code(host, "page", ""),
            **planned,
            "incident_updates": entries,
            "components": [_component(one, host) for one in components],
        },
    }


def service(
    one: Component, before: State, after: State, at: datetime, services: State, address: str, host: str
) -> dict[str, Any]:
    """That a service changed."""
    return {
        "meta": _meta(address),
        "page": _page(services, host),
        "component_update": {
            "id": code(host, "change", f"{one.slug} {at.isoformat()}"),
            "component_id": code(host, "service", one.slug),
            "old_status": COMPONENT[before],
            "new_status": COMPONENT[after],
            "created_at": when(at),
        },
        "component": _component(one, host),
    }


def serialize_body(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def when(at: datetime | None) -> str | None:
    """`2026-10-03T01:12:00.000Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def _state(kind: str, state: str) -> str:
    return MAINTENANCE_STATES.get(state, state) if kind == "maintenance" else state


def _meta(address: str) -> dict[str, str]:
    return {"unsubscribe": f"{address}/about/", "documentation": f"{address}/about/"}


def _page(services: State, host: str) -> dict[str, str]:
    indicator, description = PAGE[services]
    return {"id": code(host, "page", ""), "status_indicator": indicator, "status_description": description}


def _component(one: Component, host: str) -> dict[str, Any]:
    return {
        "id": code(host, "service", one.slug),
        "name": one.name,
        "status": COMPONENT[one.state],
        "created_at": when(one.since),
    }


def _entry(told: PublishedEvent, one: PublishedEntry, language: str, host: str) -> dict[str, Any]:
    event = code(host, told.kind, told.ref)
    return {
        "id": code(host, "update", f"{told.kind} {told.ref} {one.number}"),
        "incident_id": event,
        "status": _state(told.kind, one.state),
        "body": in_language(one.texts, language).text,
        "created_at": when(one.at),
        "updated_at": when(one.edited_at or one.at),
        "display_at": when(one.at),
    }
