"""No list server: the ledger is the list, and notices go straight to each address in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from talaia.audience.backend import DeliveryMode, Leaving, ListMember, ListOutcome
from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.models import Recipient


class Direct:
    """Reads itself; what it is told is so by then, as the ledger was written first."""

    at_once = 200

    def read(self, closely: bool = False) -> Mapping[str, ListMember]:
        del closely
        rows = Recipient.objects.exclude(listed_at=None).values_list("key", "standing")
        return {
            key: ListMember(key, DeliveryMode.BOUNCED if standing == RecipientStatus.BOUNCED else DeliveryMode.ON)
            for key, standing in rows.iterator(5000)
        }

    def no_digest(self, keys: Sequence[str]) -> Sequence[str]:
        return keys

    def subscribe(self, people: Sequence[RecipientEntry]) -> Mapping[str, ListOutcome]:
        return {entry.key: ListOutcome.DONE for entry in people}

    def remove(self, keys: Sequence[str]) -> Mapping[str, ListOutcome]:
        return dict.fromkeys(keys, ListOutcome.DONE)

    def leaving(self) -> Sequence[Leaving]:
        return ()  # whoever wants no mail says so to us

    def let_go(self, leaving: Leaving) -> None:
        del leaving
