"""Who is told when something has happened: by mail, in chats, by webhooks. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from talaia.config import current
from talaia.notices.chat.registry import ROOMS
from talaia.notices.models import Notice
from talaia.notices.rows import hours, planned, possible
from talaia.notices.webhooks.channel import WEBHOOKS
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact


def notices(fact: Fact) -> Iterator[Order]:
    """Which mail follows is asked of the rows, now and at the hours of a plan: see notices/policy.py."""
    if not possible():
        return
    chosen = fact.data.get("tell")  # what the operator said of this one; None: the default
    yield Order("notices", fact.subject if chosen is None else f"{fact.subject}/{'yes' if chosen else 'no'}")
    for at in hours(fact.subject):
        yield Order("notices", f"{fact.subject}@{at:%Y%m%dT%H%MZ}", due=at)


def planned_work(_: Fact) -> Iterator[Order]:
    """What was planned before anybody could be told is told from now on."""
    for subject in planned():
        yield Order("notices", subject)
        for at in hours(subject):
            yield Order("notices", f"{subject}@{at:%Y%m%dT%H%MZ}", due=at)


def questions(fact: Fact) -> Iterator[Order]:
    """What only operators can answer, in each room that is theirs."""
    for channel in ROOMS:
        for room in channel.of_operators(current()):
            yield Order(channel.name, channel.target_of(room, f"fact/{fact.pk}"))


def other_notices(fact: Fact) -> Iterator[Order]:
    """Which mail follows of other events of which the fact speaks: they have taken it on, or given it up."""
    if possible():
        yield from (Order("notices", subject) for subject in fact.data.get("pages", []))


def mail(fact: Fact) -> Iterator[Order]:
    """The mail itself: once its hold is over, or its next part when that is due."""
    due = fact.data.get("due")
    yield Order("mail", fact.subject, due=datetime.fromisoformat(due) if due else None, since=fact.at)


def test_mail(fact: Fact) -> Iterator[Order]:
    """One copy, to who asked for it."""
    yield Order("mail", f"test/{fact.pk}")


def chats(fact: Fact) -> Iterator[Order]:
    """The notice that begins to be sent, in each room that wants its kind."""
    kind = Notice.objects.get(pk=int(fact.subject.partition("/")[2])).kind
    for channel in ROOMS:
        for room in channel.wanting(current(), kind):
            yield Order(channel.name, channel.target_of(room, fact.subject))


def webhooks(fact: Fact) -> Iterator[Order]:
    """The news, to each system that is told of it."""
    for hook in current().tables.webhook:
        if hook.services or not fact.kind.startswith("service."):
            yield Order(WEBHOOKS.name, WEBHOOKS.target_of(hook, str(fact.pk)))


def letter(fact: Fact) -> Iterator[Order]:
    """What one person gets because they wrote to us, or asked for our mails."""
    yield Order("letters", fact.subject)
