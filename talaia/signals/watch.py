"""The watch: takes up what came in, asks the sources, probes the checks, and has every service judged.

Asking and probing run in pools; everything that is written is written by the one thread that runs the watch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.db import connection, transaction

from talaia.config import Config, SourceConfig
from talaia.log.episodes import lasts, well
from talaia.outbox.errors import OutsideError
from talaia.outbox.failure_kinds import UNFIT
from talaia.outbox.heartbeats import Heartbeat
from talaia.outbox.models import Fact
from talaia.outbox.monotonic import WallClock, has_passed
from talaia.outbox.supervise import attempt
from talaia.panel.actions import judge_service, note_watched
from talaia.panel.monitoring_gaps import BEHIND, beat_due
from talaia.panel.renaming.names import former
from talaia.signals import actions
from talaia.signals.backfill_runs import BackfillRuns
from talaia.signals.check_runs import CheckRuns
from talaia.signals.client import Heard, SourceClient, UnreadableAnswer
from talaia.signals.clock_setback.actions import mend_hours
from talaia.signals.evaluate import judge_all
from talaia.signals.evidence import wanted
from talaia.signals.flood.actions import keep_to_bound
from talaia.signals.flood.fair_queue import FairQueue
from talaia.signals.matching import Concern
from talaia.signals.models import PollRequest, RawWebhook, SourceState
from talaia.signals.monitoring_gaps import last_watched, mark_unread, mark_unwatched
from talaia.signals.renaming.actions import take_along
from talaia.signals.silence_runs import SilenceRuns
from talaia.signals.sources.registry import poll

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds: how soon what another process stored is noticed
JUDGE_EVERY = timedelta(seconds=5)  # holds end and sources go silent without anybody telling
BREATH = timedelta(seconds=1)  # between two polls of one source, however often it rings
FIRST_ANSWERS = timedelta(seconds=10)  # so long the first judging waits for them: without them all would be unknown
FORGET = 86_400.0  # seconds: a source that fails is in the log until it answers
TAKING_IN, WAITING = 1.0, 5_000  # seconds, and bodies, after which what is known is judged
ASKING, PROBING = 8, 16  # threads; apart, so that checks of dead targets keep no source waiting


class SignalWatch:
    """`run` is the loop; `step` is one whole round of it, with everything that it starts awaited."""

    def __init__(
        self,
        config: Callable[[], Config],
        clock: Callable[[], datetime],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.config, self.clock, self.transport = config, clock, transport
        self.asking = ThreadPoolExecutor(ASKING, thread_name_prefix="ask")
        self.probing = ThreadPoolExecutor(PROBING, thread_name_prefix="probe")
        self.clients: dict[str, SourceClient] = {}
        self.asked_at: dict[str, datetime] = {}
        self.rung_at: datetime | None = None
        self.polls: dict[Future[Heard], SourceConfig] = {}
        self.stopping = threading.Event()

        def start(*given: Any) -> None:
            self._start(self.asking, *given)

        self.checks = CheckRuns(lambda *given: self._start(self.probing, *given))
        self.silences = SilenceRuns(start, self.client)
        self.backfills = BackfillRuns(start, self.client, self.stopping)
        self.behind_since: datetime | None = None
        self.in_force: Config | None = None
        self.concern: Concern
        self.began_at: datetime | None = None
        self.met = False  # every source has answered, or failed to, since we began
        self.judged_at: datetime | None = None
        self.last_fact: int | None = None
        self.purged_at: datetime | None = None
        self.beat, self.turns = Heartbeat("watch"), FairQueue()
        self.wall, self.ahead = WallClock(), False  # `ahead`: hours may lie ahead of now
        self.lost: timedelta | None = timedelta(0)  # how far the clock was set back meanwhile; None: nobody knows

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. No fault of a source, a check or the database ends it."""
        while not stop.is_set():
            if attempt(log, "the watch", self.tick):
                self.beat.show(self.config().home, self.clock())
            else:
                stop.wait(2)
            actions.WAKE.wait(LOOK_EVERY)
            actions.WAKE.clear()
        self.close()

    def tick(self) -> None:
        """Start what is due, and take up what has come meanwhile."""
        now = self.clock()
        self.ask(now)
        self.collect(now)

    def close(self) -> None:
        """What is being asked is called off, so that nobody waits for its end; checks end by themselves, in time."""
        self.stopping.set()
        for client in self.clients.values():
            client.close()
        self.asking.shutdown(cancel_futures=True)
        self.probing.shutdown(cancel_futures=True)
        connection.close()

    def step(self, now: datetime) -> None:
        """One round: what came in, every source and check that is due, and then the judging."""
        self.ask(now)
        wait(set(self.polls))
        wait(set(self.checks.running))
        self.collect(now)
        wait(set(self.silences.running))
        self.silences.collect(now)
        wait(set(self.backfills.running))
        self.backfills.step(self.config(), now)

    def ask(self, now: datetime) -> None:
        """Take up what came in; start the polls and probes that are due."""
        config = self.config()
        self.keep_time(now)
        if config is not self.in_force:
            self._put_in_force(config, now)
        self.began_at = self.began_at or now
        if self.take_in(config, now):
            self.rung_at, self.judged_at = now, None
        rung = dict(PollRequest.objects.values_list("source", "rung_at")) if config.tables.sources else {}
        rung_at = max(filter(None, [*rung.values(), self.rung_at]), default=None)
        busy = {source.id for source in self.polls.values()}
        for source in config.tables.sources:
            if source.polled and source.id not in busy and self._due(source, rung_at, now):
                client = self.client(source, config)
                self.asked_at[source.id] = now
                self._start(self.asking, self.polls, source, poll, client, wanted(config, source), now)
        for source_id, at in rung.items():
            if all(self.asked_at.get(source.id, now) >= at for source in config.tables.sources if source.polled):
                actions.answered(source_id, at)
        self.checks.begin(config, now)

    def keep_time(self, now: datetime) -> None:
        """Have nothing that was heard before the clock was set back count as heard hours from now."""
        lost = self.wall.set_back(now)
        if lost is None or lost:
            self.lost = lost if lost is None or self.lost is None else self.lost + lost
            self.ahead = True
        if self.ahead:
            if count := mend_hours(now, self.lost):
                log.warning("the clock was set back by %s: %s hours that lay ahead are mended", self.lost or "?", count)
            self.ahead, self.lost = False, timedelta(0)

    def _put_in_force(self, config: Config, now: datetime) -> None:
        take_along(former())
        actions.forget_checks(config.tables.checks, now)
        for source_id in self.clients.keys() - {source.id for source in config.tables.sources}:
            self.clients.pop(source_id).close()
        self.asked_at.clear()  # there may be other things to ask
        self.backfills.look_again()
        self.in_force = config
        self.concern = Concern(config)

    def _due(self, source: SourceConfig, rung_at: datetime | None, now: datetime) -> bool:
        last = self.asked_at.get(source.id)
        rings = last is not None and rung_at is not None and rung_at > last
        return has_passed(last, BREATH if rings else source.poll_every, now)

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

    def client(self, source: SourceConfig, config: Config) -> SourceClient:
        """The client of a source; another one when the configuration has changed."""
        known = self.clients.get(source.id)
        if known is None or known.source != source or known.config is not config:
            if known:
                known.close()
            known = self.clients[source.id] = SourceClient(source, config, self.transport)
        return known

    def take_in(self, config: Config, now: datetime) -> bool:
        """Make signals of what the hooks stored, each source in turn; for a while, as what is known must be judged."""
        waiting = RawWebhook.objects.filter(handled_at=None).order_by("id").values_list("pk", "source")[:WAITING]
        begun = time.monotonic()
        for pk, _ in self.turns.of(waiting, time.monotonic):  # all at once may be larger than this machine
            intake = RawWebhook.objects.get(pk=pk)
            try:
                actions.handle_webhook(intake, config.source(intake.source), now, self.concern)
            except UNFIT:
                raise  # the database is away or busy: it will be taken up later
            except Exception as error:  # noqa: BLE001 - one that nobody understands holds up no other
                said = ("nothing can be made of what source %s has posted (intake %s)", intake.source, intake.pk)
                lasts(log, f"intake of {intake.source}", "take in", *said, level=logging.ERROR, error=error)
                actions.refuse_webhook(intake, repr(error), now)
            self.beat.show(config.home, self.clock())  # a flood takes its time, and is no standstill
            if time.monotonic() - begun > TAKING_IN:
                actions.WAKE.set()
                break
        return bool(waiting)

    def collect(self, now: datetime) -> None:
        """Store what polls and probes have brought; judge when something changed, or when it is time."""
        config, fresh = self.config(), False
        for done in [future for future in self.polls if future.done()]:
            fresh = self._store_poll(self.polls.pop(done), done, config, now) or fresh
        fresh = self.checks.collect(config, now) or fresh
        self.silences.collect(now)
        self.met = self.met or not self.polls or now - (self.began_at or now) >= FIRST_ANSWERS
        latest = Fact.objects.order_by("-pk").values_list("pk", flat=True).first()
        if self.met and (fresh or latest != self.last_fact or has_passed(self.judged_at, JUDGE_EVERY, now)):
            self.judge(config, now)
            self.judged_at, self.last_fact = now, latest  # after it: one that fails is made up for in the next round
            self.backfills.step(config, now)
        if has_passed(self.purged_at, timedelta(hours=1), now):
            self.purged_at = now
            actions.purge(now)

    def _store_poll(self, source: SourceConfig, poll: Future[Heard], config: Config, now: datetime) -> bool:
        if config.source(source.id) != source:
            return False  # it was asked by another configuration
        try:
            heard = poll.result()
        except OutsideError as fault:
            actions.source_failed(source.id, fault.sentence, now, answered=isinstance(fault, UnreadableAnswer))
            lasts(log, f"source {source.id}", "poll", "source %s: %s", source.id, fault.sentence, forget=FORGET)
            return True
        except Exception as error:  # noqa: BLE001 - one source keeps nothing else from being judged
            said = ("what source %s says makes us fail", source.id)
            lasts(log, f"source {source.id}", "poll", *said, level=logging.ERROR, forget=FORGET, error=error)
            actions.source_failed(source.id, f"a fault of ours: {error!r}", now)
            return True
        try:
            actions.store_poll(source, heard, self.asked_at.get(source.id, now), now)
            keep_to_bound(source.id, self.concern)
        except UNFIT:
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            said = ("what source %s says cannot be stored", source.id)
            lasts(log, f"source {source.id}", "poll", *said, level=logging.ERROR, forget=FORGET, error=error)
            actions.source_failed(source.id, f"a fault of ours: {error!r}", now)
            return True
        self.backfills.skews[source.id] = heard.skew
        well(log, f"source {source.id}", "poll", "source %s answers again", source.id)
        if source.traits.relays:
            self.silences.keep(source, config, now)
        return True

    def _beats(self, last: datetime | None, now: datetime) -> bool:
        return beat_due(last, now) or self._is_behind(last, now)

    def _is_behind(self, last: datetime | None, now: datetime) -> bool:
        """Whether the clock has said for a while that it is earlier than when we last watched: then it is."""
        if last is None or now >= last:
            self.behind_since = None
            return False
        if self.behind_since is None or now < self.behind_since:
            self.behind_since = now
        return now - self.behind_since >= BEHIND

    def judge(self, config: Config, now: datetime) -> None:
        """Every service; only what differs is stored. Then: which sources went silent, which are heard again.

        Before anything is judged: what nobody watched, as the database or we ourselves were away, becomes unknown.
        """
        if mark_unwatched(now) or mark_unread(config, now):
            self.backfills.look_again()
        differing, last = [judged for judged in judge_all(config, now) if judged.differs], last_watched()
        if differing or self._beats(last, now):
            with transaction.atomic():  # when all change at once it is one write, and one new page
                note_watched(now, earlier=self._is_behind(last, now))
                for judged in differing:
                    try:
                        judge_service(judged.row.slug, judged.computed, judged.shown, now, judged.calm)
                    except UNFIT:
                        raise
                    except Exception:
                        log.exception("what is shown of %s cannot be stored", judged.row.slug)
        limits = {source.id: source.stale_after for source in config.tables.sources}
        for state in SourceState.objects.filter(source__in=list(limits)):
            silent = state.heard_at is None or now - state.heard_at > limits[state.source]
            if silent != state.silent:
                actions.note_silence(state.source, silent, now)
