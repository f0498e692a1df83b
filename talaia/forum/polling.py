"""Looks at what stands in the mirror: at once where its bell rang, every hour at what was touched lately.

An edit inside an older topic shows in no list, so that what is open or was lately is read in any case, and of all the
rest a few at a time: nothing that was written there stays unseen for ever, with a webhook or without.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Q

from talaia.config import Config
from talaia.forum import actions
from talaia.forum.backend import Gone, MirrorBackend
from talaia.forum.discourse.actions import WAKE, answered, purge, waiting
from talaia.forum.models import Mirrored
from talaia.forum.sync import note
from talaia.log.episodes import lasts, well
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError
from talaia.outbox.monotonic import over
from talaia.outbox.supervise import attempt

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
BACK = timedelta(days=7)  # how far the first look after a start goes back
OVERLAP = timedelta(minutes=10)
LIVE = timedelta(days=14)  # so long after its end an event is still written about
MOST_LIVE, OTHERS = 30, 5  # read each time
ASKED = 2  # others, when one may not be read
AFTER_A_FAULT = timedelta(minutes=5)


class MirrorPoll:
    """`step(now)` is one look, where one is due."""

    def __init__(
        self,
        config: Callable[[], Config],
        mirrors: Callable[[Config], MirrorBackend | None],
        now: Callable[[], datetime],
    ) -> None:
        self.config, self.mirrors, self.now = config, mirrors, now
        self.looked_at: datetime | None = None
        self.put_off: tuple[datetime, timedelta] | None = None

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        while not stop.is_set():
            attempt(log, "the look at the mirror", lambda: self.step(self.now()))
            WAKE.wait(2)
            WAKE.clear()
        connection.close()

    def step(self, now: datetime) -> None:
        if self.put_off is not None and not over(self.put_off[0], now, self.put_off[1]):
            return
        try:
            mirror = self.mirrors(self.config())
            if mirror is None:
                return
            self.answer(mirror, now)
            if self.looked_at is None or over(self.looked_at, now, EVERY):
                self.look(mirror, now)
                purge(now)
                self.looked_at = now
        except OutsideError as fault:
            wait = (fault.after if isinstance(fault, TemporaryError) else None) or AFTER_A_FAULT
            self.put_off = (now, wait)
            said = ("the look at the mirror is put off for %.0f s: %s %s", wait.total_seconds(), fault, fault.hint)
            lasts(log, "mirror", "look", *said, forget=2 * wait.total_seconds())
        else:
            self.put_off = None
            well(log, "mirror", "look", "the mirror is looked at again")

    def answer(self, mirror: MirrorBackend, now: datetime) -> None:
        """Where the bell rang."""
        for place, bell in waiting().items():
            look_at(mirror, Mirrored.objects.filter(place=place), now)
            answered([(place, bell)], now)

    def look(self, mirror: MirrorBackend, now: datetime) -> None:
        """At what was touched since the last look, and at some of the rest."""
        since = min(self.looked_at, now) - OVERLAP if self.looked_at else now - BACK
        ours = Mirrored.objects.filter(mirror=mirror.name).exclude(place="")
        for recent in mirror.recent(since):
            look_at(mirror, ours.filter(place=recent.place), now)
        unseen = ours.filter(checked_at__lt=now - EVERY / 2)
        live = unseen.filter(Q(event__ended_at=None) | Q(event__ended_at__gt=now - LIVE))
        look_at(mirror, live.order_by("checked_at")[:MOST_LIVE], now)
        look_at(mirror, unseen.order_by("checked_at")[:OTHERS], now)


def look_at(mirror: MirrorBackend, rows: Iterable[Mirrored], now: datetime) -> None:
    """Read what stands there of these, and note what others wrote. Raises Temporary.

    One that is gone, or may not be read, is noted and holds up no other. Raises Permanent when none may be read.
    """
    reads = False  # whether anything may be read there at all
    for row in list(rows):
        if row.mirror != mirror.name:
            continue
        row = Mirrored.objects.select_related("event").get(pk=row.pk)  # as late as can be before it is read there
        try:
            found = mirror.read(row.place)
        except PermanentError as fault:
            if not reads and not _reads_others(mirror, row):
                raise
            found = Gone(str(fault), fault.hint)
        except (OutsideError, DatabaseError):
            raise
        except Exception as error:
            log.exception("what stands of %s cannot be read", row.key)
            found = Gone(f"a fault of ours: {error!r}", "see the log")
        reads = True
        if isinstance(found, Gone):
            actions.note_trouble(row, found.why, found.hint, now)
            continue
        try:
            note(row, replace(found[0], key=row.key), found[1], now)
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("what stands of %s cannot be noted", row.key)
            actions.note_trouble(row, f"a fault of ours: {error!r}", "see the log", now)


def _reads_others(mirror: MirrorBackend, row: Mirrored) -> bool:
    """Whether it is about this one: a key that was revoked is the trouble of no topic, and will be as new once mended.

    Any two are asked: if those may not be read either, the next time two others are.
    """
    others = Mirrored.objects.filter(mirror=mirror.name, trouble="").exclude(place="").exclude(pk=row.pk)
    asked = list(others.order_by("?")[:ASKED])
    for other in asked:
        try:
            mirror.read(other.place)
        except PermanentError:
            continue
        return True
    return not asked
