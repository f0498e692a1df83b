"""All channels: who does the deliveries, and what they are given of each other's subjects.

What each must have: `outbox/channel.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from talaia.audience.actions import asked
from talaia.audience.importing import AudienceChannel
from talaia.audience.mailing import behind, hand_over, mail_returns, neighbours, readers, remember_whom
from talaia.audience.pending_subscriptions import to_ask
from talaia.config import Config, current
from talaia.forum.registry import chosen
from talaia.forum.sync import MirrorSync
from talaia.localization.texts import words
from talaia.notices.actions import draft_notice
from talaia.notices.chat.registry import ROOMS
from talaia.notices.confirmation_mail import send as send_question
from talaia.notices.mailer import Mailer
from talaia.notices.replies.answer import answer as answer_reply
from talaia.notices.send_batch import MailHooks
from talaia.notices.sender import the_list
from talaia.notices.values import Addressee, Segment
from talaia.notices.webhooks.channel import WebhookChannel
from talaia.outbox.channel import Channel
from talaia.outbox.held_outcomes import hold_until_written
from talaia.outbox.shutdown import ENDING
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.signals.evaluate import judge_all
from talaia.site.channels import ArchiveChannel, SiteChannel

log = logging.getLogger(__name__)


def channels(config: Config) -> list[Channel]:
    """Who delivers: all of them, one line each. A class that lacks something fails here, before anything is begun."""
    return [
        SiteChannel(config),
        ArchiveChannel(),
        NoticeChannel(),
        Mailer(MailHooks(recipients, mail_returns, to_list, neighbours)),
        *ROOMS,
        WebhookChannel(measured_well),
        LetterChannel(),
        AudienceChannel(),
        MirrorSync(current, chosen),
    ]


def measured_well(config: Config, now: datetime) -> list[str]:
    """The services of which the signals would say that they are well, if people said now that all is over."""
    listed = [service.slug for service in config.tables.services]
    return [one.row.slug for one in judge_all(config, now, listed) if one.judgement.verdict.state == State.OPERATIONAL]


class NoticeChannel(Channel):
    """Draws up the notices that follow: targets are events, with "/yes" or "/no" where the operator chose."""

    name = "notices"
    batch = 20

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        for target in targets:
            kind, ref, *wish = target.partition("@")[0].split("/")
            remember_whom(f"{kind}/{ref}", current(), now)
            draft_notice(f"{kind}/{ref}", now, {"yes": True, "no": False}.get(wish[0]) if wish else None)


class LetterChannel(Channel):
    """What one person gets because they asked: targets are "reply/<id>", "subscription/<id>"."""

    name = "letters"
    longest_wait = timedelta(minutes=5)

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        for target in targets:
            kind, _, number = target.partition("/")
            if kind == "reply":
                answer_reply(int(number), now)
            else:
                ask_whether_it_was_them(int(number), now)


def ask_whether_it_was_them(pk: int, now: datetime) -> None:
    """Somebody who subscribed confirms it by mail."""
    subscribe = current().tables.subscribe
    found = to_ask(pk, subscribe.valid, now) if subscribe else None  # else nobody could confirm it
    if found:
        names = dict(Service.objects.filter(pk__in=found.services).values_list("slug", "names"))
        picked = [words(names[slug]) for slug in found.services if slug in names]
        send_question(current(), found.key, found.address, found.language, picked, now)
        hold_until_written(log, "deliver-letters", lambda: asked(pk, now), ENDING)


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
