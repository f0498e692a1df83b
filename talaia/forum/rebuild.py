"""Everything anew from the rows: after a restore, for another forum, for the first time. May be cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from talaia.events.models import Event
from talaia.events.reading import public
from talaia.forum.backend import MirrorBackend
from talaia.forum.models import Mirrored
from talaia.forum.polling import look_at
from talaia.forum.post import ForumSite
from talaia.forum.sync import keep
from talaia.outbox.errors import PermanentError, TemporaryError

FRESH = timedelta(days=1)  # what was seen there so lately is not read again
UNSAID = timedelta(seconds=30)
PATIENCE = 20  # times that one event is tried again before it is left for the worker


@dataclass(frozen=True)
class Done:
    """One event. `fault`: why it could not be brought there; `hint`: what to do."""

    key: str
    wrote: bool = False
    fault: str = ""
    hint: str = ""


def rebuild(
    mirror: MirrorBackend,
    told: ForumSite,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    own_name: str = "",
) -> Iterator[Done]:
    """Every event that may be known outside, the oldest first; each once it is done."""
    events = public().order_by("started_at", "pk")
    for event in events.only("kind", "year", "number").iterator():
        yield _one(event, mirror, told, now, pause, own_name)


def _one(
    event: Event,
    mirror: MirrorBackend,
    told: ForumSite,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    own_name: str,
) -> Done:
    fault: TemporaryError | None = None
    key = f"{event.kind}/{event.ref}"
    for _try in range(PATIENCE):
        try:
            there = Mirrored.objects.filter(mirror=mirror.name, event=event)
            # Somebody may just have mended what was wrong there.
            unsure = there.filter(Q(checked_at__lt=now() - FRESH) | ~Q(trouble=""))
            look_at(mirror, unsure.exclude(place=""), now())
            wrote = keep(key, mirror, told, now(), own_name=own_name)
            left = there.exclude(trouble="").first()
            return Done(key, wrote, left.trouble if left else "", left.hint if left else "")
        except PermanentError as refused:
            return Done(key, fault=str(refused), hint=refused.hint)
        except TemporaryError as busy:
            fault = busy
            pause((busy.after or UNSAID).total_seconds())
    return Done(key, fault=str(fault), hint=fault.hint if fault else "")
