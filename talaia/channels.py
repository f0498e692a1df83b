"""Who does the deliveries, channel by channel, and what they are given of each other's subjects."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from talaia.audience.actions import asked
from talaia.audience.importing import deliver as keep_audience
from talaia.audience.mailing import behind, hand_over, mail_returns, neighbours, readers, remember_whom
from talaia.audience.pending_subscriptions import to_ask
from talaia.config import Config, current
from talaia.forum.registry import chosen
from talaia.forum.sync import MirrorSync
from talaia.localization.texts import words
from talaia.notices.actions import look
from talaia.notices.chat import deliver as chat
from talaia.notices.confirmation_mail import send as send_question
from talaia.notices.mailer import Mailer
from talaia.notices.replies.answer import answer as answer_reply
from talaia.notices.send_batch import MailHooks
from talaia.notices.sender import the_list
from talaia.notices.values import Addressee, Segment
from talaia.notices.webhooks.deliver import deliver as tell_systems
from talaia.outbox.held_outcomes import hold_until_written
from talaia.outbox.shutdown import ENDING
from talaia.outbox.worker import Channel
from talaia.panel.models import Service
from talaia.site.write import publish

log = logging.getLogger(__name__)


def channels(config: Config) -> list[Channel]:
    """Who delivers. The front is made anew every `[site] refresh`, as it says when it was made;
    the other pages that speak of now, every quarter of an hour.
    """
    return [
        Channel("site", publish, batch=500, refresh=config.site.refresh, refreshed=("front",)),
        Channel("archive", publish, batch=20, refresh=timedelta(minutes=15), refreshed=("living",)),
        Channel("notices", look_at, batch=20),
        Channel(
            "mail",
            Mailer(MailHooks(recipients, mail_returns, to_list, neighbours)).deliver,
            longest_wait=timedelta(minutes=5),
        ),
        Channel("chat", say_in_chats, longest_wait=timedelta(minutes=2)),
        Channel("webhook", tell_systems),
        Channel("letters", single_letter, longest_wait=timedelta(minutes=5)),
        Channel("audience", keep_audience),
        Channel("mirror", MirrorSync(current, chosen).deliver),
    ]


def look_at(targets: Sequence[str], now: datetime) -> None:
    """Draw up the notices that follow: targets are events, with "/yes" or "/no" where the operator chose."""
    for target in targets:
        kind, ref, *chosen = target.partition("@")[0].split("/")
        remember_whom(f"{kind}/{ref}", current(), now)
        look(f"{kind}/{ref}", now, {"yes": True, "no": False}.get(chosen[0]) if chosen else None)


def say_in_chats(targets: Sequence[str], now: datetime) -> None:
    """Targets: "<chat>/notice/<id>"."""
    chat.deliver(targets, now)


def ask_whether_it_was_them(pk: int, now: datetime) -> None:
    """Somebody who subscribed confirms it by mail."""
    subscribe = current().tables.subscribe
    found = to_ask(pk, subscribe.valid, now) if subscribe else None  # else nobody could confirm it
    if found:
        names = dict(Service.objects.filter(pk__in=found.services).values_list("slug", "names"))
        chosen = [words(names[slug]) for slug in found.services if slug in names]
        send_question(current(), found.key, found.address, found.language, chosen, now)
        hold_until_written(log, "deliver-letters", lambda: asked(pk, now), ENDING)


def single_letter(targets: Sequence[str], now: datetime) -> None:
    """What one person gets because they asked: targets are "reply/<id>", "subscription/<id>"."""
    for target in targets:
        kind, _, number = target.partition("/")
        if kind == "reply":
            answer_reply(int(number), now)
        else:
            ask_whether_it_was_them(int(number), now)


def recipients(after: str, only: Segment | None, also: Collection[str] = ()) -> Iterator[Addressee]:
    """Whom mails go to: the one list, or everybody of the ledger who is told, each in their language.

    `only` the people behind something, and those with the keys `also`, where each gets a mail of their own; a list
    goes to all who are on it.
    """
    config = current()
    if (everybody := the_list(config)) is not None:
        yield from [everybody] if after < everybody.key else []
        return
    for reader in readers(after, behind(config, only), also):
        yield Addressee(
            reader.key, reader.address, reader.language or config.site.languages[0], services=reader.services
        )


def to_list(letter: bytes, message_id: str) -> bool:
    """By the list server's own door; not where `[mail] to` is an address like any other."""
    return hand_over(letter, message_id, current(), timezone.now)
