"""The state machine of a service, pure: what is shown (precedence) and when a computed state may change (holds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
class Unrest:
    """The latest trouble, remembered as its return would continue it.

    `since`: when it first began. `left_at`: since when it is over, or not seen; None while it is shown. `good`: the
    service was seen to be well since. `unstable`: it has come back.
    """

    since: datetime
    left_at: datetime | None = None
    good: bool = False
    unstable: bool = False

    def left(self, at: datetime, well: bool = False) -> Unrest:
        """Once it is shown no more, since `at`, as it is `well` or nobody sees how it is."""
        return Unrest(self.since, self.left_at or at, self.good or well)

    def to_json(self) -> dict[str, Any]:
        left_at = self.left_at.isoformat() if self.left_at else None
        return {"since": self.since.isoformat(), "left_at": left_at, "good": self.good, "unstable": self.unstable}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Unrest | None:
        if not data:
            return None
        left_at = datetime.fromisoformat(data["left_at"]) if data["left_at"] else None
        return cls(datetime.fromisoformat(data["since"]), left_at, data["good"], data["unstable"])


@dataclass(frozen=True)
class Level:
    """A state, and since when what the signals say was no worse than it."""

    state: State
    since: datetime

    def to_json(self) -> list[str]:
        return [self.state.value, self.since.isoformat()]

    @classmethod
    def from_json(cls, data: Sequence[str]) -> Level:
        return cls(State(data[0]), datetime.fromisoformat(data[1]))


@dataclass(frozen=True)
class Computed:
    """A verdict that has held, the one that is waiting to hold, and the trouble before it that may return.

    `candidate_since`: since when it was no worse than the candidate. `then`: the still better ones that it has come to
    meanwhile, each with since when it was no worse than that.
    """

    state: State = State.UNKNOWN
    reason: Reason = Reason("never_measured")
    candidate: State | None = None
    candidate_since: datetime | None = None
    unrest: Unrest | None = None
    then: tuple[Level, ...] = ()


def settle(
    before: Computed,
    verdict: Verdict,
    now: datetime,
    hold_worse: timedelta,
    hold_better: timedelta,
    unstable_within: timedelta = timedelta(0),
) -> Computed:
    """The computed state after `verdict`. Worse waits `hold_worse`, better `hold_better`, and a relapse starts again.

    Into `unknown` and `maintenance`, and out of them, nothing waits: they are not better or worse, they are other.
    While an improvement waits, the worst seen meanwhile is what it will become: each level is reached once the signals
    were no worse than it for `hold_better`.

    Trouble that returns within `unstable_within` after it was over is the same trouble: the service is unstable, since
    it first began, and has to be good for `unstable_within` without a break before it is operational. What is unknown
    in between forgets that: nobody sees whether it is good. Zero: nothing is remembered.
    """
    unrest = before.unrest if unstable_within else None
    lasting = unstable_within if unrest and unrest.unstable else timedelta(0)
    after = _held(before, verdict, now, hold_worse, hold_better, lasting)
    if not unstable_within:
        return after
    began = min(before.candidate_since or now, now) if before.candidate in TROUBLE else now
    return _with_unrest(after, _remembered(unrest, after.state, began, now, unstable_within), verdict)


def _held(
    before: Computed,
    verdict: Verdict,
    now: datetime,
    hold_worse: timedelta,
    hold_better: timedelta,
    hold_good: timedelta,
) -> Computed:
    """`settle` without memory; `hold_good`: how long it must have been good at least before it is operational."""
    if verdict.state == before.state:
        return Computed(verdict.state, verdict.reason)
    if before.state not in (State.OPERATIONAL, *TROUBLE) or verdict.state not in (State.OPERATIONAL, *TROUBLE):
        return Computed(verdict.state, verdict.reason)
    worse = WEIGHT[verdict.state] > WEIGHT[before.state]
    same_way = before.candidate is not None and (WEIGHT[before.candidate] > WEIGHT[before.state]) == worse
    waits: tuple[Level, ...] = ()
    if before.candidate and before.candidate_since and same_way:
        waits = (Level(before.candidate, before.candidate_since), *before.then)
    if worse:
        levels: tuple[Level, ...] = (Level(verdict.state, min([now, *(one.since for one in waits)])),)
    else:
        levels = _bettered(waits, verdict.state, now)
    held = [
        number
        for number, one in enumerate(levels)
        if now - one.since
        >= (hold_worse if worse else max(hold_better, hold_good) if one.state == State.OPERATIONAL else hold_better)
    ]
    state, reason = (levels[held[-1]].state, verdict.reason) if held else (before.state, before.reason)
    rest = levels[held[-1] + 1 :] if held else levels
    if not rest:
        return Computed(state, reason)
    return Computed(state, reason, rest[0].state, rest[0].since, None if held else before.unrest, rest[1:])


def _bettered(waits: Sequence[Level], state: State, now: datetime) -> tuple[Level, ...]:
    """The levels from the worst of them down to `state`, which is what the signals say now.

    Each since when they were no worse; of a clock that was set back none is in the future.
    """
    worse = [one for one in waits if WEIGHT[one.state] > WEIGHT[state]]
    since = min([now, *(one.since for one in waits if WEIGHT[one.state] <= WEIGHT[state])])
    return (*(Level(one.state, min(one.since, now)) for one in worse), Level(state, since))


def _remembered(
    unrest: Unrest | None, state: State, began: datetime, now: datetime, within: timedelta
) -> Unrest | None:
    """What there is to remember once the computed state is `state`; trouble that begins with it began at `began`."""
    if state not in TROUBLE:
        return unrest.left(now, state == State.OPERATIONAL) if unrest else None
    if unrest is None or (unrest.left_at and unrest.good and began - unrest.left_at > within):
        return Unrest(began)
    if unrest.left_at is None:
        return unrest
    return Unrest(unrest.since, unstable=unrest.good)


def _with_unrest(computed: Computed, unrest: Unrest | None, verdict: Verdict) -> Computed:
    """The reason says since when it comes and goes; and no longer that it fails, when it does not at this moment."""
    computed = replace(computed, unrest=unrest)
    if unrest is None or not unrest.unstable or computed.state not in TROUBLE:
        return computed
    since = unrest.since.isoformat()
    if verdict.state == State.OPERATIONAL:
        return replace(computed, reason=Reason("unstable", {"since": since}))
    reason = verdict.reason if computed.state == verdict.state else computed.reason
    return replace(computed, reason=Reason(reason.code, {**reason.values, "unstable_since": since}))


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
