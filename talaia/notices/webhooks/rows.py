"""A fact and its rows → the body of a webhook; None for what nobody outside is to know of. Reads only."""

from __future__ import annotations

from typing import Any

from talaia.config import Config
from talaia.events.models import Event
from talaia.localization.texts import in_language, words
from talaia.notices import rows
from talaia.notices.sender import letterhead
from talaia.notices.values import Sender
from talaia.notices.webhooks import body
from talaia.outbox.models import Fact
from talaia.panel.models import Service
from talaia.panel.renaming.names import today
from talaia.panel.state import State, worst


def body_of(fact: Fact, config: Config) -> dict[str, Any] | None:
    sender, language = letterhead(config), config.site.languages[0]
    shown = Service.objects.filter(retired_at=None)
    services = worst([State(state) for state in shown.values_list("state", flat=True)])
    if fact.kind.startswith("service."):
        row = shown.filter(pk=today(fact.subject.partition("/")[2])).first()
        if row is None:
            return None
        before, after = State(fact.data["from"]), State(fact.data["to"])
        return body.service(_component(row, language), before, after, fact.at, services, sender.address, sender.host)
    event = rows.event_of(fact.subject)
    if event is None or event.awaits_approval:
        return None
    return _event(event, fact, services, sender, language)


def _event(event: Event, fact: Fact, services: State, sender: Sender, language: str) -> dict[str, Any] | None:
    entries = event.updates.order_by("number")
    if isinstance(newest := fact.data.get("update"), int) and fact.kind.endswith(("opened", "updated", "resolved")):
        entries = entries.filter(number__lte=newest)  # as it stood then, however late this is delivered
    touched = list(event.impacts.select_related("service").order_by("service__group__position", "service__position"))
    told = body.WebhookEvent(
        kind=event.kind,
        ref=event.ref,
        path=f"/{'incidents' if event.kind == Event.INCIDENT else 'maintenance'}/{event.ref}/",
        title=in_language(words(event.titles, event.language), language).text,
        started_at=event.started_at,
        ended_at=event.ended_at,
        window=rows.window_of(event),
        levels=tuple(State(impact.state) for impact in touched),
        components=tuple(_component(impact.service, language) for impact in touched),
        entries=tuple(
            body.WebhookEntry(
                one.number, one.state, one.at, in_language(words(one.texts, one.language), language).text, one.edited_at
            )
            for one in entries
        ),
    )
    return body.event(told, services, sender.address, sender.host) if told.entries else None


def _component(row: Service, language: str) -> body.Component:
    return body.Component(row.code_name, in_language(words(row.names), language).text, State(row.state), row.began)
