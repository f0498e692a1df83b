"""The only code that writes publications, and what becomes of the public folder."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from talaia.outbox.actions import record
from talaia.retention import PUBLICATIONS
from talaia.site.models import Publication


def note_publication(at: datetime, seconds: float, pages: int, written: int) -> None:
    """The folder was written; the oldest notes are forgotten."""
    with transaction.atomic():
        row = Publication.objects.create(at=at, seconds=seconds, pages=pages, written=written)
        if row.pk % 50 == 0:
            Publication.objects.filter(pk__lte=row.pk - PUBLICATIONS).delete()


def ask_for_all(now: datetime) -> None:
    """Have every page made anew: nobody knows what was written."""
    with transaction.atomic():
        record("site.changed", "site", now)


def note_mended(count: int, names: str, now: datetime) -> None:
    """Files of the public folder were not as they were written, and have been made anew: a fact for operators."""
    with transaction.atomic():
        record("site.mended", "site", now, data={"count": count, "names": names})
