"""A bounded patience with the database: for requests that must be answered within a second, and for all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponseBase

PATIENCE = 0.8  # seconds
LONGEST = 10  # seconds; what settings.py allows on SQLite
ASKED: ContextVar[bool] = ContextVar("asked", default=False)


def wait_for_no_lock_for_ever(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: a request that waits for a lock gives up after LONGEST, and is answered by unavailable.py.

    On PostgreSQL it would wait for as long as the other one likes, and with it, as turns are few, everybody else. What
    is done behind the pages may wait: this holds in requests alone. It makes no connection that nobody needs.
    """

    def bounded(request: HttpRequest) -> HttpResponseBase:
        before = ASKED.set(True)
        try:
            return get_response(request)
        finally:
            ASKED.reset(before)

    return bounded


def _bound(connection: BaseDatabaseWrapper, **_given: Any) -> None:
    if ASKED.get() and connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # where the administrator has set one for our account, that holds
            usual = "SELECT set_config('lock_timeout', %s, false) WHERE current_setting('lock_timeout') = '0'"
            cursor.execute(usual, [f"{LONGEST}s"])


connection_created.connect(_bound, dispatch_uid="talaia.api.db_timeout")


@contextmanager
def statement_timeout(seconds: float = PATIENCE) -> Iterator[None]:
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
