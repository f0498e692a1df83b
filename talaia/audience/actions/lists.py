"""What the list has, as the ledger knows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from talaia.audience.address import AddressError, parse
from talaia.audience.backend import BANNED, DeliveryMode
from talaia.audience.diff import Origin, RecipientStatus
from talaia.audience.models import ExportCheck, Recipient
from talaia.audience.reconcile import ListFindings
from talaia.outbox.actions import record
from talaia.outbox.batches import batches
from talaia.outbox.locks import in_turn

BATCH = 900  # keys in one query
LATE = timedelta(hours=1)  # so long the list may still be at what it was told before we lost it


def joining(keys: Collection[str], at: datetime) -> None:
    """The list is about to be told of them, those who are still told. No fact: see `listed`.

    Whatever happens before `listed`, whom the list has then it has by us; also who has opted out meanwhile.
    """
    with transaction.atomic():
        Recipient.objects.filter(key__in=keys, standing=RecipientStatus.ON, listed_at=None).update(joining_at=at)


def listed(keys: Collection[str], at: datetime) -> None:
    """The list has them now. Said after it is so; no fact: that they are to be told is one already."""
    with transaction.atomic():
        Recipient.objects.filter(key__in=keys, listed_at=None).update(listed_at=at, joining_at=None, at_list="")


def banned(key: str) -> None:
    """The list will not have them, and they have not opted out: they are on it as soon as it will. No fact."""
    with transaction.atomic():
        Recipient.objects.filter(key=key, standing=RecipientStatus.ON, listed_at=None).update(at_list=BANNED)


def quiet(found: Mapping[str, DeliveryMode]) -> None:
    """Who is on the list and gets nothing, of everybody on it. No fact: we did nothing."""
    with transaction.atomic():
        before = dict(Recipient.objects.exclude(at_list__in=["", BANNED]).values_list("key", "at_list"))
        over = [key for key in before if key not in found]
        for keys in batches(over, BATCH):
            Recipient.objects.filter(key__in=keys).update(at_list="")
        for mail in DeliveryMode:
            new = [key for key, now in found.items() if now == mail and before.get(key) != mail]
            for keys in batches(new, BATCH):
                Recipient.objects.filter(key__in=keys).update(at_list=mail.value)


def parting(key: str, at: datetime) -> None:
    """The list is about to be told to take somebody off of whom we shall know nothing then. No fact: see `forget`.

    Killed before that, whom the list has or not by then is nobody's own word.
    """
    with transaction.atomic():
        Recipient.objects.filter(key=key, standing=RecipientStatus.ON).exclude(listed_at=None).update(
            listed_at=None, joining_at=at
        )


def unlisted(keys: Collection[str]) -> None:
    """The list has them no more."""
    with transaction.atomic():
        Recipient.objects.filter(key__in=keys).update(listed_at=None, joining_at=None)


def reconciled(found: ListFindings, read_at: datetime, now: datetime) -> None:
    """What the list says of people, as it was read at `read_at`. What we changed ourselves meanwhile is not theirs."""
    with transaction.atomic():
        in_turn("ledger")
        ours = Recipient.objects.filter(listed_at__lt=read_at)
        numbers = dict.fromkeys(("opted_out", "bounced", "mended", "by_hand"), 0)
        for keys in batches(found.opted_out, BATCH):
            went = ours.filter(key__in=keys, standing=RecipientStatus.ON)
            numbers["opted_out"] += went.update(standing=RecipientStatus.OPTED_OUT, since=now, listed_at=None)
        for keys in batches(found.bounced, BATCH):
            back = ours.filter(key__in=keys, standing=RecipientStatus.ON)
            numbers["bounced"] += back.update(standing=RecipientStatus.BOUNCED, since=now)
        for keys in batches(found.mended, BATCH):
            mended = ours.filter(key__in=keys, standing=RecipientStatus.BOUNCED)
            numbers["mended"] += mended.update(standing=RecipientStatus.ON, since=now)
        for keys in batches(found.there, BATCH):
            there = Recipient.objects.filter(key__in=keys, listed_at=None)
            there.update(listed_at=now, joining_at=None, at_list="")
        for keys in batches(found.gone, BATCH):
            off = Recipient.objects.filter(key__in=keys).exclude(standing=RecipientStatus.ON)
            off.filter(listed_at__lt=read_at).update(listed_at=None)
            off.filter(listed_at=None, joining_at__lt=read_at - LATE).update(joining_at=None)
        numbers["by_hand"] += sum(_found_by_hand(key, now) for key in found.by_hand)
        if any(numbers.values()):
            record("audience.reconciled", "audience", now, data=numbers)


def kept(name: str, now: datetime, error: Mapping[str, str], changed: int = 0, by: str = "") -> None:
    """How the list server was when it was looked at last, and what was set there. A fact only where that is new."""
    with transaction.atomic():
        before = ExportCheck.objects.select_for_update().filter(export=name).first()
        was_well = before is None or not before.error
        ExportCheck.objects.update_or_create(export=name, defaults={"looked_at": now, "error": dict(error)})
        if changed:
            record("audience.list_set", "list", now, by, {"count": changed})
        if was_well and error:
            record("audience.list_troubled", "list", now)
        elif not was_well and not error:
            record("audience.list_well", "list", now)


def _found_by_hand(key: str, now: datetime) -> bool:
    """Somebody whom we did not put there: they are told, and the export neither takes them off nor is changed."""
    try:
        address = parse(key)
    except AddressError:
        return False  # nothing that we could write to
    values = {
        "standing": RecipientStatus.ON.value,
        "origin": Origin.HAND.value,
        "since": now,
        "listed_at": now,
        "joining_at": None,
        "left_at": None,
    }
    Recipient.objects.update_or_create(
        key=address.key, defaults=values, create_defaults={**values, "address": address.written, "first_at": now}
    )
    return True
