"""From what is known to a state, pure: `judge()` says what the signals alone make of a service, and by which steps.

The reasons that it gives (a `panel.state.Reason`; `panel/words.py` has the sentences). Values are public: they never
hold a host, an address or the words of an alert, except the annotation `talaia_summary`, by which operators opt in.

| code               | values        | with states   | meaning                                                       |
|--------------------|---------------|---------------|---------------------------------------------------------------|
| (empty)            |               | operational   | measured, and nothing is wrong                                |
| `never_measured`   |               | unknown       | nothing has been heard of it yet                              |
| `source_silent`    | source, since | unknown       | the monitoring (id `source`) does not answer; its last word   |
|                    |               |               | was at `since` (ISO 8601)                                     |
| `source_unreadable`| source, since | any but green | it answers, but so that nobody can read it: what was red stays|
| `not_measured`     |               | unknown       | the monitoring answers, but has no fresh measurement of it    |
| `our_line`         |               | unknown       | not measured, as it is our own line that fails                |
| `too_few_measured` | measured, of  | unknown       | only `measured` of `of` reference connections are measured    |
| `partly_measured`  | measured, of  | operational   | all is well as far as `measured` of `of` connections tell     |
| `failing_pending`  |               | any but green | measurements fail; it stays until the rules have judged       |
| `alert`            | summary,      | trouble       | `count` alerts; `summary`: words that operators allowed, or ""|
|                    | count         |               |                                                               |
| `check`            | what          | trouble       | a check of ours finds it `what`: "down" or "slow"             |
| `connections_down` | down, of      | trouble       | `down` of `of` measured reference connections without service |
| `connections_poor` | poor, of      | degraded      | `poor` of `of` measured reference connections work badly      |
| `kept_by_hand`     |               | operational   | not measured; people say how it is                            |
| `unconfirmed`      |               | operational   | only told to us, not measured                                 |

(`improving {now, since}`, a trouble that is held while it is better, with the reason of now and since when it was so
bad, comes from `panel.state.watched`: `good_since` it has been well, or better since `better_since`;
`by_hand {words}`, `incident {ref}`, `maintenance {ref}` and `beyond_maintenance {ref}` come from `panel.state.show`,
`unstable {since}` from `panel.state.settle`; `not_running {since}`, unknown while nobody watched, from
`panel.watching`. Old rows have a code `silenced`: a silence once counted as maintenance.)

Beside those values: `silenced` true: all that fires is silenced by a person, so somebody is at work on it.
`unstable_since`: it has come and gone since then. `also`: the other reason, where people and signals both give one.
`filled` true: it became known only afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from talaia.config import ServiceConfig
from talaia.panel.holds import Computed
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State, Verdict
from talaia.signals.inputs import CHECKS, EvidenceSample, SourceView, View
from talaia.signals.matching import Claim, claims
from talaia.signals.reference import judge_connections, known_to_somebody

LINE_CUT = ": it is our own line that fails, as the canary does"


@dataclass(frozen=True)
class Judgement:
    """A verdict and the steps that led to it, in English lines for operators."""

    verdict: Verdict
    steps: tuple[str, ...]


def judge(service: ServiceConfig, view: View, now: datetime, before: Computed) -> Judgement:
    """What the signals alone say of `service` at `now`. `before` is what they said last, after the holds."""
    steps: list[str] = []
    verdict = _judge(service, view, now, before, steps)
    steps.append(f"verdict: {verdict.state}" + (f" ({verdict.reason.code})" if verdict.reason.code else ""))
    return Judgement(verdict, tuple(steps))


def _judge(service: ServiceConfig, view: View, now: datetime, before: Computed, steps: list[str]) -> Verdict:
    found = claims(service, view)
    steps += map(_in_words, found)
    steps += [
        f"{source.id} is silent: silences are taken to be as they were last heard"
        for source in view.sources.values()
        if source.traits.relays and source.asked and source.silent(now)
    ]
    whole = [claim for claim in found if not claim.connection]
    blind_alerts = [claim for claim in whole if claim.impact == State.UNKNOWN and not claim.signal.held]
    whole = [claim for claim in whole if claim.impact != State.UNKNOWN]
    if not _by_hand(service) and (blind := _silent_source(service, view, now, steps)):
        if seen := [claim for claim in whole if claim.signal.sources == (CHECKS,)]:
            steps.append("the monitoring is silent, but a check of ours sees the trouble itself")
            return _alerted(seen)
        if before.state in TROUBLE and blind.reason.code == "source_unreadable":
            steps.append(f"it answers, but so that nobody can read it: what was red stays {before.state}")
            return Verdict(before.state, blind.reason)
        return blind
    live = _live(service, whole, before, steps)
    if service.reference:
        every = [claim for claim in found if claim.connection]
        samples = None if _only_told(service) else _connection_samples(service, view, now)
        verdict = judge_connections(service.reference, every, samples, before, steps)
        if verdict.reason.code == "too_few_measured" and view.sources[_needed(service)].line_cut:
            steps.append("they are not measured" + LINE_CUT)
            verdict = Verdict(State.UNKNOWN, Reason("our_line"))
        if live and WEIGHT[live[0].impact] > WEIGHT[verdict.state]:
            return _alerted(live)
        if blind_alerts and verdict.state not in TROUBLE:
            return _blind(steps)
        return verdict
    if live:
        return _alerted(live)
    if blind_alerts:
        return _blind(steps)
    return _by_evidence(service, view, now, before, steps)


def _in_words(claim: Claim) -> str:
    does = "is said to be over" if claim.signal.held else "fires"
    does += ", silenced by a person," if claim.signal.silenced else ""
    of = f" for {claim.connection}" if claim.connection else ""
    return f"{' and '.join(claim.signal.sources)}: {claim.signal.name} {does}{of}, impact {claim.impact}"


def _live(service: ServiceConfig, whole: Sequence[Claim], before: Computed, steps: list[str]) -> list[Claim]:
    """The claims that count, the worst first. One that is only said to be over keeps up what is, and adds nothing."""
    live = [claim for claim in whole if not claim.signal.held]
    if _only_told(service) and before.state in TROUBLE:
        for claim in whole:
            if claim.signal.held:
                steps.append(f"that {claim.signal.name} is over was only told: it is believed after five minutes")
                kept = min(claim.impact, before.state, key=WEIGHT.__getitem__)
                live.append(replace(claim, impact=kept))
    return sorted(live, key=lambda claim: -WEIGHT[claim.impact])


def _alerted(live: Sequence[Claim]) -> Verdict:
    """The worst of what fires, and the words for it: those that operators allowed, or what a check of ours found."""
    state = live[0].impact
    if all(claim.signal.sources == (CHECKS,) for claim in live):
        return Verdict(state, Reason("check", {"what": live[0].signal.annotations.get("what", "down")}))
    summaries = [claim.signal.annotations.get("talaia_summary", "") for claim in live if claim.impact == state]
    values = {"summary": next(filter(None, summaries), ""), "count": len(live)}
    return Verdict(state, known_to_somebody(Reason("alert", values), live))


def _blind(steps: list[str]) -> Verdict:
    steps.append("the monitoring says that it cannot look: that is no outage, and no health either")
    return Verdict(State.UNKNOWN, Reason("not_measured"))


def _by_hand(service: ServiceConfig) -> bool:
    return service.kept_by_hand and not service.evidence


def _only_told(service: ServiceConfig) -> bool:
    """Its evidence is somebody's word, and no measurement."""
    return service.evidence is not None and not service.evidence.query


