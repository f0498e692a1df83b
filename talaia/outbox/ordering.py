"""Whose turn it is, where one receiver must hear of things in the order in which they happened. Reads only."""

from __future__ import annotations

from datetime import datetime, timedelta

from talaia.outbox.errors import TemporaryError
from talaia.outbox.models import Delivery, Fact

SOON, LATEST = timedelta(seconds=1), timedelta(minutes=15)


def wait_for_turn(channel: str, target: str, now: datetime) -> None:
    """Raises Temporary while something that happened before is still to be delivered to the same receiver.

    The receiver is what stands in `target` before its first "/". What is parked, or was let go, holds up nobody.
    """
    receiver = target.partition("/")[0]
    mine = Delivery.objects.filter(channel=channel, target=target).order_by("fact_id").first()
    if mine is None:
        return
    before = Delivery.objects.filter(
        channel=channel,
        target__startswith=f"{receiver}/",
        state__in=[Delivery.READY, Delivery.RUNNING],
        fact_id__lt=mine.fact_id,
    )
    first = before.order_by("fact_id").first()
    if first is not None:
        wait = min(max(SOON, first.due - now + SOON), LATEST)
        raise TemporaryError(f"{receiver} has not got what came before", after=wait)


def asked_for(channel: str, target: str) -> bool:
    """Whether a person had it tried again: then it goes, however old it is."""
    return Fact.objects.filter(kind="delivery.tried_again", data__channel=channel, data__target=target).exists()
