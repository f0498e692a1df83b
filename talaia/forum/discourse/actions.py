"""The only code that writes bells. Who looks after them takes `waiting()`, reads those places, says `answered()`."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from talaia.forum.discourse.models import Bell
from talaia.forum.discourse.webhook import DiscourseHookEvent
from talaia.retention import FORUM_BELLS

# Set when a bell has rung, so that who looks after them need not wait for its next look.
WAKE = threading.Event()


def ring(hook: str, event: DiscourseHookEvent, now: datetime) -> bool:
    """Note that something happened in a topic; False for one that was told before, or is older than we remember."""
    newest_forgotten = Bell.objects.filter(hook=hook, rung_at__lt=now - FORUM_BELLS).aggregate(newest=Max("number"))[
        "newest"
    ]
    if newest_forgotten is not None and event.number <= newest_forgotten:
        return False
    try:
        with transaction.atomic():
            Bell.objects.create(hook=hook, number=event.number, name=event.name, place=str(event.topic), rung_at=now)
            transaction.on_commit(WAKE.set)
    except IntegrityError:
        return False
    return True


def waiting() -> dict[str, int]:
    """The places at which it rang and nobody has looked yet, the longest waiting first, each with its last bell."""
    rows = Bell.objects.filter(answered_at=None).order_by("id").values_list("place", "id")
    return dict(rows)


def answered(places: Iterable[tuple[str, int]], now: datetime) -> None:
    """Somebody has looked at these places after those bells; what rang since is still to be looked after."""
    with transaction.atomic():
        for place, bell in places:
            Bell.objects.filter(place=place, id__lte=bell, answered_at=None).update(answered_at=now)


def purge(now: datetime) -> None:
    """Forget what was answered long ago, but for the last one: what is older than that cannot be new."""
    with transaction.atomic():
        old = Bell.objects.filter(rung_at__lt=now - FORUM_BELLS).exclude(answered_at=None)
        for hook, newest in old.values_list("hook").annotate(newest=Max("number")):
            old.filter(hook=hook, number__lt=newest).delete()
