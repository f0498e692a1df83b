"""Rows → the frozen values that pages are made of, in few queries; none of them reads more than its page shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, OuterRef, QuerySet, Subquery

from talaia.events import models as events
from talaia.events.published import PublishedEvent, path_of
from talaia.events.reading import event_of, is_public, public, published, with_addresses, with_words
from talaia.events.timeline import MaintenanceState
from talaia.localization.texts import words
from talaia.panel import models as panel
from talaia.panel.rollup import computed, is_listed, last_day, listings
from talaia.panel.state import Reason, State
from talaia.panel.uptime import ONE_DAY, DaySeconds, bounds, days_before, length, local_day
from talaia.site.history_values import Month, ServiceHistory, Year
from talaia.site.remaining_trouble import failing_still, told_of, uncovered
from talaia.site.values import FrontPage, PageGroup, PageService, ServicePage, ToldTrouble

LATEST_ENTRIES = 4  # of an open event, on the front page; its own page has them all
LATEST_RESOLVED = 5
DAYS = 91  # ninety finished ones and today
KINDS = (events.Event.INCIDENT, events.Event.MAINTENANCE)  # named, so that the database can use its index
YEAR_PAGE = 200  # events; a year with more has a page for each month


@contextmanager
def one_moment() -> Iterator[None]:
    """All reads inside see the rows of one moment. (Django's atomic() would take SQLite's write lock for it.)"""
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if connection.vendor == "postgresql" else "BEGIN DEFERRED"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def front(now: datetime) -> FrontPage:
    """What `/` shows. Five queries, whatever the size of the archive; two more while something is not well."""
    groups: dict[str, tuple[panel.Group, list[PageService]]] = {}
    rows = panel.Service.objects.filter(retired_at=None).select_related("group")
    for row in rows.order_by("group__position", "position"):
        groups.setdefault(row.group_id, (row.group, []))[1].append(_service(row))
    still_open = list(public().filter(ended_at=None).order_by("-started_at", "-pk"))
    incidents = events.Event.objects.filter(kind=events.Event.INCIDENT)
    # One that goes on in another, which is open, is not over.
    over = incidents.exclude(ended_at=None).exclude(merged_into__isnull=False, merged_into__ended_at=None)
    resolved = list(over.order_by("-started_at", "-pk")[:LATEST_RESOLVED])
    newest = events.Update.objects.filter(event=OuterRef("event")).values("event").annotate(last=Max("number"))
    latest = events.Update.objects.filter(number__gt=Subquery(newest.values("last")) - LATEST_ENTRIES)
    shown = published([*still_open, *resolved], latest.filter(event__in=still_open), now)
    opened = shown[: len(still_open)]
    planned = sorted((event for event in opened if not event.is_incident), key=lambda event: event.started_at)
    return FrontPage(
        made_at=now,
        groups=tuple(PageGroup(group.slug, words(group.names), tuple(inside)) for group, inside in groups.values()),
        incidents=tuple(event for event in opened if event.is_incident),
        in_progress=tuple(event for event in planned if event.state == MaintenanceState.IN_PROGRESS),
        coming=tuple(event for event in planned if event.state == MaintenanceState.SCHEDULED),
        resolved=tuple(shown[len(still_open) :]),
        told=told_of([service.slug for _, inside in groups.values() for service in inside if not service.quiet]),
    )


def event(kind: str, ref: str, now: datetime | None = None, *, private: bool = False) -> PublishedEvent | None:
    """An incident or a maintenance with its whole timeline; None when there is none of that reference.

    `now`: to tell whether a window is outlasted. `private`: also what waits for a second person, for the desk alone.
    """
    row = event_of(f"{kind}/{ref}")
    if row is None or not (private or is_public(row)):
        return None
    return with_addresses(row, now)


def failing(event: PublishedEvent) -> tuple[tuple[PageService, ToldTrouble], ...]:
    """The services that fail still, though this incident said that it was over."""
    if not event.is_incident or not event.ended:
        return ()
    told = {one.slug: one for one in failing_still([one.slug for one in event.touched]).get(event.ref, ())}
    rows = panel.Service.objects.filter(pk__in=list(told)).order_by("group__position", "position")
    return tuple((_service(row), told[row.pk]) for row in rows)


def service(slug: str, now: datetime, zone: ZoneInfo) -> ServicePage | None:
    """A service with its last days and what touched it in them; None when there never was one of that name.

    Of a retired one they are the last ones that it had: nothing is told of it after that.
    """
    row = panel.Service.objects.filter(pk=slug).first()
    if row is None:
        return None
    today = local_day(now, zone)
    days = (*days_before(today, DAYS - 1), today)
    if row.retired_at is not None:
        days = days_before(last_day(row.retired_at, zone) + ONE_DAY, DAYS - 1)
    start = bounds(days[0], zone)[0]
    recent = public().filter(kind__in=KINDS, started_at__gte=start).values_list("pk", flat=True)
    pending = public().filter(ended_at=None).values_list("pk", flat=True)
    # The bounded set first: asked through the service, the database would go through its whole past.
    touching = events.Impact.objects.filter(event__in={*recent, *pending}, service=slug).values_list("event", flat=True)
    rows = events.Event.objects.filter(pk__in=list(touching)).order_by("-started_at", "-pk")
    shown = [event for event in published(list(rows)) if event.state != MaintenanceState.SCHEDULED]
    has_past = bool(shown) or _past().filter(impacts__service=slug).exists()
    shown_days = tuple(_days(row, days, zone, now))
    value = ServicePage(_service(row), None if row.retired_at else today, shown_days, tuple(shown), has_past)
    return replace(
        value, told=next(iter(told_of([slug])), None) if row.retired_at is None and uncovered(slug) else None
    )


def renamed(slug: str) -> PageService | None:
    """The service that had this slug before; None: none had."""
    row = panel.Service.objects.filter(former_slugs=slug).first()
    return _service(row) if row else None


def past(slug: str, year: int) -> ServiceHistory | None:
    """What touched a service in a year; None when nothing did, or there never was such a service."""
    row = panel.Service.objects.filter(pk=slug).first()
    found = years_of(slug) if row else ()
    if row is None or year not in found:
        return None
    rows = _of_year(year).filter(impacts__service=slug).order_by("-started_at", "-pk")
    return ServiceHistory(_service(row), year, found, tuple(published(list(rows))))


def years_of(slug: str) -> tuple[int, ...]:
    """The years in which something touched a service, latest first."""
    numbers = _past().filter(impacts__service=slug).values_list("year", flat=True).distinct()
    return tuple(sorted(set(numbers), reverse=True))


def parts(year: int, zone: ZoneInfo) -> list[int | None]:
    """In which parts a year is searched: its months with an event, latest first, where there are many; else [None].

    None at all where all is only planned: of that nothing is searched yet.
    """
    if not is_busy(year):
        return [None] if _of_year(year).exists() else []
    return [month for month in range(12, 0, -1) if _of_month(year, month, zone).exists()]


def searchable(year: int, month: int | None, zone: ZoneInfo) -> list[PublishedEvent]:
    """The events of a year, or of a month of it, newest first, with all their words."""
    found = list((_of_year(year) if month is None else _of_month(year, month, zone)).order_by("-started_at", "-pk"))
    return with_words(found)


def years() -> list[int]:
    """The years in which something happened, latest first."""
    numbers = events.Event.objects.values_list("year", flat=True).distinct()
    return [number for number in sorted(numbers, reverse=True) if _of_year(number).exists()]


def is_busy(year: int) -> bool:
    """Whether a year has so many events that its months have pages of their own."""
    return public().filter(kind__in=KINDS, year=year).count() > YEAR_PAGE


def year(number: int, zone: ZoneInfo) -> Year | None:
    """A year of the history; None when nothing happened in it."""
    if is_busy(number):
        months = [(month, _of_month(number, month, zone).count()) for month in range(12, 0, -1)]
        return Year(number, tuple(Month(number, month, count, None) for month, count in months if count))
    by_month: dict[int, list[PublishedEvent]] = defaultdict(list)
    for event in published(list(_of_year(number).order_by("-started_at", "-pk"))):
        by_month[month_of(number, event.started_at, zone)].append(event)
    found = tuple(Month(number, month, len(inside), tuple(inside)) for month, inside in by_month.items())
    return Year(number, found) if found else None


def month(number: int, month: int, zone: ZoneInfo) -> Month | None:
    """A month of the history; None when nothing happened in it."""
    found = published(list(_of_month(number, month, zone).order_by("-started_at", "-pk")))
    return Month(number, month, len(found), tuple(found)) if found else None


def paths(zone: ZoneInfo) -> Iterator[str]:
    """The path of every page of a service, an event, a year and a month, to tell which pages are no more."""
    for slug in panel.Service.objects.values_list("pk", flat=True):
        yield f"/services/{slug}/"
    former: dict[str, list[str]] = defaultdict(list)
    for old, slug in panel.FormerSlug.objects.values_list("slug", "service_id"):
        former[slug].append(old)
        yield f"/services/{old}/"
    for event in public().only("kind", "year", "number").iterator():
        yield path_of(event.kind, event.ref)
    for slug, number in set(_past().exclude(impacts=None).values_list("impacts__service", "year")):
        for name in (slug, *former[slug]):
            yield f"/services/{name}/history/"
            yield f"/services/{name}/history/{number}/"
    for number in years():
        yield f"/history/{number}/"
        if is_busy(number) and (found := year(number, zone)):
            yield from (month.path for month in found.months)


def _service(row: panel.Service) -> PageService:
    return PageService(
        slug=row.slug,
        names=words(row.names),
        state=State(row.state),
        reason=Reason.from_json(row.reason),
        since=row.since,
        descriptions=words(row.descriptions),
        retired_at=row.retired_at,
        held_until=row.override_until if row.reason.get("code") == "by_hand" else None,
        seen_since=row.began,
    )


def who_told_the_end(subject: str) -> list[str]:
    """The incident by which the service of a fact was said to be well: its page tells while it is seen to fail."""
    kind, _, slug = subject.partition("/")
    of_it = events.Event.objects.filter(kind=events.Event.INCIDENT, impacts__service=slug)
    latest = of_it.order_by("-started_at", "-pk").select_related("merged_into").first() if kind == "service" else None
    teller = latest and (latest.merged_into or latest)
    return [f"{teller.kind}/{teller.ref}"] if teller and teller.ended_at else []


def _past() -> QuerySet[events.Event]:
    """What belongs to the history: everything but maintenance that has not begun."""
    return public().filter(kind__in=KINDS).exclude(state=MaintenanceState.SCHEDULED)


def _of_year(number: int) -> QuerySet[events.Event]:
    return _past().filter(year=number)


def month_of(year: int, started_at: datetime, zone: ZoneInfo) -> int:
    """The month in which an event stands in the history of its year.

    Its year is the one of its reference for ever: maintenance that was moved over new year stands in December, with
    its whole window beside it, or in January.
    """
    local = started_at.astimezone(zone)
    return local.month if local.year == year else 12 if local.year > year else 1


def _of_month(year: int, month: int, zone: ZoneInfo) -> QuerySet[events.Event]:
    found = _of_year(year)
    if month > 1:
        found = found.filter(started_at__gte=datetime(year, month, 1, tzinfo=zone))
    if month < 12:
        found = found.filter(started_at__lt=datetime(year, month + 1, 1, tzinfo=zone))
    return found


def _days(row: panel.Service, days: Sequence[date], zone: ZoneInfo, now: datetime) -> Iterator[DaySeconds]:
    """The stored days; those since the last stored one, today among them, from the transitions.

    A day of which nothing is known is one without data, also before the service was listed for the first time; one on
    which it was not listed any more, or not yet again, is empty.
    """
    listed = listings([row.slug])
    rows = panel.Day.objects.filter(service=row, day__gte=days[0]).values_list("day", "seconds", "filled")
    stored = {
        day: DaySeconds(day, {State(state): value for state, value in seconds.items()}, filled)
        for day, seconds, filled in rows
    }
    spans = listed.get(row.slug, ())
    last = max(stored, default=days[0] - ONE_DAY)
    missing = [day for day in days if day > last and is_listed(day, spans, zone)]
    begun = max(row.since, bounds(days[-1], zone)[0]).replace(microsecond=0)
    until = max(now, begun + timedelta(seconds=1))  # today has what is shown, however young it is
    rolled = computed({row.slug: row}, {row.slug: missing}, zone, until, listed)
    known = stored | {entry.day: entry for _, entry in rolled}
    for day in days:
        if day not in known:
            left = bool(spans) and day > local_day(spans[0][0], zone) and not is_listed(day, spans, zone)
            known[day] = DaySeconds(day, {} if left else {State.UNKNOWN: length(day, zone)})
        yield known[day]
