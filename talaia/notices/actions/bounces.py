"""Mails that came back."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from django.db import transaction

from talaia.config import current
from talaia.notices import rows
from talaia.notices.models import Bounce
from talaia.notices.values import Neighbours
from talaia.retention import BOUNCES


def note_bounce(recipient: str, status: str, day: date, now: datetime, neighbours: Neighbours) -> bool:
    """A mail came back for good. Returns whether this recipient should get no more: the audience is told by the caller.

    Two on one day count once: a mail server that was ill for a day must not cost anybody their mails. Nor does a day
    on which the mails of very many came back, of all or of those at their domain: that was no server to be believed.
    """
    with transaction.atomic():
        Bounce.objects.filter(recipient=recipient, at__lt=now - BOUNCES).delete()
        values = {"at": now, "status": status[:300]}
        Bounce.objects.get_or_create(recipient=recipient, day=day, ours=False, defaults=values)
        days = list(Bounce.objects.filter(recipient=recipient, ours=False).values_list("day", flat=True))
        least = current().mail.hard_bounces
        if len(days) < least:
            return False
        _domain, there = neighbours(recipient)
        believed = (
            one for one in days if not (rows.too_many_came_back(one) or rows.too_many_came_back_there(one, there))
        )
        return len(list(islice(believed, least))) >= least


def note_blame(recipient: str, status: str, day: date, now: datetime) -> None:
    """A mail came back because of us: it counts for nobody, and operators see it. Safe to repeat within a day."""
    with transaction.atomic():
        Bounce.objects.filter(ours=True, at__lt=now - BOUNCES).delete()
        values = {"at": now, "status": status[:300]}
        Bounce.objects.get_or_create(recipient=recipient, day=day, ours=True, defaults=values)


def forget_bounces(recipient: str) -> None:
    """What was counted has had its consequence; whoever comes back begins anew."""
    Bounce.objects.filter(recipient=recipient, ours=False).delete()
