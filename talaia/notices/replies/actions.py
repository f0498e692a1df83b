"""Who is answered, and that they were. One function = one transaction = one recorded fact, which names no address."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from django.db import transaction

from talaia.notices.models import Reply
from talaia.outbox import monotonic
from talaia.outbox.actions import record
from talaia.retention import REPLIES

MOST = 1000  # answers in an hour, to all together: forged senders are not worth more


def order(address: str, language: str, message_id: str, secret: bytes, now: datetime) -> bool:
    """Let somebody be answered. False: they were within a day, or too many are being answered.

    Safe to repeat. `language`: empty, where we do not know it.
    """
    with transaction.atomic():
        if Reply.objects.filter(at__gt=now - timedelta(hours=1), at__lte=now + monotonic.SLACK).count() >= MOST:
            return False
        digest = digest_of(address, secret)
        values = {"at": now, "address": address, "language": language, "message_id": message_id}
        row, new = Reply.objects.select_for_update().get_or_create(digest=digest, defaults=values)
        if not new:
            if not monotonic.over(row.at, now, REPLIES):
                return False
            row.at, row.address, row.language, row.message_id = now, address, language, message_id
            row.number += 1
            row.save()
        record("reply.came", f"reply/{row.pk}", now)
    return True


def forget_one(address: str, now: datetime) -> bool:
    """Somebody is to be forgotten: an answer that waits for them is given up. Returns whether one did."""
    waiting = [*Reply.objects.filter(address__iexact=address).values_list("pk", flat=True)]
    for pk in waiting:
        over(pk, now, "forgotten")
    return bool(waiting)


def over(pk: int, now: datetime, outcome: str) -> None:
    """It was answered, or is "refused", "late", "forgotten": the address goes, the digest stays for a day."""
    with transaction.atomic():
        row = Reply.objects.select_for_update().filter(pk=pk).exclude(address="").first()
        if row is None:
            return
        row.address, row.message_id = "", ""
        row.save(update_fields=["address", "message_id"])
        record("reply.over", f"reply/{pk}", now, data={"outcome": outcome})


def forget(now: datetime) -> int:
    """Forget who was answered more than a day ago. No fact: nothing is left to tell of. Returns how many."""
    with transaction.atomic():
        return Reply.objects.filter(at__lte=now - REPLIES).delete()[0]


def digest_of(address: str, secret: bytes) -> str:
    """The same for one box, however it is written; nobody without our key can try addresses on it."""
    return hmac.new(secret, f"talaia reply {address.strip().lower()}".encode(), hashlib.sha256).hexdigest()
