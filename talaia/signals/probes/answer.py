"""What a probe comes back with: an Answer, or one of the exceptions here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

GATEWAY = "here: the gateway of this machine does not answer"


@dataclass(frozen=True)
class ProbeAnswer:
    """The target answered as it should. `seconds`: how long it took; `certificate_ends`: of the first to end."""

    seconds: float
    what: str
    certificate_ends: datetime | None = None


class Failed(Exception):
    """The target did not answer as it should; the message says what it did instead."""


class NotMeasured(Exception):
    """Nothing can be said of the target, as something is wrong here; the message says what and how to mend it."""
