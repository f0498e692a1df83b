"""A mail came back: counted for good, or as one of those that are our own fault."""

from __future__ import annotations

from datetime import datetime

from talaia.config import current
from talaia.notices import actions
from talaia.notices.values import (
    GiveUpOn,
    Neighbours,
)


def came_back(key: str, status: str, at: datetime, give_up_on: GiveUpOn, neighbours: Neighbours) -> bool:
    """Count a mail that came back for good; on the last day that is borne, the recipient gets no more. Whether so.

    `at`: when that was said. Safe to repeat. A day is judged while it lasts, by what came back so far: who was believed
    to be gone before too many came back on it gets their mails again.
    """
    day = at.astimezone(current().site.tz).date()
    gone = actions.note_bounce(key, status, day, at, neighbours)
    if gone:
        give_up_on(key, at, True)
        actions.count_no_more(key)
    for one in actions.wronged(key, day, at, neighbours):
        give_up_on(one, at, False)
        actions.count_again(one)
    return gone


def is_ours(key: str, status: str, at: datetime) -> None:
    """A mail came back because of us: operators see it, and it costs nobody theirs."""
    actions.note_blame(key, status, at.astimezone(current().site.tz).date(), at)
