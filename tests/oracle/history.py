"""What a history is made of: a small house, its people, and what happens to them, in order.

Every instant is a whole number of seconds since 1970 (UTC). Services, connections, people and events are known by
a `key` that never changes; a rename changes only what the product calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

from tests.oracle.happenings import Happening

MINUTE, HOUR, DAY = 60, 3600, 86400
ZONE = ZoneInfo("Europe/Madrid")


class State(StrEnum):
    """What the panel may say of a service, in the product's own words."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PARTIAL = "partial"
    DISRUPTION = "disruption"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


TROUBLES = (State.DEGRADED, State.PARTIAL, State.DISRUPTION)
WEIGHT: Mapping[State, int] = MappingProxyType(
    {State.OPERATIONAL: 0, State.DEGRADED: 1, State.PARTIAL: 2, State.DISRUPTION: 3}
)
BY_WEIGHT = (State.OPERATIONAL, *TROUBLES)


@dataclass(frozen=True)
class Threshold:
    """`1` (so many connections) or `25%` (such a share; an exact share counts)."""

    number: int
    share: bool = False

    def reached(self, count: int, of: int) -> bool:
        return count * 100 >= self.number * of if self.share else count >= self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.share else str(self.number)


@dataclass(frozen=True)
class Reference:
    """Judged by connections: how many of the measured ones are without service."""

    connections: tuple[str, ...]
    degraded: Threshold = Threshold(1)
    partial: Threshold = Threshold(25, share=True)
    disruption: Threshold = Threshold(60, share=True)
    measured: Threshold = Threshold(50, share=True)


@dataclass(frozen=True)
class Service:
    """A row of the panel. `source` is where its evidence comes from: "prometheus" or "checks"."""

    key: str
    source: str = "prometheus"
    reference: Reference | None = None
    hold_worse: int = 0
    hold_better: int = 2 * MINUTE
    unstable_within: int = 10 * MINUTE
    check_impact: State = State.DISRUPTION
    """What a failing check means, where the source is "checks" (with `failures = 1`, looked at in each look)."""


@dataclass(frozen=True)
class Source:
    """Whom talaia asks: "prometheus" (samples, alerts), "alertmanager" (silences), "checks" (talaia itself)."""

    key: str
    stale_after: int = 90


@dataclass(frozen=True)
class Person:
    """Somebody of the ledger. Without `services` they are told of all; `exported`: an export brought them."""

    key: str
    connection: str | None = None
    services: frozenset[str] | None = None
    exported: bool = True


@dataclass(frozen=True)
class SmallHouse:
    """A provider: what it runs, who measures it, and who is told. Mails go straight to each address."""

    services: tuple[Service, ...]
    sources: tuple[Source, ...] = (Source("prometheus"), Source("alertmanager"), Source("checks"))
    people: tuple[Person, ...] = ()
    behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`[[audience.behind]]`: of a service, the connections (of the export) of the people behind it."""
    hold: int = MINUTE
    told_from: State = State.PARTIAL
    advance: tuple[int, ...] = (7 * DAY, DAY, 30 * MINUTE)
    """How long before a maintenance people are told, the longest first."""

    def service(self, key: str) -> Service:
        return next(service for service in self.services if service.key == key)

    def stale_after(self, source: str) -> int:
        return next(each.stale_after for each in self.sources if each.key == source)


@dataclass(frozen=True)
class History:
    """A house from its first start (`begins`, talaia runs from then on) to `ends`, and when its pages are read.

    Happenings are in order of time; those of one instant are made real one after the other before talaia looks.
    At `begins` every sample is good, nothing fires, every source answers, the mail server is well.
    """

    house: SmallHouse
    begins: int
    ends: int
    happenings: tuple[Happening, ...]
    reads: tuple[int, ...] = ()

    @cached_property
    def in_order(self) -> bool:
        instants = [self.begins, *(each.at for each in self.happenings), self.ends]
        return instants == sorted(instants)

    def __str__(self) -> str:
        lines = [f"{clock(self.begins)}  begins: {self.house}"]
        lines += [f"{clock(each.at)}  {each}" for each in self.happenings]
        return "\n".join([*lines, f"{clock(self.ends)}  ends"])


def clock(at: int) -> str:
    """An instant as people of the house read it, with its offset, as the clocks change."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S%z")


def instant(text: str) -> int:
    """`2026-03-01 14:30` of the house's clock (with `:05` or `+01:00` where wanted) as an instant."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=ZONE)).timestamp())
