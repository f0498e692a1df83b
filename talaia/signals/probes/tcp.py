"""tcp: somebody accepts connections on `host:port`."""

from __future__ import annotations

import asyncio
import time

from talaia.config import Check
from talaia.signals.probes.answer import Answer


def host_and_port(text: str) -> tuple[str, int]:
    """`"mail.example.org:25"`, `"[2001:db8::1]:25"`. Raises ValueError where there is no port."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


async def look(check: Check) -> Answer:
    """Connect and leave. Where a name has several addresses the first that accepts counts (RFC 8305)."""
    host, port = host_and_port(check.target)
    began = time.monotonic()
    _, writer = await asyncio.open_connection(host, port, happy_eyeballs_delay=0.25)
    seconds = time.monotonic() - began
    writer.transport.abort()
    return Answer(seconds, "accepts connections")
