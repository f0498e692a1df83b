"""Signs of life: a file for each part of the worker's process, touched while its rounds succeed; /healthz reads them.

A round that fails is no sign of life, whatever else runs: who cannot read or write for LATE is not well.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

PARTS = ("worker", "watch", "clock")
EVERY = 2.0  # seconds
LATE = timedelta(seconds=15)


def file(home: Path, part: str) -> Path:
    return home / "run" / part


def seen(home: Path, part: str) -> datetime | None:
    """When a round of a part on this machine last succeeded; None: never."""
    try:
        return datetime.fromtimestamp(file(home, part).stat().st_mtime, UTC)
    except OSError:
        return None


class Heartbeat:
    """The sign of one part."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.last = float("-inf")

    def show(self, home: Path, now: datetime) -> None:
        """A round has succeeded. Never raises: a disk that takes no sign is told of elsewhere."""
        if time.monotonic() - self.last < EVERY:
            return
        self.last = time.monotonic()
        place = file(home, self.part)
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
            os.utime(place, (now.timestamp(), now.timestamp()))
