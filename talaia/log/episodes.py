"""What lasts: one line when it begins, one a minute while it lasts, one when it is over.

What comes and goes in the same words is one of them, and never more than two lines a minute.

Several may meet the same (each thread meets the database that is away): it is over once all of them are well again, or
have not spoken of it for long.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY = 60.0  # seconds between two lines while it lasts
FORGET = 120.0  # seconds after which whoever has not said it again counts no more; `lasts` may say otherwise


@dataclass
class Episode:
    """One of them, while it lasts. Times are of a monotonic clock."""

    began: float
    told: float
    words: str = ""  # what the first line said
    count: int = 0
    silent: bool = False  # it is back, in the same words, within a minute of its last line
    affected: dict[str, float] = field(default_factory=dict)  # whom, and until when their word counts


class Episodes:
    """All that last. Safe for threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.lock = clock, threading.Lock()
        self.open: dict[str, Episode] = {}
        self.over: dict[str, Episode] = {}  # the last one of each that is over, for as long as it may come back

    def lasts(
        self,
        log: logging.Logger,
        what: str,
        whom: str,
        message: str,
        *given: object,
        level: int = logging.WARNING,
        forget: float = FORGET,
        error: BaseException | None = None,
    ) -> None:
        """`whom` has met `what` (again): a line at first, then one a minute; `message` % `given` is that line.

        A traceback of `error` stands in the first one.
        """
        with self.lock:
            now = self.clock()
            episode = self.open.get(what)
            first = episode is None
            if episode is None:
                words = message % given if given else message
                episode, first = self._back(what, words, now), False
                if episode is None:
                    episode, first = Episode(now, now, words), True
                self.open[what] = episode
            episode.count += 1
            episode.affected[whom] = now + forget
            if not first and now - episode.told < EVERY:
                return
            episode.told, episode.silent = now, False
            since, count = now - episode.began, episode.count
        if first:
            log.log(level, message, *given, exc_info=error)
        else:
            log.log(level, f"{message} (for %s, %s times)", *given, length(since), f"{count:,}")

    def well(self, log: logging.Logger, what: str, whom: str, message: str, *given: object) -> None:
        """`whom` does not meet `what` (any more). The last of them ends it, with the line `message` % `given`."""
        if what not in self.open:  # what is nearly always so costs no lock
            return
        with self.lock:
            episode = self.open.get(what)
            if episode is None:
                return
            now = self.clock()
            episode.affected.pop(whom, None)
            for other in [other for other, until in episode.affected.items() if until <= now]:
                del episode.affected[other]
            if episode.affected:
                return
            self.over[what] = self.open.pop(what)
            if episode.silent:  # the last line says already that it is over
                return
        log.info(f"{message} (after %s, %s times)", *given, length(now - episode.began), f"{episode.count:,}")

    def _back(self, what: str, words: str, now: float) -> Episode | None:
        """The one that is over for less than a minute and would be told in the same words, as it comes and goes."""
        self.over = {name: one for name, one in self.over.items() if now - one.told < EVERY}
        episode = self.over.pop(what, None)
        if episode is None or episode.words != words:
            return None
        episode.silent = True
        return episode


def length(seconds: float) -> str:
    """`40 s`, `3 min`, `2 h 5 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"


EPISODES = Episodes()
lasts, well = EPISODES.lasts, EPISODES.well
