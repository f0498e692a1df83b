"""What a person decides of a notice: it is taken back, sent, tried again, given up."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events.timeline import NotPossible, Overtaken
from talaia.notices import rows
from talaia.notices.actions.locked import count, find, note_held, subject, turn
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.values import Kind
from talaia.outbox.actions import record, settle
from talaia.outbox.models import Fact


def turn_of(notice: Notice) -> str:
    """Which turn of its life a notice is in. Whoever decides says which one they saw: `seen` of what follows.

    That its hold was moved, or that a part of it has gone, is no other turn.
    """
    facts = Fact.objects.filter(subject=subject(notice)).exclude(kind__in=["notice.went_on", "notice.withheld"])
    last = facts.exclude(kind="notice.held", by="").order_by("-pk").values_list("pk", flat=True).first()
    return f"{notice.state}-{last or 0}"


def take_back(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """It goes to nobody. Raises NotPossible once the first copy has left; and, as all of these, Overtaken."""
    with transaction.atomic():
        notice = find(notice_id)
        if notice.state == Notice.TAKEN_BACK:
            return
        if notice.state not in (Notice.HELD, Notice.WITHHELD):
            raise NotPossible(_("it has begun to be sent and cannot be taken back"))
        _check_seen(notice, seen)
        turn(notice, Notice.TAKEN_BACK, by)
        record("notice.taken_back", subject(notice), now, by)


def send(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Send what is withheld or was taken back, after the usual hold. What is held goes by itself: nothing is done.

    Raises NotPossible.
    """
    with transaction.atomic():
        notice = find(notice_id)
        if notice.state == Notice.HELD:
            return
        _check_seen(notice, seen)
        _let_go(notice, now, now + current().mail.hold, by)


def send_now(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Have what is held go at once. Raises NotPossible for what is not held: nothing skips its hold by two taps."""
    with transaction.atomic():
        notice = find(notice_id)
        if notice.state in Notice.TOLD or (
            notice.state == Notice.HELD and notice.held_until and notice.held_until <= now
        ):
            return
        if notice.state != Notice.HELD:
            raise NotPossible(_("it is not about to be sent"))
        _check_seen(notice, seen)
        _let_go(notice, now, now, by)


def _check_seen(notice: Notice, seen: str | None) -> None:
    if seen is not None and seen != turn_of(notice):
        raise Overtaken(_("that was done already, or has changed meanwhile"))


def _let_go(notice: Notice, now: datetime, until: datetime, by: str) -> None:
    if notice.state not in (Notice.HELD, Notice.WITHHELD, Notice.TAKEN_BACK):
        raise NotPossible(_("it has been sent already"))
    if not rows.may_go(notice):
        raise NotPossible(_("it is no longer true"))
    if notice.kind == Kind.UPDATE and notice.cause.partition(" ")[0] != f"u{rows.last_entry(notice.event)}":
        raise NotPossible(_("a newer entry is there; send the notice of that one"))
    notice.drawn_at = notice.drawn_at if notice.state == Notice.HELD else now
    notice.held_until, notice.asked = until, True
    notice.save(update_fields=["held_until", "asked", "drawn_at"])
    turn(notice, Notice.HELD, by)
    note_held(notice, now, by)


def try_again(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Go on with the copies that were not sent: those that wait at once, those that were refused once more.

    Raises NotPossible; also where it is over meanwhile: whom it has not reached, its end will not reach either.
    """
    with transaction.atomic():
        notice = find(notice_id)
        if notice.state not in Notice.TOLD:
            raise NotPossible(_("it has not begun to be sent"))
        _check_seen(notice, seen)
        if rows.is_past(notice):
            raise NotPossible(_("it is no longer true"))
        notice.postings.exclude(state=NoticeRecipient.SENT).update(
            state=NoticeRecipient.AGAIN, due=now, tries=1, meaning=""
        )
        notice.after, notice.error, notice.hint, notice.ended_at = "", "", "", None
        notice.save(update_fields=["after", "error", "hint", "ended_at"])
        turn(notice, Notice.SENDING, by)
        settle("mail", subject(notice), now)
        record("notice.resumed", subject(notice), now, by)


def give_up(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Send no further copy. Raises NotPossible."""
    with transaction.atomic():
        notice = find(notice_id)
        if notice.state == Notice.GIVEN_UP:
            return
        if notice.state not in (Notice.SENDING, Notice.STUCK):
            raise NotPossible(_("it is not being sent"))
        _check_seen(notice, seen)
        notice.ended_at = now
        count(notice)
        notice.save(update_fields=["ended_at", "sent", "refused", "waiting"])
        turn(notice, Notice.GIVEN_UP, by)
        settle("mail", subject(notice), now)
        record("notice.given_up", subject(notice), now, by, {"sent": notice.sent})


def order_test(what: str, language: str, now: datetime, *, by: str) -> None:
    """One copy to whoever asks for it. `what`: "notice/17", or the name of a fixed story."""
    with transaction.atomic():
        record("notice.tested", "notice/test", now, by, {"what": what, "language": language})
