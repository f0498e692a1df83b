"""Has Alertmanager's silences follow our maintenance windows: asked in the pool of the watch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from talaia.config import Config, SourceConfig
from talaia.outbox.errors import OutsideError
from talaia.signals import actions
from talaia.signals.client import SourceClient
from talaia.signals.silence_sync import silence, windows

log = logging.getLogger(__name__)


class SilenceRuns:
    """`start(running, key, task, *given)` begins a task and remembers it in `running`; `client`: of a source."""

    def __init__(self, start: Callable[..., None], client: Callable[[SourceConfig, Config], SourceClient]) -> None:
        self.start, self.client = start, client
        self.running: dict[Future[list[OutsideError]], SourceConfig] = {}

    def keep(self, source: SourceConfig, config: Config, now: datetime) -> None:
        """Have Alertmanager's silences made what our maintenance windows say."""
        if source.id not in {busy.id for busy in self.running.values()} and (asked := windows(now)) is not None:
            client = self.client(source, config)
            self.start(self.running, source, silence, client, asked, config, now)

    def collect(self, now: datetime) -> None:
        """Say of those that are done what went wrong."""
        for done in [future for future in self.running if future.done()]:
            source = self.running.pop(done)
            try:
                faults = done.result()
            except Exception:
                log.exception("silences of %s", source.id)
                continue
            if faults:
                actions.source_failed(source.id, f"silences: {faults[0].sentence}", now)
