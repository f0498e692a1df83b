"""What visitors have said within the last hour, beside what the machines see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from talaia.config import current
from talaia.localization.texts import Words
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.reports.counts import last_hour
from talaia.site.values import PageService


@dataclass(frozen=True)
class ReportedService:
    """`seen`: as the machines judge it, whatever is shown. `areas`: names and numbers; `nowhere`: who named none."""

    service: PageService
    total: int
    areas: tuple[tuple[Words, int], ...]
    nowhere: int
    seen: State


def reported(services: Sequence[PageService], now: datetime) -> list[ReportedService]:
    """The listed services of which somebody says that they fail, those of which most say so first."""
    rules = current().tables.reports
    if rules is None:
        return []
    counts = last_hour(now)
    names = {area.slug: area.name.words for area in rules.areas}
    rows = Service.objects.filter(slug__in=counts).values_list("slug", "computed_state")
    seen = {slug: State(state) if state else State.UNKNOWN for slug, state in rows}
    found = []
    for service in services:
        if count := counts.get(service.slug):
            areas = tuple((names[slug], number) for slug, number in count.areas if slug in names)
            nowhere = count.total - sum(number for _, number in areas)
            found.append(ReportedService(service, count.total, areas, nowhere, seen[service.slug]))
    return sorted(found, key=lambda one: -one.total)
