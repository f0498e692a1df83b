"""A few seconds of one sending: to whom, each copy, what the server said of it, and where it goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, takewhile
from operator import attrgetter

from django.db.models import Q, QuerySet
from django.utils import timezone

from talaia.config import Config
from talaia.notices import actions
from talaia.notices.client import SmtpClient, SmtpReply
from talaia.notices.compose import LetterTemplate, NoAddress, copy, message_id, sheet
from talaia.notices.mail_server import client, domain_of, return_path, without
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.policy import disrupts
from talaia.notices.returned import came_back
from talaia.notices.rows import heard
from talaia.notices.rows import keys_told as told_of
from talaia.notices.send_outcome import SAME_ANSWER, Answered, objection
from talaia.notices.sender import THE_LIST, letterhead, rules
from talaia.notices.smtp_replies import Meaning
from talaia.notices.values import LAST_WORDS, Addressee, GiveUpOn, Neighbours, NoticeStory, Reach, Recipients, ToList
from talaia.outbox.batches import batches
from talaia.outbox.errors import PermanentError
from talaia.outbox.held_outcomes import hold_until_written
from talaia.outbox.monotonic import SLACK, over
from talaia.outbox.shutdown import ENDING
from talaia.panel.renaming.names import all_today
from talaia.panel.state import State

log = logging.getLogger(__name__)


PART = 8.0  # seconds
FIRST_AGAIN, LAST_AGAIN = timedelta(minutes=1), timedelta(hours=1)  # after a 4xx: doubled each time


ROOM = 200  # recipients that are looked up together


@dataclass(frozen=True)
class MailHooks:
    """What the sending of mails is given from above: notices know no audience and no page."""

    recipients: Recipients
    give_up_on: GiveUpOn
    to_list: ToList
    neighbours: Neighbours


class SendBatch:
    """A few seconds of one sending."""

    def __init__(self, given: MailHooks, notice: Notice, told: NoticeStory, config: Config) -> None:
        self.given, self.notice, self.told, self.config = given, notice, told, config
        self.sender = letterhead(config)
        self.sheets: dict[tuple[str, bool], LetterTemplate] = {}
        self.refused_in_a_row = self.refused_before()
        self.told_before, self.heard = told_of(notice.event, besides=notice), heard(notice)
        least = rules(config).least
        # Each by all its names: people are read anew, our words are not.
        self.noticed = [all_today([one.slug]) for one in told.event.touched if disrupts([State(one.state)], least)]

    def send(self) -> None:
        if self.config.mail.sender is None:  # it was drawn up for chats alone
            actions.finish(self.notice.pk, timezone.now())
            return
        begun, last = time.monotonic(), self.notice.after
        pause = 60 / self.config.mail.rate if self.config.mail.rate else 0.0
        with client(self.config) as server:
            for batch in batches(self.recipients(last), ROOM):
                if not Notice.objects.filter(pk=self.notice.pk, state=Notice.SENDING).exists():
                    return  # somebody has given it up meanwhile
                for recipient, before in self.still_to_send(batch):
                    if ENDING.is_set() or time.monotonic() - begun > PART:
                        now = timezone.now()
                        actions.go_on(self.notice.pk, last, now, now)
                        return
                    at_once = self.send_one(server, recipient, before)
                    last = recipient.key
                    if not at_once:  # while the database was away, another worker may have begun to be at it
                        now = timezone.now()
                        actions.go_on(self.notice.pk, last, now, now)
                        return
                    if pause:
                        ENDING.wait(pause)
                last = batch[-1].key
        self.end()

    def end(self) -> None:
        """Everybody had their turn; who was put off has another, until it is too late to be of use.

        Raises Permanent where it is not simply done: a person has to look at what the server said.
        """
        now = timezone.now()
        self.leave_out_who_is_gone(now)
        waiting = NoticeRecipient.objects.filter(notice=self.notice.pk, state=NoticeRecipient.AGAIN)
        if waiting.exists() and now - (self.notice.began_at or now) <= self.config.mail.give_up:
            due = min(posting.due or now for posting in waiting.only("due").iterator())
            due = min(max(due, now + FIRST_AGAIN), now + LAST_AGAIN)
            wrong = objection(self.answered(self.domains()))
            actions.go_on(self.notice.pk, "", due, now, wrong.what if wrong else "", wrong.hint if wrong else "")
            return
        actions.wait_no_longer(self.notice.pk, now)
        domains = self.domains()
        wrong = objection(self.answered(domains))
        if wrong is None or wrong.domains:  # what is said of others than those is believed
            for posting in self.gone().order_by("pk"):
                if wrong is None or domains.get(posting.recipient, "") not in {"", *wrong.domains}:
                    given = self.given
                    came_back(posting.recipient, posting.error, posting.at, given.give_up_on, given.neighbours)
        if wrong:
            raise PermanentError(wrong.what, wrong.hint)
        actions.finish(self.notice.pk, now)

    def gone(self) -> QuerySet[NoticeRecipient]:
        return NoticeRecipient.objects.filter(
            notice=self.notice.pk, state=NoticeRecipient.REFUSED, meaning=Meaning.GONE
        )

    def domains(self) -> dict[str, str]:
        """At which domain each is, by their keys; nothing where nobody is gone, as it is not asked then."""
        return {one.key: domain_of(one.address) for one in self.recipients("")} if self.gone().exists() else {}

    def answered(self, domains: Mapping[str, str]) -> Iterator[Answered]:
        """What the server said of each copy, in the order in which they are sent."""
        said = NoticeRecipient.objects.filter(notice=self.notice.pk).order_by("recipient")
        for key, state, meaning, error in said.values_list("recipient", "state", "meaning", "error").iterator():
            yield Answered(Meaning.TAKEN if state == NoticeRecipient.SENT else meaning, error, domains.get(key, ""))

    def refused_before(self) -> int:
        """How many of the last copies were refused, and not for who they are to: a run may go on in the next part."""
        about_us = Q(state=NoticeRecipient.REFUSED, meaning__in=(Meaning.OURS, Meaning.UNCLEAR))
        last = NoticeRecipient.objects.filter(Q(state=NoticeRecipient.SENT) | about_us, notice=self.notice.pk).order_by(
            "-at", "-pk"
        )
        states = last.values_list("state", flat=True)[:SAME_ANSWER]
        return sum(1 for _ in takewhile(lambda state: state == NoticeRecipient.REFUSED, states))

    def leave_out_who_is_gone(self, now: datetime) -> None:
        """Who was put off and is told no more since has no other turn: waiting for them would never end."""
        come = Q(due__lte=now) | Q(at__gt=now + SLACK)
        put_off = NoticeRecipient.objects.filter(come, notice=self.notice.pk, state=NoticeRecipient.AGAIN)
        gone = set(put_off.values_list("recipient", flat=True))
        for batch in batches(self.recipients(""), ROOM) if gone else ():
            gone.difference_update(one.key for one in self.concerned(batch))
        for keys in batches(sorted(gone), ROOM):
            actions.leave_out(self.notice.pk, keys, now)

    def still_to_send(self, batch: Sequence[Addressee]) -> Iterator[tuple[Addressee, NoticeRecipient | None]]:
        keys = [recipient.key for recipient in batch]
        now = timezone.now()
        known = {
            row.recipient: row for row in NoticeRecipient.objects.filter(notice=self.notice.pk, recipient__in=keys)
        }
        for recipient in self.concerned(batch):
            before = known.get(recipient.key)
            if before is None or (before.state == NoticeRecipient.AGAIN and has_come(before, now)):
                yield recipient, before

    def recipients(self, after: str) -> Iterable[Addressee]:
        """Who is asked about, from the first key after `after` on: last words may concern whoever was told before."""
        if self.last_words:
            return self.given.recipients(after, None, ())
        key = attrgetter("key")
        found = merge(*(self.reached(after, reach) for reach in self.told.concerns), key=key)
        return (next(same) for _key, same in groupby(found, key))

    def reached(self, after: str, reach: Reach) -> Iterator[Addressee]:
        """Without those who want to hear of other services only; who was told before is told how it goes on."""
        services = all_today(reach.services)  # people are read anew, our words are not
        for one in self.given.recipients(after, reach.behind, self.told_before if reach.behind else ()):
            if not one.services or not services or services.intersection(one.services) or one.key in self.told_before:
                yield one

    @property
    def last_words(self) -> bool:
        """Whether it tells the end of what people were told of, one by one: then it goes to them and to nobody else.

        Who was told by a list, or only in chats, stands nowhere by name.
        """
        before = self.told_before or self.told.before or any(part.told for part in self.told.parts)
        return self.told.kind in LAST_WORDS and bool(before) and not self.told_by_list

    @property
    def told_by_list(self) -> bool:
        return THE_LIST in self.told_before

    def concerned(self, batch: Sequence[Addressee]) -> list[Addressee]:
        """Of last words those who were told before.

        Else all but those who know, from what has become part of the event, of all that people will notice of it.
        """
        if self.last_words:
            return [one for one in batch if one.is_list or one.key in self.told_before]
        return [one for one in batch if one.is_list or not self.knows(one)]

    def knows(self, one: Addressee) -> bool:
        """Whether they were told of all that people notice of it, as far as they want to hear of that."""
        said = self.heard.get(one.key)
        wanted = [names for names in self.noticed if not one.services or names.intersection(one.services)]
        return said is not None and all(names & said for names in wanted)

    def send_one(self, server: SmtpClient, to: Addressee, before: NoticeRecipient | None) -> bool:
        """Whether what the server said could be marked at once."""
        try:
            content = copy(self.sheet_for(to), self.told, self.sender, to)
        except NoAddress as error:
            said = SmtpReply(553, str(error), Meaning.GONE)
        else:
            said = self.send_copy(server, to, content)
        now, words = timezone.now(), without(to.address, said)
        tries = before.tries + 1 if before else 1
        state, due = NoticeRecipient.REFUSED, None
        if said.taken:
            self.refused_in_a_row, state, words = 0, NoticeRecipient.SENT, ""
        elif said.again:
            state, due = NoticeRecipient.AGAIN, now + min(FIRST_AGAIN * 2 ** min(tries - 1, 10), LAST_AGAIN)
        else:
            self.refused_in_a_row += said.meaning is not Meaning.GONE
            if self.refused_in_a_row >= SAME_ANSWER:
                raise PermanentError(f"the mail server refuses all that we send: {words}", "ask who runs it why")

        def mark() -> None:
            actions.mark(self.notice.pk, to.key, state, now, tries, due, said.meaning, words)

        return hold_until_written(log, "deliver-mail", mark, ENDING)

    def send_copy(self, server: SmtpClient, to: Addressee, content: bytes) -> SmtpReply:
        """By the list server's own door, where there is one; else to the mail server."""
        if to.is_list:
            name = message_id(self.told, self.sender, to.key, self.told.number)
            if self.given.to_list(content, name):
                return SmtpReply(250, "handed to the list server")
        return server.send(return_path(self.config, self.sender, to.key), to.address, content)

    def sheet_for(self, to: Addressee) -> LetterTemplate:
        which = (to.language if to.language in self.config.site.languages else "", to.is_list)
        if which not in self.sheets:
            languages = [which[0]] if which[0] else list(self.config.site.languages)
            self.sheets[which] = sheet(self.told, self.sender, languages, to_list=to.is_list)
        return self.sheets[which]


def has_come(put_off: NoticeRecipient, now: datetime) -> bool:
    """Whether a copy that was put off has its turn; also where the clock was set back since."""
    return put_off.due is None or over(put_off.at, now, put_off.due - put_off.at)
