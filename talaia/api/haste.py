"""A short patience with the database, for requests that must be answered within a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

PATIENCE = 0.8  # seconds


@contextmanager
def in_haste(seconds: float = PATIENCE) -> Iterator[None]:
    """Whatever waits for a lock in here gives up after `seconds` with a django.db.Error; then the usual holds again.

    On PostgreSQL the block is one transaction, because that is how long a SET LOCAL lasts. On SQLite it is none: the
    first statement of a transaction would take the one lock there is for writing.
    """
    milliseconds = max(1, round(seconds * 1000))
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        raw = connection.connection
        (usual,) = raw.execute("PRAGMA busy_timeout").fetchone()
        raw.execute(f"PRAGMA busy_timeout={milliseconds}")
        try:
            yield
        finally:
            if connection.connection is raw:  # else it was closed, and the next one begins with the usual
                raw.execute(f"PRAGMA busy_timeout={usual}")
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
            cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        yield
