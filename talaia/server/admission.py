"""Who may hang on: how many connections there are, in all and from one place, and how much is kept of what is not done.

A crowd takes what it can get. What the worker needs to write the page and to send mails is not among it: the web server
has a bound of its own below that of the process. When there are too many, those go first that have been idle longest.
"""

from __future__ import annotations

import heapq
import logging
import resource
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from talaia.api.counters import CLOSED
from talaia.config import current
from talaia.desk.people.login_throttle import place
from talaia.forwarded import HEADER, is_loopback
from talaia.log_counter import LogCounter

log = logging.getLogger(__name__)

MOST = 10_000  # connections
EACH = 256  # of one place: a household, an office, a provider's NAT in which every idle one is dispensable
KEPT = 24_000_000  # bytes of requests that are not whole, and of answers that nobody takes
RESERVE = 512  # descriptors for the worker, the database, the files, and requests that the application answers
BACKLOG = 1024  # connections that the kernel holds until we accept them
BATCH = 64  # a part of so many goes at once: to look for the idlest costs more than to close it


@dataclass(frozen=True)
class Bounds:
    """Connections in all and of one place; bytes that are kept; connections that wait to be accepted."""

    connections: int
    each: int
    kept: int
    backlog: int


def bounds(descriptors: int) -> Bounds:
    """What the web server may take where the whole process may have so many descriptors."""
    backlog = min(BACKLOG, descriptors // 8)
    room = descriptors - min(RESERVE, descriptors // 4) - backlog
    return Bounds(min(MOST, room), EACH, KEPT, backlog)


def raise_limit() -> int:
    """Let this process have as many descriptors as it is allowed: the usual 1,024 are few. Returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # forbidden: then it stays with those that there are
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


def counted_for(address: str, behind_proxy: bool) -> str:
    """The place for which a connection counts; none behind a proxy, nor from this machine, where one may stand."""
    return "" if behind_proxy or not address or is_loopback(address) else place(address)


def place_of(scope: MutableMapping[str, Any]) -> str:
    """The place for which a request counts, by its ASGI scope: behind a proxy that of whom the proxy speaks for."""
    if not current().web.behind_proxy:
        return counted_for(scope["client"][0] if scope.get("client") else "", False)
    told = [value for name, value in scope["headers"] if name == HEADER]
    return counted_for(told[-1].decode("latin-1").rpartition(",")[2].strip(), False) if told else ""


class LimitedConnection(Protocol):
    """One connection."""

    place: str

    def idle_since(self) -> float:
        """Since when it has given us nothing to do (a monotonic clock); infinite while we are at work for it."""

    def drop(self) -> None:
        """Close it now, whatever was to be written."""


class Admission:
    """All connections of this process. Only the event loop's thread may use it."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.guests: set[LimitedConnection] = set()
        self.places: dict[str, set[LimitedConnection]] = {}
        self.holding: dict[LimitedConnection, int] = {}  # bytes, in the order in which they began to hold some
        self.kept = 0
        self.said = {
            "room": LogCounter(lambda n: log.warning("%d connections closed: there were %d", n, bounds.connections)),
            "place": LogCounter(lambda n: log.warning("%d connections closed: %d of one place", n, bounds.each)),
            "memory": LogCounter(lambda n: log.warning("%d connections closed: what they kept grew too much", n)),
        }

    def enter(self, guest: LimitedConnection) -> None:
        """Let it in, at the cost of who has been idle for longest; at its own, where nobody is idle."""
        self.guests.add(guest)
        if guest.place:
            of_place = self.places.setdefault(guest.place, set())
            of_place.add(guest)
            if len(of_place) > self.bounds.each:
                self._make_room(of_place, guest, "place")
        if len(self.guests) > self.bounds.connections:
            self._make_room(self.guests, guest, "room")

    def leave(self, guest: LimitedConnection) -> None:
        """It is gone. Repeatable."""
        self.guests.discard(guest)
        self._note(guest, 0)
        if guest.place and (of_place := self.places.get(guest.place)):
            of_place.discard(guest)
            if not of_place:
                del self.places[guest.place]

    def keep(self, guest: LimitedConnection, size: int) -> None:
        """Note that so many bytes are kept for it. Where that is too much in all, those that began first go."""
        if guest not in self.guests:
            return  # nobody would ever take it off again
        self._note(guest, size)
        if self.kept > self.bounds.kept:
            for one in list(self.holding):
                if self.kept <= self.bounds.kept * 0.9:
                    break
                if one.idle_since() != float("inf"):
                    self._send_away(one, "memory")

    def _note(self, guest: LimitedConnection, size: int) -> None:
        self.kept += size - self.holding.get(guest, 0)
        if size:
            self.holding[guest] = size
        else:
            self.holding.pop(guest, None)

    def _make_room(self, among: set[LimitedConnection], newest: LimitedConnection, why: str) -> None:
        idle = ((since, id(one), one) for one in among if (since := one.idle_since()) != float("inf"))
        found = heapq.nsmallest(1 + len(among) // BATCH, idle)
        for _, _, one in found:
            if one is not newest or len(found) == 1:
                self._send_away(one, why)
        if not found:
            self._send_away(newest, why)

    def _send_away(self, guest: LimitedConnection, why: str) -> None:
        self.leave(guest)
        CLOSED.labels(why).inc()
        self.said[why].add()
        guest.drop()
