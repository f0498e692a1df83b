"""Rows → the frozen values that are decided on and written. Reads only."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from talaia.config import current
from talaia.events.models import Event
from talaia.events.telling import known_since
from talaia.events.timeline import NotPossible, parse_reference
from talaia.events.whom import ForWhom
from talaia.notices.letterhead import rules
from talaia.notices.models import Notice, Posting
from talaia.notices.values import Kind, Story, Touched, words
from talaia.notices.which import ASKED, Past, Stand, Wanted, decide, looks, revision, whom
from talaia.panel.state import State

Window = tuple[datetime, datetime]


def event_of(subject: str) -> Event | None:
    """The event that a fact is about: `incident/2026-003`."""
    kind, _, ref = subject.partition("/")
    try:
        year, number = parse_reference(ref)
    except NotPossible:
        return None
    return Event.objects.filter(kind=kind, year=year, number=number).first()


def window_of(event: Event) -> Window | None:
    return (event.window_start, event.window_end) if event.window_start and event.window_end else None


def stand(event: Event) -> Stand:
    entry = event.updates.aggregate(Max("number"))["number__max"]
    return Stand(
        event=event.kind,
        state=event.state,
        levels=tuple(State(state) for state in event.impacts.values_list("state", flat=True)),
        entry=entry or 0,
        known_since=known_since(event) if event.kind == Event.MAINTENANCE else event.started_at,
        window=window_of(event),
        codes=tuple(event.notices),
        quiet=event.quiet,
        secret=event.awaits_approval or event.merged_into_id is not None,
    )


def past(event: Event) -> list[Past]:
    """What was told of the event, and what a person has decided not to tell."""
    found = []
    for row in event.sent_notices.order_by("began_at", "number"):
        chosen = row.state == Notice.TAKEN_BACK or (row.state == Notice.WITHHELD and row.why == ASKED)
        if row.state in Notice.TOLD or chosen:
            story = Story.from_json(row.story) if row.story else None
            window = story.window if story else None
            told_at = row.began_at if row.state in Notice.TOLD else None
            found.append(Past(Kind(row.kind), row.cause, told_at, row.entry, window))
    return found


def wanted(event: Event, now: datetime, tell: bool | None = None) -> Wanted | None:
    return decide(stand(event), past(event), rules(current()), now, tell)


def hours(subject: str) -> list[datetime]:
    """When to ask again about an event although nothing happened."""
    event = event_of(subject)
    return looks(stand(event)) if event else []


def for_whom(event: Event) -> ForWhom | None:
    return ForWhom.from_json(event.for_whom) if event.for_whom else None


def told(event: Event, besides: Notice | None = None) -> frozenset[str]:
    """The keys of those who were told of an event, or of what turned out to be part of it; also who still waits.

    `besides`: a notice that does not count, as it is the one that is about to tell them.
    """
    events = [event.pk, *event.duplicates.values_list("pk", flat=True)]
    postings = Posting.objects.filter(notice__event__in=events, state__in=[Posting.SENT, Posting.AGAIN])
    if besides is not None:
        postings = postings.exclude(notice=besides)
    return frozenset(postings.values_list("recipient", flat=True).distinct())


def story(notice: Notice, now: datetime) -> Story:
    """What the notice tells now. A notice of a fixed instant in the row's life: it is stored, and sent as it is."""
    event = notice.event
    update = event.updates.order_by("-number").first()
    kind = Kind(notice.kind)
    touched = event.impacts.select_related("service").order_by("service__group__position", "service__position")
    earlier = list(
        event.sent_notices.filter(state__in=Notice.TOLD).exclude(pk=notice.pk).order_by("began_at", "number")
    )
    stories = [Story.from_json(one.story) for one in earlier if one.story]
    return Story(
        kind=kind,
        event=event.kind,
        ref=event.ref,
        number=notice.number,
        written_at=now,
        titles=words(event.titles, event.language),
        state=event.state,
        started_at=event.started_at,
        touched=tuple(Touched(impact.service_id, words(impact.service.names), impact.state) for impact in touched),
        ended_at=event.ended_at,
        window=window_of(event),
        next_update_at=event.next_update_at,
        entry=update.number if update else 0,
        texts=words(update.texts, update.language) if update else (),
        plain=update.plain if update else False,
        before=tuple(one.number for one in earlier),
        behind=whom(event.only_behind, [impact.service_id for impact in touched], for_whom(event)),
        revision=revision([*(one.window for one in stories), window_of(event)], kind),
    )