def _needed(service: ServiceConfig) -> str:
    """The source without which nothing is known of the service."""
    return service.evidence.source if service.evidence else CHECKS


def _silent_source(service: ServiceConfig, view: View, now: datetime, steps: list[str]) -> Verdict | None:
    """Unknown, when a source on which the service rests is not heard: of its evidence, or of alerts from it alone."""
    alone = [source for alert in service.alerts if (source := view.sources.get(alert.source or "")) and source.asked]
    for source_id in dict.fromkeys([_needed(service), *(source.id for source in alone)]):
        source = view.sources.get(source_id)
        if source is None or source.heard_at is None:
            steps.append(f"source {source_id} has never been heard")
            return Verdict(State.UNKNOWN, Reason("never_measured"))
        if source.unreadable(now):
            steps.append(f"source {source_id} cannot be read since {source.heard_at:%Y-%m-%d %H:%M:%S} UTC")
            return Verdict(
                State.UNKNOWN, Reason("source_unreadable", {"source": source_id, "since": source.heard_at.isoformat()})
            )
        if source.silent(now):
            steps.append(f"source {source_id} is silent since {source.heard_at:%Y-%m-%d %H:%M:%S} UTC")
            since = {"source": source_id, "since": source.heard_at.isoformat()}
            return Verdict(State.UNKNOWN, Reason("source_silent", since))
    return None


def _by_evidence(service: ServiceConfig, view: View, now: datetime, before: Computed, steps: list[str]) -> Verdict:
    """Nothing fires. Green needs a fresh measurement; one that fails keeps what is not green from turning green."""
    if _by_hand(service):
        # Where alerts speak of it, people are not the only ones who do.
        return Verdict(State.OPERATIONAL, Reason("unconfirmed" if service.alerts else "kept_by_hand"))
    source = view.sources[_needed(service)]
    if _only_told(service):
        if source.asked and not fresh(view.samples.get((source.id, "", "")), source, now):
            steps.append(f"{source.id} answers, but lists no heartbeat: what feeds it may be dead")
            return Verdict(State.UNKNOWN, Reason("not_measured"))
        steps.append(f"nothing fires at {source.id}, which says so itself")
        return Verdict(State.OPERATIONAL, Reason("unconfirmed"))
    sample = view.samples.get((source.id, service.slug, ""))
    if sample is None or not fresh(sample, source, now):
        steps.append(f"{source.id} has no fresh measurement of it" + (LINE_CUT if source.line_cut else ""))
        return Verdict(State.UNKNOWN, Reason("our_line" if source.line_cut else "not_measured"))
    steps.append(f"{source.id} measures {sample.value:g}")
    if sample.value == 0 and before.state != State.OPERATIONAL:
        kept = before.state if before.state in TROUBLE else State.UNKNOWN
        steps.append(f"it fails, and no alert has judged that yet: it stays {kept}")
        return Verdict(kept, Reason("failing_pending"))
    return Verdict(State.OPERATIONAL)


def _connection_samples(service: ServiceConfig, view: View, now: datetime) -> dict[str, float]:
    """What is measured of each reference connection: by the evidence query, else by a check of ours."""
    assert service.reference
    found = {}
    for connection in service.reference.connections:
        for source_id in dict.fromkeys([_needed(service), CHECKS]):
            source, sample = view.sources.get(source_id), view.samples.get((source_id, service.slug, connection))
            if source and sample and fresh(sample, source, now):
                found[connection] = sample.value
                break
    return found


def fresh(sample: EvidenceSample | None, source: SourceView, now: datetime) -> bool:
    """Whether a measurement is young enough to prove anything.

    Each answer of a source that we ask tells the ages anew, by its own clock; between two answers a sample is as good
    as the source is. Of the checks we have nothing but the time of each.
    """
    if sample is None:
        return False
    age = sample.age if source.asked else sample.age + (now - sample.read_at).total_seconds()
    return age <= source.stale_after.total_seconds()
