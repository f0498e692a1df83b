"""Has what nobody watched told by the sources that remember it: asked in the pool of the watch, written down by it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta

from talaia.config import Config, SourceConfig
from talaia.outbox.errors import OutsideError
from talaia.outbox.failure_kinds import UNFIT
from talaia.outbox.monotonic import has_passed
from talaia.panel.actions import backfill
from talaia.signals.backfill import Stopped, gaps, recall
from talaia.signals.client import SourceClient
from talaia.signals.replay import Replay

log = logging.getLogger(__name__)

RECALL_EVERY = timedelta(minutes=5)  # so soon a source is asked again for what it remembers, where it did not answer


class BackfillRuns:
    """`start(running, key, task, *given)` begins a task and remembers it in `running`; `client`: of a source."""

    def __init__(
        self,
        start: Callable[..., None],
        client: Callable[[SourceConfig, Config], SourceClient],
        stopping: threading.Event,
    ) -> None:
        self.start, self.client, self.stopping = start, client, stopping
        self.running: dict[Future[list[Replay]], SourceConfig] = {}
        self.skews: dict[str, float] = {}  # of those that have answered since we began
        self.recalled: dict[str, datetime] = {}  # when what nobody watched was last looked for
        self.whole: set[str] = set()  # the sources that have nothing more to tell of it

    def look_again(self) -> None:
        """There may be more that nobody watched, or other sources that remember it."""
        self.whole.clear()

    def step(self, config: Config, now: datetime) -> None:
        """Have what nobody watched told by the sources that remember it, and write down what they told."""
        for done in [future for future in self.running if future.done()]:
            source = self.running.pop(done)
            try:
                told = done.result()
            except Stopped:
                continue
            except OutsideError as fault:
                log.warning("what happened while nobody watched cannot be told yet: %s", fault)
                continue
            except Exception:
                log.exception("what %s remembers", source.id)
                continue
            for one in told:
                try:
                    backfill(one.gap.id, one.told, now)
                except UNFIT:
                    raise
                except Exception:
                    log.exception("what %s remembers cannot be written down", source.id)
            self.recalled.pop(source.id, None)  # there may be more of it meanwhile
        busy = {source.id for source in self.running.values()}
        for source in config.tables.sources:
            if source.id not in self.skews or source.id in self.whole or source.id in busy:
                continue
            if has_passed(self.recalled.get(source.id), RECALL_EVERY, now):
                self.recalled[source.id] = now
                found, more = gaps(config, source, now)
                if found:
                    client = self.client(source, config)
                    given = (client, found, self.skews[source.id], self.stopping)
                    self.start(self.running, source, recall, *given)
                elif not more:
                    self.whole.add(source.id)
