"""What strangers can make happen as often as they like costs one line of the log a minute, with how often it was."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 60.0  # seconds


class LogCounter:
    """Counts; the first one is said at once, and what comes after it together, at most every minute."""

    def __init__(self, say: Callable[[int], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.say, self.clock = say, clock
        self.count, self.said_at = 0, float("-inf")

    def add(self) -> None:
        """It has happened once more."""
        self.count += 1
        now = self.clock()
        if now - self.said_at >= EVERY:
            count, self.count, self.said_at = self.count, 0, now
            self.say(count)
