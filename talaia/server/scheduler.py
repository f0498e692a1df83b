"""What happens because time passes: maintenance starts, ends, outlasts its window; days are rolled up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import connection

from talaia.audience.actions import forget_asked
from talaia.audience.mailing import take_up
from talaia.config import Config
from talaia.desk.actions import forget_sessions
from talaia.events.actions import note_late, note_stuck, take_step
from talaia.events.models import Event
from talaia.events.window_schedule import due, late
from talaia.notices.actions import forget_bounces, note_whether_told
from talaia.notices.replies.actions import forget as forget_replies
from talaia.outbox import actions as outbox
from talaia.outbox.failure_kinds import UNFIT
from talaia.outbox.heartbeats import Heartbeat
from talaia.outbox.monotonic import over
from talaia.outbox.supervise import attempt
from talaia.panel.actions import roll_up
from talaia.panel.rollup import DueDay, due_days
from talaia.reports.actions import forget_reports
from talaia.retention import BOUNCES, FACTS_OF_MACHINES
from talaia.signals.monitoring_gaps import mark_unwatched

log = logging.getLogger(__name__)


class Clock:
    """Every second: which windows begin, end or are outlasted. Every minute: finished days, and whose day is over.

    Every day: what is old.
    """

    def __init__(self, config: Callable[[], Config], now: Callable[[], datetime]) -> None:
        self.config, self.now = config, now
        self.minute: datetime | None = None
        self.day: datetime | None = None
        self.faults: dict[str, datetime] = {}  # what failed, and when that was said

    def run(self, stop: threading.Event) -> None:
        beat = Heartbeat("clock")
        while not stop.wait(1):
            if attempt(log, "the clock", lambda: self.step(self.now())):
                beat.show(self.config().home, self.now())
            else:
                self.minute = None  # it may have been away: what nobody watched comes before any step
                stop.wait(5)
        connection.close()

    def step(self, now: datetime) -> None:
        """Take every step that is due. One that fails holds up no other; a database that is away ends all."""
        self.try_to("take up what was put aside", now, lambda: take_up(now))
        each_minute = self.minute is None or over(self.minute, now, timedelta(minutes=1))
        if each_minute:
            self.minute = now
            self.try_to("see what nobody watched", now, lambda: mark_unwatched(now))  # also where the watch hangs
        waiting = list(Event.objects.filter(kind=Event.MAINTENANCE, ended_at=None, window_start__lte=now))
        for event in waiting:
            self.move(event, now)
        if each_minute:
            self.minutely(now)
        if self.day is None or over(self.day, now, timedelta(days=1)):
            self.day = now
            keep = self.config().tables.log.keep
            self.try_to("forget old facts", now, lambda: outbox.forget(now - FACTS_OF_MACHINES, now - keep))
            self.try_to("forget old sessions", now, lambda: forget_sessions(now))
            self.try_to("forget mails that came back", now, lambda: forget_bounces(now - BOUNCES))

    def move(self, event: Event, now: datetime) -> None:
        """One maintenance: it begins or ends, or operators are told that it does not."""
        for step in due([event], now):
            if not self.try_to(f"move maintenance {event.ref} on", now, partial(take_step, step, now)):
                self.try_to(f"tell of maintenance {event.ref}", now, partial(note_stuck, step, now))
        if late(event, now):
            every = self.config().maintenance.remind
            self.try_to(f"see that maintenance {event.ref} is late", now, lambda: note_late(event.ref, now, every))

    def minutely(self, now: datetime) -> None:
        self.try_to("see whether anybody can be told", now, lambda: note_whether_told(now))
        days: list[DueDay] = []
        self.try_to("find finished days", now, lambda: days.extend(due_days(now, self.config().site.tz)))
        waits: set[str] = set()  # a day that is left out would never be looked for again
        for one in days:
            sum_up = partial(roll_up, one.slug, one.day, one.seconds, now, one.filled)
            if one.slug not in waits and not self.try_to(f"sum up {one.day} of {one.slug}", now, sum_up):
                waits.add(one.slug)
        # We say that they are kept for a day: once a day could be two.
        valid = subscribe.valid if (subscribe := self.config().tables.subscribe) else timedelta(0)
        self.try_to("forget from where was said what fails", now, lambda: forget_reports(now))
        self.try_to("forget who was answered", now, lambda: forget_replies(now))
        self.try_to("forget who asked", now, lambda: forget_asked(valid, now))

    def try_to(self, what: str, now: datetime, act: Callable[[], object]) -> bool:
        """Whether it could be done. A fault stays in the log, each hour anew while it lasts."""
        try:
            act()
        except UNFIT:
            raise  # the database is away or busy: all of it comes later
        except Exception:
            if (said := self.faults.get(what)) is None or over(said, now, timedelta(hours=1)):
                self.faults[what] = now
                log.exception("the clock could not %s, and goes on with the rest", what)
            return False
        self.faults.pop(what, None)
        return True
