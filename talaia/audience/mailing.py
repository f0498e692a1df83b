"""The ledger for whoever writes mails: who is told, each by a key that tells no address, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from talaia.audience import spool
from talaia.audience.actions import bounce, bounce_no_more, opt_in, opt_out
from talaia.audience.address import AddressError, parse
from talaia.audience.diff import RecipientStatus
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.posting import post
from talaia.audience.models import Recipient
from talaia.audience.segments import Place, located, place, resolved
from talaia.config import Config, current
from talaia.events.actions import find, note_whom, touched
from talaia.events.notice_scope import NoticeScope

PAGE = 500  # rows that are read together


@dataclass(frozen=True, slots=True)
class MailRecipient:
    """Somebody who is told. `language`: empty for the site's first."""

    key: str
    address: str
    language: str
    services: tuple[str, ...] = ()  # they chose only these


class Named(Protocol):
    """Who a notice names: services and reference connections, or whom those were `found` to mean when it was chosen."""

    @property
    def services(self) -> Sequence[str]: ...
    @property
    def connections(self) -> Sequence[str]: ...
    @property
    def found(self) -> bool: ...
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def areas(self) -> Sequence[str]: ...


def readers(after: str = "", where: Place | None = None, also: Collection[str] = ()) -> Iterator[MailRecipient]:
    """Everybody who is told, in the order of their keys, from the first key after `after` on; read page by page.

    `where`: only the people who are behind that, and those with the keys `also`.
    """
    last = _number(after) or 0
    while True:
        rows = Recipient.objects.filter(standing=RecipientStatus.ON, pk__gt=last).order_by("pk")
        page = list(rows.values_list("pk", "address", "language", "services", "connections", "areas")[:PAGE])
        gone = spool.waiting(current().home) if page else set()
        for pk, address, language, services, connections, areas in page:
            if (where is None or where.holds(connections, areas) or _key(pk) in also) and _key(pk) not in gone:
                yield MailRecipient(_key(pk), address, language, tuple(services))
        if len(page) < PAGE:
            return
        last = page[-1][0]


def how_many(touched: Collection[str] = ()) -> int:
    """How many are told, without those to whom the list server sends nothing.

    `touched`: of something about these services, so not who wants to hear of others only.
    """
    told = Recipient.objects.filter(standing=RecipientStatus.ON, at_list="")
    if not touched:
        return told.count()
    choosy = told.exclude(services=[]).values_list("services", flat=True)
    others = sum(1 for services in choosy.iterator(5000) if not set(services).intersection(touched))
    return told.count() - others


def chosen_in_vain(listed: Collection[str]) -> dict[str, int]:
    """The services that people chose and that are not among these any more: how many are told nothing about them."""
    told = Recipient.objects.filter(standing=RecipientStatus.ON).exclude(services=[]).values_list("services", flat=True)
    found = Counter(slug for services in told.iterator(5000) for slug in set(services).difference(listed))
    return dict(sorted(found.items()))


def behind(config: Config, only: Named | None) -> Place | None:
    """Where the people of a notice are; None: it is for everybody, or talaia.toml knows no audience."""
    if only is None:
        return None
    if only.found:
        return located(only.names, only.areas)
    audience = config.tables.audience
    return place(audience, only.services, only.connections) if audience else None


def for_whom(config: Config, only_behind: Sequence[str] | None, services: Collection[str]) -> NoticeScope | None:
    """Whom an operator's choice means now (`Event.only_behind`); None: everybody, or nobody knows an audience.

    Of a service that has left talaia.toml since the choice, nobody can say who is behind it. It widens the choice no
    more than it concerns anybody.
    """
    audience = config.tables.audience
    if only_behind is None or audience is None:
        return None
    listed = {service.slug for service in config.tables.services}
    there = [slug for slug in services if slug in listed]
    if services and not there and not only_behind:
        return NoticeScope(unknown=tuple(services))
    return resolved(audience, () if only_behind else there, only_behind)


