"""Asks Prometheus what it remembers of a time that nobody watched. Reads; `panel.actions.backfill` writes it down."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.config import Config, ServiceConfig, SourceConfig
from talaia.outbox.errors import PermanentError
from talaia.panel.models import Transition
from talaia.panel.monitoring_gaps import NOT_RUNNING
from talaia.panel.rollup import FARTHEST
from talaia.panel.state import State
from talaia.signals.client import SourceClient
from talaia.signals.parse.prometheus import SampleSpan
from talaia.signals.replay import AT_ONCE, Gap, RecordedPast, Replay, ReplayGrid, fired, measured, windows
from talaia.signals.sources.prometheus import remembered

FIRING = 'ALERTS{alertstate="firing"}'
ROUGH = 500  # looks by which it is found how far back Prometheus reaches


class Stopped(Exception):
    """We are to end."""


def gaps(config: Config, source: SourceConfig, now: datetime) -> tuple[list[Gap], bool]:
    """The times that nobody watched, are over, and of which this source has not been asked what it remembers.

    And whether there are some that are not over: their services have not been judged since.
    """
    services = {service.slug: service for service in config.tables.services if _remembers(source, service)}
    if not services:
        return [], False
    rows = Transition.objects.filter(service__in=list(services), at__gt=now - FARTHEST, reason__code=NOT_RUNNING)
    found, more = [], False
    for row in rows.order_by("at", "pk"):
        if row.reason.get("asked") or row.to_state != State.UNKNOWN:
            continue
        after = row.following()
        if after is None:
            more = True
        elif after.at > row.at:
            listed = services[row.service_id]
            within = config.unstable_within(listed)
            found.append(Gap(row.pk, listed, State(row.from_state), row.at, after.at, within))
    return found, more


def _remembers(source: SourceConfig, service: ServiceConfig) -> bool:
    """Whether all that judges the service stands in the memory of this source."""
    evidence = service.evidence
    return (
        source.traits.evaluates
        and source.polled
        and evidence is not None
        and evidence.source == source.id
        and bool(evidence.query)
        and all(alert.source in (None, source.id) for alert in service.alerts)
    )


def recall(client: SourceClient, found: Sequence[Gap], skew: float, stop: threading.Event) -> list[Replay]:
    """What Prometheus remembers of the gaps. Of a query that it refuses it remembers nothing.

    Raises Temporary where it does not answer, to be asked again later; Stopped when `stop` is set.
    """
    told = [Replay(gap, client.source) for gap in found]
    for together in _overlapping(told):
        asking = BackfillQueries(client, skew, stop)
        start, end = min(one.gap.start for one in together), max(one.gap.end for one in together)
        reaches = {id(one): asking.reach(one.gap) for one in together}
        for window in windows(start, end):
            wanted = [
                one
                for one in together
                if one.gap.start <= window.last and window.start < one.gap.end and reaches[id(one)] <= window.last
            ]
            firing = fired(client.source.id, window, asking.all(FIRING, window), skew) if wanted else {}
            for one in together:
                samples = asking.samples(one.gap.service, window) if one in wanted else {}
                one.take(RecordedPast(client.source.id, window, firing, samples))
    return told


def _overlapping(told: Sequence[Replay]) -> Iterator[list[Replay]]:
    """Those whose gaps overlap, together: they are asked for with the same questions."""
    pending: list[Replay] = []
    for one in sorted(told, key=lambda one: one.gap.start):
        if pending and one.gap.start >= max(other.gap.end for other in pending):
            yield pending
            pending = []
        pending.append(one)
    if pending:
        yield pending


@dataclass
class BackfillQueries:
    """Questions to one Prometheus; `skew`: seconds by which its clock is ahead of ours."""

    client: SourceClient
    skew: float
    stop: threading.Event

    def __post_init__(self) -> None:
        self.sizes: dict[str, int] = {}  # query → how many looks at once it answers; 0: none

    def reach(self, gap: Gap) -> datetime:
        """From when on something of the gap is remembered; its end where nothing is."""
        if gap.end - gap.start <= timedelta(days=1):
            return gap.start
        step = (gap.end - gap.start) / ROUGH
        query = f"count({gap.service.evidence.query})" if gap.service.evidence else ""
        spans = self.all(query, ReplayGrid(gap.start, step, ROUGH + 1))
        first = min((time for span in spans for time in span.times), default=None)
        if first is None:
            return max(gap.start, gap.end - step)
        return max(gap.start, datetime.fromtimestamp(first - self.skew, gap.start.tzinfo) - step)

    def samples(self, service: ServiceConfig, window: ReplayGrid) -> dict[int, dict[str, float]]:
        """What was measured of a service."""
        if service.evidence is None or not service.evidence.query:
            return {}
        query, label = service.evidence.query, service.reference.label if service.reference else ""
        values = self.all(query, window)
        times = self.all(f"timestamp({query})", window) if values else []
        return measured(window, values, times, label, self.skew, self.client.source.stale_after)

    def all(self, query: str, window: ReplayGrid) -> list[SampleSpan]:
        """The answer for each moment of a window, in smaller portions where it is too much at once."""
        found: list[SampleSpan] = []
        size = self.sizes.get(query, AT_ONCE[0])
        parts = window.parts(size) if size else []
        while parts:
            if self.stop.is_set():
                raise Stopped
            part = parts.pop(0)
            moved = timedelta(seconds=self.skew)
            try:
                found += remembered(self.client, query, part.start + moved, part.last + moved, part.step)
            except PermanentError:
                size = self.sizes[query] = next((smaller for smaller in AT_ONCE if smaller < size), 0)
                if not size:
                    return []
                rest = ReplayGrid(part.start, part.step, part.count + sum(other.count for other in parts))
                parts = rest.parts(size)
        return found
