"""Sends notices: each recipient's own copy, one after the other, marked once the server has taken it.

A part of a sending takes a few seconds and ends with a fact that orders the next one; so a stop is never waited for
long, and the mail about a second incident need not wait for ten thousand about the first. Killed anywhere, the next
worker begins with whoever has no mark.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from talaia.config import Config, current
from talaia.notices import actions, samples
from talaia.notices.compose import copy, sheet
from talaia.notices.mail_server import client, return_path, without
from talaia.notices.models import Notice
from talaia.notices.send_batch import MailHooks, SendBatch
from talaia.notices.sender import letterhead
from talaia.notices.stories import story as told_now
from talaia.notices.values import (
    Addressee,
    NoticeStory,
)
from talaia.outbox.channel import Channel, CheckLine
from talaia.outbox.errors import OutsideError, PermanentError, RetryLater, TemporaryError
from talaia.outbox.locks import alone
from talaia.outbox.models import Fact

OTHERS_PART = timedelta(seconds=5)


class Mailer(Channel):
    """The channel "mail"."""

    name = "mail"
    longest_wait = timedelta(minutes=5)

    def __init__(self, given: MailHooks) -> None:
        self.given = given

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        """Targets: "notice/<id>" (its next part), "test/<id of the fact that asked>". Raises Temporary, Permanent."""
        for target in targets:
            kind, _, number = target.partition("/")
            if kind == "test":
                self.test(Fact.objects.get(pk=int(number)))
            else:
                with alone("notice", int(number)) as mine:
                    if not mine:  # not done: it may be another part that they are at, or another notice of this lock
                        raise TemporaryError("another worker is at it", after=OTHERS_PART)
                    self.send_part(int(number), now)

    def check(self, config: Config, _made: bool, /) -> Iterator[CheckLine]:
        """Whether the server answers and lets us in. With a Mailman only tests to oneself go by it."""
        if config.mail.sender is None:
            if config.tables.audience:
                yield None, "no mail leaves the house: [mail] has no sender", "docs/mail.md tells how to begin"
            return
        with client(config) as server:
            needed = False if config.tables.audience is None or config.tables.audience.mailman is None else None
            try:
                server.open()
            except OutsideError as fault:
                yield needed, str(fault), fault.hint
            except (OSError, smtplib.SMTPException) as error:
                mend = "is it running, and are [mail] host and port right?"
                yield needed, f"{server.place} does not answer: {error}", mend
            else:
                yield True, f"{server.place} answers and lets us in", ""

    def send_part(self, notice_id: int, now: datetime) -> None:
        told = actions.begin(notice_id, now)
        if told is None:
            if (left := actions.still_held(notice_id, now)) is not None:
                raise RetryLater("it is held", after=left)
            return
        notice = Notice.objects.get(pk=notice_id)
        try:
            SendBatch(self.given, notice, told.as_of(now), current()).send()
        except PermanentError as fault:
            actions.stop(notice_id, str(fault), fault.hint, timezone.now())
            raise
        except OutsideError as fault:
            if notice.began_at and now - notice.began_at > current().mail.give_up:
                actions.stop(notice_id, str(fault), fault.hint, timezone.now())
                raise PermanentError(str(fault), fault.hint) from None
            actions.note_error(notice_id, str(fault), fault.hint)
            raise

    def test(self, fact: Fact) -> None:
        """One copy, to the person who asked for it."""
        config, sender = current(), letterhead(current())
        person = User.objects.filter(username=fact.by).first()
        if person is None or not person.email:
            raise PermanentError(f"{fact.by} has no mail address", "`talaia user` can give one")
        what, _, number = str(fact.data["what"]).partition("/")
        if what == "notice":
            notice = Notice.objects.get(pk=int(number))
            told = NoticeStory.from_json(notice.story) if notice.story else told_now(notice, fact.at)
        else:
            told = samples.STORIES[what]
        made = sheet(told, sender, [str(fact.data["language"])], to_list=False)
        to = Addressee(f"test-{fact.pk}", person.email)
        with client(config) as server:
            said = server.send(return_path(config, sender, to.key), to.address, copy(made, told, sender, to))
        if not said.taken:
            raise PermanentError(f"the test was refused: {without(person.email, said)}")
