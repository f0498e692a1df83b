"""When a computed state may change: holds on the way to worse and to better, and what comes and goes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from talaia.panel.state import TROUBLE, WEIGHT, Reason, State, Verdict


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


NEVER_MEASURED = Reason("never_measured")


@dataclass(frozen=True)
class Computed:
    """A verdict that has held, the one that is waiting to hold, and the trouble before it that may return.

    `candidate_since`: since when it was no worse than the candidate. `then`: the still better ones that it has come to
    meanwhile, each with since when it was no worse than that.
    """

    state: State = State.UNKNOWN
    reason: Reason = NEVER_MEASURED
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
