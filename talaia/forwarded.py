"""Whether a proxy on this machine passes requests on to us while `[web] behind_proxy` is off.

Then everybody who comes through it is one and the same for whatever counts by the place: one wrong password more slows
down all of them. It is noted in a file, so that `talaia check` and the desk can tell.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

log = logging.getLogger(__name__)

HEADER = b"x-forwarded-for"
AGAIN = 3600.0  # seconds until it is noted again
LASTS = timedelta(days=7)  # who has tried it out once by hand is not told for ever
WHAT = "requests come through a proxy on this machine, and [web] behind_proxy is off: all who come so count as one"
MEND = "set behind_proxy = true in [web], and restart talaia"


def note_file(home: Path) -> Path:
    """Touched when such a request comes."""
    return home / "run" / "forwarded"


class Forwarded:
    """Notes it. Said once in the log."""

    def __init__(self, home: Path) -> None:
        self.home, self.noted_at = home, float("-inf")

    def look(self, client: str, names: list[bytes]) -> None:
        """A request came from the address `client`, with headers of these names, and behind_proxy is off."""
        if HEADER not in names or time.monotonic() - self.noted_at < AGAIN or not is_loopback(client):
            return
        if self.noted_at == float("-inf"):
            log.warning("%s; %s", WHAT, MEND)
        self.noted_at = time.monotonic()
        with suppress(OSError):  # a full disk: then it stays with the line in the log
            note_file(self.home).parent.mkdir(parents=True, exist_ok=True)
            note_file(self.home).touch()


def is_forgotten(home: Path, behind_proxy: bool, now: datetime) -> bool:
    """Whether to tell people of it."""
    try:
        at = datetime.fromtimestamp(note_file(home).stat().st_mtime, UTC)
    except OSError:
        return False
    return not behind_proxy and abs(now - at) < LASTS


def is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
