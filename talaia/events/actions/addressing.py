"""Whom the mails of an event go to: kept with it, so that what talaia.toml says later widens nothing."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.notice_scope import NoticeScope
from talaia.events.timeline import NotPossible
from talaia.outbox.actions import record


def note_whom(subject: str, found: NoticeScope, now: datetime) -> NoticeScope:
    """Keep for whom an event is; what is kept already only grows, and never into everybody. Returns what is kept."""
    kind, _blank, ref = subject.partition("/")
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        before = NoticeScope.from_json(event.for_whom) if event.for_whom else None
        kept = before.grown(found) if before else found
        if kept != before:
            event.for_whom = kept.to_json()
            event.save(update_fields=["for_whom"])
            record(f"{kind}.addressed", rows.subject(event), now, data={"for_whom": kept.to_json()})
    return kept


def tell_everybody(kind: str, ref: str, now: datetime, *, by: str) -> bool:
    """From now on the mails of an event go to everybody. Returns whether that is news. Raises NotPossible."""
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        if event.only_behind is None:
            return False
        if event.ended_at is not None:
            raise NotPossible(_("it is over: its last mail goes to those who were told of it"))
        data = {"before": {"only_behind": event.only_behind, "for_whom": event.for_whom}}
        event.only_behind, event.for_whom = None, None
        event.save(update_fields=["only_behind", "for_whom"])
        record(f"{kind}.widened", rows.subject(event), now, by, data)
    return True
