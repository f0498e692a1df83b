"""The state machine of a service, pure: what is shown (precedence) and when a computed state may change (holds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PARTIAL = "partial"
    DISRUPTION = "disruption"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


# How much a reader must know of it first; also the order in which a group or the page takes the worst of its services.
WEIGHT = {
    State.OPERATIONAL: 0,
    State.MAINTENANCE: 1,
    State.UNKNOWN: 2,
    State.DEGRADED: 3,
    State.PARTIAL: 4,
    State.DISRUPTION: 5,
}
TROUBLE = (State.DEGRADED, State.PARTIAL, State.DISRUPTION)


def worst(states: Iterable[State]) -> State:
    """The heaviest of `states`; operational when there are none."""
    return max(states, key=WEIGHT.__getitem__, default=State.OPERATIONAL)


@dataclass(frozen=True)
class Reason:
    """Why a state is what it is: a code of `panel/words.py` and the values for its sentence (JSON kinds only)."""

    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.values} if self.code or self.values else {}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reason:
        return cls(data.get("code", ""), {key: value for key, value in data.items() if key != "code"})


@dataclass(frozen=True)
class Verdict:
    """What the signals alone say of a service at one moment, before any hold."""

    state: State
    reason: Reason = Reason()


@dataclass(frozen=True)
class Computed:
    """A verdict that has held, and the one that is waiting to hold."""

    state: State = State.UNKNOWN
    reason: Reason = Reason("never_measured")
    candidate: State | None = None
    candidate_since: datetime | None = None


def settle(
    before: Computed, verdict: Verdict, now: datetime, hold_worse: timedelta, hold_better: timedelta
) -> Computed:
    """The computed state after `verdict`. Worse waits `hold_worse`, better `hold_better`, and a relapse starts again.

    Into `unknown` and `maintenance`, and out of them, nothing waits: they are not better or worse, they are other.
    While an improvement waits, the worst seen meanwhile is what it will become.
    """
    if verdict.state == before.state:
        return Computed(verdict.state, verdict.reason)
    if before.state not in (State.OPERATIONAL, *TROUBLE) or verdict.state not in (State.OPERATIONAL, *TROUBLE):
        return Computed(verdict.state, verdict.reason)
    worse = WEIGHT[verdict.state] > WEIGHT[before.state]
    same_way = before.candidate is not None and (WEIGHT[before.candidate] > WEIGHT[before.state]) == worse
    since = before.candidate_since if same_way and before.candidate_since else now
    since = min(since, now)  # a clock that was set back holds nothing longer than a hold
    candidate = verdict.state
    if same_way and not worse and before.candidate is not None:
        candidate = worst((before.candidate, verdict.state))
    if now - since >= (hold_worse if worse else hold_better):
        if candidate == verdict.state:
            return Computed(candidate, verdict.reason)
        # Better than before, but not yet as good as this moment: the rest has to hold on its own.
        return Computed(candidate, verdict.reason, verdict.state, now)
    return replace(before, candidate=candidate, candidate_since=since)


@dataclass(frozen=True)
class Declared:
    """What people have said of a service: by hand, by an open incident, by a maintenance in progress."""

    by_hand: State | None = None
    by_hand_until: datetime | None = None
    by_hand_by: str = ""
    incident: State | None = None
    incident_ref: str = ""
    maintenance_ref: str = ""
    maintenance_until: datetime | None = None  # it ends then by itself


@dataclass(frozen=True)
class Shown:
    """What the page says. `disagreement`: people and signals differ, and operators should look."""

    state: State
    reason: Reason
    disagreement: bool = False


def show(declared: Declared, computed: Computed, now: datetime) -> Shown:
    """DESIGN §4.3: by hand → open incident → maintenance in progress → unknown → computed; the worse colour wins."""
    trouble = computed.state in TROUBLE
    if declared.by_hand and (declared.by_hand_until is None or now < declared.by_hand_until):
        return Shown(declared.by_hand, Reason("by_hand"), disagreement=declared.by_hand != computed.state)
    if declared.incident in TROUBLE:
        if trouble and WEIGHT[computed.state] > WEIGHT[declared.incident]:
            return Shown(computed.state, computed.reason, disagreement=True)
        return Shown(
            declared.incident,
            Reason("incident", {"ref": declared.incident_ref} | _also(computed)),
            disagreement=computed.state == State.OPERATIONAL or (trouble and computed.state != declared.incident),
        )
    if declared.maintenance_ref:
        return Shown(State.MAINTENANCE, Reason("maintenance", {"ref": declared.maintenance_ref} | _also(computed)))
    return Shown(computed.state, computed.reason)


def _also(computed: Computed) -> dict[str, Any]:
    """What the signals say of the trouble that people have declared: "2 of 9 reference connections without service"."""
    said = computed.reason.to_json()
    return {"also": said} if computed.state in TROUBLE and said else {}


def watched(computed: Computed, verdict: Verdict) -> Computed:
    """A trouble that is held, in words that are true now: the counts of this moment, and that it is getting better."""
    if computed.state not in TROUBLE or computed.candidate is None:
        return computed
    if WEIGHT[computed.candidate] > WEIGHT[computed.state]:
        return replace(computed, reason=verdict.reason)
    return replace(computed, reason=Reason("improving", {"now": verdict.reason.to_json()}))


def believed(computed: Computed, verdict: Verdict, resolved: bool) -> Computed:
    """What is shown of the signals once a person has said (`resolved`) that the trouble is over.

    Where the measurements of now say so too, nothing waits any longer; where they do not, they speak.
    """
    well = resolved and computed.state in TROUBLE and verdict.state == State.OPERATIONAL
    return Computed(verdict.state, verdict.reason) if well else computed
