"""A database that somebody else keeps to himself: another connection that holds the lock to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connection


@contextmanager
def held(table: str) -> Iterator[None]:
    """SQLite: the one lock for writing. PostgreSQL: `table`, exclusively. Only in tests with transaction=True."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(settings["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    import psycopg

    address = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"], "dbname": settings["NAME"]}
    with psycopg.connect(**address) as other_server:
        other_server.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other_server.rollback()
