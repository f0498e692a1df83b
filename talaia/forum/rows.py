"""Rows → what is told of an event there. Reads only."""

from __future__ import annotations

from talaia.config import Config
from talaia.events.models import Event
from talaia.events.reading import event_of, is_public
from talaia.forum.post import ForumSite


def house(config: Config) -> ForumSite:
    """Where the pages are, and in which language the history is told: the first of the site."""
    return ForumSite(config.site.address, config.site.languages[0], config.site.tz)


def known(key: str) -> Event | None:
    """The event of that key that may be known outside; None where there is none."""
    event = event_of(key)
    return event if event is not None and is_public(event) else None
