"""What only one may do at a time. The lock is gone with its holder, so that a kill leaves none behind."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal

from django.db import connection

from talaia.config import current
from talaia.errors import UserError
from talaia.file_modes import make_private

log = logging.getLogger(__name__)

# The first half of an advisory lock's name in PostgreSQL; the second is the number.
NAMES = {"notice": 7_463_112, "list": 7_463_113, "ledger": 7_463_114, "reports": 7_463_115}
WITHOUT = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the page is served all the same
OURS = "run it as the account that runs talaia"
FILES = 100  # of one name, whatever the years bring


@contextmanager
def alone(name: Literal["notice", "list"], number: int = 0, *, wait: bool = False) -> Iterator[bool]:
    """Whether nobody else is at it: across processes on SQLite, across machines on PostgreSQL. With `wait`: once so."""
    if connection.vendor == "postgresql":
        ours = [NAMES[name], number]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_{'' if wait else 'try_'}advisory_lock(%s, %s)", ours)
            row = cursor.fetchone()
        got = wait or bool(row and row[0])
        try:
            yield got
        finally:
            if got:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", ours)
        return
    folder = current().home / "run"
    make_private(folder)
    with (folder / f"{name}-{number % FILES}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def exclusive_lock(home: Path, what: str) -> Iterator[None]:
    """While `what` runs here, nothing else that does the work does so in this state folder. Raises Refused.

    Whatever ends the process ends that, too. On a disk that is full or cannot be written nobody is kept out.
    """
    folder = home / "run"
    with ExitStack() as held:
        try:
            make_private(folder)
            # Neither emptied nor renamed: the file that is locked is the one that others find.
            file = held.enter_context((folder / "works.lock").open("a+"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            who = file.read(200).strip() or "another process"
            raise UserError(f"{who} works in {home} already; end it first, or name another TALAIA_HOME") from None
        except OSError as error:
            if error.errno not in WITHOUT:
                raise UserError(f"{error.filename or folder}: {error.strerror}; {OURS}") from None
            log.warning("%s: %s: nothing keeps a second one from working here", folder, error.strerror)
        else:
            with suppress(OSError):  # a full disk: nobody is told who it is
                file.truncate(0)
                file.write(f"{what} (process {os.getpid()})\n")
                file.flush()
        yield


def in_turn(name: Literal["ledger", "reports"]) -> None:
    """At the head of a transaction: wait until no other that does so is open. SQLite's wait for each other anyway.

    For what depends on a row not being there: what is not there cannot be locked.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [NAMES[name]])
