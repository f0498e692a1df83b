"""One worker at a time sends a notice: a lock that is gone with whoever held it, so that a kill leaves none behind."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from talaia.config import current

OURS = 7_463_112  # the first half of our advisory locks' names; the second is the notice


@contextmanager
def alone(notice_id: int) -> Iterator[bool]:
    """Whether nobody else is at it: across processes on SQLite, across machines on PostgreSQL."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [OURS, notice_id])
            row = cursor.fetchone()
        got = bool(row and row[0])
        try:
            yield got
        finally:
            if got:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [OURS, notice_id])
        return
    folder = current().home / "run"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"notice-{notice_id % 100}.lock").open("w") as file:  # a hundred files, whatever the years bring
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
