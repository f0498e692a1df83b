"""From what is known to a state, pure: `judge()` says what the signals alone make of a service, and by which steps.

The reasons that it gives (a `panel.state.Reason`; `panel/words.py` has the sentences). Values are public: they never
hold a host, an address or the words of an alert, except the annotation `talaia_summary`, by which operators opt in.

| code | values | with the states | meaning |
|--------------------|-----------------|-----------------|---|
| (empty) | | operational | measured, and nothing is wrong |
| `never_measured` | | unknown | nothing has been heard of it yet |
| `source_silent` | source, since | unknown | the monitoring (id `source`) does not answer; its last word was |
| | | | at `since` (ISO 8601, UTC) |
| `not_measured` | | unknown | the monitoring answers, but has no fresh measurement of it |
| `too_few_measured` | measured, of | unknown | only `measured` of `of` reference connections are measured |
| `partly_measured` | measured, of | operational | all is well as far as is known: `measured` of `of` connections |
| `failing_pending` | | any but green | measurements fail again; it stays as it was until the rules have |
| | | | judged |
| `alert` | summary, count | trouble | `count` alerts; `summary`: words the operators allowed, or "" |
| `check` | what | trouble | a check of ours finds it `what`: "down" or "slow" |
| `connections_down` | down, of | trouble | `down` of `of` measured reference connections without service |
| `connections_poor` | poor, of | degraded | `poor` of `of` measured reference connections work badly |
| `silenced` | | maintenance | its alerts are silenced, or all its connections' are |
| `kept_by_hand` | | operational | not measured; people say how it is |
| `unconfirmed` | | operational | only told to us, not measured |

(`by_hand`, `incident {ref}` and `maintenance {ref}` come from `panel.state.show`.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from talaia.config import Service
from talaia.panel.state import TROUBLE, WEIGHT, Computed, Reason, State, Verdict, worst
from talaia.signals.reference import judge_connections
from talaia.signals.view import CHECKS, Sample, Signal, Source, View

IMPACTS = {State.DEGRADED.value, State.PARTIAL.value, State.DISRUPTION.value}


@dataclass(frozen=True)
class Judgement:
    """A verdict and the steps that led to it, in English lines for operators."""

    verdict: Verdict
    steps: tuple[str, ...]


def judge(service: Service, view: View, now: datetime, before: Computed) -> Judgement:
    """What the signals alone say of `service` at `now`. `before` is what they said last, after the holds."""
    steps: list[str] = []
    verdict = _judge(service, view, now, before, steps)
    steps.append(f"verdict: {verdict.state}" + (f" ({verdict.reason.code})" if verdict.reason.code else ""))
    return Judgement(verdict, tuple(steps))


def _judge(service: Service, view: View, now: datetime, before: Computed, steps: list[str]) -> Verdict:
    found = matching(service, view, steps)
    by_hand = service.kept_by_hand and not service.evidence
    if not by_hand and (silence := _silent_source(service, view, now, steps)):
        return silence
    own = [(signal, impact) for signal, impact in found if not signal.silenced]
    if service.reference:
        connections = judge_connections(service, view, now, before, steps)
        direct = [(s, i) for s, i in own if s.labels.get(service.reference.label) is None]
        if direct and WEIGHT[worst(impact for _, impact in direct)] > WEIGHT[connections.state]:
            return _alerted(direct)
        return connections
    if own:
        return _alerted(own)
    if found:
        steps.append("all of its alerts are silenced by a person: it is being worked on")
        return Verdict(State.MAINTENANCE, Reason("silenced"))
    return _by_evidence(service, view, now, before, steps)


def matching(service: Service, view: View, steps: list[str] | None = None) -> list[tuple[Signal, State]]:
    """The signals that concern a service, each with its impact: by their own labels, else by the service's matchers."""
    found: list[tuple[Signal, State]] = []
    for signal in view.by_service.get(service.slug, ()):
        found.append((signal, _impact(signal, "disruption")))
    for alert in service.alerts:
        for signal in view.coloured:
            if alert.source not in (None, signal.source) or signal.labels.get("talaia_service"):
                continue
            if alert.match.accept(signal.labels):
                found.append((signal, _impact(signal, alert.impact)))
    if steps is None:
        return found
    for signal, impact in found:
        name = signal.labels.get("alertname") or signal.labels.get("check") or signal.labels.get("key", "signal")
        steps.append(f"{signal.source}: {name} {'is silenced' if signal.silenced else 'fires'}, impact {impact}")
    return found


