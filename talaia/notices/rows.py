"""Rows → the frozen values that are decided on and written. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Max, Q, QuerySet

from talaia.config import current
from talaia.events.formatting import known_since
from talaia.events.models import Event, Impact, Update
from talaia.events.notice_scope import NoticeScope
from talaia.events.reading import IN_ORDER, event_of, is_public, public, published, touched_by, window_of
from talaia.events.timeline import ENDED, MaintenanceState
from talaia.localization.texts import words
from talaia.notices.models import Bounce, Notice, NoticeRecipient
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
    revision,
    waiting,
    whom,
    wider,
)
from talaia.notices.send_outcome import FEW, too_many, too_many_there
from talaia.notices.sender import rules
from talaia.notices.values import (
    EVERYBODY,
    LAST_WORDS,
    Kind,
    MergedIncident,
    Neighbours,
    NoticeStory,
    OpenIncident,
    Reach,
)
from talaia.panel.state import TROUBLE, State

Window = tuple[datetime, datetime]
ORDER = ("began_at", "pk")
BACK_WITHIN = timedelta(days=7)  # mail servers try for days before they send a mail back
TOGETHER = 500  # keys that are looked up together
LOOKED_AT = timedelta(days=3)  # mails that came back are shown to operators for so long


@dataclass(frozen=True)
class CameBack:
    """Mails that came back on a day and count for nobody. `ours`: they say it is because of us; else: too many did.

    `domain`: of those at one domain; empty: of all.
    """

    at: datetime
    count: int
    ours: bool
    said: str
    domain: str = ""


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
    return current().mail.sender is not None or bool(current().tables.chat)


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


def told(event: Event, besides: Notice | None = None) -> frozenset[str]:
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


def too_many_came_back(day: date) -> bool:
    """Whether on this day the mails of so many came back for good that no server of them is believed."""
    written_to = _of_late(day).aggregate(most=Max(F("sent") + F("refused")))["most"] or 0
    return too_many(Bounce.objects.filter(day=day, ours=False).count(), written_to)


def too_many_came_back_there(day: date, keys: Sequence[str]) -> bool:
    """The same of those at one domain, whose keys these are: by each mail that they were sent of late."""
    back: set[str] = set()
    for some in _some([*keys, *(f"{Bounce.PAST}{key}" for key in keys)]):
        of_these = Bounce.objects.filter(day=day, ours=False, recipient__in=some).values_list("recipient", flat=True)
        back.update(key.removeprefix(Bounce.PAST) for key in of_these)
    if len(back) * 2 <= FEW:  # no part of five
        return False
    for notice in _of_late(day).order_by("-began_at", "-pk"):
        copies = notice.postings.exclude(state=NoticeRecipient.AGAIN)
        written_to = (
            key
            for some in _some(keys)
            for key in copies.filter(recipient__in=some).order_by("recipient").values_list("recipient", flat=True)
        )
        if too_many_there(key in back for key in written_to):
            return True
    return False


def _some(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[first : first + TOGETHER] for first in range(0, len(keys), TOGETHER))


def _of_late(day: date) -> QuerySet[Notice]:
    """The notices of which copies may have come back on this day."""
    begin = datetime.combine(day, time(), current().site.tz)
    return Notice.objects.filter(began_at__gte=begin - BACK_WITHIN, began_at__lt=begin + timedelta(days=1))


def came_back(now: datetime, neighbours: Neighbours) -> list[CameBack]:
    """What operators have to look at, the latest first."""
    recent = Bounce.objects.filter(at__gt=now - LOOKED_AT)
    found = []
    for row in recent.values("day", "ours").annotate(count=Count("pk"), latest=Max("at")).order_by("-latest"):
        if row["ours"] or too_many_came_back(row["day"]):
            last = recent.filter(day=row["day"], ours=row["ours"]).latest("at", "pk")
            found.append(CameBack(row["latest"], row["count"], row["ours"], last.status))
        else:
            found.extend(_there(recent.filter(day=row["day"], ours=False), row["day"], neighbours))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _there(bounces: QuerySet[Bounce], day: date, neighbours: Neighbours) -> Iterator[CameBack]:
    """The domains of which too many came back on a day."""
    left = {row.recipient.removeprefix(Bounce.PAST): row for row in bounces.order_by("at", "pk")}
    while len(left) * 2 > FEW:
        key = next(iter(left))
        domain, keys = neighbours(key)
        there = [left.pop(one) for one in {key, *keys} if one in left]
        if domain and too_many_came_back_there(day, keys):
            last = max(there, key=lambda row: (row.at, row.pk))
            yield CameBack(last.at, len(there), False, last.status, domain)


def story(notice: Notice, now: datetime) -> NoticeStory:
    """What the notice tells now. A notice of a fixed instant in the row's life: it is stored, and sent as it is."""
    event = notice.event
    kind = Kind(notice.kind)
    said = event.updates.filter(stock=False)
    if kind in LAST_WORDS:  # what was said while it lasted is not how it is now; the reason for it still is
        said = said.filter(Q(state=event.state) | Q(number=1))
    newest = said.order_by("-number")[:1]
    touched, reaches = _concerned(notice)
    earlier = list(event.sent_notices.filter(state__in=Notice.TOLD).exclude(pk=notice.pk).order_by(*ORDER))
    stories = [NoticeStory.from_json(one.story) for one in earlier if one.story]
    window = window_of(event)
    if kind is Kind.CANCELLED and stories:  # they know it by those hours; of others they have not heard
        window = stories[-1].event.window or window
    now_told = replace(
        published([event], Update.objects.filter(pk__in=newest))[0],
        touched=touched_by(touched),
        window=window,
        causes=(),  # neither is told
        analyses=(),
    )
    told_hours = stories[-1].event.hours if stories else None
    return NoticeStory(
        kind=kind,
        event=now_told,
        number=notice.number,
        written_at=now,
        before=tuple(one.number for one in earlier),
        behind=wider([one.behind for one in reaches]),
        told_hours=told_hours if kind is Kind.CHANGED and told_hours != now_told.hours else None,
        revision=revision([*(one.event.hours for one in stories), now_told.hours], kind),
        parts=tuple(_part(one) for one in spoken_for(event)),
        goes_on=_goes_on(event, [one.service_id for one in touched]) if kind is Kind.RESOLVED else (),
        reaches=reaches if len(reaches) > 1 else (),
    )


