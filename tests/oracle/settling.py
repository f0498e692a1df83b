"""From raw words to the computed state: holds (S7), relapses, and a person's "resolved" (S8)."""

from dataclasses import dataclass, field

from tests.oracle.history import BY_WEIGHT, WEIGHT, Service, State
from tests.oracle.signals import Judgement


@dataclass
class Settled:
    """The computed state of one service, and what it remembers."""

    service: Service
    state: State = State.UNKNOWN
    reasons: frozenset[str] = frozenset({"never_measured"})
    unstable_since: int | None = None
    trouble_since: int | None = None
    left_trouble: int | None = None
    good_since_trouble: bool = False
    ended: bool = False
    """A person has said that the trouble which is shown, or was before nothing was known, is over (S8)."""
    outbreak: bool = False
    """There was trouble since it was operational."""
    at_most: dict[int, int] = field(default_factory=dict)
    """Since when the raw word has been this level or better, without a break."""
    at_least: dict[int, int] = field(default_factory=dict)
    """Since when it has been this level or worse."""
    again: int | None = None
    """When the state will be another one although nothing happens."""

    def judged(self, raw: Judgement, now: int, announced: int = 0) -> None:
        """Take in the raw word of this instant. `announced`: the weight that work in progress told to expect."""
        level = raw.level
        covered = 0 < WEIGHT.get(self.state, 0) <= announced
        if covered:
            self.unstable_since = self.trouble_since = self.left_trouble = None
        elif WEIGHT.get(self.state, 0) > 0 and self.trouble_since is None:
            self.trouble_since = now  # it goes on after the work, and counts from then
        if level is None:
            # Nothing that changes it: trouble and unknown stay, green stays unless what it rests on is too old.
            level = State.UNKNOWN if self.state is State.OPERATIONAL and "unreadable" in raw.reasons else self.state
        if level is State.UNKNOWN:
            self.forget_unknown(now, raw.reasons or self.reasons, raw.again)
            return
        self._remember(WEIGHT[level], now)
        well = self.ended and level is State.OPERATIONAL
        if self.state is State.UNKNOWN or well or (covered and WEIGHT[level] < WEIGHT[self.state]):
            self._become(level, now)
        else:
            self._become(BY_WEIGHT[self._held(WEIGHT[self.state], WEIGHT[level], now)], now)
        self._explain(level, raw)
        dues = [due for due in self._dues() if due > now] + ([raw.again] if raw.again is not None else [])
        self.again = min(dues, default=None)

    def forget_unknown(self, now: int, reasons: frozenset[str], again: int | None = None) -> None:
        """It is unknown from `now` on: holds and instability are over."""
        self._become(State.UNKNOWN, now)
        self.at_most, self.at_least, self.unstable_since = {}, {}, None
        self.reasons, self.again = reasons, again

    def resolved(self) -> None:
        """S8: a person says that it is over. From then on it is operational as soon as fresh evidence is good."""
        self.ended = self.outbreak

    def declared(self) -> None:
        """A person says that it is not over."""
        self.ended = False

    def _remember(self, level: int, now: int) -> None:
        self.at_most = {each: self.at_most.get(each, now) for each in range(level, 4)}
        self.at_least = {each: self.at_least.get(each, now) for each in range(level + 1)}

    def _better_hold(self, level: int) -> int:
        if level == 0 and self.unstable_since is not None:
            return max(self.service.hold_better, self.service.unstable_within)
        return self.service.hold_better

    def _held(self, shown: int, level: int, now: int) -> int:
        if level > shown and now - self.at_least[shown + 1] >= self.service.hold_worse:
            return level
        for better in range(level, shown):
            if now - self.at_most[better] >= self.service.hold_better:
                green_too_soon = better == 0 and now - self.at_most[0] < self._better_hold(0)
                return shown if green_too_soon else better
        return shown

    def _dues(self) -> list[int]:
        shown = WEIGHT[self.state]
        worse = [since + self.service.hold_worse for level, since in self.at_least.items() if level == shown + 1]
        better = [since + self._better_hold(level) for level, since in self.at_most.items() if level < shown]
        return worse + better

    def _become(self, state: State, now: int) -> None:
        was, self.state = self.state, state
        trouble, had = WEIGHT.get(state, 0) > 0, WEIGHT.get(was, 0) > 0
        if had and not trouble:
            self.left_trouble = now
            self.good_since_trouble = False
        if state is State.OPERATIONAL:
            self.good_since_trouble = True
            self.unstable_since = None
            self.ended = self.outbreak = False
        self.outbreak = self.outbreak or trouble
        if trouble and not had:
            self._begin_trouble(now)

    def _begin_trouble(self, now: int) -> None:
        within = self.service.unstable_within
        began = self.at_least.get(1, now)
        if self.left_trouble is None or self.good_since_trouble:
            relapse = within > 0 and self.left_trouble is not None and began - self.left_trouble <= within
            if relapse:
                self.unstable_since = self.trouble_since
            else:
                self.trouble_since = began

    def _explain(self, level: State, raw: Judgement) -> None:
        reasons = set(raw.reasons) if WEIGHT[self.state] > 0 or raw.level is not None else set()
        if WEIGHT[level] < WEIGHT[self.state]:
            reasons.add("held")
        if self.unstable_since is not None:
            reasons.add("unstable")
        if WEIGHT[self.state] > 0:
            reasons.add("signals")
        else:
            reasons -= {"signals", "silenced"}  # trouble that waits for `hold_worse` explains nothing that is shown
        self.reasons = frozenset(reasons)
