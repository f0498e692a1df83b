"""Reference connections, pure: so many of so many without service make a state; what is not listed never counts."""

from __future__ import annotations

from datetime import datetime

from talaia.config import Service
from talaia.config.tables import Reference
from talaia.panel.state import TROUBLE, WEIGHT, Computed, Reason, State, Verdict
from talaia.signals.view import CHECKS, Sample, Signal, View


def judge_connections(service: Service, view: View, now: datetime, before: Computed, steps: list[str]) -> Verdict:
    """The verdict over the listed connections: distinct connections count, not alerts; firing counts as measured.

    One that a person has silenced leaves both sides of the fraction.
    """
    reference = service.reference
    assert reference is not None
    alerts = {id: _alerts(view, reference, id) for id in reference.connections}
    silenced = [id for id, found in alerts.items() if found and all(signal.silenced for signal in found)]
    listed = [id for id in reference.connections if id not in silenced]
    if silenced:
        steps.append(f"silenced, and so left out: {', '.join(silenced)}")
    if not listed:
        return Verdict(State.MAINTENANCE, Reason("silenced"))
    live = {id: [signal for signal in alerts[id] if not signal.silenced] for id in listed}
    poor = {id for id in listed if live[id] and all(_only_poor(signal) for signal in live[id])}
    down = {id for id in listed if live[id]} - poor
    samples = {id: sample for id in listed if (sample := _sample(service, view, id, now)) is not None}
    measured = set(samples) | down | poor
    steps.append(
        f"{len(measured)} of {len(listed)} connections are measured; down: {', '.join(sorted(down)) or 'none'}"
    )
    if poor:
        steps.append(f"poor: {', '.join(sorted(poor))}")
    if not reference.measured.reached(len(measured), len(listed)):
        missing = sorted(set(listed) - measured)
        steps.append(f"fewer than {reference.measured} are measured; without measurement: {', '.join(missing)}")
        return Verdict(State.UNKNOWN, Reason("too_few_measured", {"measured": len(measured), "of": len(listed)}))
    failing = {id for id, sample in samples.items() if sample.value == 0} - down
    verdict = _graded(reference, down, poor, measured, len(listed))
    if not failing or WEIGHT[verdict.state] >= WEIGHT[before.state]:
        return verdict
    if before.state is State.UNKNOWN:
        steps.append(f"{len(failing)} fail, and no alert has judged that yet: it stays unknown")
        return Verdict(State.UNKNOWN, Reason("failing_pending"))
    if before.state in TROUBLE:
        # An alert that starts anew (a restarted exporter, a renamed rule) must not look like a recovery.
        steps.append(f"{len(failing)} fail, and no alert has judged that yet: they count as down until it has")
        pending = _graded(reference, down | failing, poor - failing, measured, len(listed))
        return pending if WEIGHT[pending.state] <= WEIGHT[before.state] else Verdict(before.state, pending.reason)
    return verdict


def _alerts(view: View, reference: Reference, id: str) -> list[Signal]:
    found = list(view.by_connection.get(id, ()))
    if reference.label != "talaia_connection":
        found += [signal for signal in view.coloured if signal.labels.get(reference.label) == id]
    return found


def _only_poor(signal: Signal) -> bool:
    """It works, but badly: such a connection makes the service degraded at most."""
    said = signal.labels.get("talaia_impact") or signal.annotations.get("talaia_impact")
    return said == State.DEGRADED


def _sample(service: Service, view: View, id: str, now: datetime) -> Sample | None:
    for source_id in dict.fromkeys([service.evidence.source if service.evidence else CHECKS, CHECKS]):
        source = view.sources.get(source_id)
        sample = view.samples.get((source_id, service.slug, id))
        if source and sample and sample.age_at(now) <= source.stale_after.total_seconds():
            return sample
    return None


def _graded(reference: Reference, down: set[str], poor: set[str], measured: set[str], listed: int) -> Verdict:
    count, of = len(down), len(measured)
    for threshold, state in (
        (reference.disruption, State.DISRUPTION),
        (reference.partial, State.PARTIAL),
        (reference.degraded, State.DEGRADED),
    ):
        if threshold.reached(count, of):
            return Verdict(state, Reason("connections_down", {"down": count, "of": of}))
    if reference.degraded.reached(count + len(poor), of):
        return Verdict(State.DEGRADED, Reason("connections_poor", {"poor": len(poor), "of": of}))
    if of < listed:
        return Verdict(State.OPERATIONAL, Reason("partly_measured", {"measured": of, "of": listed}))
    return Verdict(State.OPERATIONAL)
