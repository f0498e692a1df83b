"""What happened while we were down, from Prometheus' own memory of which alerts fired when; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from talaia.config import Service
from talaia.panel.state import Computed, Reason, State, settle
from talaia.signals.parse.prometheus import Span
from talaia.signals.rules import judge, matching
from talaia.signals.view import Sample, Signal, Source, View

FARTHEST = timedelta(hours=24)


def replay(
    service: Service, before: Computed, spans: Sequence[Span], start: datetime, end: datetime, step: timedelta
) -> list[tuple[datetime, State, Reason]]:
    """The changes of `service` between `start` and `end`, as the rules would have made them then.

    That it was measured at all is taken for granted: only what fired can be told afterwards.
    """
    assert service.evidence
    source = service.evidence.source
    fired = [(Signal(source, _without_extras(span)), set(_moments(span))) for span in spans]
    everything = View(tuple(signal for signal, _ in fired))
    connections = service.reference.connections if service.reference else ()
    if not matching(service, everything) and not any(id in everything.by_connection for id in connections):
        return []
    changes, computed, now = [], before, start + step
    while now < end:
        live = tuple(
            s for s, moments in fired if any(abs(m - now.timestamp()) <= step.total_seconds() / 2 for m in moments)
        )
        samples = {(source, service.slug, id): Sample(1.0, 0.0, now) for id in ("", *connections)}
        view = View(live, samples, {source: Source(source, now, step * 3)})
        verdict = judge(service, view, now, computed).verdict
        after = settle(computed, verdict, now, service.hold_worse, service.hold_better)
        if after.state != computed.state:
            changes.append((now, after.state, after.reason))
        computed, now = after, now + step
    return changes


def steps(start: datetime, end: datetime) -> timedelta:
    """A step that asks for at most 1,000 points: Prometheus refuses more than 11,000."""
    return max(timedelta(seconds=15), (end - start) / 1000)


def _without_extras(span: Span) -> dict[str, str]:
    return {name: value for name, value in span.labels.items() if name not in ("__name__", "alertstate")}


def _moments(span: Span) -> tuple[float, ...]:
    return tuple(datetime.fromtimestamp(time, UTC).timestamp() for time in span.times)
