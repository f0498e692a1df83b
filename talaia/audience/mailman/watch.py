"""Looks at the list server while talaia runs: who asks to leave, whether a queue is stuck, whether it follows.

Everybody on it is looked at once a day, and soon where it is known to be behind.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from talaia.audience import actions
from talaia.audience.list_sync import follow, hear, is_behind
from talaia.audience.mailman import queues
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.roster import MailmanList
from talaia.audience.polling import again_and_again
from talaia.config import Audience, Config, Mailman
from talaia.outbox.errors import OutsideError
from talaia.outbox.monotonic import over

log = logging.getLogger(__name__)

LOOK_EVERY = 1  # seconds: whether it is time to ask
FOLLOW_EVERY = timedelta(days=1)
SOON = timedelta(minutes=10)  # somebody subscribed or opted out: by then the list knows, however many do so


class MailmanWatch:
    """`step(now)` is one look. What is wrong is seen at the desk, in `talaia audience show` and in the metrics."""

    def __init__(self, config: Callable[[], Config], now: Callable[[], datetime]) -> None:
        self.config, self.now = config, now
        self.looked: datetime | None = None
        self.followed: datetime | None = None
        self.closely: datetime | None = None  # when it was last learnt who is on it and gets nothing
        self.stuck: tuple[queues.StuckQueue, ...] = ()  # at the last look

    def run(self, stop: threading.Event) -> None:
        again_and_again(lambda: self.step(self.now()), "list", LOOK_EVERY, stop)

    def step(self, now: datetime) -> None:
        config = self.config()
        audience = config.tables.audience
        if audience is None or audience.mailman is None:
            return
        if self.looked is None or over(self.looked, now, audience.mailman.every):
            self.looked = now
            self.look(audience, audience.mailman, config, now)

    def look(self, audience: Audience, mailman: Mailman, config: Config, now: datetime) -> None:
        error: dict[str, str] = {}
        try:
            with MailmanClient(mailman, config) as client:
                roster = MailmanList(client)
                hear(roster, self.now)
                queues.tidy(client)
                found = queues.stuck(client)
                # Whenever Mailman tries a message again it is in no queue for a moment: that alone is no news.
                if told := found or self.stuck:
                    error = {"text": "; ".join(map(str, told)), "hint": told[0].hint}
                self.stuck = found
                if self.due(now):
                    closely = self.closely is None or over(self.closely, now, FOLLOW_EVERY)
                    follow(roster, audience.shrink, self.now, closely=closely)
                    self.followed = now
                    self.closely = now if closely else self.closely
        except OutsideError as fault:
            error = {"text": str(fault), "hint": fault.hint}
        actions.kept(mailman.list, self.now(), error)

    def due(self, now: datetime) -> bool:
        """Whether the list is to be made follow the ledger."""
        if self.followed is None or over(self.followed, now, FOLLOW_EVERY):
            return True
        return over(self.followed, now, SOON) and is_behind()
