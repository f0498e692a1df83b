"""Who asked for our mails and is waited for. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.audience.models import Subscription
from talaia.outbox.monotonic import SLACK

A_DAY = 3  # mails that ask are sent to one address, at most
PAUSE = timedelta(minutes=10)  # between two of them: nobody is pestered by somebody else's joke


@dataclass(frozen=True)
class Waiting:
    """`key`: what the address in the mail is signed with."""

    pk: int
    key: str
    address: str
    language: str
    services: tuple[str, ...]
    confirmed: bool = False


def to_ask(pk: int, valid: timedelta, now: datetime) -> Waiting | None:
    """Whom to ask by mail; None: it was done, that address was asked often enough, or no answer could come in time."""
    row = Subscription.objects.filter(pk=pk, asked_at=None, confirmed_at=None).first()
    if row is None or now - row.at > valid:
        return None
    before = Subscription.objects.filter(
        digest=row.digest, asked_at__gt=now - timedelta(days=1), asked_at__lte=now + SLACK
    )
    if before.count() >= A_DAY or before.filter(asked_at__gt=now - PAUSE).exists():
        return None
    return _waiting(row)


def waited_for(key: str, valid: timedelta, now: datetime) -> Waiting | None:
    """Who has the key; None: nobody, or it was too long ago."""
    number = key[1:].partition("-")[0]
    row = Subscription.objects.filter(pk=int(number)).first() if key[:1] == "s" and number.isdecimal() else None
    if row is None or key != _key(row) or now - row.at > valid:
        return None
    return _waiting(row)


def _waiting(row: Subscription) -> Waiting:
    return Waiting(
        row.pk, _key(row), row.address, row.language, tuple(row.services), confirmed=row.confirmed_at is not None
    )


def _key(row: Subscription) -> str:
    return f"s{row.pk:012}-{int(row.at.timestamp())}"
