"""What happened while nobody watched, from what Prometheus remembers of its measurements and alerts; pure.

A service is only then known to have been well when there is a measurement of it that says so: where Prometheus was off
too, or does not reach back so far, the time stays unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from talaia.config import ServiceConfig, SourceConfig
from talaia.panel.holds import Computed, settle
from talaia.panel.monitoring_gaps import unjudged
from talaia.panel.state import Reason, State
from talaia.signals import inputs
from talaia.signals.inputs import EvidenceSample, LiveSignal, View
from talaia.signals.matching import claim
from talaia.signals.parse.prometheus import SampleSpan
from talaia.signals.rules import judge

# How densely a pause is looked at: so long a pause, so many seconds from one look to the next.
STEPS = (
    (timedelta(days=1), timedelta(seconds=15)),
    (timedelta(days=7), timedelta(seconds=30)),
    (timedelta(days=60), timedelta(minutes=1)),
)
WIDEST = timedelta(minutes=5)
# Looks in one question; Prometheus refuses more than 11,000. Where an answer is too large, fewer are asked for.
AT_ONCE = (2000, 250, 30)
Change = tuple[datetime, State, Reason]


@dataclass(frozen=True)
class Gap:
    """A time of a service that nobody watched. `id`: the transition that began it; `before`: how it stood before."""

    id: int
    service: ServiceConfig
    before: State
    start: datetime
    end: datetime
    unstable_within: timedelta = timedelta(0)


@dataclass(frozen=True)
class ReplayGrid:
    """Moments at which the past is looked at: `start + n × step`, `count` of them."""

    start: datetime
    step: timedelta
    count: int

    @property
    def last(self) -> datetime:
        return self.start + (self.count - 1) * self.step

    def at(self, moment: int) -> datetime:
        return self.start + moment * self.step

    def moment(self, time: float, skew: float) -> int:
        """The moment of a time by the source's clock, which is ahead by `skew` seconds."""
        return round((time - skew - self.start.timestamp()) / self.step.total_seconds())

    def parts(self, size: int) -> list[ReplayGrid]:
        """The same moments in windows of at most `size`."""
        return [
            ReplayGrid(self.at(first), self.step, min(size, self.count - first)) for first in range(0, self.count, size)
        ]


@dataclass(frozen=True)
class RecordedPast:
    """What fired, and what was measured of one service, at which of the moments of `window`.

    `samples`: moment → connection ("" for the whole service) → value, as far as it was fresh then.
    """

    source: str
    window: ReplayGrid
    firing: Mapping[int, Sequence[LiveSignal]] = field(default_factory=dict)
    samples: Mapping[int, Mapping[str, float]] = field(default_factory=dict)


def windows(start: datetime, end: datetime) -> list[ReplayGrid]:
    """The moments of a pause from `start` until before `end`, in so many at once as are asked for in one question."""
    step = next((step for length, step in STEPS if end - start <= length), WIDEST)
    return ReplayGrid(start, step, max(1, -((start - end) // step))).parts(AT_ONCE[0])


def fired(source: str, window: ReplayGrid, spans: Sequence[SampleSpan], skew: float) -> dict[int, list[LiveSignal]]:
    """Which alerts fired at which moment, from the answer to a range query of ALERTS."""
    found: dict[int, list[LiveSignal]] = defaultdict(list)
    for span in spans:
        labels = {name: value for name, value in span.labels.items() if name not in ("__name__", "alertstate")}
        signal = LiveSignal((source,), labels)
        for time in span.times:
            found[window.moment(time, skew)].append(signal)
    return found


def measured(
    window: ReplayGrid,
    values: Sequence[SampleSpan],
    times: Sequence[SampleSpan],
    label: str,
    skew: float,
    stale_after: timedelta,
) -> dict[int, dict[str, float]]:
    """What was measured at each moment and fresh then: `times` tell of which second each of the `values` was.

    Of several series of one connection the worst counts, and the youngest tells the age; as when it is asked now.
    """
    latest: dict[tuple[int, str], float] = {}
    for span in times:
        for time, second in zip(span.times, span.values, strict=True):
            key = (window.moment(time, skew), span.labels.get(label, "") if label else "")
            latest[key] = max(second, latest.get(key, second))
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for span in values:
        if span.labels.get("talaia_experimental") == "true":
            continue
        connection = span.labels.get(label, "") if label else ""
        for time, value in zip(span.times, span.values, strict=True):
            moment = window.moment(time, skew)
            if time - latest.get((moment, connection), time) <= stale_after.total_seconds() and value == value:
                found[moment][connection] = min(value, found[moment].get(connection, value))
    return found


@dataclass
class Replay:
    """A gap, told window by window. `told`: what the rules would have made of it then, oldest first."""

    gap: Gap
    source: SourceConfig
    computed: Computed = field(init=False)
    changes: list[Change] = field(default_factory=list)
    seen: object = None

    def __post_init__(self) -> None:
        known = self.gap.before not in (State.UNKNOWN, State.MAINTENANCE)
        self.computed = Computed(self.gap.before, Reason()) if known else Computed()

    @property
    def told(self) -> list[Change]:
        """From the beginning of the gap; where it was not looked at once, that nothing is known of it."""
        return self.changes or [(self.gap.start, *self._told(Computed()))]

    def take(self, past: RecordedPast) -> None:
        """Go on through the moments of `past` that lie in the gap."""
        service, gap = self.gap.service, self.gap
        mine: dict[int, bool] = {}
        for moment in range(past.window.count):
            now = past.window.at(moment)
            if not gap.start <= now < gap.end:
                continue
            live = []
            for signal in past.firing.get(moment, ()):
                if id(signal) not in mine:
                    mine[id(signal)] = claim(service, signal) is not None
                if mine[id(signal)]:
                    live.append(signal)
            samples = past.samples.get(moment, {})
            seen = ([signal.labels for signal in live], samples)
            if seen == self.seen and self.computed.candidate is None:
                continue  # nothing moves, and nothing waits
            self.seen = seen
            self._judge(View(tuple(live), self._samples(samples, now), self._sources(now)), now)

    def _judge(self, known: View, now: datetime) -> None:
        service = self.gap.service
        verdict = judge(service, known, now, self.computed).verdict
        self.computed = settle(
            self.computed, verdict, now, service.hold_worse, service.hold_better, self.gap.unstable_within
        )
        state, reason = self._told(self.computed)
        if not self.changes:
            self.changes.append((self.gap.start, state, reason))
        elif state != self.changes[-1][1]:
            self.changes.append((now, state, reason))

    def _told(self, computed: Computed) -> tuple[State, Reason]:
        """How it is told: with a mark. What is not known afterwards either is as it was: nobody watched."""
        state, reason = computed.state, computed.reason
        if state is State.UNKNOWN:
            nothing = unjudged(self.gap.start).reason
            return state, replace(nothing, values={**nothing.values, "asked": True})
        return state, replace(reason, values={**reason.values, "filled": True})

    def _samples(self, samples: Mapping[str, float], now: datetime) -> dict[tuple[str, str, str], EvidenceSample]:
        return {
            (self.source.id, self.gap.service.slug, connection): EvidenceSample(value, 0.0, now)
            for connection, value in samples.items()
        }

    def _sources(self, now: datetime) -> dict[str, inputs.SourceView]:
        return {self.source.id: inputs.SourceView(self.source.id, now, self.source.stale_after)}
