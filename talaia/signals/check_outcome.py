"""What a check found, and what a row of its findings amounts to, pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Trouble = Literal["", "down", "slow"]
Kind = Literal["well", "slow", "failing", "blind"]


@dataclass(frozen=True)
class CheckOutcome:
    """One probe of one check.

    `ok`: it answered as it should. `slow`: it did, but later than `slower_than`. `expiring`: its certificate ends
    within `certificate_days`. `seconds`: how long the answer took. `what`: details in English, for operators only
    (it may name hosts); never shown in public. `at`: when the probe began, aware. `measured`: False where the probe
    could not look for a reason of our own (no permission to ping, no file left to open): it says nothing of the target,
    not even that it fails.
    """

    check: str
    ok: bool
    slow: bool
    expiring: bool
    seconds: float
    what: str
    at: datetime
    measured: bool = True

    @property
    def kind(self) -> Kind:
        """In a word; `blind`: it could not look."""
        if not self.measured:
            return "blind"
        return "failing" if not self.ok else "slow" if self.slow else "well"


@dataclass(frozen=True)
class Streak:
    """How often a check has failed, or answered slowly, in a row; and the trouble in which that has put it."""

    down: int = 0
    slow: int = 0
    trouble: Trouble = ""

    def after(self, outcome: CheckOutcome, failures: int) -> Streak:
        """Trouble begins with `failures` of a kind in a row, and ends with one good answer.

        What is down and answers slowly is no longer down. What could not be looked at leaves all as it was.
        """
        if not outcome.measured:
            return self
        if not outcome.ok:
            down = self.down + 1
            return Streak(down, self.slow, "down" if down >= failures else self.trouble)
        if outcome.slow:
            slow = self.slow + 1
            return Streak(0, slow, "slow" if slow >= failures or self.trouble else "")
        return Streak()
