"""A fact and its rows → the body of a webhook; None for what nobody outside is to know of. Reads only."""

from __future__ import annotations

from typing import Any

from talaia.config import Config
from talaia.events.models import Event
from talaia.events.reading import event_of, is_public, whole
from talaia.localization.texts import in_language, words
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
    event = event_of(fact.subject)
    if event is None or not is_public(event):
        return None
    return _event(event, fact, services, sender, language)


def _event(event: Event, fact: Fact, services: State, sender: Sender, language: str) -> dict[str, Any] | None:
    newest = fact.data.get("update")
    then = isinstance(newest, int) and fact.kind.endswith(("opened", "updated", "resolved"))
    told = whole(event, until=newest if then else None)  # as it stood then, however late this is delivered
    rows = Service.objects.in_bulk([one.slug for one in told.touched])
    components = [_component(rows[one.slug], language) for one in told.touched]
    return body.event(told, components, services, language, sender.address, sender.host) if told.entries else None


def _component(row: Service, language: str) -> body.Component:
    return body.Component(row.code_name, in_language(words(row.names), language).text, State(row.state), row.began)