def remember_whom(subject: str, config: Config, now: datetime) -> None:
    """Keep for whom an event is that is not for everybody, before anybody is told of it."""
    kind, _blank, ref = subject.partition("/")
    event = find(kind, ref)
    if (found := for_whom(config, event.only_behind, touched(event))) is not None:
        note_whom(subject, found, now)


def how_many_behind(where: Place, also: Collection[str] = ()) -> tuple[int, int]:
    """How many are told who are behind that, and of how many it is not known where they are connected.

    `also`: those with these keys are among the first, wherever they are.
    """
    rows = Recipient.objects.filter(standing=RecipientStatus.ON).values_list("pk", "connections", "areas")
    found = unplaced = 0
    for pk, connections, areas in rows.iterator(chunk_size=5000):
        inside = where.holds(connections, areas) or _key(pk) in also
        found += inside
        unplaced += not inside and not connections and not areas
    return found, unplaced


def how_many_of(keys: Collection[str]) -> int:
    """How many of those with these keys are told still."""
    told = Recipient.objects.filter(standing=RecipientStatus.ON).values_list("pk", flat=True)
    return sum(_key(pk) in keys for pk in told.iterator(chunk_size=5000))


def is_told(key: str) -> bool:
    """Whether who has this key is told at present."""
    return Recipient.objects.filter(pk=_number(key) or 0, standing=RecipientStatus.ON).exists()


def address_of(key: str) -> str:
    """Where their mails go; empty for who is not there."""
    return Recipient.objects.filter(pk=_number(key) or 0).values_list("address", flat=True).first() or ""


def neighbours(key: str) -> tuple[str, list[str]]:
    """The domain of their address, and the keys of all who have one there, in order; "" for who is not there.

    However they stand: who is switched off today had mails yesterday.
    """
    own = Recipient.objects.filter(pk=_number(key) or 0).values_list("key", flat=True).first()
    if own is None:
        return "", []
    domain = own.rpartition("@")[2]
    there = Recipient.objects.filter(key__endswith=f"@{domain}").order_by("pk")
    return domain, [_key(pk) for pk in there.values_list("pk", flat=True)]


def language_of(key: str) -> str:
    """In which language they are told; empty for the site's first, and for who is not there."""
    return Recipient.objects.filter(pk=_number(key) or 0).values_list("language", flat=True).first() or ""


def language_for(address: str) -> str:
    """In which language whoever has this address is told; empty for who is not in the ledger."""
    try:
        key = parse(address).key
    except AddressError:
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


def settled(key: str) -> AbstractContextManager[None]:
    """What is done and committed in here about `key` takes the place of what was put aside."""
    return spool.settled(current().home, key)


def put_aside(key: str, again: bool, now: datetime) -> None:
    """Keep a wish for when the database answers: from now on it counts. Raises OSError where it cannot be kept."""
    spool.put(current().home, key, spool.AGAIN if again else spool.STOP, now)


def take_up(now: datetime) -> int:
    """Do what was put aside while the database was away. Returns how many wishes."""
    return spool.take_up(current().home, {spool.STOP: unsubscribe, spool.AGAIN: subscribe_again}, now)


def hand_over(letter: bytes, message_id: str, config: Config, now: Callable[[], datetime]) -> bool:
    """Give a letter to the list server, once; False where talaia.toml names none. Raises Temporary and Permanent."""
    mailman = config.tables.audience.mailman if config.tables.audience else None
    if mailman is None:
        return False
    with MailmanClient(mailman, config) as client:
        post(client, letter, message_id, now)
    return True


def mail_returns(key: str, now: datetime, gone: bool) -> None:
    """Mail to them has come back for good so often that no more is sent; or that was no server to be believed."""
    if row := Recipient.objects.filter(pk=_number(key) or 0).first():
        (bounce if gone else bounce_no_more)(row.key, now)


def _key(pk: int) -> str:
    """In the order of the rows, also when it is compared as text."""
    return f"r{pk:012}"


def _number(key: str) -> int | None:
    return int(key[1:]) if key[:1] == "r" and key[1:].isdecimal() else None
