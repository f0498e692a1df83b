"""What the built-in checks have found so far: their streaks, and what follows for each service. No rows, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from talaia.config import Check
from talaia.signals.evidence import Measured
from talaia.signals.outcome import Outcome, Streak, Trouble

Found = tuple[Check, Outcome, Streak]


@dataclass
class Rounds:
    """The memory of the watch for its checks. `streaks` begins with what was in trouble before we were restarted."""

    streaks: dict[str, Streak] = field(default_factory=dict)
    latest: dict[str, Outcome] = field(default_factory=dict)

    @classmethod
    def resumed(cls, trouble: Mapping[str, Trouble]) -> Rounds:
        return cls({check: Streak(trouble=kind) for check, kind in trouble.items()})

    def take(self, outcomes: Iterable[tuple[Check, Outcome]], checks: Sequence[Check]) -> tuple[list[Found], bool]:
        """The streaks after these outcomes; and whether a check got into trouble, or out of it, or is new."""
        found, news = [], False
        for check, outcome in outcomes:
            if check not in checks:
                continue  # talaia.toml has changed since it was asked
            before = self.streaks.get(check.id, Streak())
            streak = before.after(outcome, check.failures)
            news = news or streak.trouble != before.trouble or check.id not in self.latest
            self.streaks[check.id], self.latest[check.id] = streak, outcome
            found.append((check, outcome, streak))
        return found, news

    def measured(self, found: Iterable[Found], checks: Sequence[Check]) -> list[Measured]:
        """What is measured of whatever `found` speaks of: well when all its checks are, once all could look."""
        samples = []
        for service, connection in dict.fromkeys((check.service, check.connection) for check, _, _ in found):
            ids = [check.id for check in checks if (check.service, check.connection) == (service, connection)]
            outcomes = [self.latest[id] for id in ids if id in self.latest]
            if len(outcomes) == len(ids) and all(outcome.measured for outcome in outcomes):
                well = all(outcome.ok for outcome in outcomes)
                samples.append(Measured(service or "", connection or "", float(well), 0.0))
        return samples

    def notes(self, checks: Sequence[Check]) -> list[Mapping[str, Any]]:
        """For operators: certificates that end soon, and checks that could not look."""
        seen = [(check, self.latest[check.id]) for check in checks if check.id in self.latest]
        return [
            {"code": "certificate" if outcome.expiring else "not_measured", "check": check.id, "what": outcome.what}
            for check, outcome in seen
            if outcome.expiring or not outcome.measured
        ]
