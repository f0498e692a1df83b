"""How many say that a service fails for them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from talaia.outbox.monotonic import SLACK
from talaia.reports.models import VisitorReport
from talaia.reports.place_hash import HOUR


@dataclass(frozen=True)
class ReportCount:
    """Of a service, within the last hour. `areas`: slug and number, the largest first, without those who named none."""

    service: str
    total: int
    areas: tuple[tuple[str, int], ...]


def last_hour(now: datetime) -> dict[str, ReportCount]:
    """By service; services of which nobody said anything are left out."""
    rows = VisitorReport.objects.filter(at__gt=now - HOUR, at__lte=now + SLACK)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for slug, area, count in rows.values_list("service", "area").annotate(Count("pk")):
        found[slug][area] = count
    return {slug: _count(slug, areas) for slug, areas in found.items()}


def _count(slug: str, areas: dict[str, int]) -> ReportCount:
    named = sorted(((area, count) for area, count in areas.items() if area), key=lambda one: (-one[1], one[0]))
    return ReportCount(slug, sum(areas.values()), tuple(named))
