"""Sends notices: each recipient's own copy, one after the other, marked once the server has taken it.

A part of a sending takes a few seconds and ends with a fact that orders the next one; so a stop is never waited for
long, and the mail about a second incident need not wait for ten thousand about the first. Killed anywhere, the next
worker begins with whoever has no mark.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, takewhile
from operator import attrgetter

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.utils import timezone

from talaia.config import Config, current
from talaia.notices import actions, samples
from talaia.notices.client import SmtpClient, SmtpReply
from talaia.notices.compose import LetterTemplate, NoAddress, copy, message_id, sheet
from talaia.notices.mail_server import client, domain_of, return_path, without
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.policy import disrupts
from talaia.notices.returned import came_back
from talaia.notices.rows import heard
from talaia.notices.rows import told as told_of
from talaia.notices.send_outcome import SAME_ANSWER, Answered, objection
from talaia.notices.sender import THE_LIST, letterhead, rules
from talaia.notices.smtp_replies import Meaning
from talaia.notices.stories import story as told_now
from talaia.notices.values import (
    LAST_WORDS,
    Addressee,
    GiveUpOn,
    Neighbours,
    NoticeStory,
    Reach,
    Recipients,
    ToList,
)
from talaia.outbox.batches import batches
from talaia.outbox.errors import OutsideError, PermanentError, RetryLater, TemporaryError
from talaia.outbox.held_outcomes import written
from talaia.outbox.locks import alone
from talaia.outbox.models import Fact
from talaia.outbox.monotonic import SLACK, over
from talaia.outbox.shutdown import ENDING
from talaia.panel.renaming.names import all_today
from talaia.panel.state import State

log = logging.getLogger(__name__)

PART = 8.0  # seconds
OTHERS_PART = timedelta(seconds=5)
ROOM = 200  # recipients that are looked up together
FIRST_AGAIN, LAST_AGAIN = timedelta(minutes=1), timedelta(hours=1)  # after a 4xx: doubled each time


class Mailer:
    """The channel "mail". What it is given comes from above: notices know no audience and no page."""

    def __init__(
        self,
        recipients: Recipients,
        give_up_on: GiveUpOn,
        to_list: ToList,
        neighbours: Neighbours,
    ) -> None:
        self.recipients, self.give_up_on, self.to_list = recipients, give_up_on, to_list
        self.neighbours = neighbours

    def deliver(self, targets: Sequence[str], now: datetime) -> None:
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

    def send_part(self, notice_id: int, now: datetime) -> None:
        told = actions.begin(notice_id, now)
        if told is None:
            if (left := actions.still_held(notice_id, now)) is not None:
                raise RetryLater("it is held", after=left)
            return
        notice = Notice.objects.get(pk=notice_id)
        try:
            SendBatch(self, notice, told.as_of(now), current()).send()
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


class SendBatch:
    """A few seconds of one sending."""

    def __init__(self, post: Mailer, notice: Notice, told: NoticeStory, config: Config) -> None:
        self.post, self.notice, self.told, self.config = post, notice, told, config
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
                    post = self.post
                    came_back(posting.recipient, posting.error, posting.at, post.give_up_on, post.neighbours)
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
            return self.post.recipients(after, None, ())
        key = attrgetter("key")
        found = merge(*(self.reached(after, reach) for reach in self.told.concerns), key=key)
        return (next(same) for _key, same in groupby(found, key))

    def reached(self, after: str, reach: Reach) -> Iterator[Addressee]:
        """Without those who want to hear of other services only; who was told before is told how it goes on."""
        services = all_today(reach.services)  # people are read anew, our words are not
        for one in self.post.recipients(after, reach.behind, self.told_before if reach.behind else ()):
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

        return written(log, "deliver-mail", mark, ENDING)

    def send_copy(self, server: SmtpClient, to: Addressee, content: bytes) -> SmtpReply:
        """By the list server's own door, where there is one; else to the mail server."""
        if to.is_list:
            name = message_id(self.told, self.sender, to.key, self.told.number)
            if self.post.to_list(content, name):
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
