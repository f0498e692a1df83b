"""The ledger for whoever writes mails: who is told, each by a key that tells no address, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from talaia.audience.actions import bounce, opt_in, opt_out
from talaia.audience.address import Wrong, parse
from talaia.audience.behind import Place, place
from talaia.audience.diff import Standing
from talaia.audience.mailman.client import Client
from talaia.audience.mailman.posting import post
from talaia.audience.models import Recipient
from talaia.config import Config

PAGE = 500  # rows that are read together


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told. `language`: empty for the site's first."""

    key: str
    address: str
    language: str
    services: tuple[str, ...] = ()  # they chose only these


def readers(after: str = "", where: Place | None = None) -> Iterator[Reader]:
    """Everybody who is told, in the order of their keys, from the first key after `after` on; read page by page.

    `where`: only the people who are behind that.
    """
    last = _number(after) or 0
    while True:
        rows = Recipient.objects.filter(standing=Standing.ON, pk__gt=last).order_by("pk")
        page = list(rows.values_list("pk", "address", "language", "services", "connections", "areas")[:PAGE])
        for pk, address, language, services, connections, areas in page:
            if where is None or where.holds(connections, areas):
                yield Reader(_key(pk), address, language, tuple(services))
        if len(page) < PAGE:
            return
        last = page[-1][0]


def how_many(touched: Collection[str] = ()) -> int:
    """How many are told. `touched`: of something about these services, so not who wants to hear of others only."""
    told = Recipient.objects.filter(standing=Standing.ON)
    if not touched:
        return told.count()
    choosy = told.exclude(services=[]).values_list("services", flat=True)
    others = sum(1 for services in choosy.iterator(5000) if not set(services).intersection(touched))
    return told.count() - others


def behind(config: Config, services: Collection[str], connections: Collection[str]) -> Place | None:
    """Behind these services and reference connections; None where talaia.toml knows no audience."""
    audience = config.tables.audience
    return place(audience, services, connections) if audience else None


def how_many_behind(where: Place) -> tuple[int, int]:
    """How many are told who are behind that, and of how many it is not known where they are connected."""
    rows = Recipient.objects.filter(standing=Standing.ON).values_list("connections", "areas")
    found = unplaced = 0
    for connections, areas in rows.iterator(5000):
        found += where.holds(connections, areas)
        unplaced += not connections and not areas
    return found, unplaced


def is_told(key: str) -> bool:
    """Whether who has this key is told at present."""
    return Recipient.objects.filter(pk=_number(key) or 0, standing=Standing.ON).exists()


def address_of(key: str) -> str:
    """Where their mails go; empty for who is not there."""
    return Recipient.objects.filter(pk=_number(key) or 0).values_list("address", flat=True).first() or ""


def language_of(key: str) -> str:
    """In which language they are told; empty for the site's first, and for who is not there."""
    return Recipient.objects.filter(pk=_number(key) or 0).values_list("language", flat=True).first() or ""


def language_for(address: str) -> str:
    """In which language whoever has this address is told; empty for who is not in the ledger."""
    try:
        key = parse(address).key
    except Wrong:
        return ""
    return Recipient.objects.filter(key=key).values_list("language", flat=True).first() or ""


def unsubscribe(key: str, now: datetime) -> None:
    """By their own wish. Who is not there any more is told nothing anyway."""
    if row := Recipient.objects.filter(pk=_number(key) or 0).first():
        opt_out(row.address, now)


def subscribe_again(key: str, now: datetime) -> None:
    """They have thought better of it."""
    if row := Recipient.objects.filter(pk=_number(key) or 0).first():
        opt_in(row.address, now)


def hand_over(letter: bytes, message_id: str, config: Config, now: Callable[[], datetime]) -> bool:
    """Give a letter to the list server, once; False where talaia.toml names none. Raises Temporary and Permanent."""
    mailman = config.tables.audience.mailman if config.tables.audience else None
    if mailman is None:
        return False
    with Client(mailman, config) as client:
        post(client, letter, message_id, now)
    return True


def mail_returns(key: str, now: datetime) -> None:
    """Mail to them has come back for good so often that no more is sent."""
    if row := Recipient.objects.filter(pk=_number(key) or 0).first():
        bounce(row.key, now)


def _key(pk: int) -> str:
    """In the order of the rows, also when it is compared as text."""
    return f"r{pk:012}"


def _number(key: str) -> int | None:
    return int(key[1:]) if key[:1] == "r" and key[1:].isdecimal() else None
