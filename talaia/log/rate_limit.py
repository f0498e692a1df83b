"""Where the log is written: so many lines of one kind in a minute, however often it happens; the rest is counted.

What outside faults are, is said by whoever meets them (episodes.py); this is the bound for all others: Django's lines
about requests that are refused, which anybody can bring about, and a fault of ours that comes with each of them.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError

from talaia.log.formatters import by_strangers

MINUTE = 60.0  # seconds
MOST_OF_STRANGERS, MOST = 3, 20  # lines of one kind in a minute
KINDS = 500  # that are remembered
# What others bring about needs no traceback: nothing in our code is to be mended.
FROM_OUTSIDE = (OperationalError, InterfaceError, SuspiciousOperation, Http404, UnreadablePostError, OSError)


@dataclass
class RateWindow:
    """A minute of one kind: since when, how many were written, how many were not, and the last of those."""

    since: float
    written: int = 0
    held: int = 0
    last: logging.LogRecord | None = None


class Bounded(logging.StreamHandler):  # type: ignore[type-arg]
    """Standard error, with a bound for each kind of line."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.clock = clock
        self.windows: dict[Hashable, RateWindow] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Under the handler's lock, as logging has it."""
        now = self.clock()
        for key in [key for key, window in self.windows.items() if now - window.since >= MINUTE]:
            self.close_window(self.windows.pop(key))
        record = short(record)
        key = kind(record)
        window = self.windows.setdefault(key, RateWindow(now))
        if window.written >= (MOST_OF_STRANGERS if by_strangers(record) else MOST):
            window.held, window.last = window.held + 1, record
            return
        window.written += 1
        if len(self.windows) > KINDS:
            self.close_window(self.windows.pop(next(iter(self.windows))))
        super().emit(record)

    def close_window(self, window: RateWindow) -> None:
        """Tell how many were not written, with the last of them."""
        if window.last is not None:
            window.last.more = window.held - 1
            window.last.exc_info = None
            super().emit(window.last)

    def close(self) -> None:
        with self.lock:  # type: ignore[union-attr]
            for key in list(self.windows):
                self.close_window(self.windows.pop(key))
        super().close()


def kind(record: logging.LogRecord) -> Hashable:
    """Lines of which one tells as much as many: whatever a stranger writes in a request makes no new kind."""
    error = record.exc_info[0] if record.exc_info else None
    if by_strangers(record):
        return record.name, getattr(record, "status_code", 0), error
    return record.name, record.levelno, str(record.msg), error


def short(record: logging.LogRecord) -> logging.LogRecord:
    """A copy, that may be changed; without a traceback where nothing of ours is at fault."""
    record = copy.copy(record)
    error = record.exc_info[1] if record.exc_info else None
    refused = by_strangers(record) and record.levelno < logging.ERROR
    if refused or isinstance(error, FROM_OUTSIDE):
        record.exc_info = record.exc_text = None
        if record.name.startswith("django.security"):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        if isinstance(error, OperationalError | InterfaceError):
            why = next(iter(str(error).strip().splitlines()), type(error).__name__)
            record.msg, record.args = f"{record.getMessage()}: the database does not answer: {why}", ()
    return record
