"""What follows for the ledger when something has happened."""

from __future__ import annotations

from collections.abc import Iterator

from talaia.outbox.actions import Order
from talaia.outbox.models import Fact


def ledger(fact: Fact) -> Iterator[Order]:
    """The import that was confirmed, into the ledger; the list follows."""
    yield Order("audience", fact.subject)
