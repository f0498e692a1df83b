"""The only code that writes facts and deliveries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection, transaction
from django.db.models import Q

from talaia.outbox.models import Delivery, Fact, WriteTest
from talaia.outbox.monotonic import SLACK, moved, over

log = logging.getLogger(__name__)
UNCLEAR: dict[int, datetime] = {}  # facts of which this process could not say what follows, and since when
UNCLEAR_FOR = timedelta(minutes=10)

# Set when there is something to do, so that the worker of this process need not wait for its next look.
WAKE = threading.Event()


# From where the person acts whose request this is: the desk's middleware and the command line say so.
PLACE: ContextVar[str] = ContextVar("place", default="")


def record(kind: str, subject: str, at: datetime, by: str = "", data: Mapping[str, Any] | None = None) -> Fact:
    """Write down that something happened. Call it inside the transaction that makes it so."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind}: a fact commits together with its rows; record it inside transaction.atomic()")
    place = PLACE.get() if by else ""
    fact = Fact.objects.create(kind=kind, subject=subject, at=at, by=by, place=place, data=dict(data or {}))
    transaction.on_commit(WAKE.set)
    return fact


@dataclass(frozen=True)
class Order:
    """A consequence that is wanted: `target` on `channel`, not before `due` (None: at once).

    `since`: `due` is so long after that, and not an hour of the day: it moves with a clock that is set back.
    """

    channel: str
    target: str
    due: datetime | None = None
    since: datetime | None = None

    def delivery(self, fact: Fact, now: datetime) -> Delivery:
        due, since = moved(self.due, self.since, now) if self.due else (now, now)
        return Delivery(fact=fact, channel=self.channel, target=self.target, due=due, since=since)


def spread(now: datetime, consequences: Callable[[Fact], Iterable[Order]], limit: int = 200) -> int:
    """Write the deliveries of the oldest facts that have none yet; returns how many facts.

    A fact of which nobody can say what follows is looked at again in ten minutes, and holds up no other.
    """
    unclear = [pk for pk, since in UNCLEAR.items() if not over(since, now, UNCLEAR_FOR)]
    waiting = Fact.objects.filter(spread=False).exclude(pk__in=unclear)
    if not waiting.exists():
        return 0  # without a lock
    with transaction.atomic():
        rows = waiting.order_by("id")
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True)
        facts, orders = [], []
        for fact in rows[:limit]:
            try:
                orders += [(fact, order) for order in dict.fromkeys(consequences(fact))]
            except Error:
                raise
            except Exception:
                log.exception("what follows from fact %s, %s %s, is not clear", fact.pk, fact.kind, fact.subject)
                UNCLEAR[fact.pk] = now
            else:
                facts.append(fact)
        Delivery.objects.bulk_create([order.delivery(fact, now) for fact, order in orders], ignore_conflicts=True)
        Fact.objects.filter(pk__in=[fact.pk for fact in facts]).update(spread=True)
    return len(facts)


def due_channels(now: datetime) -> list[str]:
    """Those for which something is due."""
    due = Delivery.objects.filter(state__in=[Delivery.READY, Delivery.RUNNING], due__lte=now)
    return list(due.order_by("channel").values_list("channel", flat=True).distinct())


def mend_waits(now: datetime) -> int:
    """After the clock was set back: whatever was to wait for so long waits from now on so long. Returns how many."""
    open_ones = Delivery.objects.filter(state__in=[Delivery.READY, Delivery.RUNNING], since__gt=now + SLACK)
    if not open_ones.exists():
        return 0  # without a lock
    with transaction.atomic():
        rows = list(open_ones.select_for_update())
        for row in rows:
            row.due, row.since = moved(row.due, row.since, now)
        Delivery.objects.bulk_update(rows, ["due", "since"], batch_size=200)
    return len(rows)


