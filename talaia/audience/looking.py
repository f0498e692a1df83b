"""A look again and again, until it is said to stop: whatever happens in one, the next one comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, connection

log = logging.getLogger(__name__)


def again_and_again(look: Callable[[], None], at: str, every: float, stop: threading.Event) -> None:
    """`at`: what is looked at, for the log. `every`: seconds. What an error says stays out: it may hold a row."""
    while not stop.wait(every):
        try:
            look()
        except DatabaseError as error:
            log.warning("the database does not answer: %s", error)
            connection.close()
        except Exception as error:  # noqa: BLE001 - the words of an error may hold what a row said
            log.error("the look at the %s goes on after %s", at, type(error).__name__)
            connection.close()
    connection.close()
