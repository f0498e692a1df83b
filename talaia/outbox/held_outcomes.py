"""What happened outside is written down, however long the database takes no row: forgotten, it would happen again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from django.db import connection

from talaia.outbox.failure_kinds import UNFIT
from talaia.outbox.supervise import answers, away

PAUSE = 1.0  # seconds


def hold_until_written(log: logging.Logger, who: str, write: Callable[[], object], ending: Event) -> bool:
    """Have `write` succeed; whether it did at once. Until then whatever a connection held, such as a lock, is gone.

    Raises what the database says when we end: then it is as if we had been killed.
    """
    at_once = True
    while True:
        try:
            write()
        except UNFIT as error:
            if connection.in_atomic_block:  # it is for who began that to try again
                raise
            at_once = False
            away(log, who, error)
            connection.close()
            if ending.wait(PAUSE):
                raise
        else:
            if not at_once:
                answers(log, who)
            return at_once
