"""How a line of the log looks: with time and priority, as whoever keeps it wants them.

`auto`: for journald, where systemd says that our standard error leads there, each line begins with its priority
(sd-daemon(3)), as the time is known there; everywhere else it begins with time and level.
"""

from __future__ import annotations

import json
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime

from talaia.config import sanitize
from talaia.log.known_secrets import secrets
from talaia.log.redact import hidden

CHOICES = ("auto", "plain", "journal", "json")
LONGEST = 2_000  # characters of a message; what a stranger brought about gets a tenth of that
PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
# Who tells of what others do: requests that are refused, connections that break.
STRANGERS = ("django.request", "django.security", "django.server", "uvicorn", "asyncio")


def choice(environment: Mapping[str, str], stderr: tuple[int, int] | None) -> str:
    """`plain`, `journal` or `json`: as TALAIA_LOG says, else by where `stderr` (device and inode) leads."""
    said = environment.get("TALAIA_LOG", "auto")
    if said in CHOICES and said != "auto":
        return said
    journal = environment.get("JOURNAL_STREAM", "")
    return "journal" if stderr and journal == f"{stderr[0]}:{stderr[1]}" else "plain"


def here() -> str:
    """The choice for this process."""
    try:
        found = os.fstat(2)
    except OSError:
        return choice(os.environ, None)
    return choice(os.environ, (found.st_dev, found.st_ino))


def priority(level: int) -> int:
    """Of syslog(3): 2 critical, 3 error, 4 warning, 6 info, 7 debug."""
    return next((number for least, number in PRIORITIES if level >= least), 7)


def by_strangers(record: logging.LogRecord) -> bool:
    return record.name.startswith(STRANGERS)


class LineFormatter(logging.Formatter, ABC):
    """One record as lines. What others wrote in it does not act, and holds no secret."""

    def format(self, record: logging.LogRecord) -> str:
        return self.line(record, *self.said(record))

    def said(self, record: logging.LogRecord) -> tuple[str, str]:
        """The message, and the traceback or ""."""
        strangers = by_strangers(record)
        most = LONGEST // 10 if strangers else LONGEST
        message = sanitize.line(record.getMessage()) if strangers else sanitize.lines(record.getMessage())
        message = hidden(message, secrets(), strangers)
        message = message if len(message) <= most else f"{message[:most]}…"
        if more := getattr(record, "more", 0):
            message += f" (and {more:,} more like it before)"
        trace = sanitize.lines(self.formatException(record.exc_info)) if record.exc_info and record.exc_info[0] else ""
        return message, hidden(trace, secrets(), strangers=False)

    @abstractmethod
    def line(self, record: logging.LogRecord, message: str, trace: str) -> str:
        """The record as it is written."""


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")


class Plain(LineFormatter):
    """`2026-05-04T03:02:00+02:00 WARNING talaia.outbox.worker: …`."""

    def line(self, record: logging.LogRecord, message: str, trace: str) -> str:
        head = f"{_moment(record)} {record.levelname} {record.name}: {message}"
        return f"{head}\n{trace}" if trace else head


class Journal(LineFormatter):
    """`<4>talaia.outbox.worker: …`, each line of it, as journald takes each for an entry."""

    def line(self, record: logging.LogRecord, message: str, trace: str) -> str:
        return prioritised(f"{record.name}: {message}" + (f"\n{trace}" if trace else ""), record.levelno)


class Json(LineFormatter):
    """One object in one line."""

    def line(self, record: logging.LogRecord, message: str, trace: str) -> str:
        told = {"time": _moment(record), "level": record.levelname.lower(), "logger": record.name, "message": message}
        return json.dumps({**told, **({"traceback": trace} if trace else {})}, ensure_ascii=False)


def prioritised(text: str, level: int) -> str:
    return "\n".join(f"<{priority(level)}>{line}" for line in text.splitlines())


def formatter() -> logging.Formatter:
    """That of this process; for Django's settings."""
    return {"journal": Journal, "json": Json}.get(here(), Plain)()


def refusal(text: str) -> str:
    """What a command says on standard error before it ends, as the log has it."""
    match here():
        case "journal":
            return prioritised(text, logging.ERROR)
        case "json":
            record = logging.LogRecord("talaia", logging.ERROR, "", 0, text.replace("%", "%%"), (), None)
            return Json().line(record, text, "")
    return text
