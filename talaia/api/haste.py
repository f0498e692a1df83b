"""A short patience with the database, for requests that must be answered within a second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

PATIENCE = 800  # milliseconds


@contextmanager
def in_haste() -> Iterator[None]:
    """Whatever waits for a lock in here gives up soon, with a DatabaseError; the patience is put back afterwards."""
    if connection.vendor == "sqlite":
        usual = int(settings.DATABASES["default"].get("OPTIONS", {}).get("timeout", 5) * 1000)
        before, after = f"PRAGMA busy_timeout={PATIENCE}", f"PRAGMA busy_timeout={usual}"
    else:
        before = f"SET lock_timeout = {PATIENCE}; SET statement_timeout = {PATIENCE}"
        after = "RESET lock_timeout; RESET statement_timeout"
    with connection.cursor() as cursor:
        cursor.execute(before)
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(after)
        else:
            connection.close()
