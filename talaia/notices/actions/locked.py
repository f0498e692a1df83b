"""The row of a notice, locked, and what all that is done to it has in common."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from talaia.events.timeline import NotPossible
from talaia.notices.models import Notice, NoticeRecipient
from talaia.outbox.actions import record


def turn(notice: Notice, state: str, by: str) -> None:
    notice.state, notice.by = state, by
    notice.save(update_fields=["state", "by"])


def count(notice: Notice) -> None:
    states = {"sent": NoticeRecipient.SENT, "refused": NoticeRecipient.REFUSED, "waiting": NoticeRecipient.AGAIN}
    counted = notice.postings.aggregate(**{name: Count("pk", filter=Q(state=state)) for name, state in states.items()})
    notice.sent, notice.refused, notice.waiting = counted["sent"], counted["refused"], counted["waiting"]


def subject(notice: Notice) -> str:
    """How facts and deliveries name a notice."""
    return f"notice/{notice.pk}"


def lock(notice_id: int) -> Notice | None:
    return Notice.objects.select_for_update(of=("self",)).select_related("event").filter(pk=notice_id).first()


def find(notice_id: int) -> Notice:
    notice = lock(notice_id)
    if notice is None:
        raise NotPossible(_("there is no such notice"))
    return notice


def note_held(notice: Notice, now: datetime, by: str) -> Notice:
    until = notice.held_until or now
    record("notice.held", subject(notice), now, by, {"due": until.isoformat(), "event": notice.event.ref})
    return notice
