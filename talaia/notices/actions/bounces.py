"""Mails that came back."""

from __future__ import annotations

from datetime import date, datetime
from itertools import islice

from django.db import transaction

from talaia.config import current
from talaia.notices.bounce_counts import too_many_came_back, too_many_came_back_there
from talaia.notices.models import Bounce
from talaia.notices.values import Neighbours
from talaia.retention import BOUNCES


def note_bounce(recipient: str, status: str, day: date, now: datetime, neighbours: Neighbours) -> bool:
    """A mail came back for good. Returns whether this recipient should get no more: the audience is told by the caller.

    Two on one day count once: a mail server that was ill for a day must not cost anybody their mails. Nor does a day
    on which the mails of very many came back, of all or of those at their domain: that was no server to be believed.
    """
    with transaction.atomic():
        values = {"at": now, "status": status[:300]}
        if not Bounce.objects.filter(recipient=f"{Bounce.PAST}{recipient}", day=day).exists():
            Bounce.objects.get_or_create(recipient=recipient, day=day, ours=False, defaults=values)
        return _often_enough(recipient, recipient, now, neighbours)


def wronged(recipient: str, day: date, now: datetime, neighbours: Neighbours) -> list[str]:
    """Who gets no more for what came back on `day`, and should: since that to `recipient` came back, too, it has turned
    out that too many did on that day, and whoever was among the first was believed. The audience is told by the caller.
    """
    past = Bounce.objects.filter(day=day, ours=False, recipient__startswith=Bounce.PAST)
    if not past.exists():
        return []
    keys = {key.removeprefix(Bounce.PAST) for key in past.values_list("recipient", flat=True)}
    if not too_many_came_back(day):
        _domain, there = neighbours(recipient)
        keys.intersection_update(there)
        if not keys or not too_many_came_back_there(day, there):
            return []
    return [key for key in sorted(keys) if not _often_enough(f"{Bounce.PAST}{key}", key, now, neighbours)]


def _often_enough(kept_as: str, recipient: str, now: datetime, neighbours: Neighbours) -> bool:
    """Whether the mails of a recipient came back on so many days on which that is believed."""
    found = Bounce.objects.filter(recipient=kept_as, ours=False, at__gte=now - BOUNCES)
    days = list(found.values_list("day", flat=True))
    least = current().mail.hard_bounces
    if len(days) < least:
        return False
    _domain, there = neighbours(recipient)
    believed = (one for one in days if not (too_many_came_back(one) or too_many_came_back_there(one, there)))
    return len(list(islice(believed, least))) >= least


def note_blame(recipient: str, status: str, day: date, now: datetime) -> None:
    """A mail came back because of us: it counts for nobody, and operators see it. Safe to repeat within a day."""
    values = {"at": now, "status": status[:300]}
    Bounce.objects.get_or_create(recipient=recipient, day=day, ours=True, defaults=values)


def count_no_more(recipient: str) -> None:
    """What was counted has had its consequence; whoever comes back begins anew. For its day it counts still."""
    with transaction.atomic():
        Bounce.objects.filter(recipient=f"{Bounce.PAST}{recipient}").delete()  # of a time before
        Bounce.objects.filter(recipient=recipient, ours=False).update(recipient=f"{Bounce.PAST}{recipient}")


def count_again(recipient: str) -> None:
    """What was counted has had a consequence that was taken back."""
    with transaction.atomic():
        days = Bounce.objects.filter(recipient=recipient, ours=False).values("day")
        past = Bounce.objects.filter(recipient=f"{Bounce.PAST}{recipient}")
        past.filter(day__in=days).delete()
        past.update(recipient=recipient)


def forget_bounces(before: datetime) -> int:
    """Delete what came back before then."""
    return Bounce.objects.filter(at__lt=before).delete()[0]
