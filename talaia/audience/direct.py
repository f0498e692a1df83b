"""No list server: the ledger is the list, and notices go straight to each address in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from talaia.audience.diff import Entry, Standing
from talaia.audience.models import Recipient
from talaia.audience.target import Leaving, Mail, Member, Outcome


class Direct:
    """Reads itself; what it is told is so by then, as the ledger was written first."""

    at_once = 200

    def read(self, closely: bool = False) -> Mapping[str, Member]:
        del closely
        rows = Recipient.objects.exclude(listed_at=None).values_list("key", "standing")
        return {
            key: Member(key, Mail.BOUNCED if standing == Standing.BOUNCED else Mail.ON)
            for key, standing in rows.iterator(5000)
        }

    def no_digest(self, keys: Sequence[str]) -> Sequence[str]:
        return keys

    def subscribe(self, people: Sequence[Entry]) -> Mapping[str, Outcome]:
        return {entry.key: Outcome.DONE for entry in people}

    def remove(self, keys: Sequence[str]) -> Mapping[str, Outcome]:
        return dict.fromkeys(keys, Outcome.DONE)

    def leaving(self) -> Sequence[Leaving]:
        return ()  # whoever wants no mail says so to us

    def let_go(self, leaving: Leaving) -> None:
        del leaving
