"""A channel whose deliveries a test does itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from talaia.outbox.channel import Channel


class TestChannel(Channel):
    """`does` what a test says, under the name that it gives."""

    __test__ = False  # pytest: no class of tests

    def __init__(
        self,
        name: str,
        does: Callable[[Sequence[str], datetime], None],
        *,
        batch: int = 1,
        longest_wait: timedelta = Channel.longest_wait,
        refresh: timedelta | None = None,
        refreshed: tuple[str, ...] = (),
    ) -> None:
        self.name, self.does = name, does  # type: ignore[misc]  # of an instance here
        self.batch, self.longest_wait, self.refresh, self.refreshed = batch, longest_wait, refresh, refreshed

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        self.does(targets, now)
