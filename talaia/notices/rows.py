"""Rows → the frozen values that are decided on and written. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Max, Q

from talaia.config import current
from talaia.events.formatting import known_since
from talaia.events.models import Event
from talaia.events.notice_scope import NoticeScope
from talaia.events.reading import event_of, is_public, public, window_of
from talaia.events.timeline import ENDED, MaintenanceState
from talaia.notices.chat.registry import has_rooms
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.policy import (
    ASKED,
    MERGED,
    OVERTAKEN,
    DueNotice,
    EventStatus,
    PastNotice,
    UntoldChange,
    decide,
    looks,
    waiting,
    whom,
)
from talaia.notices.sender import rules
from talaia.notices.values import (
    EVERYBODY,
    LAST_WORDS,
    Kind,
    NoticeStory,
    Reach,
)
from talaia.panel.state import State

Window = tuple[datetime, datetime]
ORDER = ("began_at", "pk")


def stand(event: Event) -> EventStatus:
    return EventStatus(
        event=event.kind,
        state=event.state,
        levels=tuple(State(state) for state in event.impacts.values_list("state", flat=True)),
        entry=last_entry(event),
        known_since=known_since(event) if event.kind == Event.MAINTENANCE else event.started_at,
        window=window_of(event),
        codes=tuple(event.notices),
        quiet=event.quiet,
        secret=not is_public(event) or event.merged_into_id is not None,
        reach=_reach(event),
        unsaid=tuple(unsaid(event)),
    )


def last_entry(event: Event) -> int:
    """The number of the last entry that somebody wrote: a step without words is no news of its own."""
    return event.updates.filter(stock=False).aggregate(Max("number"))["number__max"] or 0


def possible() -> bool:
    """Whether talaia.toml lets anything leave: by mail, or in a chat."""
    return current().mail.sender is not None or has_rooms(current())


def planned() -> list[str]:
    """The maintenance that is still to begin, as facts name it."""
    waiting = public().filter(kind=Event.MAINTENANCE, state=MaintenanceState.SCHEDULED)
    return [f"{event.kind}/{event.ref}" for event in waiting.order_by("window_start", "pk")]


def unsaid(event: Event) -> Iterator[UntoldChange]:
    """The problems that people were about to be told of when their incidents became part of `event`."""
    for duplicate in event.duplicates.order_by("pk"):
        held = Q(state=Notice.HELD) | Q(state=Notice.WITHHELD, why=MERGED)
        row = duplicate.sent_notices.filter(held, kind=Kind.PROBLEM).order_by("number").last()
        told = Notice.objects.filter(state__in=Notice.TOLD, also=duplicate)
        if row is not None and not told.filter(began_at__gte=row.drawn_at).exists():
            yield UntoldChange(duplicate.ref, _reach(duplicate), row.asked)


def _reach(event: Event) -> Reach:
    """Whom its problem concerns."""
    impacts = event.impacts.order_by("service_id").values_list("service_id", "state")
    ways = whom(event.only_behind, [slug for slug, _state in impacts], for_whom(event))
    return Reach(tuple(slug for slug, state in impacts if state != State.OPERATIONAL), ways)


def past(event: Event) -> list[PastNotice]:
    """What was told of the event, and what a person has decided not to tell.

    And what was told of incidents that are part of it now, or of it while it was part of another one.
    """
    names = {event.pk: ""} | {one.pk: one.ref for one in event.duplicates.all()}
    mine = Q(event__in=names) | Q(also__in=names)
    found = []
    for row in Notice.objects.filter(mine).distinct().select_related("event").prefetch_related("also").order_by(*ORDER):
        own = row.event_id == event.pk
        chosen = row.state == Notice.TAKEN_BACK or (row.state == Notice.WITHHELD and row.why == ASKED)
        if row.state in Notice.TOLD or (chosen and own):
            story = NoticeStory.from_json(row.story) if row.story else None
            window = story.event.window if story else None
            told_at = row.began_at if row.state in Notice.TOLD else None
            about = tuple(names[pk] for pk in (row.event_id, *(one.pk for one in row.also.all())) if pk in names)
            reaches = story.concerns if story else (EVERYBODY,)
            cause, entry = (row.cause, row.entry) if own else (f"{row.event.ref} {row.cause}", 0)
            found.append(PastNotice(Kind(row.kind), cause, told_at, entry, window, about, reaches))
    return found


def spoken_for(event: Event) -> list[Event]:
    """Of what is part of `event`, that of which people were told and not yet how it ended, or were about to be told."""
    refs = waiting([one for one in past(event) if one.told_at]) | {one.ref for one in unsaid(event)}
    return [one for one in event.duplicates.order_by("pk") if one.ref in refs]


def wanted(event: Event, now: datetime, tell: bool | None = None) -> DueNotice | None:
    return decide(stand(event), past(event), rules(current()), now, tell)


def unheard(event: Event, now: datetime, tell: bool | None) -> DueNotice | None:
    """The problem of which people would hear, had the event not become part of another one before anybody looked."""
    entries = list(event.updates.order_by("-number").values_list("state", flat=True)[:2])
    if event.merged_into_id is None or len(entries) < 2 or entries[1] in ENDED:
        return None
    there = replace(stand(event), secret=False, state=entries[1], entry=1)
    found = decide(there, [], rules(current()), now, tell)
    return replace(found, withheld=found.withheld or MERGED) if found else None


def hours(subject: str) -> list[datetime]:
    """When to ask again about an event although nothing happened."""
    event = event_of(subject)
    return looks(stand(event)) if event else []


def for_whom(event: Event) -> NoticeScope | None:
    return NoticeScope.from_json(event.for_whom) if event.for_whom else None


def keys_told(event: Event, besides: Notice | None = None) -> frozenset[str]:
    """The keys of those who were told of an event, or of what it speaks for; also who still waits.

    `besides`: a notice that does not count, as it is the one that is about to tell them.
    """
    if besides is not None and besides.kind == Kind.RESOLVED:
        return _hear_no_end_yet([event, *event.duplicates.all()], besides)
    begun = besides is not None and besides.state in Notice.TOLD
    parts = list(besides.also.all()) if besides is not None and begun else spoken_for(event)
    whose = [event, *parts]
    # Not by a notice of another event that spoke for one of these: it went to all whom that one concerned, too.
    postings = NoticeRecipient.objects.filter(
        notice__event__in=whose, state__in=[NoticeRecipient.SENT, NoticeRecipient.AGAIN]
    )
    if besides is not None:
        postings = postings.exclude(notice=besides)
    return frozenset(postings.values_list("recipient", flat=True).distinct())


def _hear_no_end_yet(whose: Sequence[Event], besides: Notice) -> frozenset[str]:
    """Who was told of one of these, and not since that it is over.

    Its own end may be told already, and only that of what became part of it afterwards is not; or it was opened again,
    and that did not reach everybody.
    """
    found: dict[int, set[str]] = {event.pk: set() for event in whose}
    about = Notice.objects.filter(Q(event__in=whose) | Q(also__in=whose), state__in=Notice.TOLD).exclude(pk=besides.pk)
    for notice in about.distinct().prefetch_related("also").order_by(*ORDER):
        copies = notice.postings.filter(state__in=[NoticeRecipient.SENT, NoticeRecipient.AGAIN]).values_list(
            "recipient", "state"
        )
        parts = [one.pk for one in notice.also.all()] if notice.kind in (Kind.PROBLEM, Kind.RESOLVED) else []
        for event in {notice.event_id, *parts} & found.keys():  # as `which.waiting` counts them
            if notice.kind == Kind.RESOLVED:
                found[event] -= {key for key, state in copies if state == NoticeRecipient.SENT}
            else:
                found[event] |= {key for key, _state in copies}
    return frozenset().union(*found.values())


def heard(notice: Notice) -> dict[str, set[str]]:
    """Of a problem that goes by itself: of which services they know that they are in trouble, and not yet that it is
    over, by the keys of those who do.

    They were told by what has become part of its event. Of the same trouble nobody hears twice that it is there.
    """
    if notice.kind != Kind.PROBLEM or notice.asked:
        return {}
    parts = list(notice.also.all()) if notice.state in Notice.TOLD else spoken_for(notice.event)
    earlier = Notice.objects.filter(Q(event__in=parts) | Q(also__in=parts), kind=Kind.PROBLEM).exclude(pk=notice.pk)
    found: dict[str, set[str]] = defaultdict(set)
    for one in earlier.distinct():
        services = {touched.slug for touched in NoticeStory.from_json(one.story).event.touched} if one.story else set()
        copies = one.postings.filter(state__in=[NoticeRecipient.SENT, NoticeRecipient.AGAIN])
        for key in copies.values_list("recipient", flat=True):
            found[key] |= services
    return found


def is_past(notice: Notice) -> bool:
    """Whether what it tells is over: its event is, or was since, or the work that it speaks of beforehand has begun.

    Of last words, that it was opened again, or is part of what is not over.
    """
    event = notice.event
    over = (event.merged_into or event).ended_at is not None
    ended = event.sent_notices.filter(kind__in=LAST_WORDS, number__gt=notice.number)
    if event.merged_into and event.ended_at:  # what it is part of ended since, and was opened again
        ended |= event.merged_into.sent_notices.filter(kind__in=LAST_WORDS, drawn_at__gte=event.ended_at)
    if notice.kind in LAST_WORDS:
        return not over or ended.exists()
    if notice.kind in (Kind.ADVANCE, Kind.REMINDER) and event.state != MaintenanceState.SCHEDULED:
        return True
    return over or ended.exists()


def may_go(notice: Notice) -> bool:
    """Whether a person may still have it sent: what it tells is so. What is added to something that is over is news."""
    if notice.why in (OVERTAKEN, MERGED):
        return False
    return notice.kind == Kind.UPDATE or not is_past(notice)
