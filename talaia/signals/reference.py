"""Reference connections, pure: so many of so many without service make a state; what is not listed never counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from talaia.config import Reference
from talaia.panel.holds import Computed
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State, Verdict
from talaia.signals.matching import Claim


def judge_connections(
    reference: Reference,
    claims: Sequence[Claim],
    samples: Mapping[str, float] | None,
    before: Computed,
    steps: list[str],
) -> Verdict:
    """The verdict over the listed connections: distinct connections count, not alerts; firing counts as measured.

    `samples`: the fresh measurement of each; None where nothing is measured and the source's word has to do.
    """
    of: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        of[claim.connection].append(claim)
    listed = list(reference.connections)
    live = {connection_id: [claim for claim in of[connection_id] if not claim.signal.held] for connection_id in listed}
    down = {
        connection_id
        for connection_id in listed
        if any(claim.impact not in (State.DEGRADED, State.UNKNOWN) for claim in live[connection_id])
    }
    poor = {
        connection_id
        for connection_id in listed
        if any(claim.impact == State.DEGRADED for claim in live[connection_id])
    } - down
    blind = {connection_id for connection_id in listed if live[connection_id]} - down - poor
    measured = (set(listed) if samples is None else samples.keys() & set(listed)) - blind | down | poor
    steps.append(f"{len(measured)} of {len(listed)} connections are measured; down: {_names(down)}")
    if poor:
        steps.append(f"poor: {_names(poor)}")
    if missing := set(listed) - measured:
        steps.append(f"not measured: {_names(missing)}")
    if not reference.measured.reached(len(measured), len(listed)):
        steps.append(f"fewer than {reference.measured} are measured")
        return Verdict(State.UNKNOWN, Reason("too_few_measured", {"measured": len(measured), "of": len(listed)}))
    verdict = _graded(reference, down, poor, len(measured), len(listed))
    if verdict.state in TROUBLE:
        verdict = replace(
            verdict,
            reason=known_to_somebody(verdict.reason, [c for connection_id in listed for c in live[connection_id]]),
        )
    if WEIGHT[verdict.state] >= WEIGHT[before.state]:
        return verdict
    doubtful = {connection_id for connection_id in listed if samples and samples.get(connection_id) == 0} - down
    if samples is None and before.state in TROUBLE:
        doubtful |= {
            connection_id for connection_id in listed if any(claim.signal.held for claim in of[connection_id])
        } - down
    if not doubtful:
        return verdict
    if before.state not in TROUBLE:
        steps.append(f"fail, and no alert has judged that yet: {_names(doubtful)}; it stays unknown")
        return Verdict(State.UNKNOWN, Reason("failing_pending"))
    # An alert that starts anew (a restarted exporter, a renamed rule) must not look like a recovery.
    steps.append(f"count as down until it is known better: {_names(doubtful)}")
    pending = _graded(reference, down | doubtful, poor - doubtful, len(measured), len(listed))
    if WEIGHT[pending.state] <= WEIGHT[before.state]:
        return pending
    return Verdict(before.state, Reason("failing_pending"))


def known_to_somebody(reason: Reason, claims: Sequence[Claim]) -> Reason:
    """With the word that it is being worked on, where a person has silenced all that fires. A silence says no more."""
    if not claims or not all(claim.signal.silenced for claim in claims):
        return reason
    return Reason(reason.code, {**reason.values, "silenced": True})


def _graded(
    reference: Reference, down: AbstractSet[str], poor: AbstractSet[str], measured: int, listed: int
) -> Verdict:
    for threshold, state in (
        (reference.disruption, State.DISRUPTION),
        (reference.partial, State.PARTIAL),
        (reference.degraded, State.DEGRADED),
    ):
        if threshold.reached(len(down), measured):
            return Verdict(state, Reason("connections_down", {"down": len(down), "of": measured}))
    if reference.degraded.reached(len(down) + len(poor), measured):
        return Verdict(State.DEGRADED, Reason("connections_poor", {"poor": len(down) + len(poor), "of": measured}))
    if measured < listed:
        return Verdict(State.OPERATIONAL, Reason("partly_measured", {"measured": measured, "of": listed}))
    return Verdict(State.OPERATIONAL)


def _names(connections: AbstractSet[str]) -> str:
    return ", ".join(sorted(connections)) or "none"
