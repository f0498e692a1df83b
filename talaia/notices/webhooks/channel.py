"""Tells other systems: one delivery for each fact and address, one after the other, with an id that stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from talaia.config import Config, Webhook, current
from talaia.notices.sender import letterhead
from talaia.notices.webhooks import client
from talaia.notices.webhooks.body import serialize_body
from talaia.notices.webhooks.rows import body_of
from talaia.outbox.channel import CheckLine, NamedChannel
from talaia.outbox.errors import OutsideError, PermanentError
from talaia.outbox.models import Fact

GIVE_UP = timedelta(days=1)


class WebhookChannel(NamedChannel[Webhook]):
    """The channel "webhook": each `[[webhook]]`. Targets: "<webhook>/<id of the fact>"."""

    name = "webhook"

    def __init__(self, measured_well: Callable[[Config, datetime], Collection[str]] = lambda _config, _now: ()) -> None:
        """`measured_well`: the services that the signals would call well, if people said now that all is over."""
        self.measured_well = measured_well

    def receivers(self, config: Config, /) -> Sequence[Webhook]:
        return config.tables.webhook

    def tell(self, receiver: Webhook, target: str, now: datetime, /) -> None:
        """Killed after the other side said yes, it is posted again with the same id."""
        config, fact = current(), Fact.objects.filter(pk=int(target.partition("/")[2])).first()
        told = body_of(fact, config, now, lambda: self.measured_well(config, now)) if fact else None
        if fact is None or told is None:
            return  # there is nothing to tell any more
        old = PermanentError(
            f"webhook {receiver.name} has not taken it for {GIVE_UP.days} day", "once it is well, try again here"
        )
        self.give_up(target, fact.at, GIVE_UP, now, old)
        self.wait_for_turn(target, now)
        client.post(receiver, config, id_of(fact, letterhead(config).host), serialize_body(told), now)

    def check(self, config: Config, _made: bool, /) -> Iterator[CheckLine]:
        """Whether each can be reached and its secret read; nothing is posted."""
        for hook in config.tables.webhook:
            try:
                client.check_reachable(hook, config)
            except OutsideError as fault:
                yield False if isinstance(fault, PermanentError) else None, str(fault), fault.hint
            else:
                yield True, f"webhook {hook.name} can be reached", ""


def id_of(fact: Fact, host: str) -> str:
    """By this the other side knows that it has had it."""
    return f"talaia-{hashlib.sha256(f'{host} {fact.pk} {fact.at.isoformat()}'.encode()).hexdigest()[:24]}"


WEBHOOKS = WebhookChannel()
