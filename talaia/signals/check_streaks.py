"""What the built-in checks have found so far: their streaks, and what follows for each service. No rows, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from talaia.config import CheckConfig
from talaia.signals.check_outcome import CheckOutcome, Streak, Trouble
from talaia.signals.evidence import Measured

Finds = tuple[str, datetime, str]
"""The kind of what a check found last, since when, and in words."""
Place = tuple[str, str]
"""A service and, or "", one of its connections."""


class ProbedCheck(NamedTuple):
    """What a check has found now. `since`: when it first found the like; `turned`: just now, or its words are new."""

    check: CheckConfig
    outcome: CheckOutcome
    streak: Streak
    since: datetime
    turned: bool


@dataclass
class CheckStreaks:
    """The memory of the watch for its checks. `streaks` begins with what was in trouble before we were restarted."""

    streaks: dict[str, Streak] = field(default_factory=dict)
    latest: dict[str, CheckOutcome] = field(default_factory=dict)
    finds: dict[str, Finds] = field(default_factory=dict)
    seen: dict[str, CheckOutcome] = field(default_factory=dict)  # as they came, before any doubt about our own line
    failing_since: dict[str, datetime] = field(default_factory=dict)  # of those, the first that was not ok
    sighted: dict[str, datetime] = field(default_factory=dict)  # when each check could look last

    @classmethod
    def resumed(
        cls,
        trouble: Mapping[str, Trouble],
        finds: Mapping[str, Finds] | None = None,
        sighted: Mapping[str, datetime] | None = None,
    ) -> CheckStreaks:
        streaks = {check: Streak(trouble=kind) for check, kind in trouble.items()}
        return cls(streaks, finds=dict(finds or {}), sighted=dict(sighted or {}))

    def take(
        self, outcomes: Iterable[tuple[CheckConfig, CheckOutcome]], checks: Sequence[CheckConfig]
    ) -> tuple[list[ProbedCheck], bool]:
        """The streaks after these outcomes; and whether a check got into trouble, or out of it, or is new."""
        mine = [
            (check, outcome) for check, outcome in outcomes if check in checks
        ]  # talaia.toml may have changed since
        for check, outcome in mine:
            self.seen[check.id] = outcome
            if outcome.ok:
                self.failing_since.pop(check.id, None)
            else:
                self.failing_since.setdefault(check.id, outcome.at)
        cut, found, news = self.line_cut_since(checks), [], False
        for check, outcome in mine:
            if cut and not outcome.ok and outcome.measured and not (check.canary or check.at_home):
                what = (
                    f"our line: {_names(checks)} cannot be reached either, and no service can; it said: {outcome.what}"
                )
                outcome = replace(outcome, measured=False, what=what)
            looked = self._after(check, outcome, undecided=self._undecided(check, checks))
            before = self.streaks.get(check.id, Streak())
            news = news or looked.streak.trouble != before.trouble or check.id not in self.latest
            self.streaks[check.id], self.latest[check.id] = looked.streak, outcome
            self.finds[check.id] = outcome.kind, looked.since, outcome.what
            found.append(looked)
        return found, news

    def _after(self, check: CheckConfig, outcome: CheckOutcome, undecided: bool) -> ProbedCheck:
        before = self.streaks.get(check.id, Streak())
        if outcome.measured or check.id not in self.sighted:
            self.sighted[check.id] = outcome.at
        streak = before.after(outcome, check.failures)
        if undecided and streak.trouble == "down" != before.trouble:
            streak = replace(streak, trouble=before.trouble)
        if self._blind(check, outcome):  # what was red long ago is not known to be so now
            streak = Streak()
        kind, since, what = self.finds.get(check.id, ("", outcome.at, ""))
        if kind != outcome.kind:
            return ProbedCheck(check, outcome, streak, outcome.at, True)
        return ProbedCheck(check, outcome, streak, since, not outcome.ok and what != outcome.what)

    def _blind(self, check: CheckConfig, outcome: CheckOutcome) -> bool:
        return not outcome.measured and outcome.at - self.sighted.get(check.id, outcome.at) > check.patience

    def _undecided(self, check: CheckConfig, checks: Sequence[CheckConfig]) -> bool:
        """Whether it may yet be our own line: since this check began to fail, no canary was reached, and not all have
        looked. One of several that fails says nothing by itself.
        """
        began = self.failing_since.get(check.id)
        canaries = [one.id for one in checks if one.canary]
        if check.canary or check.at_home or not canaries or began is None:
            return False
        since = [seen for one in canaries if (seen := self.seen.get(one)) and seen.at >= began]
        return len(since) < len(canaries) and not any(seen.ok for seen in since)

    def canaries_due(self, found: Iterable[ProbedCheck], checks: Sequence[CheckConfig]) -> bool:
        """Whether the canaries should look at once: something has begun to fail."""
        return any(self._undecided(one.check, checks) for one in found if not one.outcome.ok and one.outcome.measured)

    def line_cut_since(self, checks: Sequence[CheckConfig]) -> datetime | None:
        """Since when our own line is what fails: every canary fails, and so does, of whatever was looked at since, a
        check of every service. Checks of this machine itself tell nothing of it. None: it works, or nobody can say.
        """
        canaries = [check.id for check in checks if check.canary]
        if not canaries or not all(check_id in self.failing_since for check_id in canaries):
            return None
        began = max(self.failing_since[check_id] for check_id in canaries)
        of_service: dict[str, list[CheckOutcome]] = {}
        for check in checks:
            seen = self.seen.get(check.id)
            if seen and seen.at >= began and not (check.canary or check.at_home):
                of_service.setdefault(check.service or "", []).append(seen)
        return began if all(any(not seen.ok for seen in every) for every in of_service.values()) else None

    def measured(self, found: Iterable[ProbedCheck], checks: Sequence[CheckConfig]) -> list[Measured]:
        """What is measured of whatever `found` speaks of: well when all its checks are, once all could look."""
        samples = []
        for place in dict.fromkeys(_place(one.check) for one in found if not one.check.canary):
            ids = [check.id for check in checks if _place(check) == place]
            outcomes = [self.latest[check_id] for check_id in ids if check_id in self.latest]
            if len(outcomes) == len(ids) and all(outcome.measured for outcome in outcomes):
                well = all(outcome.ok for outcome in outcomes)
                samples.append(Measured(*place, float(well), 0.0))
        return samples

    def unsighted(self, checks: Sequence[CheckConfig]) -> set[Place]:
        """Of what a check could not look for so long that what was measured before proves nothing any more."""
        return {
            _place(check)
            for check in checks
            if not check.canary and check.id in self.latest and self._blind(check, self.latest[check.id])
        }

    def notes(self, checks: Sequence[CheckConfig]) -> Sequence[Mapping[str, Any]]:
        """For operators: our own line, certificates that end soon, and checks that could not look."""
        seen = [(check, self.latest[check.id]) for check in checks if check.id in self.latest]
        cut = self.line_cut_since(checks)
        blind = [outcome for check, outcome in seen if not (outcome.measured or check.canary)]
        line = {"code": "our_line", "since": cut.isoformat(), "canary": _names(checks)} if cut and blind else None
        return ([line] if line else []) + [
            {"code": "certificate" if outcome.expiring else "not_measured", "check": check.id, "what": outcome.what}
            for check, outcome in seen
            if outcome.expiring or not outcome.measured
        ]


def _place(check: CheckConfig) -> Place:
    return check.service or "", check.connection or ""


def _names(checks: Sequence[CheckConfig]) -> str:
    return ", ".join(check.id for check in checks if check.canary)
