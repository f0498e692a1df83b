"""A Prometheus that is asked: its alerts, the rules that cannot be evaluated, what it measures, what it remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.signals.client import Heard, SourceClient, skew_notes
from talaia.signals.evidence import EvidenceQuery, Measured, as_one, measured
from talaia.signals.parse import prometheus
from talaia.signals.sources.adapter import SourceAdapter

TOGETHER = 40  # evidence queries that are asked as one


class PrometheusSource(SourceAdapter):
    kind = "prometheus"

    def poll(self, client: SourceClient, wanted: Sequence[EvidenceQuery], now: datetime) -> Heard:
        kept = client.alerts("/api/v1/alerts", prometheus.ALERTS, prometheus.alert, prometheus.check_alerts)
        broken: list[Mapping[str, Any]] = []
        client.each(
            "/api/v1/rules",
            prometheus.RULES,
            lambda rule: broken.extend(prometheus.broken_rule(rule)),
            prometheus.check_rules,
            {"type": "alert", "exclude_alerts": "true"},
            without="alerts",  # where a server does not know exclude_alerts, each rule brings all of its own
        )
        clock = client.ask("GET", "/api/v1/query", {"query": "time()"})
        skew = client.parsed(lambda: prometheus.clock(clock)) - now.timestamp()
        notes = [*broken, *kept.notes, *skew_notes(skew)]
        measured = measure(client, wanted, notes)
        return Heard(kept.alerts, measured, None, tuple(notes), skew)


def measure(
    client: SourceClient, wanted: Sequence[EvidenceQuery], notes: list[Mapping[str, Any]]
) -> tuple[Measured, ...]:
    """The answers to all evidence queries, many asked as one. A query that is refused becomes a note."""
    found: list[Measured] = []
    for first in range(0, len(wanted), TOGETHER):
        batch = wanted[first : first + TOGETHER]
        try:
            found += _measure(client, batch, notes)
        except PermanentError:
            for one in batch:  # one bad query must not hide the others
                try:
                    found += _measure(client, [one], notes)
                except PermanentError as fault:
                    notes.append({"code": "bad_query", "service": one.service, "error": str(fault)})
    return tuple(found)


def _measure(client: SourceClient, batch: Sequence[EvidenceQuery], notes: list[Mapping[str, Any]]) -> list[Measured]:
    both = client.ask("POST", "/api/v1/query", {"query": as_one(batch)})
    found = measured(batch, client.parsed(lambda: prometheus.vector(both)), notes)
    if found is None:
        raise TemporaryError(f"{client.source.id}: the answer lacks the time")
    return found


def remembered(
    client: SourceClient, query: str, start: datetime, end: datetime, step: timedelta
) -> tuple[prometheus.SampleSpan, ...]:
    """What Prometheus remembers of a query, from `start` to `end`, both included; of alerts, those that concern us.

    Raises Temporary or Permanent.
    """
    spans: list[prometheus.SampleSpan] = []

    def take(value: object) -> None:
        span = prometheus.span(value)
        if span.labels.get("__name__") != "ALERTS" or client.concern.wants(span.labels):
            spans.append(span)

    client.each(
        "/api/v1/query_range",
        prometheus.RESULT,
        take,
        prometheus.matrix,
        {
            "query": query,
            "start": f"{start.timestamp():.3f}",
            "end": f"{end.timestamp():.3f}",
            "step": str(step.total_seconds()),
        },
        "POST",
    )
    return tuple(spans)
