"""Runs deliveries: one thread spreads facts into deliveries and keeps the leases, one thread per channel delivers.

At least once, never lost: a delivery is marked done after it is done, a worker that dies gives its lease back, and
every handler is safe to repeat.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from talaia.log.episodes import lasts, well
from talaia.outbox import actions, disk_reserve
from talaia.outbox.channel import Channel
from talaia.outbox.errors import OutsideError, PermanentError, RetryLater, TemporaryError
from talaia.outbox.failure_kinds import UNFIT
from talaia.outbox.heartbeats import Heartbeat
from talaia.outbox.held_outcomes import hold_until_written
from talaia.outbox.machine_id import is_dead, name_of_a_worker, this_machine
from talaia.outbox.models import Delivery, Fact
from talaia.outbox.monotonic import SLACK
from talaia.outbox.supervise import attempt, away

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds: how soon rows written by another process are noticed
IDLE = 5.0  # seconds after which a channel looks by itself, should nobody have woken it
LEASE = timedelta(seconds=60)
BEAT = 2.0  # seconds: how often leases are prolonged, and the room on the disk is looked at


def wait_before(attempt: int, longest: timedelta, chance: float) -> timedelta:
    """Back-off before the next try: 1 s, 2 s, 4 s … up to `longest`, up to half of it taken off by `chance` (0–1)."""
    full = min(2.0 ** min(attempt - 1, 60), longest.total_seconds())  # after days, 2.0 ** 1024 is no number
    return timedelta(seconds=full * (1 - chance / 2))


class Worker:
    """Does the deliveries of `channels` until told to stop; then finishes what runs."""

    def __init__(
        self,
        home: Path,
        channels: Iterable[Channel],
        consequences: Callable[[Fact], Iterable[actions.Order]],
        clock: Callable[[], datetime],
    ) -> None:
        self.home, self.channels, self.consequences, self.clock = home, list(channels), consequences, clock
        self.machine = this_machine(home)
        self.name = name_of_a_worker(self.machine)
        self.stop = threading.Event()
        self.running: set[int] = set()
        self.work = {channel.name: threading.Event() for channel in self.channels}
        self.read_at: datetime | None = None  # what the clock said last

    def run(self) -> None:
        """Until `self.stop` is set."""
        threads = [
            threading.Thread(target=self._deliver_all, args=[c], name=f"deliver-{c.name}") for c in self.channels
        ]
        self._quietly(self.rescue)
        for thread in threads:
            thread.start()
        beat, last_beat = Heartbeat("worker"), float("-inf")
        while not self.stop.is_set():
            if self._quietly(self.turn):
                beat.show(self.home, self.clock())
            if time.monotonic() - last_beat >= BEAT:
                last_beat = time.monotonic()
                disk_reserve.keep(self.home)
                self._quietly(lambda: self.prolong())
            actions.WAKE.wait(LOOK_EVERY)
            actions.WAKE.clear()
        for event in self.work.values():
            event.set()
        for thread in threads:
            thread.join()
        connection.close()

    def turn(self) -> bool:
        """One round, which has succeeded where it returns."""
        self.spread()
        return True

    def spread(self) -> None:
        """Write the deliveries of new facts, and wake the channels that have something to do."""
        while actions.spread(self.clock(), self.consequences):
            pass
        self.keep_waits()
        # One look for all channels: each of them taking a lock twice a second would never let the process rest.
        for name in actions.due_channels(self.clock()):
            if name in self.work:
                self.work[name].set()

    def keep_waits(self) -> None:
        """Have nothing wait for hours because the clock was set back, while we ran or before we began."""
        now, before = self.clock(), self.read_at
        if (before is None or now < before - SLACK) and (count := actions.mend_waits(now)):
            log.warning("the clock was set back; %s deliveries wait no longer for that", count)
        self.read_at = now

    def prolong(self) -> None:
        if ids := list(self.running):
            actions.prolong(self.name, ids, self.clock(), LEASE)

    def rescue(self) -> None:
        """Give back what workers of this machine held when they died, without waiting for their leases."""
        holders = Delivery.objects.filter(state=Delivery.RUNNING).values_list("worker", flat=True).distinct()
        if count := actions.rescue([name for name in holders if is_dead(name, self.machine)], self.clock()):
            log.info("took back %s deliveries of a worker that died", count)

    def _deliver_all(self, channel: Channel) -> None:
        woken, refreshed_at = self.work[channel.name], time.monotonic()
        while not self.stop.is_set():
            worked = self._quietly(lambda: self.deliver_due(channel))
            now = time.monotonic()
            if worked:
                refreshed_at = now
                continue
            if channel.refresh and now - refreshed_at >= channel.refresh.total_seconds():
                refreshed_at = now
                self._quietly(lambda: channel.deliver(channel.refreshed, self.clock()))
            woken.wait(IDLE)
            woken.clear()
        connection.close()

    def deliver_due(self, channel: Channel) -> bool:
        """Do the due deliveries of a channel, once. Returns whether there were any."""
        taken = actions.claim(self.name, channel.name, self.clock(), LEASE, channel.batch)
        if not taken:
            return False
        self.running.update(delivery.pk for delivery in taken)
        try:
            # What failed before goes alone, so that one bad target does not hold up the others.
            fresh = [delivery for delivery in taken if not delivery.error]
            for group in ([fresh] if fresh else []) + [[delivery] for delivery in taken if delivery.error]:
                self._deliver(channel, group)
        finally:
            self.running.difference_update(delivery.pk for delivery in taken)
        return True

    def _deliver(self, channel: Channel, group: list[Delivery]) -> None:
        ids = [delivery.pk for delivery in group]
        try:
            channel.deliver(list(dict.fromkeys(delivery.target for delivery in group)), self.clock())
        except PermanentError as fault:
            if len(group) > 1:  # which one it was shows when each goes alone
                actions.again(self.name, ids, self.clock(), timedelta(0), str(fault), fault.hint)
            else:
                actions.park(self.name, ids, str(fault), fault.hint)
                log.error("%s %s is parked: %s %s", channel.name, group[0].target, fault, fault.hint)
                self._well(channel, group)
        except RetryLater as fault:
            actions.again(self.name, ids, self.clock(), fault.after or timedelta(seconds=IDLE), "")
        except Exception as error:  # noqa: BLE001 - a fault of any kind must not end the worker, nor lose the delivery
            self._again(channel, group, error)
        else:
            name = f"deliver-{channel.name}"
            hold_until_written(log, name, lambda: actions.done(self.name, ids, self.clock()), self.stop)
            self._well(channel, group)

    def _again(self, channel: Channel, group: list[Delivery], error: Exception) -> None:
        tries = max(delivery.attempts for delivery in group)
        wait = wait_before(tries, channel.longest_wait, random.random())  # noqa: S311 - jitter, no secret
        hint = error.hint if isinstance(error, OutsideError) else ""
        if isinstance(error, TemporaryError):
            wait = max(wait, error.after or wait)
        forget = 2 * wait.total_seconds() + LEASE.total_seconds()  # by then it was tried again, by us or by another
        if isinstance(error, UNFIT):
            away(log, f"deliver-{channel.name}", error)
        elif isinstance(error, TemporaryError):
            text, said = "%s: %s; again in %.0f s. %s", (channel.name, error, wait.total_seconds(), hint)
            for one in group:
                lasts(log, channel.name, one.target, text, *said, forget=forget)
        else:
            text, fault = "%s failed: %s; again in %.0f s", f"{type(error).__name__}: {error}"
            told = (channel.name, fault, wait.total_seconds())
            for one in group:
                lasts(log, channel.name, one.target, text, *told, level=logging.ERROR, forget=forget, error=error)
        actions.again(
            self.name,
            [delivery.pk for delivery in group],
            self.clock(),
            wait,
            f"{type(error).__name__}: {error}",
            hint,
        )

    def _well(self, channel: Channel, group: list[Delivery]) -> None:
        """What was tried again in vain is over: done, or set aside for a person."""
        for one in group:
            well(log, channel.name, one.target, "%s goes on", channel.name)

    def _quietly(self, step: Callable[[], bool | None]) -> bool:
        """Run a step of the loop; a database that is away is waited for, not died of."""
        found: list[bool | None] = []
        if attempt(log, threading.current_thread().name, lambda: found.append(step())):
            return bool(found[0])
        self.stop.wait(1)
        return False
