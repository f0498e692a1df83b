"""Rows → how many mails have come back of late, and whether so many are believed. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, F, Max, QuerySet

from talaia.config import current
from talaia.notices.models import Bounce, Notice, NoticeRecipient
from talaia.notices.send_outcome import FEW, too_many, too_many_there
from talaia.notices.values import (
    Neighbours,
)
from talaia.outbox.batches import batches

BACK_WITHIN = timedelta(days=7)  # mail servers try for days before they send a mail back


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


def too_many_came_back(day: date) -> bool:
    """Whether on this day the mails of so many came back for good that no server of them is believed."""
    written_to = _of_late(day).aggregate(most=Max(F("sent") + F("refused")))["most"] or 0
    return too_many(Bounce.objects.filter(day=day, ours=False).count(), written_to)


def too_many_came_back_there(day: date, keys: Sequence[str]) -> bool:
    """The same of those at one domain, whose keys these are: by each mail that they were sent of late."""
    back: set[str] = set()
    for some in batches([*keys, *(f"{Bounce.PAST}{key}" for key in keys)]):
        of_these = Bounce.objects.filter(day=day, ours=False, recipient__in=some).values_list("recipient", flat=True)
        back.update(key.removeprefix(Bounce.PAST) for key in of_these)
    if len(back) * 2 <= FEW:  # no part of five
        return False
    for notice in _of_late(day).order_by("-began_at", "-pk"):
        copies = notice.postings.exclude(state=NoticeRecipient.AGAIN)
        written_to = (
            key
            for some in batches(keys)
            for key in copies.filter(recipient__in=some).order_by("recipient").values_list("recipient", flat=True)
        )
        if too_many_there(key in back for key in written_to):
            return True
    return False


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
