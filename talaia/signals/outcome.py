"""What a check found: the value that probes hand to the actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Outcome:
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
