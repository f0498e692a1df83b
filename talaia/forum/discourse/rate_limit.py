"""How often we ask, and how long we wait when we are told to, pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

BURST = 5  # calls that may follow each other at once: those of one event
BY_HAND = 15  # the same while a person waits for them, and no more are to come
UNSAID = timedelta(seconds=60)  # how long to wait when the forum does not say
LONGEST = timedelta(hours=1)  # of a wait that the forum asks for; then it is asked again
READ_ONLY = timedelta(minutes=2)
# A create is answered alike for so long, a refusal too: earlier, the same question brings the same answer.
MEMO = timedelta(seconds=125)
MARGIN = timedelta(seconds=4)  # by which a retry may come early


@dataclass(frozen=True, slots=True)
class Bucket:
    """So many calls a minute, and a few at once after a rest. A call that must wait is taken all the same."""

    a_minute: int
    burst: int = BURST
    full_at: datetime | None = None  # when as many as that will be there again

    def take(self, now: datetime) -> tuple[Bucket, timedelta]:
        """The bucket after one call more, and how long that call must wait."""
        one = timedelta(seconds=60 / self.a_minute)
        # No more can be waiting than that: the clock was set back.
        begins = min(max(self.full_at or now, now), now + self.burst * one + timedelta(minutes=1))
        wait = begins - now - (self.burst - 1) * one
        return replace(self, full_at=begins + one), max(wait, timedelta(0))


def told_to_wait(header: str, extras: object, text: str) -> timedelta:
    """How long a 429 says to wait: by its header, its JSON, or its words. Nothing that is said is believed for ever."""
    said = extras.get("wait_seconds") if isinstance(extras, dict) else None
    in_words = re.search(r"\b(\d{1,9}) second", text)
    for seconds in (header, said, in_words[1] if in_words else None):
        try:
            wait = timedelta(seconds=float(str(seconds)))
        except (ValueError, OverflowError):
            continue
        if wait > timedelta(0):
            return min(wait + timedelta(seconds=1), LONGEST)
    return UNSAID
