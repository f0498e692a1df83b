"""What stays of more signals than one source may have, pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

MOST = 10_000  # signals of one source
LEFT = 9_000  # of them when there were more, so that not each one that comes has all of them looked at
SAID_FOR = timedelta(days=1)  # operators read so long that something was left out


@dataclass(frozen=True)
class RankedSignal:
    """One signal: what it says of whom, by Concern.about; nothing where it is none of ours."""

    key: str
    says: frozenset[tuple[str, ...]]
    firing: bool
    at: datetime


def too_many(told: Iterable[RankedSignal], most: int = LEFT) -> set[str]:
    """The keys of those that go, so that `most` are left.

    Those that touch a service stay before others, what fires before what has ended, new before old. However many there
    are, one stays that fires and says what nobody else says: so many as there are services, connections and impacts.
    """
    ranked = sorted(told, key=lambda one: (bool(one.says), one.firing, one.at), reverse=True)
    gone: set[str] = set()
    said: set[tuple[str, ...]] = set()
    stay = 0
    for one in ranked:
        if stay < most or (one.firing and not one.says <= said):
            said |= one.says  # what has ended comes after all that fires, and hides none of it
            stay += 1
        else:
            gone.add(one.key)
    return gone
