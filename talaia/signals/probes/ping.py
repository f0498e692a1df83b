"""ping: an ICMP echo comes back. Uses the kernel's datagram sockets, which need no privilege, only a permission."""

from __future__ import annotations

import asyncio
import socket
import time

from icmplib import AsyncSocket, ICMPRequest, ICMPv4Socket, ICMPv6Socket
from icmplib.exceptions import ICMPSocketError, SocketPermissionError, TimeoutExceeded

from talaia.config import CheckConfig, Config
from talaia.config.hosts import host
from talaia.signals.probes.answer import GATEWAY, Failed, NotMeasured, ProbeAnswer
from talaia.signals.probes.event_loop import ProbeLoop
from talaia.signals.probes.local_network import leads_nowhere
from talaia.signals.probes.probe import Probe

TRIES = 3
ERROR_KINDS = {4: (3, 11), 6: (1, 2, 3, 4)}  # ICMP types that say "not delivered" (RFC 792, RFC 4443 §2.1)


class PingProbe(Probe):
    kind = "ping"

    async def look(self, check: CheckConfig, _config: Config) -> ProbeAnswer:
        """Up to three echoes within the check's timeout; one that comes back is enough."""
        loop = asyncio.get_running_loop()
        try:
            name = host(check.target)
        except ValueError as wrong:
            raise NotMeasured(str(wrong)) from None
        family, _, _, _, address = (await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM))[0]
        there = str(address[0])
        version = 6 if family == socket.AF_INET6 else 4
        patience = check.timeout.total_seconds() / (TRIES + 0.5)  # so that the last one is waited for in full
        try:
            plain = ICMPv6Socket(privileged=False) if version == 6 else ICMPv4Socket(privileged=False)
        except SocketPermissionError:
            raise NotMeasured(
                "this process may not ping; allow it with: sysctl -w net.ipv4.ping_group_range='0 2147483647'"
            ) from None
        with AsyncSocket(plain) as link:
            for sequence in range(TRIES):
                request = ICMPRequest(there, id=0, sequence=sequence)  # the kernel puts its own id
                began = time.monotonic()
                try:
                    link.send(request)
                    reply = await link.receive(request, patience)
                except TimeoutExceeded:
                    continue
                except ICMPSocketError as error:
                    if isinstance(loop, ProbeLoop) and isinstance(error.__context__, OSError):
                        loop.refused(there, error.__context__)
                    raise Failed(str(error)) from None
                if reply.type in ERROR_KINDS[version]:
                    raise Failed(f"cannot be reached (ICMP type {reply.type}, code {reply.code})")
                lost = f", after {sequence} lost" if sequence else ""
                return ProbeAnswer(time.monotonic() - began, f"{there} answers{lost}")
        if leads_nowhere(there):
            raise NotMeasured(GATEWAY)
        raise Failed(f"{there} does not answer: {TRIES} of {TRIES} echoes lost")
