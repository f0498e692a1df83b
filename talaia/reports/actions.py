"""What is written of visitors' reports."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from talaia.outbox.actions import record
from talaia.outbox.locks import in_turn
from talaia.outbox.models import Fact
from talaia.outbox.monotonic import SLACK
from talaia.reports.models import VisitorReport
from talaia.reports.place_hash import HOUR, place_hashes
from talaia.retention import REPORTS, REPORTS_PLACE

MOST = 5000  # in an hour, by all together: beyond it nothing new is learned


def report(slug: str, area: str, place: str, secret: bytes, rate: int, least: int, now: datetime) -> bool:
    """`place` says that `slug` fails for them, from `area` or "". False: too much was said from there, or by all.

    The same place counts once in an hour for a service, however often it says so. A fact tells when `least` places
    have said so within an hour, once an hour at most.
    """
    hashes = place_hashes(place, secret, now)
    with transaction.atomic():
        in_turn("reports")
        lately = VisitorReport.objects.filter(at__gt=now - HOUR, at__lte=now + SLACK)
        mine = lately.filter(place__in=hashes)
        if mine.filter(service=slug).exists():
            return True
        if mine.count() >= rate or lately.count() >= MOST:
            return False
        VisitorReport.objects.create(service_id=slug, area=area, at=now, place=hashes[0])
        subject = f"service/{slug}"
        told = Fact.objects.filter(kind="service.reported", subject=subject, at__gt=now - HOUR, at__lte=now + SLACK)
        if lately.filter(service=slug).count() >= least and not told.exists():
            record("service.reported", subject, now, data={"least": least})
    return True


def forget_reports(now: datetime) -> None:
    """Forget from where something was said, and after a month that it was. No fact: nothing is left to tell of."""
    with transaction.atomic():
        VisitorReport.objects.exclude(place="").filter(at__lte=now - REPORTS_PLACE).update(place="")
        VisitorReport.objects.filter(at__lte=now - REPORTS).delete()
