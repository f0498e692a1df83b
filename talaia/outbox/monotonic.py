"""Waits on a clock that may be set back: nothing waits longer than it was meant to because of that."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

SLACK = timedelta(seconds=5)  # so far two clocks, or one that is kept in step, may differ


def over(since: datetime, now: datetime, length: timedelta) -> bool:
    """Whether a wait of `length` that began at `since` is over.

    Also where `since` lies ahead of `now`: the clock was set back meanwhile, and how long it has been nobody knows.
    """
    return not -SLACK <= now - since < length


def has_passed(last: datetime | None, interval: timedelta, now: datetime) -> bool:
    """Whether it is time again for what was last done at `last`; None: never. Also when the clock was set back."""
    return last is None or not timedelta(0) <= now - last < interval


def moved(due: datetime, since: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    """The end and the beginning of a wait by the clock as it is now: one that would begin ahead of it begins now.

    `since` None: `due` is an hour of the day, and stays where it is.
    """
    if since is None or since - now <= SLACK:
        return due, since
    return now + (due - since), now


class WallClock:
    """The clock on the wall beside the one that is never set back: tells how far it was."""

    def __init__(self) -> None:
        self.now: datetime | None = None
        self.monotonic = 0.0

    def set_back(self, now: datetime) -> timedelta | None:
        """How far the clock was set back since the last look; zero where it was not; None at the first look."""
        before, passed = self.now, time.monotonic() - self.monotonic
        self.now, self.monotonic = now, time.monotonic()
        if before is None:
            return None
        lost = timedelta(seconds=passed) - (now - before)
        return lost if lost > SLACK else timedelta(0)


class StableValue:
    """For how long a value has been the same, by the clock that is never set back."""

    def __init__(self) -> None:
        self.value: object = None
        self.since = time.monotonic()

    def seconds(self, value: object) -> float:
        if value != self.value:
            self.value, self.since = value, time.monotonic()
        return time.monotonic() - self.since
