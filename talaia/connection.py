"""One connection of a visitor: uvicorn's, with a short way to finished pages, and with limits of time and size.

The short way: a request that is plain enough to be understood at a glance (`Front.at_once`) is answered in the same
breath. Everything else goes through the parser and the application. docs/decisions/web-server.md has the figures.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from talaia.web import Front

PATIENCE = 15.0  # seconds: for a request's head to arrive, for each STRETCH of its body, and for the next request
LONGEST_HEAD = 65_536  # bytes
STRETCH = 65_536  # bytes of a body


class Connection(HttpToolsProtocol):
    """Serves a `talaia.web.Front`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.front = cast(Front, self.app)
        self.reading = False  # inside of a request's head
        self.whole = True  # nothing of a request's head or body is still to come
        self.head_size = self.stretch = 0
        self.waits_since = self.loop.time()  # for a head or a body to be whole, or for a request to begin
        self.watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.watch = self.loop.call_later(PATIENCE, self.look_at_the_time)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.watch:
            self.watch.cancel()
        super().connection_lost(exc)

    def idle(self) -> bool:
        """Whether the next byte begins a request, and nothing of an answer is still on its way to be written.

        Some requests are answered before their body has come (405). What comes then is that body, though it may look
        like a request: taken for one, it would be answered to whoever asks next on a proxy's connection to us.
        """
        return self.answered() and self.whole and not self.flow.write_paused and not self.transport.is_closing()

    def answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        answer = self.front.at_once(data) if self.idle() else None
        if answer is None:
            super().data_received(data)
            return self.limit_head(data)
        self.waits_since = self.loop.time()
        date = b"".join([b"%s: %s\r\n" % header for header in self.server_state.default_headers])
        self.transport.write(b"".join([answer[0], date, answer[1]]))
        return None

    def limit_head(self, data: bytes) -> None:
        self.head_size = self.head_size + len(data) if self.reading else 0
        if self.head_size > LONGEST_HEAD and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n\r\n")
            self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.reading, self.whole, self.waits_since = True, False, self.loop.time()

    def on_headers_complete(self) -> None:
        self.reading, self.stretch, self.waits_since = False, 0, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.stretch += len(body)
        if self.stretch >= STRETCH and not self.answered():  # what nobody wants any more buys no time
            self.stretch, self.waits_since = 0, self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.waits_since = self.loop.time()
        super().on_response_complete()
        self._unset_keepalive_if_required()  # one watch for all is enough

    def look_at_the_time(self) -> None:
        """Close a connection that has kept us waiting for too long.

        While an answer is made to a whole request, or while we do not read on, nobody waits for them.
        """
        if self.transport.is_closing():
            return
        busy = not self.answered() and not self.reading and (self.whole or self.flow.read_paused)
        left = self.waits_since + PATIENCE - self.loop.time()
        if not busy and left <= 0:
            self.transport.close()
        else:
            self.watch = self.loop.call_later(PATIENCE if busy else left + 0.01, self.look_at_the_time)