def _impact(signal: Signal, default: str) -> State:
    said = signal.labels.get("talaia_impact") or signal.annotations.get("talaia_impact") or default
    return State(said if said in IMPACTS else default)


def _alerted(found: Iterable[tuple[Signal, State]]) -> Verdict:
    """The worst of what fires, and the words for it: those that operators allowed, or what a check of ours found."""
    heaviest = sorted(found, key=lambda pair: -WEIGHT[pair[1]])
    state = heaviest[0][1]
    if all(signal.source == CHECKS for signal, _ in heaviest):
        return Verdict(state, Reason("check", {"what": heaviest[0][0].annotations.get("what", "down")}))
    summaries = [signal.annotations.get("talaia_summary", "") for signal, impact in heaviest if impact == state]
    return Verdict(state, Reason("alert", {"summary": next(filter(None, summaries), ""), "count": len(heaviest)}))


def _needed(service: Service) -> str:
    """The source without which nothing is known of the service."""
    return service.evidence.source if service.evidence else CHECKS


def _silent_source(service: Service, view: View, now: datetime, steps: list[str]) -> Verdict | None:
    source = view.sources.get(_needed(service))
    if source is None or source.heard_at is None:
        steps.append(f"source {_needed(service)} has never been heard")
        return Verdict(State.UNKNOWN, Reason("never_measured"))
    if source.silent(now):
        steps.append(f"source {source.id} is silent since {source.heard_at:%Y-%m-%d %H:%M:%S} UTC")
        return Verdict(
            State.UNKNOWN, Reason("source_silent", {"source": source.id, "since": source.heard_at.isoformat()})
        )
    return None


def _by_evidence(service: Service, view: View, now: datetime, before: Computed, steps: list[str]) -> Verdict:
    """Nothing fires. Green needs a fresh measurement; one that fails keeps what is not green from turning green."""
    if service.kept_by_hand and not service.evidence:
        return Verdict(State.OPERATIONAL, Reason("kept_by_hand"))
    source = view.sources[_needed(service)]
    if service.evidence and not service.evidence.query:
        steps.append(f"nothing fires at {source.id}, which says so itself")
        return Verdict(State.OPERATIONAL, Reason() if source.asked else Reason("unconfirmed"))
    sample = view.samples.get((source.id, service.slug, ""))
    if not fresh(sample, source, now):
        steps.append("no fresh measurement" if sample is None else f"the measurement is {sample.age_at(now):.0f} s old")
        return Verdict(State.UNKNOWN, Reason("not_measured"))
    assert sample is not None
    steps.append(f"measured: {sample.value:g}, {sample.age_at(now):.0f} s old")
    if sample.value == 0 and before.state != State.OPERATIONAL:
        steps.append(f"it fails, and no alert has judged that yet: it stays {before.state}")
        kept = before.state if before.state in TROUBLE else State.UNKNOWN
        return Verdict(kept, Reason("failing_pending"))
    return Verdict(State.OPERATIONAL)


def fresh(sample: Sample | None, source: Source, now: datetime) -> bool:
    """Whether a measurement is young enough to prove anything."""
    return sample is not None and sample.age_at(now) <= source.stale_after.total_seconds()


def experimental(view: View, labels: Iterable[str], known: Mapping[str, bool]) -> dict[str, bool]:
    """Connections that never count (id → whether they fire): seen by operators, so that nobody wonders.

    `labels`: by which labels alerts name a connection. `known`: id of each connection → whether it is experimental.
    """
    names = {"talaia_connection", *labels}
    firing = {signal.labels.get(name) for signal in view.coloured for name in names}
    return {id: id in firing for id, apart in known.items() if apart}
