"""What the clock does to maintenance: take the step that is due, and note that a window is not kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from talaia.events.actions import rows
from talaia.events.actions.maintenance import update_maintenance
from talaia.events.models import Event
from talaia.events.window_schedule import DueTransition, Late, due, late, remind
from talaia.outbox.actions import record
from talaia.outbox.models import Fact


def take_step(step: DueTransition, now: datetime) -> bool:
    """Do what is due, if it still is: a person may have postponed or ended it since the clock looked."""
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, step.ref))
        if step not in due([event], now):
            return False
        update_maintenance(step.ref, step.state, {}, now, at=step.at)
    return True


def note_late(ref: str, now: datetime, every: timedelta) -> Late | None:
    """Write down, once, that the work outlasts its window, so that the pages say so; and again for who is at it.

    Also that it has not begun, could not, or that its window passed while nobody looked. Again after `every`; returns
    what was noted, None when nothing was.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        why = late(event, now)
        if why is None:
            return None
        assert event.window_start
        assert event.window_end
        window = [event.window_start.isoformat(), event.window_end.isoformat()]
        noted = Fact.objects.filter(subject=rows.subject(event), kind__in=[*map(news, Late), "maintenance.late"])
        last = noted.order_by("-id").first()
        known = (last.data["why"], last.at) if last and last.data["window"] == window else None
        if not remind(why, known, now, every):
            return None
        data = {"why": why.value, "window": window, "services": rows.touched(event), "titles": event.titles}
        first, seen_outside = known is None or known[0] != why, not event.awaits_approval
        record(news(why) if first and seen_outside else "maintenance.late", rows.subject(event), now, data=data)
    return why


def note_stuck(step: DueTransition, now: datetime) -> None:
    """Have operators told, once for a window and a step, that the clock could not take it: a person has to."""
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, step.ref))
        assert event.window_start
        assert event.window_end
        window = [event.window_start.isoformat(), event.window_end.isoformat()]
        about = {"subject": rows.subject(event), "kind": news(Late.STUCK)}
        if Fact.objects.filter(**about, data__window=window, data__step=step.state.value).exists():
            return
        data = {"why": Late.STUCK.value, "step": step.state.value, "window": window}
        data |= {"services": rows.touched(event), "titles": event.titles}
        record(about["kind"], about["subject"], now, data=data)


def news(why: Late) -> str:
    """The fact at which the pages say so."""
    match why:
        case Late.STUCK:
            kind = "maintenance.stuck"
        case Late.OVERRUN:
            kind = "maintenance.overrun"
        case Late.UNSEEN:
            kind = "maintenance.unseen"
        case Late.NOT_BEGUN | Late.UNAPPROVED:  # that a change of it waits for a second person is not said outside
            kind = "maintenance.not_begun"
    return kind
