"""One person at a time: opting out and in, mail that comes back, adding by hand, forgetting."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from talaia.audience.actions.rows import on_the_list, remember_opt_out
from talaia.audience.address import parse
from talaia.audience.diff import Origin, RecipientStatus
from talaia.audience.models import OptOut, Recipient, Subscription
from talaia.audience.recipients import digest_of, forgotten
from talaia.errors import UserError
from talaia.outbox.actions import record
from talaia.outbox.locks import in_turn


def opt_out(address: str, now: datetime, *, by: str = "") -> bool:
    """The person wants no mail, and no import changes that. Of an address that we do not know a digest is kept.

    Returns whether that is new. Raises address.Wrong.
    """
    key = parse(address).key
    with transaction.atomic():
        in_turn("ledger")
        row = Recipient.objects.select_for_update().filter(key=key).first()
        if row is None:
            if forgotten([key]):
                return False
            remember_opt_out(key, now)
            record("audience.opted_out", "audience", now, by)
            return True
        if row.standing == RecipientStatus.OPTED_OUT:
            return False
        _stand(row, RecipientStatus.OPTED_OUT, now)
        record("audience.opted_out", f"recipient/{row.pk}", now, by)
    return True


def opt_in(address: str, now: datetime, *, by: str = "") -> RecipientStatus | None:
    """The person asks to be told again, or their mail arrives again. Where they stand then; None: nobody we know.

    Raises address.Wrong.
    """
    key = parse(address).key
    with transaction.atomic():
        in_turn("ledger")
        digests = [digest_of(key, salt) for salt in OptOut.objects.values_list("salt", flat=True).distinct()]
        deleted, _ = OptOut.objects.filter(digest__in=digests).delete()
        row = Recipient.objects.select_for_update().filter(key=key).first()
        if row and row.standing in (RecipientStatus.OPTED_OUT, RecipientStatus.BOUNCED):
            _stand(row, RecipientStatus.LEFT if row.left_at else RecipientStatus.ON, now)
            record("audience.opted_in", f"recipient/{row.pk}", now, by)
        elif deleted:
            record("audience.opted_in", "audience", now, by)
    return RecipientStatus(row.standing) if row else None


def bounce(key: str, now: datetime, *, by: str = "") -> bool:
    """Its mail comes back for good. Returns whether that is new."""
    with transaction.atomic():
        in_turn("ledger")
        row = Recipient.objects.select_for_update().filter(key=key, standing=RecipientStatus.ON).first()
        if row is None:
            return False
        _stand(row, RecipientStatus.BOUNCED, now)
        record("audience.bounced", f"recipient/{row.pk}", now, by)
    return True


def bounce_no_more(key: str, now: datetime) -> bool:
    """That its mail comes back was not to be believed. Returns whether that is new."""
    with transaction.atomic():
        in_turn("ledger")
        row = Recipient.objects.select_for_update().filter(key=key, standing=RecipientStatus.BOUNCED).first()
        if row is None:
            return False
        _stand(row, RecipientStatus.LEFT if row.left_at else RecipientStatus.ON, now)
        record("audience.not_bounced", f"recipient/{row.pk}", now)
    return True


def add(address: str, name: str, now: datetime, *, by: str = "") -> bool:
    """By hand, beside what the export says. Returns whether it was not there. Raises Refused, address.Wrong."""
    found = parse(address)
    with transaction.atomic():
        in_turn("ledger")
        row = Recipient.objects.select_for_update().filter(key=found.key).first()
        if forgotten([found.key]) or (row and row.standing == RecipientStatus.OPTED_OUT):
            raise UserError("that person opted out; `talaia audience opt-in ADDRESS` if they ask to be told again")
        if row and row.standing != RecipientStatus.LEFT:
            return False
        values = {
            "address": found.written,
            "name": name,
            "origin": Origin.HAND.value,
            "standing": RecipientStatus.ON.value,
        }
        row, _ = Recipient.objects.update_or_create(
            key=found.key,
            defaults={**values, **on_the_list(row, now), "left_at": None, "since": now},
            create_defaults={**values, "since": now, "first_at": now},
        )
        record("audience.added", f"recipient/{row.pk}", now, by)
    return True


def forget(address: str, now: datetime, *, by: str = "") -> bool:
    """Delete what we know of one address, also that it asked for our mails. Returns whether there was anything.

    The list must not have it any more: whom it has and we do not know we take for put there by hand. Raises
    address.Wrong.
    """
    key = parse(address).key
    with transaction.atomic():
        in_turn("ledger")
        row = Recipient.objects.select_for_update().filter(key=key).first()
        asked, _ = Subscription.objects.filter(address__iexact=key).delete()
        if row is None:
            if asked:
                record("audience.forgotten", "audience", now, by, {"count": 1})
            return bool(asked)
        if row.standing == RecipientStatus.OPTED_OUT:
            remember_opt_out(key, row.since)
        number = row.pk
        row.delete()
        record("audience.forgotten", f"recipient/{number}", now, by, {"count": 1})
    return True


def forget_old(left_before: datetime, now: datetime, *, by: str = "", limit: int = 500) -> int:
    """Forget addresses that left before, at most `limit`; of those that opted out a digest is kept. Returns how many.

    Who was in no export, because somebody added them or they subscribed, left when they opted out. What the list still
    has is not forgotten yet: it could not be taken off any more.
    """
    with transaction.atomic():
        in_turn("ledger")
        left = Q(left_at__lt=left_before)
        left |= Q(origin=Origin.HAND, standing=RecipientStatus.OPTED_OUT, since__lt=left_before)
        old = Recipient.objects.select_for_update().filter(left, listed_at=None, joining_at=None)
        rows = list(old.order_by("pk")[:limit])
        for row in rows:
            if row.standing == RecipientStatus.OPTED_OUT:
                remember_opt_out(row.key, row.since)
        Recipient.objects.filter(pk__in=[row.pk for row in rows]).delete()
        if rows:
            record("audience.forgotten", "audience", now, by, {"count": len(rows)})
    return len(rows)


def _stand(row: Recipient, standing: RecipientStatus, now: datetime) -> None:
    row.standing, row.since = standing.value, now
    changed = {"standing", "since"}
    if standing == RecipientStatus.ON:
        for name, value in on_the_list(row, now).items():
            setattr(row, name, value)
            changed.add(name)
    row.save(update_fields=changed)
