"""The two channels that write pages: what the news is about, and what is read beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from talaia.config import Config
from talaia.outbox.channel import Channel
from talaia.site.write import publish


class SiteChannel(Channel):
    """The front is made anew every `[site] refresh`, as it says when it was made."""

    name = "site"
    batch = 500
    refreshed = ("front",)

    def __init__(self, config: Config) -> None:
        self.refresh = config.site.refresh

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        publish(targets, now)


class ArchiveChannel(Channel):
    """The other pages that speak of now are made anew every quarter of an hour."""

    name = "archive"
    batch = 20
    refresh = timedelta(minutes=15)
    refreshed = ("living",)

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        publish(targets, now)
