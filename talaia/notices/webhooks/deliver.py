"""Tells other systems: one delivery for each fact and address, one after the other, with an id that stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from talaia.config import Webhook, current
from talaia.notices.sender import letterhead
from talaia.notices.webhooks.body import written
from talaia.notices.webhooks.client import post
from talaia.notices.webhooks.rows import body_of
from talaia.outbox.errors import PermanentError
from talaia.outbox.models import Fact
from talaia.outbox.ordering import asked_for, wait_for_turn

CHANNEL = "webhook"
GIVE_UP = timedelta(days=1)


def target_of(hook: Webhook, fact: Fact) -> str:
    """`billing/1234`."""
    return f"{hook.name}/{fact.pk}"


def deliver(targets: Sequence[str], now: datetime) -> None:
    """Post each of them. Killed after the other side said yes, it is posted again with the same id.

    Raises Temporary, Permanent.
    """
    for target in targets:
        tell(target, now)


def tell(target: str, now: datetime) -> None:
    config = current()
    name, _, number = target.partition("/")
    hook = next((hook for hook in config.tables.webhook if hook.name == name), None)
    fact = Fact.objects.filter(pk=int(number)).first()
    told = body_of(fact, config, now) if hook and fact else None
    if hook is None or fact is None or told is None:
        return  # it left talaia.toml, or there is nothing to tell any more
    if now - fact.at > GIVE_UP and not asked_for(CHANNEL, target):
        raise PermanentError(
            f"webhook {name} has not taken it for {GIVE_UP.days} day", "once it is well, try again here"
        )
    wait_for_turn(CHANNEL, target, now)
    post(hook, config, id_of(fact, letterhead(config).host), written(told), now)


def id_of(fact: Fact, host: str) -> str:
    """By this the other side knows that it has had it."""
    return f"talaia-{hashlib.sha256(f'{host} {fact.pk} {fact.at.isoformat()}'.encode()).hexdigest()[:24]}"
