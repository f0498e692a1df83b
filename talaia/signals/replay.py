"""What happened while we were away, from Prometheus' own memory of which alerts fired when; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.config import Service
from talaia.panel.state import Computed, Reason, State, settle
from talaia.signals.matching import claim
from talaia.signals.parse.prometheus import Span
from talaia.signals.rules import judge
from talaia.signals.view import Sample, Signal, Source, View

FARTHEST = timedelta(hours=24)
POINTS = 1000  # Prometheus refuses more than 11,000 points a series


@dataclass(frozen=True)
class Past:
    """Which alerts fired at which of the moments `start + n × step`, as `source` tells it."""

    source: str
    start: datetime
    step: timedelta
    moments: int
    firing: Mapping[int, tuple[Signal, ...]]
    signals: tuple[Signal, ...]


def step_between(start: datetime, end: datetime) -> timedelta:
    """How densely to ask."""
    return max(timedelta(seconds=15), (end - start) / POINTS)


def remembered(source: str, spans: Sequence[Span], start: datetime, end: datetime, skew: float) -> Past:
    """The answer to a range query from `start` to `end` (by our clock; the source's is ahead by `skew` seconds)."""
    step = step_between(start, end)
    firing: dict[int, list[Signal]] = defaultdict(list)
    signals = []
    for span in spans:
        labels = {name: value for name, value in span.labels.items() if name not in ("__name__", "alertstate")}
        signal = Signal((source,), labels)
        signals.append(signal)
        for time in span.times:
            firing[round((time - skew - start.timestamp()) / step.total_seconds())].append(signal)
    by_moment = {moment: tuple(live) for moment, live in firing.items()}
    return Past(source, start, step, int((end - start) / step), by_moment, tuple(signals))


def replay(
    service: Service, before: Computed, since: datetime, past: Past, unstable_within: timedelta = timedelta(0)
) -> list[tuple[datetime, State, Reason]]:
    """The changes of `service` that the rules would have made then, `before` being how it stood, `since` then.

    That it was measured at all is taken for granted: only what fired can be told afterwards. What the history has
    already, up to `since`, is not told again.
    """
    mine = {id(signal) for signal in past.signals if claim(service, signal)}
    if not mine:
        return []
    connections = service.reference.connections if service.reference else ()
    samples = {(past.source, service.slug, name): Sample(1.0, 0.0, past.start) for name in ("", *connections)}
    changes, computed = [], before
    for moment in range(1, past.moments):
        now = past.start + moment * past.step
        if now <= since:
            continue
        live = tuple(signal for signal in past.firing.get(moment, ()) if id(signal) in mine)
        view = View(live, samples, {past.source: Source(past.source, now, past.step)})
        verdict = judge(service, view, now, computed).verdict
        after = settle(computed, verdict, now, service.hold_worse, service.hold_better, unstable_within)
        if after.state != computed.state:
            changes.append((now, after.state, after.reason))
        computed = after
    return changes