def _concerned(notice: Notice) -> tuple[list[Impact], tuple[Reach, ...]]:
    """What the notice speaks of, and whom that reaches: of what is merged, each hears whom it concerned by itself.

    Of an event that began with "tell nobody" they hear, until somebody says otherwise, what others were told or were
    about to be told of what has become part of it: of their services, and only they.
    """
    event = notice.event
    found = list(event.impacts.select_related("service").order_by(*IN_ORDER))
    waits = tuple(one.reach for one in unsaid(event))
    if event.quiet and not notice.asked and notice.state != Notice.WITHHELD and notice.kind not in LAST_WORDS:
        # Last words name all that it has touched, and go by no way of their own.
        before = [one for one in past(event) if one.told_at and one.kind not in LAST_WORDS]
        reaches = (*waits, *(reach for one in before for reach in one.reaches))
        theirs = {slug for one in reaches for slug in one.services}
        if theirs:
            kept = [one for one in found if one.service_id in theirs]
            parts = Impact.objects.filter(event__in=event.duplicates.all(), service__in=theirs)
            return kept or list(parts.select_related("service").order_by(*IN_ORDER)), reaches
    services = tuple(one.service_id for one in found)
    # To who was told of a part, its services are the problem, also where they stayed there.
    if notice.kind == Kind.RESOLVED:
        parts = Impact.objects.filter(event__in=spoken_for(event)).exclude(service__in=services)
        everything = Impact.objects.filter(Q(event=event) | Q(pk__in=parts)).select_related("service")
        found = list({one.service_id: one for one in everything.order_by(*IN_ORDER)}.values())
    return found, (Reach(services, whom(event.only_behind, services, for_whom(event))), *waits)


def _part(event: Event) -> MergedIncident:
    told = event.sent_notices.filter(state__in=Notice.TOLD).order_by(*ORDER).values_list("number", flat=True)
    return MergedIncident(event.ref, words(event.titles, event.language), tuple(told))


def _goes_on(event: Event, services: Sequence[str]) -> tuple[OpenIncident, ...]:
    """What else is wrong with these services, of what whoever hears of this one may hear (S10, and whom it is for)."""
    going = Event.objects.filter(kind=Event.INCIDENT, ended_at=None, quiet=False).exclude(pk=event.pk)
    theirs = going.filter(impacts__service__in=services, impacts__state__in=TROUBLE, impacts__service__retired_at=None)
    told = [one for one in theirs.distinct().order_by("started_at", "pk") if _for_all_who_hear_of(event, one)]
    return tuple(OpenIncident(one.ref, words(one.titles, one.language)) for one in told)


def _for_all_who_hear_of(event: Event, other: Event) -> bool:
    return other.only_behind is None or (other.only_behind, other.for_whom) == (event.only_behind, event.for_whom)
