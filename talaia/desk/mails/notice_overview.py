"""Notices as the desk shows them: what goes to how many and when, what went, and what would follow from a form."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from talaia.config import current
from talaia.config.languages import LANGUAGE_NAMES
from talaia.desk.mails.notice_readers import goes_to, whom_of
from talaia.events.models import Event
from talaia.events.timeline import ENDED
from talaia.localization.dates import short
from talaia.localization.texts import in_language, words
from talaia.notices import policy, rows, stories
from talaia.notices.actions import turn_of
from talaia.notices.chat.registry import ROOMS
from talaia.notices.chat.room import spoken
from talaia.notices.chat.write import message as chat_message
from talaia.notices.compose import copy, sheet
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.samples import STORIES
from talaia.notices.sender import letterhead, rules, the_list
from talaia.notices.values import Addressee, Kind, NoticeStory
from talaia.notices.words import kind_word
from talaia.outbox.models import Delivery
from talaia.panel.state import State

WAITING = (Notice.HELD, Notice.SENDING, Notice.STUCK)
YOU = Addressee("preview", "you@example.org")


@dataclass(frozen=True)
class NoticeRow:
    """A notice in a list. `may`: what can be done about it, by the names of the buttons."""

    pk: int
    name: str
    title: str
    ref: str
    incident: bool
    about: str
    state: str
    at: datetime
    by: str
    may: tuple[str, ...]
    turn: str
    error: str
    hint: str


@dataclass(frozen=True)
class Specimen:
    """A mail as one reader gets it, taken apart again from the very bytes that would be sent."""

    language: str
    spoken: str  # the name of its language, or of all its languages
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]
    calendar: str


def shown(notices: QuerySet[Notice], language: str) -> list[NoticeRow]:
    return [_shown(row, language) for row in notices.select_related("event")]


def waiting(language: str) -> list[NoticeRow]:
    """What is held, being sent, or cannot go on."""
    return shown(Notice.objects.filter(state__in=WAITING).order_by("drawn_at"), language)


def would_follow(
    row: Event | None,
    state: str,
    impacts: Mapping[str, State],
    tell: bool | None,
    now: datetime,
    only_behind: Sequence[str] | None = None,
) -> str:
    """Which mail would go to how many, if an entry with this state and these levels were published now.

    `only_behind`: what is chosen for an event that is not there yet.
    """
    if not leaves_the_house():
        return ""
    levels = impacts.values()
    before = rows.stand(row) if row else policy.EventStatus(Event.INCIDENT, state, (), 0, now)
    stand = replace(before, state=state, levels=tuple(levels), entry=before.entry + 1)
    if row and row.merged_into_id is not None and state not in ENDED:
        stand = replace(stand, secret=False)  # opened again, it is part of no other one any more
    wanted = policy.decide(stand, rows.past(row) if row else [], rules(current()), now, tell)
    return following(wanted, row, impacts, only_behind)


def following(
    wanted: policy.DueNotice | None,
    row: Event | None,
    impacts: Collection[str],
    only_behind: Sequence[str] | None = None,
) -> str:
    """What that notice means for people's mailboxes, in words."""
    if wanted is None:
        return _("No mail follows.")
    if wanted.withheld:
        return _("No mail follows by itself: %(why)s") % {"why": withheld_word(wanted.withheld)}
    said = {
        "kind": kind_word(wanted.kind),
        "whom": goes_to(wanted.kind, row, impacts, only_behind),
        "hold": short(current().mail.hold.total_seconds()),
    }
    return _("A mail follows (%(kind)s), %(whom)s, after %(hold)s in which it can be taken back.") % said


def withheld_word(why: str) -> str:
    match why:
        case policy.NO_DISRUPTION:
            return _("it disrupts no service.")
        case policy.UPDATES_OFF:
            return _("each update is on the page; mailed are the beginning and the end.")
        case policy.NOBODY_TOLD:
            return _("nobody was mailed about it before.")
        case policy.CAP:
            return _("as many as may go in an hour have gone.")
        case policy.ASKED:
            return _("whoever wrote it chose so.")
        case policy.MERGED:
            return _("the incident is part of another one, which tells of it.")
        case _other:
            return _("it is no longer true.")


def story_of(notice: Notice, now: datetime) -> NoticeStory:
    """What it told, or would tell now."""
    told = NoticeStory.from_json(notice.story) if notice.story else stories.story(notice, now)
    return told if notice.state == Notice.SENT else told.as_of(now)


def fixed(name: str) -> NoticeStory | None:
    return STORIES.get(name)


def specimens(story: NoticeStory) -> list[Specimen]:
    """The mail in each language, or the one in all languages that a list gets."""
    config = current()
    if config.mail.sender is None:
        return []
    if the_list(config):
        return [_specimen(story, list(config.site.languages), to_list=True)]
    return [_specimen(story, [language], to_list=False) for language in config.site.languages]


