"""Posts letters and is killed at one point after the other; run by test_killed.py with a talaia.toml of its own.

A point is before and after each request to Mailman, and before and after each write into the database.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import httpx
from django.core.management import call_command
from django.db import connection

from talaia.cli import set_up
from talaia.config import current
from talaia.outbox.errors import TemporaryError
from tests.audience.mailman.letters import letter, now

KILLED, AGAIN = -9, 75


class Points:
    """Counts what it is told of, and ends this process at the one it was made for (-1: at none)."""

    def __init__(self, fatal: int) -> None:
        self.fatal, self.passed = fatal, 0

    def reach(self) -> None:
        if self.passed == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1


class Wire(httpx.BaseTransport):
    def __init__(self, points: Points) -> None:
        self.points, self.real = points, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.points.reach()
        response = self.real.handle_request(request)
        response.read()
        self.points.reach()
        return response


def one_life(message_id: str, fatal: int, clock: Callable[[], datetime]) -> int:
    """Post in a process of its own; how that ended."""
    from talaia.audience.mailman.client import MailmanClient
    from talaia.audience.mailman.posting import post

    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    points, config = Points(fatal), current()

    def written(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if not sql.startswith(("INSERT", "UPDATE", "SAVEPOINT", "RELEASE")):
            return execute(sql, *rest)
        points.reach()
        done = execute(sql, *rest)
        points.reach()
        return done

    assert config.tables.audience
    assert config.tables.audience.mailman
    with (
        connection.execute_wrapper(written),
        MailmanClient(config.tables.audience.mailman, config, Wire(points)) as client,
    ):
        try:
            post(client, letter(message_id), message_id, clock)
        except TemporaryError:
            os._exit(AGAIN)
    os._exit(0)


def main() -> None:
    """Until a life comes to its end before its fatal point. Prints the Message-IDs of all letters."""
    set_up()
    call_command("migrate", verbosity=0)
    sent = []
    for fatal in count():
        connection.close()
        name = f"<killed-at-{fatal}@status.example.org>"
        sent.append(name)
        ended = one_life(name, fatal, now)
        if ended == 0:
            break
        assert ended == KILLED, (fatal, ended)
        # The next one comes when the time of grace is over, and so gives again whatever it does not see held.
        while (ended := one_life(name, -1, lambda: now() + timedelta(seconds=90))) != 0:
            assert ended == AGAIN, (fatal, ended)
    sys.stdout.write(json.dumps(sent))


if __name__ == "__main__":
    main()
