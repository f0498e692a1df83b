"""The seam to whatever keeps the list of those who get mail: a list server, or our own ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from talaia.audience.diff import RecipientEntry


class DeliveryMode(StrEnum):
    """Whether the list sends a member anything."""

    ON = "on"
    PAUSED = "paused"  # the person's own choice, or a moderator's: still a member, left alone
    DIGEST = "digest"  # waits for a collection of mails, which a list of notices never sends
    BOUNCED = "bounced"


BANNED = "banned"  # beside Mail: whom the list will not have, although we want them told


@dataclass(frozen=True, slots=True)
class ListMember:
    """Somebody on the list. `key`: as address.parse() makes it."""

    key: str
    mail: DeliveryMode = DeliveryMode.ON


class ListOutcome(StrEnum):
    """What became of one address. All of them are answers; what is a fault is raised as Temporary or Permanent."""

    DONE = "done"
    ALREADY = "already"  # it was so before: a step that is repeated
    BARRED = "barred"  # the list will not have them: banned there
    IMPOSSIBLE = "impossible"  # the list cannot take such an address
    LATER = "later"  # something over there stands in the way; asked again at the next time


@dataclass(frozen=True, slots=True)
class Leaving:
    """Somebody asked the list to be taken off it, and it waits for our word. `token`: which request that is."""

    key: str
    token: str


class ListBackend(Protocol):
    """Everything may be repeated. Nothing that it does sends the person a mail. Raises Temporary and Permanent."""

    at_once: int  # how many people `subscribe` is given before it is written down that they are on it

    def read(self, closely: bool = False) -> Mapping[str, ListMember]:
        """Everybody who is on it, complete, by key; never a part as if it were all.

        closely: also whose mail is paused or collected, which takes longer; without it theirs looks like everybody's.
        """

    def no_digest(self, keys: Sequence[str]) -> Sequence[str]:
        """Let these get each mail as it comes; those for whom that is done."""

    def subscribe(self, people: Sequence[RecipientEntry]) -> Mapping[str, ListOutcome]:
        """Key → outcome, of each. After a fault, those that are on it already answer ALREADY."""

    def remove(self, keys: Sequence[str]) -> Mapping[str, ListOutcome]:
        """Key → outcome, of each; who is not on it is ALREADY off."""

    def leaving(self) -> Sequence[Leaving]:
        """Who asked the list itself to be taken off it."""

    def let_go(self, leaving: Leaving) -> None:
        """Take them off, as they asked. Called once that is written down."""
