"""Which finished days are not stored yet (`panel.actions.roll_up` stores them). Reads; writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Min, OuterRef, Subquery

from talaia.panel.models import Day, Service, Transition
from talaia.panel.state import State
from talaia.panel.uptime import ONE_DAY, Change, DaySeconds, bounds, by_day, local_day

# After a long pause no more than this is made up for in one go; older days stay without data.
FARTHEST = timedelta(days=400)


class DueDay(NamedTuple):
    """A finished day of a service, ready to be stored."""

    slug: str
    day: date
    seconds: Mapping[str, int]


def due_days(now: datetime, tz: ZoneInfo) -> list[DueDay]:
    """Finished local days that have no row yet, oldest first. Four queries; two when nothing is due.

    A service begins with the day of its first change, or of its present state when it never changed; a retired one ends
    with the day on which it left.
    """
    today = local_day(now, tz)
    latest = Day.objects.filter(service=OuterRef("pk")).order_by("-day").values("day")[:1]
    rows = Service.objects.only("slug", "state", "since", "retired_at")
    last_stored = dict(rows.annotate(stored=Subquery(latest)).values_list("slug", "stored"))
    wanted: dict[str, tuple[Service, date | None, date]] = {}
    for service in rows:
        last = today - ONE_DAY
        if service.retired_at is not None:
            last = min(last, local_day(service.retired_at, tz))
        stored: date | None = last_stored.get(service.slug)
        if stored is None or stored < last:
            wanted[service.slug] = (service, stored, last)
    if not wanted:
        return []
    oldest = today - FARTHEST
    begun = first_days([slug for slug, (_, stored, _) in wanted.items() if stored is None], tz)
    periods: dict[str, list[date]] = {}
    for slug, (service, stored, last) in wanted.items():
        first = stored + ONE_DAY if stored else begun.get(slug, local_day(service.since, tz))
        first = max(first, oldest)
        periods[slug] = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    due = [
        DueDay(slug, entry.day, {state.value: value for state, value in entry.seconds.items()})
        for slug, entry in computed(
            {slug: wanted[slug][0] for slug in periods if periods[slug]}, periods, tz, until=bounds(today, tz)[0]
        )
    ]
    return sorted(due, key=lambda entry: (entry.day, entry.slug))


def first_days(slugs: list[str], tz: ZoneInfo) -> dict[str, date]:
    """The local day of the first change of each of these services that ever changed."""
    rows = Transition.objects.filter(service__in=slugs).values_list("service_id").annotate(first=Min("at"))
    return {slug: local_day(first, tz) for slug, first in rows} if slugs else {}


def computed(
    services: Mapping[str, Service], periods: Mapping[str, list[date]], tz: ZoneInfo, until: datetime
) -> Iterator[tuple[str, DaySeconds]]:
    """The given days of each service, from its transitions, as far as `until`. One query for all of them.

    Of the time before a service had its first state nothing is known.
    """
    periods = {slug: days for slug, days in periods.items() if days}
    if not periods:
        return
    earliest = bounds(min(days[0] for days in periods.values()), tz)[0]
    changes: dict[str, list[Transition]] = defaultdict(list)
    rows = Transition.objects.filter(service__in=list(periods), at__gte=earliest).order_by("at", "id")
    for row in rows.only("service_id", "at", "from_state", "to_state"):
        changes[row.service_id].append(row)
    for slug, days in periods.items():
        service, mine = services[slug], changes[slug]
        if mine:
            first = State(mine[0].from_state)
            moves = [Change(row.at, State(row.to_state)) for row in mine]
        elif service.since <= earliest:
            first, moves = State(service.state), []
        else:
            first, moves = State.UNKNOWN, [Change(service.since, State(service.state))]
        for entry in by_day(first, moves, days, tz, until):
            yield slug, entry
