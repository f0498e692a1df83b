"""The ledger as values: its entries, which addresses opted out and were forgotten, which import was the last."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator
from hashlib import sha256

from django.db.models import Count, QuerySet

from talaia.audience.backend import BANNED, DeliveryMode
from talaia.audience.diff import Origin, RecipientEntry, RecipientStatus
from talaia.audience.guard import Last
from talaia.audience.models import Import, OptOut, Recipient
from talaia.audience.serialize import not_taken

AT_LIST = (
    DeliveryMode.PAUSED.value,
    DeliveryMode.DIGEST.value,
    BANNED,
)  # what a list server may do with somebody we want told
FIELDS = (
    "key",
    "address",
    "name",
    "language",
    "standing",
    "origin",
    "reasons",
    "connections",
    "areas",
    "left_at",
)


def entries(rows: QuerySet[Recipient] | None = None) -> dict[str, RecipientEntry]:
    """Key → entry, of these rows, or of the whole ledger."""
    rows = Recipient.objects.all() if rows is None else rows
    found = {}
    for key, address, name, language, standing, origin, reasons, connections, areas, left_at in rows.values_list(
        *FIELDS
    ).iterator(5000):
        found[key] = RecipientEntry(
            key,
            address,
            name,
            language,
            RecipientStatus(standing),
            Origin(origin),
            tuple(reasons),
            tuple(connections),
            tuple(areas),
            left_at,
        )
    return found


def recipients_told() -> Iterator[RecipientEntry]:
    """Everybody who is told, in the order of the addresses. Whoever sends asks here."""
    yield from entries(Recipient.objects.filter(standing=RecipientStatus.ON).order_by("key")).values()


def how_many_stand() -> tuple[dict[RecipientStatus, int], dict[str, int]]:
    """How many stand where; and, of those who are to be told, whom the list server sends nothing, by what it does.

    These are not counted as told.
    """
    rows = Recipient.objects.values_list("standing", "at_list").annotate(count=Count("pk")).order_by()
    standings, quiet = dict.fromkeys(RecipientStatus, 0), dict.fromkeys(AT_LIST, 0)
    for standing, at_list, count in rows:
        if standing == RecipientStatus.ON and at_list:
            quiet[at_list] += count
        else:
            standings[RecipientStatus(standing)] += count
    return standings, quiet


def forgotten(keys: Collection[str]) -> set[str]:
    """Those of the keys of which a digest says that they opted out."""
    found: set[str] = set()
    if not keys:
        return found
    by_salt: dict[str, set[str]] = {}
    for salt, digest in OptOut.objects.values_list("salt", "digest"):
        by_salt.setdefault(salt, set()).add(digest)
    for salt, digests in by_salt.items():
        found.update(key for key in keys if digest_of(key, salt) in digests)
    return found


def last_done() -> int:
    """The number of the import that was applied last; 0: none yet."""
    done = Import.objects.filter(state=Import.DONE).order_by("-finished_at", "-pk")
    return done.values_list("pk", flat=True).first() or 0


def before(import_id: int) -> Last:
    """What the guard knows of the import that was applied last."""
    row = Import.objects.filter(pk=import_id).values_list("ended", "refused").first()
    if row is None:
        return Last()
    return Last(row[0], sum(one.is_a_strangers for one in not_taken(row[1])))


def digest_of(key: str, salt: str) -> str:
    return hmac.new(salt.encode(), key.encode(), sha256).hexdigest()
