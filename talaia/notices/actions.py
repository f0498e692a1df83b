"""What machines and people do to notices. One function = one transaction = one recorded fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events.models import Event
from talaia.events.timeline import NotPossible, Overtaken
from talaia.notices import rows
from talaia.notices.answers import Meaning
from talaia.notices.models import Bounce, Notice, Posting
from talaia.notices.values import Kind, Story
from talaia.notices.which import MERGED, OVERTAKEN, Wanted
from talaia.outbox.actions import record, settle
from talaia.outbox.models import Fact

LONGEST_HOLD = 3  # holds: corrections move the end of a hold, not for ever
BOUNCES_KEPT = timedelta(days=90)


def look(subject: str, now: datetime, tell: bool | None = None) -> Notice | None:
    """Draw up the notice that follows from how an event stands, if any; what is held and no longer so is withdrawn.

    Safe to repeat: what was drawn up, told or taken back is not drawn up again.
    """
    event = rows.event_of(subject)
    if event is None:
        return None
    with transaction.atomic():
        return _look(Event.objects.select_for_update().get(pk=event.pk), now, tell)


def begin(notice_id: int, now: datetime) -> Story | None:
    """What to send: the words are frozen when the first copy is about to leave. None: nothing is to be sent now.

    Whatever was ordered, the rows decide: a notice that was taken back, moved on or is no longer true goes to nobody.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update().filter(sent_notices=notice_id).first()
        notice = _lock(notice_id)  # after its event, as `look` does: else each could wait for the other
        if event is None or notice is None or notice.state not in (Notice.HELD, Notice.SENDING):
            return None
        if notice.state == Notice.HELD:
            if notice.held_until and notice.held_until > now:
                return None
            _look(event, now, None, still=True)
            notice.refresh_from_db()
            if notice.state != Notice.HELD or (notice.held_until and notice.held_until > now):
                return None
            told, parts = rows.story(notice, now), rows.spoken_for(event)
            notice.state, notice.began_at, notice.story, notice.entry = Notice.SENDING, now, told.to_json(), told.entry
            notice.save(update_fields=["state", "began_at", "story", "entry"])
            notice.also.set(parts)
            record("notice.begun", _subject(notice), now, notice.by, {"event": notice.event.ref})
        return Story.from_json(notice.story or {})


def still_held(notice_id: int, now: datetime) -> timedelta | None:
    """How long a notice is still held; None: it is not. No hold lasts longer because the clock was set back."""
    with transaction.atomic():
        notice = _lock(notice_id)
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


def turn_of(notice: Notice) -> str:
    """Which turn of its life a notice is in. Whoever decides says which one they saw: `seen` of what follows.

    That its hold was moved, or that a part of it has gone, is no other turn.
    """
    facts = Fact.objects.filter(subject=_subject(notice)).exclude(kind__in=["notice.went_on", "notice.withheld"])
    last = facts.exclude(kind="notice.held", by="").order_by("-pk").values_list("pk", flat=True).first()
    return f"{notice.state}-{last or 0}"


