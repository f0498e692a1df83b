"""The rounds of the built-in checks: looked in the pool of the watch, and what they found written down by it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

from talaia.config import CheckConfig, Config
from talaia.outbox.monotonic import has_passed
from talaia.signals import actions
from talaia.signals.check_findings import known_findings, known_sights, tell
from talaia.signals.check_outcome import CheckOutcome
from talaia.signals.check_streaks import CheckStreaks
from talaia.signals.checks import probe
from talaia.signals.evaluate import checks_stale_after
from talaia.signals.inputs import CHECKS
from talaia.signals.models import Signal


class CheckRuns:
    """`start(running, key, task, *given)` begins a task and remembers it in `running`."""

    def __init__(self, start: Callable[..., None]) -> None:
        self.start = start
        self.running: dict[Future[CheckOutcome], CheckConfig] = {}
        self.probed_at: dict[str, datetime] = {}
        self.rounds: CheckStreaks | None = None

    def begin(self, config: Config, now: datetime) -> None:
        """Look wherever it is time."""
        at_work = {check.id for check in self.running.values()}
        for check in config.tables.checks:
            if check.id not in at_work and has_passed(self.probed_at.get(check.id), check.every, now):
                self.probed_at[check.id] = now
                self.start(self.running, check, probe, check, config)

    def collect(self, config: Config, now: datetime) -> bool:
        """Write down what those that are done have found. Returns whether there is news in it."""
        done = [future for future in self.running if future.done()]
        return bool(done) and self._store([(self.running.pop(one), one.result()) for one in done], config, now)

    def _store(self, outcomes: list[tuple[CheckConfig, CheckOutcome]], config: Config, now: datetime) -> bool:
        if self.rounds is None:
            firing = Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED)
            trouble = {row.labels["check"]: row.annotations["what"] for row in firing}
            self.rounds = CheckStreaks.resumed(trouble, known_findings(), known_sights())
        checks = config.tables.checks
        if not checks:
            return False
        found, news = self.rounds.take(outcomes, checks)
        measured, notes = self.rounds.measured(found, checks), self.rounds.notes(checks)
        unsighted, still_fresh = self.rounds.unsighted(checks), checks_stale_after(config) / 3
        actions.store_outcomes(found, measured, unsighted, notes, still_fresh, now)
        for one in found:
            tell(one)
        if self.rounds.canaries_due(found, checks):
            for check in checks:
                if check.canary:
                    self.probed_at.pop(check.id, None)
            actions.WAKE.set()
        return news
