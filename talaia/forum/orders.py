"""What stands in the mirror is made anew when something has happened. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from talaia.config import current
from talaia.outbox.actions import Order
from talaia.outbox.models import Fact


def forum(fact: Fact) -> Iterator[Order]:
    """A forum post follows an update: what stands of the event in the forum, or in the repository."""
    if current().tables.mirror is not None:
        yield Order("mirror", fact.subject)


def other_posts(fact: Fact) -> Iterator[Order]:
    """What stands there of other events of which the fact speaks too."""
    if current().tables.mirror is not None:
        for subject in fact.data.get("pages", []):
            yield Order("mirror", subject)
