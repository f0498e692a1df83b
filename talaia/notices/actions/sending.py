"""What the mail server said of each copy, and how far the sending of a notice is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from talaia.events.timeline import ENDED
from talaia.notices.actions.locked import count, lock, subject
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.smtp_replies import Meaning
from talaia.notices.values import LAST_WORDS
from talaia.outbox.actions import record


def mark(
    notice_id: int,
    recipient: str,
    state: str,
    now: datetime,
    tries: int,
    due: datetime | None,
    meaning: Meaning,
    error: str,
) -> None:
    """Write down what the server said of one copy. No fact of its own: the notice's facts tell how many."""
    row = NoticeRecipient(
        notice_id=notice_id,
        recipient=recipient,
        state=state,
        at=now,
        tries=tries,
        due=due,
        meaning=meaning,
        error=error[:300],
    )
    if state != NoticeRecipient.SENT:
        had = NoticeRecipient.objects.filter(notice_id=notice_id, recipient=recipient, state=NoticeRecipient.SENT)
        if had.exists():  # this was held while the database was away, and another worker came through meanwhile
            return
    columns = ["state", "tries", "at", "due", "meaning", "error"]
    NoticeRecipient.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["notice", "recipient"], update_fields=columns
    )


def leave_out(notice_id: int, recipients: Sequence[str], now: datetime) -> None:
    """Who was put off and has left since, or had it that no mail reaches them any more."""
    rows = NoticeRecipient.objects.filter(notice_id=notice_id, recipient__in=recipients, state=NoticeRecipient.AGAIN)
    rows.update(state=NoticeRecipient.REFUSED, at=now, due=None, meaning="", error="is told no more")


def wait_no_longer(notice_id: int, now: datetime) -> None:
    """Who was put off until it is too late to be of use gets this one no more."""
    rows = NoticeRecipient.objects.filter(notice_id=notice_id, state=NoticeRecipient.AGAIN)
    rows.update(state=NoticeRecipient.REFUSED, at=now, due=None, meaning=Meaning.LATER)


def go_on(notice_id: int, after: str, due: datetime, now: datetime, error: str = "", hint: str = "") -> None:
    """A part is sent; the next one begins at `due`, after the recipient `after`. `error`: what is wrong meanwhile."""
    with transaction.atomic():
        notice = lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.after, notice.error, notice.hint = after, error[-2000:], hint
        count(notice)
        notice.save(update_fields=["after", "error", "hint", "sent", "refused", "waiting"])
        record("notice.went_on", subject(notice), now, data={"due": due.isoformat(), "sent": notice.sent})


def finish(notice_id: int, now: datetime) -> None:
    """All copies are sent, or will never be."""
    with transaction.atomic():
        notice = lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.state, notice.ended_at, notice.error, notice.hint = Notice.SENT, now, "", ""
        count(notice)
        notice.save(update_fields=["state", "ended_at", "error", "hint", "sent", "refused", "waiting"])
        record("notice.sent", subject(notice), now, data={"sent": notice.sent, "refused": notice.refused})
        _have_the_end_follow(notice, now)


def note_error(notice_id: int, error: str, hint: str) -> None:
    """What keeps a notice from going on for the moment; the outbox tries again, and no fact tells of each try."""
    notice = Notice.objects.get(pk=notice_id)
    notice.error, notice.hint = error[-2000:], hint
    notice.save(update_fields=["error", "hint"])


def stop(notice_id: int, error: str, hint: str, now: datetime) -> None:
    """It cannot go on without a person."""
    with transaction.atomic():
        notice = lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.state, notice.error, notice.hint = Notice.STUCK, error[-2000:], hint
        count(notice)
        notice.save(update_fields=["state", "error", "hint", "sent", "refused", "waiting"])
        record("notice.stuck", subject(notice), now, data={"error": error[-300:]})
        _have_the_end_follow(notice, now)


def _have_the_end_follow(notice: Notice, now: datetime) -> None:
    """Who was told only after the others had heard how it ended is told that, too: the end goes on, to them."""
    if notice.kind in LAST_WORDS:
        return
    its = Q(event=notice.event) | Q(pk__in=Notice.objects.filter(also=notice.event).values("pk"))
    ends = Notice.objects.select_for_update(of=("self",)).select_related("event").filter(its, kind__in=LAST_WORDS)
    end = ends.filter(state=Notice.SENT, began_at__gte=notice.began_at).order_by("-began_at", "-pk").first()
    if end is None or end.event.state not in ENDED:
        return
    told = notice.postings.filter(state__in=[NoticeRecipient.SENT, NoticeRecipient.AGAIN])
    if told.exclude(recipient__in=end.postings.values("recipient")).exists():
        end.state, end.after, end.ended_at = Notice.SENDING, "", None
        end.save(update_fields=["state", "after", "ended_at"])
        record("notice.resumed", subject(end), now)
