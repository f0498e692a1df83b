"""An event loop that can be left at any moment, also while a name server keeps it waiting, and tells what it met."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class ProbeLoop(asyncio.SelectorEventLoop):
    """Resolves names in daemon threads. asyncio's own pool would be waited for when the loop, or the process, ends,
    and the system's resolver cannot be interrupted (resolv.conf(5): two tries of 5 s for each server)."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: list[asyncio.BaseTransport] = []
        self.resolving = 0  # names that are being asked for
        self.trying: set[str] = set()  # addresses that have neither accepted nor refused
        self.refusals: list[tuple[str, OSError]] = []  # those that refused, since one accepted

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """As usual; each refusal is remembered, where asyncio makes one text of those of all addresses of a name."""
        self.trying.add(str(address[0]))
        try:
            await super().sock_connect(sock, address)
        except OSError as error:
            self.refused(str(address[0]), error)
            raise
        self.trying.clear()
        self.refusals.clear()

    def refused(self, address: str, error: OSError) -> None:
        self.trying.discard(address)
        self.refusals.append((address, error))

    async def create_connection(self, *args: Any, **more: Any) -> tuple[Any, Any]:
        """As usual, and remembered."""
        transport, protocol = await super().create_connection(*args, **more)
        self._opened.append(transport)
        return transport, protocol

    async def hang_up(self) -> None:
        """Close what is still open: httpcore forgets a connection that is interrupted while TLS is being agreed on."""
        for transport in self._opened:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await asyncio.sleep(0)

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the name is that of asyncio
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """As socket.getaddrinfo."""
        result: asyncio.Future[list[Any]] = self.create_future()

        def settle(put: Callable[[Any], None], value: Any) -> None:
            if not result.done():
                put(value)

        def resolve() -> None:
            try:
                try:
                    found = socket.getaddrinfo(host, port, family, type, proto, flags)
                except socket.gaierror as error:
                    # The dot of the root is no part of the names in /etc/hosts.
                    if error.errno != socket.EAI_NONAME or not isinstance(host, str) or not host.endswith("."):
                        raise
                    found = socket.getaddrinfo(host.rstrip("."), port, family, type, proto, flags)
            except (OSError, UnicodeError) as error:
                outcome: tuple[Any, ...] = (settle, result.set_exception, error)
            else:
                outcome = (settle, result.set_result, found)
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                self.call_soon_threadsafe(*outcome)

        self.resolving += 1
        threading.Thread(target=resolve, daemon=True, name="probe-resolve").start()
        try:
            found = await result
        except (OSError, UnicodeError):
            self.resolving -= 1
            raise
        self.resolving -= 1
        return found
