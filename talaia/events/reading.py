"""Rows → events as they may be known outside (published.py). The one place that says which may be. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from talaia.events.actions.analysis import ANALYSIS
from talaia.events.anchors import Anchors, carried
from talaia.events.models import Anchor, Event, Impact, Update
from talaia.events.published import EventLink, PublishedEntry, PublishedEvent, TouchedService
from talaia.events.timeline import NotPossible, parse_reference
from talaia.events.window_schedule import Late, ends, late
from talaia.localization.texts import Words, words
from talaia.panel.state import State

IN_ORDER = ("service__group__position", "service__position")  # of the panel


def public() -> QuerySet[Event]:
    """What may be known outside: everything but maintenance that waits (or waited in vain) for a second person."""
    return Event.objects.filter(awaits_approval=False)


def is_public(event: Event) -> bool:
    """Whether it is one of `public`."""
    return not event.awaits_approval


def proposed() -> list[PublishedEvent]:
    """The maintenance that waits for a second person, for whoever may be that one; the next one first."""
    waiting = Event.objects.filter(kind=Event.MAINTENANCE, ended_at=None, awaits_approval=True)
    return published(list(waiting.order_by("window_start", "pk")))


def event_of(key: str) -> Event | None:
    """The event of a key, as facts name it (`incident/2026-003`), also of one that nobody outside may know."""
    kind, _, ref = key.partition("/")
    try:
        year, number = parse_reference(ref)
    except NotPossible:
        return None
    return Event.objects.filter(kind=kind, year=year, number=number).first()


def window_of(event: Event) -> tuple[datetime, datetime] | None:
    """When work is planned; None of an incident."""
    return (event.window_start, event.window_end) if event.window_start and event.window_end else None


def link_to(event: Event) -> EventLink:
    return EventLink(event.kind, event.ref, words(event.titles, event.language))


def impacts_of(events: Iterable[Event]) -> QuerySet[Impact]:
    """What they touch, with the services, in the order of the panel."""
    return Impact.objects.filter(event__in=list(events)).select_related("service").order_by(*IN_ORDER)


def touched_by(impacts: Iterable[Impact]) -> tuple[TouchedService, ...]:
    """Of rows that have their service with them."""
    return tuple(
        TouchedService(
            one.service_id,
            words(one.service.names),
            State(one.state),
            one.service.first_slug,
            State(one.worst) if one.worst and one.worst != one.state else None,
        )
        for one in impacts
    )


def published(
    rows: Sequence[Event], updates: QuerySet[Update] | None = None, now: datetime | None = None
) -> list[PublishedEvent]:
    """The rows in their order, with the services that they touch and the given entries. Two queries.

    Three where one of them turned out to be part of another. `now`: to tell whether a window is outlasted.
    """

    def why(row: Event) -> Late | None:
        return late(row, now) if now is not None else None

    impacts: dict[int, list[Impact]] = defaultdict(list)
    for impact in impacts_of(rows):
        impacts[impact.event_id].append(impact)
    entries: dict[int, list[PublishedEntry]] = defaultdict(list)
    for row in updates.order_by("number") if updates is not None else ():
        entry = PublishedEntry(row.number, row.state, row.at, words(row.texts, row.language), row.plain, row.edited_at)
        entries[row.event_id].append(entry)
    merged = {row.merged_into_id for row in rows if row.merged_into_id}
    into = Event.objects.in_bulk(merged) if merged else {}
    return [
        PublishedEvent(
            kind=row.kind,
            ref=row.ref,
            titles=words(row.titles, row.language),
            state=row.state,
            started_at=row.started_at,
            ended_at=row.ended_at,
            window=window_of(row),
            next_update_at=row.next_update_at,
            touched=touched_by(impacts[row.pk]),
            entries=tuple(entries[row.pk]),
            causes=words(row.causes, row.language),
            analyses=words(row.analyses, row.language),
            analysed_at=row.analysed_at,
            merged_into=link_to(into[row.merged_into_id]) if row.merged_into_id else None,
            overrun=why(row) is Late.OVERRUN,
            not_begun=why(row) in (Late.NOT_BEGUN, Late.UNAPPROVED),
            unseen=why(row) is Late.UNSEEN,
            ends_itself=ends(row),
            discussion=row.discussion,
            replies=row.replies,
        )
        for row in rows
    ]


def whole(row: Event, now: datetime | None = None, until: int | None = None) -> PublishedEvent:
    """With all entries, or those up to the number `until`; without the addresses inside of its texts."""
    updates = Update.objects.filter(event=row)
    return published([row], updates if until is None else updates.filter(number__lte=until), now)[0]


def with_addresses(row: Event, now: datetime | None = None) -> PublishedEvent:
    """The whole of it as its own page has it: with the addresses inside of its texts, and what became part of it."""
    found = whole(row, now)
    kept = {anchor.document: anchor.kept for anchor in Anchor.objects.filter(event=row)}
    return replace(
        found,
        entries=tuple(
            entry if entry.plain else replace(entry, anchors=_anchors(kept.get(entry.anchor), entry.texts))
            for entry in found.entries
        ),
        anchors=_anchors(kept.get(ANALYSIS), found.analyses, row.language),
        duplicates=tuple(link_to(other) for other in row.duplicates.order_by("started_at", "pk")),
    )


def with_words(rows: Sequence[Event]) -> list[PublishedEvent]:
    """With all that was written, for a search: the addresses inside of the analyses too, in few queries."""
    analysed = [row.pk for row in rows if row.analyses]
    anchors = Anchor.objects.filter(event__in=analysed, document=ANALYSIS)
    kept = dict(anchors.values_list("event_id", "kept") if analysed else ())
    told = published(rows, Update.objects.filter(event__in=rows))
    return [
        replace(event, anchors=_anchors(kept.get(row.pk), event.analyses, row.language)) if row.analyses else event
        for row, event in zip(rows, told, strict=True)
    ]


def _anchors(kept: Mapping[str, Any] | None, texts: Words, first: str = "") -> Anchors:
    """The addresses inside a text as it stands now, from those that were kept when it was last edited."""
    before = Anchors.from_json(kept) if kept else Anchors()
    return carried(before, dict(texts), first or (texts[0][0] if texts else ""))
