"""A fact and its rows → the body of a webhook; None for what nobody outside is to know of. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from talaia.config import Config
from talaia.events.manual_state import shown_now
from talaia.events.reading import event_of, is_public, whole
from talaia.localization.texts import in_language, words
from talaia.notices.sender import letterhead
from talaia.notices.webhooks import body
from talaia.outbox.models import Fact
from talaia.panel.models import Service
from talaia.panel.renaming.names import today
from talaia.panel.state import State, worst


def body_of(
    fact: Fact, config: Config, now: datetime, measured_well: Callable[[], Collection[str]] = tuple
) -> dict[str, Any] | None:
    """Services are as people say at `now`: what follows from an entry is in its body, and not only in the next one."""
    sender, language = letterhead(config), config.site.languages[0]
    listed = {row.slug: row for row in Service.objects.filter(retired_at=None)}
    shown = shown_now(listed.values(), now, measured_well)
    services = worst([state for state, _ in shown.values()])
    if fact.kind.startswith("service."):
        row = listed.get(today(fact.subject.partition("/")[2]))
        if row is None:
            return None
        one = _component(row, shown, language)
        before, after = State(fact.data["from"]), State(fact.data["to"])
        return body.service(one, before, after, fact.at, services, sender.address, sender.host)
    event = event_of(fact.subject)
    if event is None or not is_public(event):
        return None
    newest = fact.data.get("update")
    then = isinstance(newest, int) and fact.kind.endswith(("opened", "updated", "resolved"))
    told = whole(event, until=newest if then else None)  # as it stood then, however late this is delivered
    rows = Service.objects.in_bulk([one.slug for one in told.touched])
    components = [_component(rows[one.slug], shown, language) for one in told.touched]
    return body.event(told, components, services, language, sender.address, sender.host) if told.entries else None


def _component(row: Service, shown: Mapping[str, tuple[State, datetime]], language: str) -> body.Component:
    state, since = shown.get(row.slug, (State(row.state), row.began))
    return body.Component(row.code_name, in_language(words(row.names), language).text, state, since)
