"""What happens because time passes: maintenance starts, ends, outlasts its window; days are rolled up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from talaia.audience.actions import forget_asked
from talaia.config import Config
from talaia.desk.actions import forget_sessions
from talaia.events.actions import note_late, take_step
from talaia.events.clock import due, late
from talaia.events.models import Event
from talaia.notices.actions import note_whether_told
from talaia.notices.replies.actions import forget as forget_replies
from talaia.outbox import actions as outbox
from talaia.outbox.waits import over
from talaia.panel.actions import roll_up
from talaia.panel.rollup import due_days
from talaia.signals.unwatched import mark_unwatched

log = logging.getLogger(__name__)

REMEMBER = timedelta(days=400)  # a yearly report can still look back at what happened; people's part is `[log] keep`


class Clock:
    """Every second: which windows begin, end or are outlasted. Every minute: finished days, and whose day is over.

    Every day: what is old.
    """

    def __init__(self, config: Callable[[], Config], now: Callable[[], datetime]) -> None:
        self.config, self.now = config, now
        self.minute: datetime | None = None
        self.day: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(1):
            try:
                self.step(self.now())
            except Exception:
                log.exception("the clock goes on after")
                self.minute = None  # it may have been away: what nobody watched comes before any step
                connection.close()
                stop.wait(5)
        connection.close()

    def step(self, now: datetime) -> None:
        each_minute = self.minute is None or over(self.minute, now, timedelta(minutes=1))
        if each_minute:
            self.minute = now
            mark_unwatched(now)  # also where the watch itself hangs
        waiting = list(Event.objects.filter(kind=Event.MAINTENANCE, ended_at=None, window_start__lte=now))
        for step in due(waiting, now):
            take_step(step, now)
        for event in waiting:
            if late(event, now):
                note_late(event.ref, now, self.config().maintenance.remind)
        if each_minute:
            note_whether_told(now)
            for slug, day, seconds, filled in due_days(now, self.config().site.tz):
                roll_up(slug, day, seconds, now, filled)
            # We say that they are kept for a day: once a day could be two.
            forget_replies(now)
            forget_asked(subscribe.valid if (subscribe := self.config().tables.subscribe) else timedelta(0), now)
        if self.day is None or over(self.day, now, timedelta(days=1)):
            self.day = now
            outbox.forget(now - REMEMBER, now - self.config().tables.log.keep)
            forget_sessions(now)
