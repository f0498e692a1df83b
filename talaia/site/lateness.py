"""Whether the public folder is renewed as it should be, and whether what people wrote has come to it."""

from __future__ import annotations

from datetime import datetime, timedelta

CHANGE_LATE = timedelta(minutes=2)  # how long a change may take to the page


def renewal_is_late(published_at: datetime, refresh: timedelta, now: datetime) -> bool:
    """The front page is made anew every `[site] refresh`: three missed are a failure."""
    return now - published_at > 3 * refresh + timedelta(seconds=30)


def change_is_late(waiting_since: datetime | None, now: datetime) -> bool:
    return waiting_since is not None and now - waiting_since > CHANGE_LATE