def troubles(notice: Notice) -> list[tuple[str, str, int]]:
    """What the mail server said of copies that it did not take: state, its words, how many."""
    untaken = notice.postings.exclude(state=NoticeRecipient.SENT).values_list("state", "error")
    return list(untaken.annotate(count=Count("pk")).order_by("-count")[:20])


@dataclass(frozen=True)
class ChatNotice:
    """A notice in one chat. `state`: what became of it, in words; `stuck`: a person must decide."""

    pk: int
    chat: str
    about: str
    at: datetime
    stuck: bool
    error: str
    hint: str


def in_chats(notice: Notice) -> list[ChatNotice]:
    """What was said in which chat, and what went wrong there."""
    rooms = [channel.name for channel in ROOMS]
    rows = Delivery.objects.filter(channel__in=rooms, target__endswith=f"/notice/{notice.pk}").order_by("pk")
    words = {
        Delivery.DONE: _("said"),
        Delivery.PARKED: _("was not taken"),
        Delivery.LET_GO: _("is not said"),
    }
    return [
        ChatNotice(
            row.pk,
            row.target.partition("/")[0],
            words.get(row.state, _("tried again by itself") if row.error else _("on its way")),
            row.done_at or row.due,
            row.state == Delivery.PARKED,
            row.error,
            row.hint,
        )
        for row in rows
    ]


def chat_specimens(story: NoticeStory) -> list[tuple[str, str, str, str]]:
    """Of each chat that gets it: its name, the language, the title and the text."""
    config = current()
    made: list[tuple[str, str, str, str]] = []
    for channel in ROOMS:
        for room in channel.wanting(config, story.kind):
            language = spoken(room, config)
            made.append((room.name, language, *chat_message(story, letterhead(config), language)))
    return made


def leaves_the_house() -> bool:
    """Whether talaia.toml lets anything leave: by mail, or in a chat."""
    return rows.possible()


def _specimen(story: NoticeStory, languages: list[str], *, to_list: bool) -> Specimen:
    sender = letterhead(current())
    made = sheet(story, sender, languages, to_list=to_list)
    to = (the_list(current()) or YOU) if to_list else YOU
    mail = email.message_from_bytes(copy(made, story, sender, to), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    calendars = [part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"]
    headers = tuple((name, str(value)) for name, value in mail.items() if name not in ("Content-Type", "MIME-Version"))
    spoken = ", ".join(LANGUAGE_NAMES.get(one, one) for one in languages)
    return Specimen(
        languages[0],
        spoken,
        str(mail["Subject"]),
        _body(mail, "plain"),
        _body(mail, "html"),
        headers,
        *calendars or [""],
    )


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _shown(row: Notice, language: str) -> NoticeRow:
    about, may = _standing(row)
    title = in_language(words(row.event.titles, row.event.language), language).text
    return NoticeRow(
        pk=row.pk,
        name=kind_word(Kind(row.kind)),
        title=title,
        ref=row.event.ref,
        incident=row.event.kind == Event.INCIDENT,
        about=about,
        state=row.state,
        at=row.ended_at or row.began_at or row.held_until or row.drawn_at,
        by=row.by,
        may=may,
        turn=turn_of(row),
        error=row.error,
        hint=row.hint,
    )


def _standing(row: Notice) -> tuple[str, tuple[str, ...]]:
    """Where it stands in words, and what may be done about it."""
    if current().mail.sender is None and row.state == Notice.SENT:
        return _("went to the chats"), ()
    if row.state == Notice.SENT and not row.sent and not row.refused:
        return _("there was nobody to tell"), ()
    went = ngettext("went to %(count)s person", "went to %(count)s people", row.sent) % {"count": row.sent}
    if row.refused:
        went += ", " + ngettext("%(count)s refused", "%(count)s refused", row.refused) % {"count": row.refused}
    match row.state:
        case Notice.HELD:
            told = stories.story(row, row.drawn_at)
            before = rows.keys_told(row.event, besides=row)
            to = whom_of(told, before)
            return _("goes in a moment, %(whom)s") % {"whom": to}, ("take_back", "send_now")
        case Notice.WITHHELD:
            why = withheld_word(row.why).removesuffix(".")
            return _("does not go by itself: %(why)s") % {"why": why}, ("send",) if rows.may_go(row) else ()
        case Notice.TAKEN_BACK:
            return _("taken back; went to nobody"), ("send",) if rows.may_go(row) else ()
        case Notice.SENDING:
            sent = row.postings.filter(state=NoticeRecipient.SENT).count()
            return _("is being sent; %(count)s copies are out") % {"count": sent}, ("give_up",)
        case Notice.SENT:
            return went, ("try_again",) if row.refused else ()
        case Notice.STUCK:
            return _("cannot go on; %(went)s") % {"went": went}, ("try_again", "give_up")
        case _other:
            return _("was stopped; %(went)s") % {"went": went}, ("try_again",)
