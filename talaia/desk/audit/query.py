"""The facts that people made, as they are asked for: whose, about what, between which days; a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from talaia.desk.audit.fact_diff import FactChange, changes
from talaia.desk.audit.sentences import sentence
from talaia.outbox.models import Fact

AT_ONCE = 50


@dataclass(frozen=True)
class AuditFilter:
    """Empty values ask for everything."""

    who: str = ""
    about: str = ""  # "incident/2026-003", or a part of it
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class AuditLine:
    """A fact in words, in the language of whoever reads."""

    id: int
    at: datetime
    who: str
    said: str
    kind: str
    subject: str
    place: str
    changes: tuple[FactChange, ...]


def facts(asked: AuditFilter, zone: ZoneInfo) -> QuerySet[Fact]:
    """The newest first."""
    rows = Fact.objects.exclude(by="").order_by("-id")
    if asked.who:
        rows = rows.filter(by=asked.who)
    if asked.about:
        rows = rows.filter(subject__icontains=asked.about)
    if asked.first and asked.first.year > 1:  # at the ends of the calendar there is no other day to compare with
        rows = rows.filter(at__gte=datetime.combine(asked.first, time(), zone))
    if asked.last and asked.last < date.max:
        rows = rows.filter(at__lt=datetime.combine(asked.last + timedelta(days=1), time(), zone))
    return rows


def in_words(fact: Fact) -> AuditLine:
    return AuditLine(
        fact.pk,
        fact.at,
        fact.by,
        sentence(fact.kind, fact.subject, fact.data),
        fact.kind,
        fact.subject,
        fact.place,
        changes(fact.data),
    )