def take_back(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """It goes to nobody. Raises NotPossible once the first copy has left; and, as all of these, Overtaken."""
    with transaction.atomic():
        notice = _find(notice_id)
        if notice.state == Notice.TAKEN_BACK:
            return
        if notice.state not in (Notice.HELD, Notice.WITHHELD):
            raise NotPossible(_("it has begun to be sent and cannot be taken back"))
        _check_seen(notice, seen)
        _turn(notice, Notice.TAKEN_BACK, by)
        record("notice.taken_back", _subject(notice), now, by)


def send(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Send what is withheld or was taken back, after the usual hold. What is held goes by itself: nothing is done.

    Raises NotPossible.
    """
    with transaction.atomic():
        notice = _find(notice_id)
        if notice.state == Notice.HELD:
            return
        _check_seen(notice, seen)
        _let_go(notice, now, now + current().mail.hold, by)


def send_now(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Have what is held go at once. Raises NotPossible for what is not held: nothing skips its hold by two taps."""
    with transaction.atomic():
        notice = _find(notice_id)
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
    if notice.why in (OVERTAKEN, MERGED):
        raise NotPossible(_("it is no longer true"))
    if notice.kind == Kind.UPDATE and notice.cause.partition(" ")[0] != f"u{rows.last_entry(notice.event)}":
        raise NotPossible(_("a newer entry is there; send the notice of that one"))
    notice.drawn_at = notice.drawn_at if notice.state == Notice.HELD else now
    notice.held_until, notice.asked = until, True
    notice.save(update_fields=["held_until", "asked", "drawn_at"])
    _turn(notice, Notice.HELD, by)
    _held(notice, now, by)


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
    row = Posting(
        notice_id=notice_id,
        recipient=recipient,
        state=state,
        at=now,
        tries=tries,
        due=due,
        meaning=meaning,
        error=error[:300],
    )
    columns = ["state", "tries", "at", "due", "meaning", "error"]
    Posting.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["notice", "recipient"], update_fields=columns
    )


def leave_out(notice_id: int, recipients: Sequence[str], now: datetime) -> None:
    """Who was put off and has left since, or had it that no mail reaches them any more."""
    rows = Posting.objects.filter(notice_id=notice_id, recipient__in=recipients, state=Posting.AGAIN)
    rows.update(state=Posting.REFUSED, at=now, due=None, meaning="", error="is told no more")


def wait_no_longer(notice_id: int, now: datetime) -> None:
    """Who was put off until it is too late to be of use gets this one no more."""
    rows = Posting.objects.filter(notice_id=notice_id, state=Posting.AGAIN)
    rows.update(state=Posting.REFUSED, at=now, due=None, meaning=Meaning.LATER)


def go_on(notice_id: int, after: str, due: datetime, now: datetime, error: str = "", hint: str = "") -> None:
    """A part is sent; the next one begins at `due`, after the recipient `after`. `error`: what is wrong meanwhile."""
    with transaction.atomic():
        notice = _lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.after, notice.error, notice.hint = after, error[-2000:], hint
        _count(notice)
        notice.save(update_fields=["after", "error", "hint", "sent", "refused", "waiting"])
        record("notice.went_on", _subject(notice), now, data={"due": due.isoformat(), "sent": notice.sent})


def finish(notice_id: int, now: datetime) -> None:
    """All copies are sent, or will never be."""
    with transaction.atomic():
        notice = _lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.state, notice.ended_at, notice.error, notice.hint = Notice.SENT, now, "", ""
        _count(notice)
        notice.save(update_fields=["state", "ended_at", "error", "hint", "sent", "refused", "waiting"])
        record("notice.sent", _subject(notice), now, data={"sent": notice.sent, "refused": notice.refused})


def note_error(notice_id: int, error: str, hint: str) -> None:
    """What keeps a notice from going on for the moment; the outbox tries again, and no fact tells of each try."""
    notice = Notice.objects.get(pk=notice_id)
    notice.error, notice.hint = error[-2000:], hint
    notice.save(update_fields=["error", "hint"])


def stop(notice_id: int, error: str, hint: str, now: datetime) -> None:
    """It cannot go on without a person."""
    with transaction.atomic():
        notice = _lock(notice_id)
        if notice is None or notice.state != Notice.SENDING:
            return
        notice.state, notice.error, notice.hint = Notice.STUCK, error[-2000:], hint
        _count(notice)
        notice.save(update_fields=["state", "error", "hint", "sent", "refused", "waiting"])
        record("notice.stuck", _subject(notice), now, data={"error": error[-300:]})


def try_again(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Go on with the copies that were not sent: those that wait at once, those that were refused once more.

    Raises NotPossible.
    """
    with transaction.atomic():
        notice = _find(notice_id)
        if notice.state not in Notice.TOLD:
            raise NotPossible(_("it has not begun to be sent"))
        _check_seen(notice, seen)
        notice.postings.exclude(state=Posting.SENT).update(state=Posting.AGAIN, due=now, tries=1, meaning="")
        notice.after, notice.error, notice.hint, notice.ended_at = "", "", "", None
        notice.save(update_fields=["after", "error", "hint", "ended_at"])
        _turn(notice, Notice.SENDING, by)
        settle("mail", _subject(notice), now)
        record("notice.resumed", _subject(notice), now, by)


def give_up(notice_id: int, now: datetime, *, by: str, seen: str | None = None) -> None:
    """Send no further copy. Raises NotPossible."""
    with transaction.atomic():
        notice = _find(notice_id)
        if notice.state == Notice.GIVEN_UP:
            return
        if notice.state not in (Notice.SENDING, Notice.STUCK):
            raise NotPossible(_("it is not being sent"))
        _check_seen(notice, seen)
        notice.ended_at = now
        _count(notice)
        notice.save(update_fields=["ended_at", "sent", "refused", "waiting"])
        _turn(notice, Notice.GIVEN_UP, by)
        settle("mail", _subject(notice), now)
        record("notice.given_up", _subject(notice), now, by, {"sent": notice.sent})


def order_test(what: str, language: str, now: datetime, *, by: str) -> None:
    """One copy to whoever asks for it. `what`: "notice/17", or the name of a fixed story."""
    with transaction.atomic():
        record("notice.tested", "notice/test", now, by, {"what": what, "language": language})


def note_bounce(recipient: str, status: str, day: date, now: datetime) -> bool:
    """A mail came back for good. Returns whether this recipient should get no more: the audience is told by the caller.

    Two on one day count once: a mail server that was ill for a day must not cost anybody their mails. Nor does a day
    on which the mails of very many came back: that was no server to be believed.
    """
    with transaction.atomic():
        Bounce.objects.filter(recipient=recipient, at__lt=now - BOUNCES_KEPT).delete()
        values = {"at": now, "status": status[:300]}
        Bounce.objects.get_or_create(recipient=recipient, day=day, ours=False, defaults=values)
        days = list(Bounce.objects.filter(recipient=recipient, ours=False).values_list("day", flat=True))
        least = current().mail.hard_bounces
        return len(days) >= least and sum(1 for one in days if not rows.too_many_came_back(one)) >= least


def note_blame(recipient: str, status: str, day: date, now: datetime) -> None:
    """A mail came back because of us: it counts for nobody, and operators see it. Safe to repeat within a day."""
    with transaction.atomic():
        Bounce.objects.filter(ours=True, at__lt=now - BOUNCES_KEPT).delete()
        values = {"at": now, "status": status[:300]}
        Bounce.objects.get_or_create(recipient=recipient, day=day, ours=True, defaults=values)


def forget_bounces(recipient: str) -> None:
    """What was counted has had its consequence; whoever comes back begins anew."""
    Bounce.objects.filter(recipient=recipient, ours=False).delete()


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


def _the_one_held(held: Sequence[Notice], wanted: Wanted | None, now: datetime) -> Notice | None:
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
    _turn(notice, Notice.WITHHELD, "")
    record("notice.withheld", _subject(notice), now, data={"why": why})


def _stays(held: Notice, wanted: Wanted, tell: bool | None) -> bool:
    """Whether a person has said that it goes: of a notice of this kind, and none has said otherwise since."""
    return held.asked and held.kind == wanted.kind and tell is not False


def _same(notice: Notice, wanted: Wanted) -> bool:
    return (notice.kind, notice.cause) == (wanted.kind, wanted.cause)


def _draw_up(event: Event, wanted: Wanted, now: datetime) -> Notice:
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
        record("notice.withheld", _subject(notice), now, data={"why": wanted.withheld})
    return notice


def _hold(notice: Notice, now: datetime, *, asked: bool) -> Notice:
    # A reminder follows from the hour alone: nobody has just written words that they might want back.
    length = timedelta(0) if notice.kind == Kind.REMINDER else current().mail.hold
    notice.held_until, notice.why, notice.drawn_at, notice.asked = now + length, "", now, asked
    notice.save(update_fields=["held_until", "why", "drawn_at", "asked"])
    _turn(notice, Notice.HELD, "")
    return _held(notice, now, "")


def _replace(held: Notice, wanted: Wanted, now: datetime, *, asked: bool) -> Notice:
    """What is held says something newer, or better; its hold begins again, but not for ever."""
    hold = current().mail.hold
    held.asked = asked or (held.asked and held.kind == wanted.kind)  # else it was said of another news
    if not _same(held, wanted):
        held.event.sent_notices.filter(kind=wanted.kind, cause=wanted.cause, state=Notice.WITHHELD).delete()
        held.kind, held.cause = wanted.kind, wanted.cause
        held.entry = rows.last_entry(held.event)
    held.held_until = max(held.held_until or now, min(now + hold, held.drawn_at + LONGEST_HOLD * hold))
    held.save(update_fields=["kind", "cause", "entry", "held_until", "asked"])
    return _held(held, now, "")


def _held(notice: Notice, now: datetime, by: str) -> Notice:
    until = notice.held_until or now
    record("notice.held", _subject(notice), now, by, {"due": until.isoformat(), "event": notice.event.ref})
    return notice


def _turn(notice: Notice, state: str, by: str) -> None:
    notice.state, notice.by = state, by
    notice.save(update_fields=["state", "by"])


def _count(notice: Notice) -> None:
    states = {"sent": Posting.SENT, "refused": Posting.REFUSED, "waiting": Posting.AGAIN}
    counted = notice.postings.aggregate(**{name: Count("pk", filter=Q(state=state)) for name, state in states.items()})
    notice.sent, notice.refused, notice.waiting = counted["sent"], counted["refused"], counted["waiting"]


def _subject(notice: Notice) -> str:
    """How facts and deliveries name a notice."""
    return f"notice/{notice.pk}"


def _lock(notice_id: int) -> Notice | None:
    return Notice.objects.select_for_update(of=("self",)).select_related("event").filter(pk=notice_id).first()


def _find(notice_id: int) -> Notice:
    notice = _lock(notice_id)
    if notice is None:
        raise NotPossible(_("there is no such notice"))
    return notice
