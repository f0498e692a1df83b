"""What is shown of a service: who outranks whom, and the reason beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from talaia.panel.holds import Computed
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State, Verdict


@dataclass(frozen=True)
class Declared:
    """What people have said of a service: by hand, by an open incident, by a maintenance in progress.

    `announced`: the level that the maintenance told to expect; MAINTENANCE: it stops.
    """

    by_hand: State | None = None
    by_hand_until: datetime | None = None
    by_hand_by: str = ""
    by_hand_words: Mapping[str, str] = field(default_factory=dict)
    incident: State | None = None
    incident_ref: str = ""
    incident_since: datetime | None = None  # since when that incident says so
    maintenance_ref: str = ""
    maintenance_until: datetime | None = None  # it ends then by itself
    announced: State = State.MAINTENANCE

    def holds_by_hand(self, now: datetime) -> bool:
        """Whether what somebody set by hand is what is shown."""
        return self.by_hand is not None and (self.by_hand_until is None or now < self.by_hand_until)

    def covers(self, state: State) -> bool:
        """Whether trouble of this kind is no more than what a maintenance in progress has announced."""
        if not self.maintenance_ref or state not in TROUBLE:
            return False
        return WEIGHT[state] <= WEIGHT[stopped(self.announced)]


def stopped(announced: State) -> State:
    """An announced level as a state of a service: under maintenance means that it stops."""
    return State.DISRUPTION if announced == State.MAINTENANCE else announced


@dataclass(frozen=True)
class ShownState:
    """What the page says. `disagreement`: people and signals differ, and operators should look.

    `since`: since when people say so, where what is shown is the word of an incident.
    """

    state: State
    reason: Reason
    disagreement: bool = False
    since: datetime | None = None


def show(declared: Declared, computed: Computed, now: datetime) -> ShownState:
    """By hand → the worse of an open incident and the signals → maintenance in progress → unknown → computed.

    Maintenance hides no more than what it has announced: what is worse shows as what it is, with both reasons. What it
    has announced makes no open incident worse either.
    """
    if declared.by_hand is not None and declared.holds_by_hand(now):
        said = Reason("by_hand", {"words": dict(declared.by_hand_words)} if declared.by_hand_words else {})
        return ShownState(declared.by_hand, said, disagreement=declared.by_hand != computed.state)
    trouble = computed.state in TROUBLE
    if declared.incident in TROUBLE:
        incident = Reason("incident", {"ref": declared.incident_ref})
        counts = trouble and not declared.covers(computed.state)
        if counts and WEIGHT[computed.state] > WEIGHT[declared.incident]:
            return ShownState(computed.state, _beside(computed.reason, incident), disagreement=True)
        return ShownState(
            declared.incident,
            _beside(incident, computed.reason if trouble else None),
            disagreement=computed.state == State.OPERATIONAL or (counts and computed.state != declared.incident),
            since=declared.incident_since,
        )
    if declared.maintenance_ref:
        ref = {"ref": declared.maintenance_ref}
        if trouble and not declared.covers(computed.state):
            return ShownState(
                computed.state, _beside(computed.reason, Reason("beyond_maintenance", ref)), disagreement=True
            )
        return ShownState(State.MAINTENANCE, _beside(Reason("maintenance", ref), computed.reason if trouble else None))
    return ShownState(computed.state, computed.reason)


def watched(computed: Computed, verdict: Verdict, began: datetime | None = None) -> Computed:
    """A trouble that is held, in words that are true now: the counts of this moment, and that it is getting better.

    `began`: since when it has been as bad as it is held at.
    """
    if computed.state not in TROUBLE or computed.candidate is None or computed.reason.code == "unstable":
        return computed
    kept = {name: value for name, value in computed.reason.values.items() if name == "unstable_since"}
    if WEIGHT[computed.candidate] > WEIGHT[computed.state]:
        return replace(computed, reason=Reason(verdict.reason.code, {**verdict.reason.values, **kept}))
    if began and computed.candidate_since:
        better = "good_since" if computed.candidate == State.OPERATIONAL else "better_since"
        kept |= {"since": began.isoformat(), better: computed.candidate_since.isoformat()}
    return replace(computed, reason=Reason("improving", {"now": verdict.reason.to_json(), **kept}))


def believed(before: Computed, verdict: Verdict, resolved: bool) -> Computed:
    """What the signals have said so far, once a person has said (`resolved`) that the trouble is over.

    Where the measurements of now say so too, it has been left, and nothing waits any longer: what comes back is damped
    as any trouble that returns. Where they do not, they speak.
    """
    if not resolved or before.state not in TROUBLE or verdict.state != State.OPERATIONAL:
        return before
    return Computed(State.OPERATIONAL, verdict.reason, unrest=before.unrest)


def _beside(reason: Reason, other: Reason | None) -> Reason:
    """Both what people have declared and what the signals say: "2 of 9 reference connections without service"."""
    said = other.to_json() if other else {}
    return Reason(reason.code, {**reason.values, "also": said}) if said else reason
