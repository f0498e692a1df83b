"""A look again and again, until it is said to stop: whatever happens in one, the next one comes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connection

from talaia.outbox.supervise import attempt

log = logging.getLogger(__name__)


def again_and_again(look: Callable[[], None], at: str, every: float, stop: threading.Event) -> None:
    """`at`: what is looked at, for the log. `every`: seconds. What an error says stays out: it may hold a row."""
    while not stop.wait(every):
        attempt(log, f"the look at the {at}", look, quiet=True)
    connection.close()
