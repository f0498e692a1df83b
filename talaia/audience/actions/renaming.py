"""A service has another slug: whoever chose it has chosen the new one. Part of one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from talaia.audience.models import Recipient, Subscription
from talaia.outbox.locks import in_turn


def rename_chosen(old: str, new: str) -> int:
    """Returns how many people of the ledger had chosen it."""
    in_turn("ledger")
    people = [
        (pk, _renamed(services, old, new))
        for pk, services in Recipient.objects.exclude(services=[]).values_list("pk", "services").iterator(5000)
        if old in services
    ]
    for pk, services in people:
        Recipient.objects.filter(pk=pk).update(services=services)
    for pk, services in Subscription.objects.exclude(services=[]).values_list("pk", "services"):
        if old in services:
            Subscription.objects.filter(pk=pk).update(services=_renamed(services, old, new))
    return len(people)


def _renamed(services: Sequence[str], old: str, new: str) -> list[str]:
    return list(dict.fromkeys(new if slug == old else slug for slug in services))