def claim(worker: str, channel: str, now: datetime, lease: timedelta, limit: int) -> list[Delivery]:
    """Take up to `limit` due deliveries of `channel` for `lease`, oldest first. Nobody else gets them meanwhile.

    A running delivery whose lease has ended is due again: its worker is gone, or too slow to be believed.
    """
    with transaction.atomic():
        rows = Delivery.objects.filter(
            channel=channel, state__in=[Delivery.READY, Delivery.RUNNING], due__lte=now
        ).order_by("due", "id")
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True)
        taken = list(rows.select_related(None)[:limit])
        for delivery in taken:
            delivery.state, delivery.worker = Delivery.RUNNING, worker
            delivery.due, delivery.since, delivery.attempts = now + lease, now, delivery.attempts + 1
        Delivery.objects.bulk_update(taken, ["state", "worker", "due", "since", "attempts"], batch_size=200)
    return taken


def prolong(worker: str, ids: Iterable[int], now: datetime, lease: timedelta) -> None:
    """Keep what `worker` is still at from being taken by others."""
    mine = Delivery.objects.filter(pk__in=list(ids), worker=worker, state=Delivery.RUNNING)
    mine.update(due=now + lease, since=now)


def done(worker: str, ids: Iterable[int], at: datetime) -> int:
    """Mark as done what was done, unless another worker has it by now. Returns how many were marked."""
    return Delivery.objects.filter(pk__in=list(ids), worker=worker, state=Delivery.RUNNING).update(
        state=Delivery.DONE, done_at=at, error="", hint=""
    )


def again(worker: str, ids: Iterable[int], now: datetime, wait: timedelta, error: str, hint: str = "") -> None:
    """Put back for another try after `wait`."""
    Delivery.objects.filter(pk__in=list(ids), worker=worker, state=Delivery.RUNNING).update(
        state=Delivery.READY, due=now + wait, since=now, error=error[-4000:], hint=hint
    )


def park(worker: str, ids: Iterable[int], error: str, hint: str = "") -> None:
    """Set aside for a person."""
    Delivery.objects.filter(pk__in=list(ids), worker=worker, state=Delivery.RUNNING).update(
        state=Delivery.PARKED, error=error[-4000:], hint=hint
    )


def try_again(delivery_id: int, now: datetime, *, by: str = "") -> Delivery | None:
    """A parked delivery is due again at once. None when it is parked no more: somebody else was quicker."""
    return _decide(delivery_id, "delivery.tried_again", Delivery.READY, now, by)


def let_go(delivery_id: int, now: datetime, *, by: str = "") -> Delivery | None:
    """A parked delivery will not be done. None when it is parked no more."""
    return _decide(delivery_id, "delivery.let_go", Delivery.LET_GO, now, by)


def _decide(delivery_id: int, what: str, state: str, now: datetime, by: str) -> Delivery | None:
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().filter(pk=delivery_id, state=Delivery.PARKED).first()
        if delivery is None:
            return None
        data = {"channel": delivery.channel, "target": delivery.target, "error": delivery.error[-400:]}
        delivery.state, delivery.due, delivery.since, delivery.attempts = state, now, now, 0
        delivery.save(update_fields=["state", "due", "since", "attempts"])
        record(what, f"delivery/{delivery.pk}", now, by, data)
    return delivery


def rescue(dead_workers: Iterable[str], now: datetime) -> int:
    """Give back at once what workers that are known to be dead had taken."""
    return Delivery.objects.filter(state=Delivery.RUNNING, worker__in=list(dead_workers)).update(
        state=Delivery.READY, due=now, since=now
    )


def forget(before: datetime, by_people_before: datetime | None = None) -> int:
    """Delete facts of machines before `before`, and what people did before the other, once their deliveries are done.

    Returns how many facts. Without `by_people_before` people's are kept no longer than the others.
    """
    of_people = Q(at__lt=by_people_before or before) & ~Q(by="")
    old = Fact.objects.filter(Q(at__lt=before, by="") | of_people, spread=True)
    old = old.exclude(deliveries__state__in=["ready", "running", "parked"])
    count = old.count()
    old.delete()
    return count


def write_test(now: datetime) -> None:
    """Write, and have it committed. Raises django.db.Error where that cannot be done. No fact: nothing happened."""
    with transaction.atomic():
        WriteTest.objects.update_or_create(pk=1, defaults={"at": now})


def settle(channel: str, target: str, at: datetime) -> int:
    """Count as done what was set aside for a person, who has now decided about it. Returns how many deliveries."""
    return Delivery.objects.filter(channel=channel, target=target, state=Delivery.PARKED).update(
        state=Delivery.DONE, done_at=at
    )
