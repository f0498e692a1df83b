"""Which finished days are not stored yet (`panel.actions.roll_up` stores them). Reads; writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery

from talaia.panel.models import Day, Listing, Service, Transition
from talaia.panel.state import State
from talaia.panel.uptime import ONE_DAY, DaySeconds, Span, StateChange, bounds, by_day, local_day, while_listed

# After a long pause no more than this is made up for in one go; older days stay without data.
FARTHEST = timedelta(days=400)


class DueDay(NamedTuple):
    """A finished day of a service, ready to be stored."""

    slug: str
    day: date
    seconds: Mapping[str, int]
    filled: int = 0


def due_days(now: datetime, tz: ZoneInfo) -> list[DueDay]:
    """Finished local days that have no row yet, oldest first. Four queries; two when nothing is due.

    A service begins with the day on which it was listed; a day on which it was not listed at all has no row.
    """
    today = local_day(now, tz)
    latest = Day.objects.filter(service=OuterRef("pk")).order_by("-day").values("day")[:1]
    rows = list(Service.objects.only("slug", "state", "since").annotate(stored=Subquery(latest)))
    listed = listings(None)
    services: dict[str, Service] = {}
    periods: dict[str, list[date]] = {}
    for service in rows:
        stored: date | None = service.stored
        after = max(stored + ONE_DAY if stored else date.min, today - FARTHEST)
        if days := list(_finished(listed[service.slug], after, today, tz)):
            services[service.slug], periods[service.slug] = service, days
    until = bounds(today, tz)[0]
    due = [
        DueDay(slug, entry.day, {state.value: value for state, value in entry.seconds.items()}, entry.filled)
        for slug, entry in computed(services, periods, tz, until, listed)
        if entry.seconds
    ]
    return sorted(due, key=lambda entry: (entry.day, entry.slug))


def listings(slugs: Sequence[str] | None) -> Mapping[str, tuple[Span, ...]]:
    """When each of these services (None: every one) was listed, oldest first."""
    rows = Listing.objects.order_by("since", "pk")
    found: dict[str, tuple[Span, ...]] = defaultdict(tuple)
    for slug, since, until in (rows if slugs is None else rows.filter(service__in=slugs)).values_list(
        "service_id", "since", "until"
    ):
        found[slug] += ((since, until),)
    return found


def is_listed(day: date, listed: Sequence[Span], tz: ZoneInfo) -> bool:
    """Whether the service was listed at any time of that day."""
    return any(local_day(since, tz) <= day and (until is None or day <= last_day(until, tz)) for since, until in listed)


def last_day(until: datetime, tz: ZoneInfo) -> date:
    """The last day of which anything lies before `until`."""
    return local_day(until - timedelta(microseconds=1), tz)


def _finished(listed: Sequence[Span], after: date, today: date, tz: ZoneInfo) -> Iterator[date]:
    """The days from `after` to yesterday on which the service was listed, each once, in order."""
    for since, until in listed:
        day = max(local_day(since, tz), after)
        last = today - ONE_DAY if until is None else min(last_day(until, tz), today - ONE_DAY)
        while day <= last:
            yield day
            after = day = day + ONE_DAY


def computed(
    services: Mapping[str, Service],
    periods: Mapping[str, Sequence[date]],
    tz: ZoneInfo,
    until: datetime,
    listed: Mapping[str, tuple[Span, ...]],
) -> Iterator[tuple[str, DaySeconds]]:
    """The given days of each service, from its transitions, as far as `until`. Two queries for all of them.

    Of the time before a service had its first state nothing is known; what it was not listed is left out.
    """
    periods = {slug: days for slug, days in periods.items() if days}
    if not periods:
        return
    earliest = bounds(min(days[0] for days in periods.values()), tz)[0]
    changes: dict[str, list[Transition]] = defaultdict(list)
    rows = Transition.objects.filter(service__in=list(periods), at__gte=earliest).order_by("at", "id")
    for row in rows.only("service_id", "at", "from_state", "to_state", "reason"):
        changes[row.service_id].append(row)
    before = Transition.objects.filter(service=OuterRef("pk"), at__lt=earliest).order_by("-at", "-id").values("pk")[:1]
    latest = Service.objects.filter(pk__in=list(periods)).annotate(last=Subquery(before)).values("last")
    ahead = {row.service_id: row for row in Transition.objects.filter(pk__in=latest)}
    for slug, days in periods.items():
        service, moves = services[slug], [_change(row) for row in changes[slug]]
        if slug in ahead:
            first = _change(ahead[slug])
        elif moves:
            first = StateChange(earliest, State(changes[slug][0].from_state))
        elif service.since <= earliest:
            first = StateChange(earliest, State(service.state))
        else:
            first, moves = StateChange(earliest, State.UNKNOWN), [StateChange(service.since, State(service.state))]
        for entry in by_day(*while_listed(first, moves, listed.get(slug, ())), days, tz, until):
            yield slug, entry


def _change(row: Transition) -> StateChange:
    state = State(row.to_state)
    return StateChange(row.at, state, bool(row.reason.get("filled")) and state is not State.UNKNOWN)
