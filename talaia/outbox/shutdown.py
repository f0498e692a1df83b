"""The end of this process: what runs is told, what waits for others is called off, and at last we go.

Whatever is cut off here could as well have been killed: it is done again by whoever comes next.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from typing import Protocol
from weakref import WeakSet

log = logging.getLogger(__name__)

ENDING = threading.Event()  # whatever takes long looks at it, and leaves the rest for the next start
ALL = threading.Lock()


class Waits(Protocol):
    """What waits for somebody else. `call_off` may be called from any thread: whoever waits then ends at once."""

    def call_off(self) -> None: ...


ALIVE: WeakSet[Waits] = WeakSet()


def waits(one: Waits) -> None:
    """Have it called off when we end, as long as it is there."""
    with ALL:
        ALIVE.add(one)


def call_off() -> None:
    """Call off all there are."""
    with ALL:
        alive = list(ALIVE)
    for one in alive:
        one.call_off()


def end_within(seconds: float) -> None:
    """End this process after so long, whatever still runs in it by then; it may end sooner by itself."""

    def end() -> None:
        running = sorted(thread.name for thread in threading.enumerate() if not thread.daemon)
        log.info("what still runs is taken up at the next start: %s", ", ".join(running))
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(0)

    last = threading.Timer(seconds, end)
    last.daemon, last.name = True, "end"
    last.start()
