"""Rows → what a notice tells, fixed when it begins to be sent. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from talaia.events.models import Event, Impact, Update
from talaia.events.reading import IN_ORDER, published, touched_by, window_of
from talaia.localization.texts import words
from talaia.notices.models import Notice
from talaia.notices.policy import (
    revision,
    whom,
    wider,
)
from talaia.notices.rows import ORDER, for_whom, past, spoken_for, unsaid
from talaia.notices.values import (
    LAST_WORDS,
    Kind,
    MergedIncident,
    NoticeStory,
    OpenIncident,
    Reach,
)
from talaia.panel.state import TROUBLE


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
