"""All that is known at one moment, as frozen values: what the rules look at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from talaia.config.source_kinds import KINDS, SourceKind
from talaia.signals.parse.report import BLIND

CHECKS = "checks"  # the source of the built-in checks

# Of a source that only tells and is never asked, "resolved" is believed after this long (reference: four false ones).
UNCONFIRMED_HOLD = timedelta(minutes=5)


@dataclass(frozen=True)
class LiveSignal:
    """A live signal: it fires, or is silenced by a person meanwhile.

    `sources`: all that tell of it. `held`: said to be over by a source that is not believed so soon.
    """

    sources: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    silenced: bool = False
    held: bool = False

    @property
    def matched(self) -> Mapping[str, str]:
        """Its labels as matchers see them: Grafana fires an alert of its own name where a rule could not look."""
        rule = self.labels.get("rulename", "")
        return {**self.labels, "alertname": rule} if rule and self.labels.get("alertname") in BLIND else self.labels

    @property
    def name(self) -> str:
        """What operators call it."""
        labels = self.labels
        return labels.get("alertname") or labels.get("check") or labels.get("key") or "a signal without a name"

    @property
    def colours(self) -> bool:
        """Whether it may turn anything: not a heartbeat, and not what is on trial."""
        return self.labels.get("talaia_heartbeat") != "true" and self.labels.get("talaia_experimental") != "true"


@dataclass(frozen=True)
class ToldAlert:
    """What one source says of one alert. `over`: it ended. `told_at`: when a hook told it (None: a poll did)."""

    source: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    over: bool = False
    silenced: bool = False
    held: bool = False
    told_at: datetime | None = None


@dataclass(frozen=True)
class EvidenceSample:
    """The latest measurement: its value, its age in seconds by the source's own clock when it was read, and when."""

    value: float
    age: float
    read_at: datetime


@dataclass(frozen=True)
class SourceView:
    """A source as the rules need it. `asked`: we poll it, so it need not be taken at its word.

    `heard_at`: its last answer that could be read; `answered_at`: the last of any kind.
    `line_cut`: of the built-in checks, that it is our own line which fails.
    """

    id: str
    heard_at: datetime | None
    stale_after: timedelta
    traits: SourceKind = KINDS["prometheus"]
    asked: bool = True
    line_cut: bool = False
    answered_at: datetime | None = None

    def silent(self, now: datetime) -> bool:
        return self.heard_at is None or now - self.heard_at > self.stale_after

    def unreadable(self, now: datetime) -> bool:
        """It answers, but nothing that could be read: what it said last is neither confirmed nor refuted."""
        return self.silent(now) and self.answered_at is not None and now - self.answered_at <= self.stale_after


@dataclass(frozen=True)
class View:
    """Signals (of several sources merged), samples by (source, service, connection), sources by id.

    `colouring`: the signals that may turn anything; `by_label`: those of them that carry a label with a value.
    """

    signals: tuple[LiveSignal, ...] = ()
    samples: Mapping[tuple[str, str, str], EvidenceSample] = field(default_factory=dict)
    sources: Mapping[str, SourceView] = field(default_factory=dict)
    by_label: Mapping[tuple[str, str], Sequence[LiveSignal]] = field(init=False, repr=False)
    colouring: tuple[LiveSignal, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_label: dict[tuple[str, str], list[LiveSignal]] = defaultdict(list)
        colouring = tuple(signal for signal in self.signals if signal.colours)
        for signal in colouring:
            for label in {*signal.labels.items(), *signal.matched.items()}:
                by_label[label].append(signal)
        object.__setattr__(self, "by_label", dict(by_label))
        object.__setattr__(self, "colouring", colouring)


def merged(
    told: Iterable[ToldAlert], ignored: Mapping[str, Iterable[str]], sources: Mapping[str, SourceView], now: datetime
) -> tuple[LiveSignal, ...]:
    """One signal per alert, though several sources tell of it: the same labels without those each source ignores.

    Where a Prometheus that answers knows the alert, it decides whether it fires: Alertmanager lags behind, may be down,
    and lets alerts run out. A hook that rang after our last question to Prometheus is believed until the next one. Only
    Alertmanager knows of silences, so a silence in any of them counts, also the last that is known of one that is down.
    """
    groups: dict[frozenset[tuple[str, str]], list[ToldAlert]] = defaultdict(list)
    without = {source: frozenset(names) for source, names in ignored.items()}
    nothing: frozenset[str] = frozenset()
    for one in told:
        drop = without.get(one.source, nothing)
        groups[frozenset((name, value) for name, value in one.labels.items() if name not in drop)].append(one)
    found = []
    for group in groups.values():
        if live := _live(group, sources, now):
            found.append(
                LiveSignal(
                    sources=tuple(dict.fromkeys(one.source for one in live)),
                    labels=live[0].labels,
                    annotations={**live[-1].annotations, **live[0].annotations},
                    silenced=any(one.silenced for one in live),
                    held=all(one.held for one in live),
                )
            )
    return tuple(found)


def _live(group: list[ToldAlert], sources: Mapping[str, SourceView], now: datetime) -> list[ToldAlert]:
    """Those of a group whose word counts; empty when the alert is over."""
    live = [one for one in group if not one.over]
    deciding = {
        one.source: heard_at
        for one in group
        if (source := sources.get(one.source)) and source.traits.evaluates and not source.silent(now)
        if (heard_at := source.heard_at) is not None
    }
    if not deciding or any(one.source in deciding for one in live):
        return live
    last = max(deciding.values())
    return live if any(one.told_at and one.told_at > last for one in live) else []
