"""What only one may do at a time. The lock is gone with its holder, so that a kill leaves none behind."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from django.db import connection

from talaia.config import current

# The first half of an advisory lock's name in PostgreSQL; the second is the number.
NAMES = {"notice": 7_463_112, "list": 7_463_113, "ledger": 7_463_114}
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
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}-{number % FILES}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def in_turn(name: Literal["ledger"]) -> None:
    """At the head of a transaction: wait until no other that does so is open. SQLite's wait for each other anyway.

    For what depends on a row not being there: what is not there cannot be locked.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [NAMES[name]])
