"""Draws up the notices that follow from how an event stands, and begins to send them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from talaia.config import current
from talaia.events.models import Event
from talaia.events.reading import event_of
from talaia.notices import rows, stories
from talaia.notices.actions.locked import lock, note_held, subject, turn
from talaia.notices.models import Notice
from talaia.notices.policy import MERGED, OVERTAKEN, DueNotice
from talaia.notices.values import Kind, NoticeStory
from talaia.outbox.actions import record
from talaia.outbox.models import Fact

LONGEST_HOLD = 3  # holds: corrections move the end of a hold, not for ever


def draft_notice(subject: str, now: datetime, tell: bool | None = None) -> Notice | None:
    """Draw up the notice that follows from how an event stands, if any; what is held and no longer so is withdrawn.

    Safe to repeat: what was drawn up, told or taken back is not drawn up again.
    """
    event = event_of(subject)
    if event is None:
        return None
    with transaction.atomic():
        return _look(Event.objects.select_for_update().get(pk=event.pk), now, tell)


def begin(notice_id: int, now: datetime) -> NoticeStory | None:
    """What to send: the words are frozen when the first copy is about to leave. None: nothing is to be sent now.

    Whatever was ordered, the rows decide: a notice that was taken back, moved on or is no longer true goes to nobody.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update().filter(sent_notices=notice_id).first()
        notice = lock(notice_id)  # after its event, as `draft_notice` does: else each could wait for the other
        if event is None or notice is None or notice.state not in (Notice.HELD, Notice.SENDING):
            return None
        if notice.state == Notice.HELD:
            if notice.held_until and notice.held_until > now:
                return None
            _look(event, now, None, still=True)
            notice.refresh_from_db()
            if notice.state != Notice.HELD or (notice.held_until and notice.held_until > now):
                return None
            told, parts = stories.story(notice, now), rows.spoken_for(event)
            notice.state, notice.began_at, notice.story, notice.entry = Notice.SENDING, now, told.to_json(), told.entry
            notice.save(update_fields=["state", "began_at", "story", "entry"])
            notice.also.set(parts)
            record("notice.begun", subject(notice), now, notice.by, {"event": notice.event.ref})
        return NoticeStory.from_json(notice.story or {})


def still_held(notice_id: int, now: datetime) -> timedelta | None:
    """How long a notice is still held; None: it is not. No hold lasts longer because the clock was set back."""
    with transaction.atomic():
        notice = lock(notice_id)
        if notice is None or notice.state != Notice.HELD or not notice.held_until or notice.held_until <= now:
            return None
        if notice.held_until - now > LONGEST_HOLD * (hold := current().mail.hold):
            notice.held_until, notice.drawn_at = now + hold, now
            notice.save(update_fields=["held_until", "drawn_at"])
        return notice.held_until - now


def note_whether_told(now: datetime) -> None:
    """Write down when it becomes possible, or impossible, to tell anybody: what was planned before is told, too."""
    with transaction.atomic():
        last = Fact.objects.filter(subject="notices").order_by("-id").values_list("kind", flat=True).first()
        if (last == "notices.possible") != (can := rows.possible()):
            record("notices.possible" if can else "notices.impossible", "notices", now)


def _look(event: Event, now: datetime, tell: bool | None, still: bool = False) -> Notice | None:
    """`event` is locked. `still`: nothing happened, it is only asked whether what is held holds."""
    drawn = list(
        event.sent_notices.select_for_update().order_by("pk")
    )  # nobody takes one back, or begins it, meanwhile
    wanted = rows.wanted(event, now, tell)
    held = _the_one_held([one for one in drawn if one.state == Notice.HELD], wanted, now)
    if held is not None and wanted is not None and wanted.withheld and _stays(held, wanted, tell):
        return held
    if held is not None and (wanted is None or wanted.withheld):
        gone = MERGED if event.merged_into_id else OVERTAKEN
        _withhold(held, wanted.withheld if wanted and _same(held, wanted) else gone, now)
        held = None
    if wanted is None:
        if not drawn and (unheard := rows.unheard(event, now, tell)) is not None:
            notice = _draw_up(event, unheard, now)
            notice.asked = bool(tell)
            notice.save(update_fields=["asked"])
        return None
    row = next((one for one in drawn if _same(one, wanted)), None)
    if wanted.withheld:
        return row or _draw_up(event, wanted, now)
    if held is None:
        if row is not None and row.state != Notice.WITHHELD:
            return row
        return _hold(row or _draw_up(event, wanted, now), now, asked=bool(tell))
    if _same(held, wanted) and still:
        return held
    return _replace(held, wanted, now, asked=bool(tell))


def _the_one_held(held: Sequence[Notice], wanted: DueNotice | None, now: datetime) -> Notice | None:
    """Of several, where a person had an older one sent, too: that which is wanted. The others go no more."""
    if not held:
        return None
    kept = next((one for one in held if wanted and _same(one, wanted)), held[-1])
    for one in held:
        if one is not kept:
            kept.asked = kept.asked or (one.asked and one.kind == kept.kind)
            _withhold(one, OVERTAKEN, now)
    if len(held) > 1:
        kept.save(update_fields=["asked"])
    return kept


def _withhold(notice: Notice, why: str, now: datetime) -> None:
    notice.why = why
    notice.save(update_fields=["why"])
    turn(notice, Notice.WITHHELD, "")
    record("notice.withheld", subject(notice), now, data={"why": why})


def _stays(held: Notice, wanted: DueNotice, tell: bool | None) -> bool:
    """Whether a person has said that it goes: of a notice of this kind, and none has said otherwise since."""
    return held.asked and held.kind == wanted.kind and tell is not False


def _same(notice: Notice, wanted: DueNotice) -> bool:
    return (notice.kind, notice.cause) == (wanted.kind, wanted.cause)


def _draw_up(event: Event, wanted: DueNotice, now: datetime) -> Notice:
    number = (event.sent_notices.aggregate(Max("number"))["number__max"] or 0) + 1
    notice = event.sent_notices.create(
        number=number,
        kind=wanted.kind,
        cause=wanted.cause,
        state=Notice.WITHHELD,
        why=wanted.withheld,
        entry=rows.last_entry(event),
        drawn_at=now,
    )
    if wanted.withheld:
        record("notice.withheld", subject(notice), now, data={"why": wanted.withheld})
    return notice


def _hold(notice: Notice, now: datetime, *, asked: bool) -> Notice:
    # A reminder follows from the hour alone: nobody has just written words that they might want back.
    length = timedelta(0) if notice.kind == Kind.REMINDER else current().mail.hold
    notice.held_until, notice.why, notice.drawn_at, notice.asked = now + length, "", now, asked
    notice.save(update_fields=["held_until", "why", "drawn_at", "asked"])
    turn(notice, Notice.HELD, "")
    return note_held(notice, now, "")


def _replace(held: Notice, wanted: DueNotice, now: datetime, *, asked: bool) -> Notice:
    """What is held says something newer, or better; its hold begins again, but not for ever."""
    hold = current().mail.hold
    held.asked = asked or (held.asked and held.kind == wanted.kind)  # else it was said of another news
    if not _same(held, wanted):
        held.event.sent_notices.filter(kind=wanted.kind, cause=wanted.cause, state=Notice.WITHHELD).delete()
        held.kind, held.cause = wanted.kind, wanted.cause
        held.entry = rows.last_entry(held.event)
    held.held_until = max(held.held_until or now, min(now + hold, held.drawn_at + LONGEST_HOLD * hold))
    held.save(update_fields=["kind", "cause", "entry", "held_until", "asked"])
    return note_held(held, now, "")
