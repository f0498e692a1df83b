"""All that is known at one moment, as frozen values: what the rules look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

CHECKS = "checks"  # the source of the built-in checks

# Of a source that only tells and is never asked, "resolved" is believed after this long (reference: four false ones).
UNCONFIRMED_HOLD = timedelta(minutes=5)


@dataclass(frozen=True)
class Signal:
    """A live signal: it fires, or is silenced by a person meanwhile."""

    source: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    silenced: bool = False

    @property
    def heartbeat(self) -> bool:
        return self.labels.get("talaia_heartbeat") == "true"


@dataclass(frozen=True)
class Sample:
    """The latest measurement: its value, its age in seconds by the source's own clock when it was read, and when."""

    value: float
    age: float
    read_at: datetime

    def age_at(self, now: datetime) -> float:
        return self.age + max(0.0, (now - self.read_at).total_seconds())


@dataclass(frozen=True)
class Source:
    """A source as the rules need it. `asked`: we poll it, so it need not be taken at its word."""

    id: str
    heard_at: datetime | None
    stale_after: timedelta
    asked: bool = True

    def silent(self, now: datetime) -> bool:
        return self.heard_at is None or now - self.heard_at > self.stale_after


@dataclass(frozen=True)
class View:
    """Signals (of several sources merged), samples by (source, service, connection), sources by id."""

    signals: tuple[Signal, ...] = ()
    samples: Mapping[tuple[str, str, str], Sample] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    by_service: Mapping[str, tuple[Signal, ...]] = field(init=False, repr=False)
    by_connection: Mapping[str, tuple[Signal, ...]] = field(init=False, repr=False)
    coloured: tuple[Signal, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        services: dict[str, list[Signal]] = defaultdict(list)
        connections: dict[str, list[Signal]] = defaultdict(list)
        rest: list[Signal] = []
        for signal in self.signals:
            if signal.heartbeat:
                continue
            service, connection = signal.labels.get("talaia_service"), signal.labels.get("talaia_connection")
            if connection:
                connections[connection].append(signal)
            if service:
                services[service].append(signal)
            rest.append(signal)
        object.__setattr__(self, "by_service", {slug: tuple(found) for slug, found in services.items()})
        object.__setattr__(self, "by_connection", {id: tuple(found) for id, found in connections.items()})
        object.__setattr__(self, "coloured", tuple(rest))


def merged(signals: Iterable[Signal], ignored: Mapping[str, Iterable[str]]) -> tuple[Signal, ...]:
    """One signal per alert, though several sources tell of it: the same labels without those each source ignores.

    Silenced in one of them is silenced: only Alertmanager knows of silences.
    """
    found: dict[frozenset[tuple[str, str]], Signal] = {}
    for signal in signals:
        without = set(ignored.get(signal.source, ()))
        key = frozenset((name, value) for name, value in signal.labels.items() if name not in without)
        known = found.get(key)
        if known is None or (signal.silenced and not known.silenced):
            found[key] = signal
    return tuple(found.values())
