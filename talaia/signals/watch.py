"""The watch: takes up what came in, asks the sources, probes the checks, and has every service judged.

Asking and probing run in a pool; everything that is written is written by the one thread that runs the watch.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import connection

from talaia.config import Check, Config, Source
from talaia.events.models import Event
from talaia.outbox.faults import Fault
from talaia.panel.actions import backfill, judge_service
from talaia.signals import actions
from talaia.signals.checks import probe
from talaia.signals.client import Client, Heard, Wanted
from talaia.signals.judging import judge_all, stored
from talaia.signals.models import Intake, Ring, Signal, SourceState
from talaia.signals.outcome import Outcome
from talaia.signals.replay import FARTHEST, replay, steps
from talaia.signals.silences import Window, changes
from talaia.signals.view import CHECKS

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds: how soon what another process stored is noticed
JUDGE_EVERY = timedelta(seconds=5)  # holds end and sources go silent without anybody telling
BREATH = timedelta(seconds=1)  # between two polls of one source, however often it rings
POOL = 8


class Watch:
    """`run` is the loop; `step` is one whole round of it, with everything that it starts awaited."""

    def __init__(
        self,
        config: Callable[[], Config],
        clock: Callable[[], datetime],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config, self.clock, self.transport = config, clock, transport
        # Two pools: targets that do not answer must not hold up the sources.
        self.pool = ThreadPoolExecutor(POOL, thread_name_prefix="ask")
        self.probers = ThreadPoolExecutor(POOL, thread_name_prefix="probe")
        self.clients: dict[str, Client] = {}
        self.asked_at: dict[str, datetime] = {}
        self.probed_at: dict[str, datetime] = {}
        self.failed: dict[str, int] | None = None
        self.found: dict[str, Outcome] = {}
        self.polls: dict[Future[Heard], Source] = {}
        self.probes: dict[Future[Outcome], Check] = {}
        self.judged_at: datetime | None = None
        self.purged_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. No fault of a source, a check or the database ends it."""
        while not stop.is_set():
            try:
                now = self.clock()
                self.ask(now)
                self.collect(now)
                actions.WAKE.wait(LOOK_EVERY)
                actions.WAKE.clear()
            except Exception:
                log.exception("the watch goes on after")
                connection.close()
                stop.wait(2)
        self.close()

    def close(self) -> None:
        for pool in (self.pool, self.probers):
            pool.shutdown(cancel_futures=True)
        for client in self.clients.values():
            client.close()
        connection.close()

    def step(self, now: datetime) -> None:
        """One round: what came in, every source and check that is due, and then the judging."""
        self.ask(now)
        wait(set(self.polls))
        wait(set(self.probes))
        self.collect(now)

    def ask(self, now: datetime) -> None:
        """Take up what came in; start the polls and probes that are due."""
        config = self.config()
        dirty = self.take_in(config, now)
        rung = dict(Ring.objects.values_list("source", "rung_at")) if config.tables.sources else {}
        busy = {source.id for source in self.polls.values()}
        for source in config.tables.sources:
            last = self.asked_at.get(source.id)
            due = last is None or now - last >= source.poll_every or (bool(rung) and now - last >= BREATH)
            if source.polled and due and source.id not in busy:
                self.asked_at[source.id] = now
                self._start(
                    self.pool, self.polls, source, self.client(source, config).poll, wanted(config, source), now
                )
        for id, rung_at in rung.items():
            if all(self.asked_at.get(s.id, now) >= rung_at for s in config.tables.sources if s.polled):
                actions.answered(id, rung_at)
        busy_checks = {check.id for check in self.probes.values()}
        for check in config.tables.checks:
            last = self.probed_at.get(check.id)
            if check.id not in busy_checks and (last is None or now - last >= check.every):
                self.probed_at[check.id] = now
                self._start(self.probers, self.probes, check, probe, check, config)
        if dirty:
            self.judged_at = None

    def _start(
        self,
        pool: ThreadPoolExecutor,
        running: dict[Future[Any], Any],
        key: object,
        task: Callable[..., Any],
        *given: object,
    ) -> None:
        future = pool.submit(task, *given)
        running[future] = key
        future.add_done_callback(lambda _: actions.WAKE.set())

    def client(self, source: Source, config: Config) -> Client:
        known = self.clients.get(source.id)
        if known is None or known.source != source:
            if known:
                known.close()
            known = self.clients[source.id] = Client(source, config, self.transport)
        return known

    def take_in(self, config: Config, now: datetime) -> bool:
        """Make signals of what the hooks stored, oldest first."""
        waiting = list(Intake.objects.filter(handled_at=None).order_by("id")[:200])
        for intake in waiting:
            actions.handle_intake(intake, config.source(intake.source), now)
        return bool(waiting)

    def collect(self, now: datetime) -> None:
        """Store what polls and probes have brought; judge when something changed, or when it is time."""
        config = self.config()
        fresh = False
        for poll in [future for future in self.polls if future.done()]:
            self._store_poll(self.polls.pop(poll), poll, config, now)
            fresh = True
        probes = [future for future in self.probes if future.done()]
        if probes:
            self._store_outcomes([(self.probes.pop(future), future.result()) for future in probes], config, now)
            fresh = True
        if fresh or self.judged_at is None or now - self.judged_at >= JUDGE_EVERY:
            self.judged_at = now
            self.judge(config, now)
        if self.purged_at is None or now - self.purged_at >= timedelta(hours=1):
            self.purged_at = now
            actions.purge(now)

    def _store_poll(self, source: Source, poll: Future[Heard], config: Config, now: datetime) -> None:
        try:
            heard = poll.result()
        except Fault as fault:
            actions.source_failed(source.id, f"{fault}. {fault.hint}", now)
            return
        self._make_up(source, config, now)
        actions.store_poll(source, heard, now)
        if source.kind == "alertmanager":
            self.keep_silences(source, config, now)

    def _make_up(self, source: Source, config: Config, now: datetime) -> None:
        """After a time in which we asked nobody: what fired meanwhile goes into the history."""
        state = SourceState.objects.filter(pk=source.id).first()
        if source.kind != "prometheus" or state is None or state.heard_at is None:
            return
        start = max(state.heard_at, state.tried_at or state.heard_at, now - FARTHEST)
        if now - start <= source.stale_after:
            return
        step = steps(start, now)
        try:
            spans = self.client(source, config).firing_between(start, now, step)
        except Fault as fault:
            log.warning("what happened since %s cannot be told: %s", start, fault)
            return
        for judged in judge_all(config, now):
            listed, row = judged.listed, judged.row
            mine = listed.evidence is not None and listed.evidence.source == source.id
            if not mine or row.state != row.computed_state:
                continue
            if found := replay(listed, stored(row), spans, start, now, step):
                backfill(row.slug, found, now)

    def _store_outcomes(self, outcomes: list[tuple[Check, Outcome]], config: Config, now: datetime) -> None:
        if self.failed is None:  # first of all: what was down before we were restarted is still down
            firing = Signal.objects.filter(source=CHECKS).exclude(state=Signal.RESOLVED)
            self.failed = {row.labels.get("check", ""): 1_000 for row in firing}
            actions.forget_checks([check.id for check in config.tables.checks], now)
        for check, outcome in outcomes:
            if outcome.measured:
                self.failed[check.id] = 0 if outcome.ok else self.failed.get(check.id, 0) + 1
            self.found[check.id] = outcome
        listed = {check.id for check in config.tables.checks}
        notes = [
            {"code": "certificate" if outcome.expiring else "not_measured", "check": id, "what": outcome.what}
            for id, outcome in self.found.items()
            if id in listed and (outcome.expiring or not outcome.measured)
        ]
        actions.store_outcomes([(c, o, self.failed.get(c.id, 0)) for c, o in outcomes], notes, now)

    def judge(self, config: Config, now: datetime) -> None:
        """Every service; only what differs is stored. Then: which sources went silent, which are heard again."""
        for judged in judge_all(config, now):
            if judged.differs:
                judge_service(judged.row.slug, judged.computed, judged.shown, now)
        limits = {source.id: source.stale_after for source in config.tables.sources}
        for state in SourceState.objects.filter(source__in=list(limits)):
            silent = state.heard_at is None or now - state.heard_at > limits[state.source]
            if silent != state.silent:
                actions.note_silence(state.source, silent, now)

    def keep_silences(self, source: Source, config: Config, now: datetime) -> None:
        """Make Alertmanager's silences what our maintenance windows say."""
        rows = Event.objects.filter(kind=Event.MAINTENANCE, silence=True, ended_at=None).prefetch_related("impacts")
        windows = [
            Window(row.ref, row.window_start, row.window_end, tuple(sorted(i.service_id for i in row.impacts.all())))
            for row in rows
            if row.window_start and row.window_end
        ]
        asked = Event.objects.filter(kind=Event.MAINTENANCE, silence=True, window_end__gt=now - timedelta(days=1))
        if not windows and not asked.exists():
            return
        client = self.client(source, config)
        try:
            for change in changes(windows, client.silences(), config.site.address, now):
                if change.body is not None:
                    client.post_silence(change.body)
                else:
                    client.expire_silence(change.expire)
        except Fault as fault:
            actions.source_failed(source.id, f"silences: {fault}. {fault.hint}", now)


def wanted(config: Config, source: Source) -> list[Wanted]:
    """The evidence queries for one source."""
    return [
        Wanted(service.slug, service.evidence.query, service.reference.label if service.reference else "")
        for service in config.tables.services
        if service.evidence and service.evidence.source == source.id and service.evidence.query
    ]
