"""Waits on a clock that may be set back, pure: nothing waits longer than it was meant to because of that."""

from __future__ import annotations

from datetime import datetime, timedelta

SLACK = timedelta(seconds=5)  # so far two clocks, or one that is kept in step, may differ


def over(since: datetime, now: datetime, length: timedelta) -> bool:
    """Whether a wait of `length` that began at `since` is over.

    Also where `since` lies ahead of `now`: the clock was set back meanwhile, and how long it has been nobody knows.
    """
    return not -SLACK <= now - since < length


def moved(due: datetime, since: datetime | None, now: datetime) -> tuple[datetime, datetime | None]:
    """The end and the beginning of a wait by the clock as it is now: one that would begin ahead of it begins now.

    `since` None: `due` is an hour of the day, and stays where it is.
    """
    if since is None or since - now <= SLACK:
        return due, since
    return now + (due - since), now
