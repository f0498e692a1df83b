"""The only code that writes publications."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from talaia.site.models import Publication

KEEP = 500


def note_publication(at: datetime, seconds: float, pages: int, written: int) -> None:
    """The folder was written; the oldest notes are forgotten."""
    with transaction.atomic():
        row = Publication.objects.create(at=at, seconds=seconds, pages=pages, written=written)
        if row.pk % 50 == 0:
            Publication.objects.filter(pk__lte=row.pk - KEEP).delete()
