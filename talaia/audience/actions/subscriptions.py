"""Subscribing: asked for by anybody, confirmed by whoever has the address, forgotten when nobody does."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from talaia.audience.actions.rows import on_the_list
from talaia.audience.address import parse
from talaia.audience.diff import SUBSCRIBED, Origin, RecipientStatus
from talaia.audience.models import OptOut, Recipient, Subscription
from talaia.audience.recipients import digest_of
from talaia.outbox.actions import record
from talaia.outbox.locks import in_turn
from talaia.outbox.monotonic import SLACK
from talaia.retention import SUBSCRIPTIONS

HOUR = timedelta(hours=1)
MOST = 500  # in an hour, by all together


def ask(
    address: str, language: str, services: Sequence[str], client: str, rate: int, secret: bytes, now: datetime
) -> bool:
    """Somebody asks. False: too many asked from that place, or at all; of the address this tells nothing.

    The same is done whoever has the address, or nobody. Raises address.Wrong.
    """
    found = parse(address)
    place = digest(client, secret)
    with transaction.atomic():
        lately = Subscription.objects.filter(at__gt=now - HOUR, at__lte=now + SLACK)
        if lately.filter(client=place).count() >= rate or lately.count() >= MOST:
            return False
        row = Subscription.objects.create(
            digest=digest(found.key, secret),
            client=place,
            address=found.written,
            language=language,
            services=list(services),
            at=now,
        )
        record("audience.asked_for", f"subscription/{row.pk}", now)
    return True


def asked(pk: int, now: datetime) -> None:
    """The mail that asks is out. No fact: nothing has come of it."""
    with transaction.atomic():
        Subscription.objects.filter(pk=pk, asked_at=None).update(asked_at=now)


def confirm(pk: int, now: datetime) -> None:
    """It was them. Whatever stood of them before: this is their last word. Confirming twice is once."""
    with transaction.atomic():
        in_turn("ledger")
        row = Subscription.objects.select_for_update().filter(pk=pk, confirmed_at=None).first()
        if row is None:
            return
        row.confirmed_at = now
        row.save(update_fields=["confirmed_at"])
        key = parse(row.address).key
        digests = [digest_of(key, salt) for salt in OptOut.objects.values_list("salt", flat=True).distinct()]
        OptOut.objects.filter(digest__in=digests).delete()
        before = Recipient.objects.select_for_update().filter(key=key).first()
        follows = before is not None and before.origin == Origin.EXPORT and before.left_at is None
        values = {
            "language": row.language,
            "services": row.services,
            "standing": RecipientStatus.ON.value,
            "origin": (Origin.EXPORT if follows else Origin.HAND).value,
            "reasons": sorted({*(before.reasons if before and follows else ()), SUBSCRIBED}),
            "left_at": None,
            **on_the_list(before, now),
            "since": before.since if before and before.standing == RecipientStatus.ON else now,
        }
        person, _ = Recipient.objects.update_or_create(
            key=key, defaults=values, create_defaults={**values, "address": row.address, "first_at": now}
        )
        record("audience.subscribed", f"recipient/{person.pk}", now)


def forget_asked(valid: timedelta, now: datetime) -> int:
    """Forget who asked and is no longer waited for. Returns how many. No fact: nothing is left to tell of."""
    with transaction.atomic():
        return Subscription.objects.filter(at__lte=now - max(valid, SUBSCRIPTIONS)).delete()[0]


def digest(what: str, secret: bytes) -> str:
    return hmac.new(secret, f"talaia subscription {what}".encode(), hashlib.sha256).hexdigest()
