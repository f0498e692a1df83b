"""tcp: somebody accepts connections on `host:port`."""

from __future__ import annotations

import asyncio
import time

from talaia.config import CheckConfig, Config
from talaia.config.hosts import host_and_port
from talaia.signals.probes.answer import NotMeasured, ProbeAnswer
from talaia.signals.probes.probe import Probe


class TcpProbe(Probe):
    kind = "tcp"

    async def look(self, check: CheckConfig, _config: Config) -> ProbeAnswer:
        """Connect and leave. Where a name has several addresses the first that accepts counts (RFC 8305)."""
        try:
            host, port = host_and_port(check.target)
        except ValueError as wrong:
            raise NotMeasured(str(wrong)) from None
        began = time.monotonic()
        _, writer = await asyncio.open_connection(host, port, happy_eyeballs_delay=0.25)
        seconds = time.monotonic() - began
        writer.transport.abort()
        return ProbeAnswer(seconds, "accepts connections")
