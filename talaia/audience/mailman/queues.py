"""Mailman's queues: mail that is stuck there goes to nobody, and Mailman itself says so only in its logs."""

from __future__ import annotations

from dataclasses import dataclass

from talaia.audience.actions import sent_before
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.posting_states import bare

# Where nothing should be. `shunt`: an error of Mailman's own; `retry`: the next mail server does not take it; `bad`: a
# message that cannot be read.
WATCHED = {
    "shunt": "look at Mailman's log `error`, mend it, then `mailman unshunt`",
    "retry": "does the mail server that Mailman hands its mail to answer? It is tried again by itself",
    "bad": "look at the files of the queue `bad` in Mailman's folder",
}


@dataclass(frozen=True)
class StuckQueue:
    """A queue that should be empty."""

    queue: str
    count: int

    def __str__(self) -> str:
        return f"{self.count} {'message is' if self.count == 1 else 'messages are'} in Mailman's queue {self.queue}"

    @property
    def hint(self) -> str:
        return WATCHED[self.queue]


def stuck(client: MailmanClient) -> tuple[StuckQueue, ...]:
    """Which queues hold what they should not. Raises Temporary and Permanent."""
    counts = {str(one["name"]): int(one["count"]) for one in client.get("queues").entries}
    return tuple(StuckQueue(name, counts[name]) for name in WATCHED if counts.get(name))


def tidy(client: MailmanClient) -> int:
    """Throw away held messages of letters that went out before: they were given twice. Returns how many."""
    waiting = {bare(str(one.get("message_id", ""))): one for one in client.get(client.path("held"), long=True).entries}
    twice = sent_before([*waiting])
    for message_id in twice:
        client.post(client.path("held", str(waiting[message_id]["request_id"])), 404, action="discard")
    return len(twice)
