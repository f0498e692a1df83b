"""One connection of a visitor: uvicorn's, with a short way to finished pages, and with limits of time and size.

The short way: a request that is plain enough to be understood at a glance (`Front.at_once`) is answered in the same
breath. Everything else goes through the parser and the application. docs/decisions/web-server.md has the figures.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from talaia.api.counters import CLOSED, CONNECTIONS
from talaia.server.admission import counted_for
from talaia.server.static_files import FIELDS, LONGEST_HEAD, StaticFiles

# Seconds: for a request's head to arrive, for each STRETCH of its body, for the next request, and for the answer to be
# taken, or TAKEN bytes of it.
PATIENCE = 15.0
ENDING = 2.0  # seconds: the same, once the server ends
STRETCH = 65_536  # bytes of a body
# A body may come in so many chunks, and in one more for each PIECE bytes of it: each costs as much as 400 bytes do.
PIECES, PIECE = 2_000, 256
BLANK = 1_024  # bytes between two requests that belong to none of them: empty lines
READ = 65_536  # bytes read at once, after which everybody else comes first
TAKEN = 16_384  # bytes of an answer
PIPELINED = 8  # requests that wait for the answer to the one before them; browsers send none
SHARED = 16_384  # bytes: an answer from here on is not copied, but written from where all connections have it
# Bytes that are kept for a field of a head and for a request that waits, beside what they say.
FIELD, REQUEST = 128, 4_096
IN_MEMORY = 2_621_440  # bytes of a body; what is more lies on the disk (Django's FILE_UPLOAD_MAX_MEMORY_SIZE)


class RequestRefused(Exception):
    """The request that is being read is not answered. The parser has to be stopped with an exception."""


class HttpProtocol(HttpToolsProtocol):
    """Serves a `talaia.server.static_files.Front`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.front = cast(StaticFiles, self.app)
        self.admission = self.front.admission
        self.place = ""
        self.reading = False  # inside of a request's head
        self.whole = True  # nothing of a request's head or body is still to come
        self.ending = False
        self.head_size = self.fields = self.parsed = self.stretch = self.body_size = self.unsent = 0
        self.pieces = self.in_pieces = self.blank = 0
        self.refusal = b"400 Bad Request"
        self.waits_since = self.loop.time()  # for a head or a body to be whole, or for a request to begin
        self.untaken_since = self.waits_since  # while an answer, or TAKEN bytes of it, could not be written
        self.watch: asyncio.TimerHandle | None = None
        self.answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        # Nothing new is written before the answer before it is taken, so that one at most is kept for each of them.
        self.transport.set_write_buffer_limits(high=0)
        self.place = counted_for(self.client[0] if self.client else "", self.front.behind_proxy)
        self.watch = self.loop.call_later(PATIENCE, self.look_at_the_time)
        CONNECTIONS.inc()
        self.admission.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.watch:
            self.watch.cancel()
        CONNECTIONS.dec()
        self.admission.leave(self)
        self.pipeline.clear()
        if self.answering and self.answering is not self.cycle:  # uvicorn looks at the latest request alone
            self.answering.disconnected = True
            self.answering.message_event.set()
        super().connection_lost(exc)

    def idle(self) -> bool:
        """Whether the next byte begins a request, and nothing of an answer is still on its way to be written.

        Some requests are answered before their body has come (405). What comes then is that body, though it may look
        like a request: taken for one, it would be answered to whoever asks next on a proxy's connection to us.
        """
        return self.answered() and self.whole and not self.flow.write_paused and not self.transport.is_closing()

    def answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def idle_since(self) -> float:
        """Since when they have been expected to ask, or to take an answer; infinite while it is we who are."""
        if self.flow.write_paused:
            return self.untaken_since
        busy = not self.answered() and not self.reading and (self.whole or self.flow.read_paused)
        return float("inf") if busy else self.waits_since

    def drop(self) -> None:
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        answer = self.front.at_once(data) if self.idle() else None
        if answer is None:
            self.blank += len(data) if self.whole else 0
            super().data_received(data)
            self.limit_head(data)
            self.limit_blank()
            self.let_others(len(data))
            return self.account()
        self.waits_since, self.blank = self.loop.time(), 0
        line, rest = answer
        date = self.date()
        if len(rest) < SHARED:
            self.transport.write(b"".join([line, date, rest]))
        else:
            self.transport.writelines([line + date, rest])
        return None

    def date(self) -> bytes:
        """The lines that stand in every answer; uvicorn makes a new list of them each second."""
        headers, lines = self.front.dated
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            lines = b"".join([b"%s: %s\r\n" % header for header in headers])
            self.front.dated = headers, lines
        return lines

    def limit_head(self, data: bytes) -> None:
        """A part of a head that no end is seen of: the parser keeps it until there is one."""
        if self.reading and (self.head_size + len(data)) > LONGEST_HEAD and not self.transport.is_closing():
            self.refusal = b"431 Request Header Fields Too Large"
            self.send_400_response()
        self.head_size += len(data) if self.reading else 0

    def limit_blank(self) -> None:
        if self.whole and self.blank > BLANK and not self.transport.is_closing():
            self.send_400_response()

    def let_others(self, size: int) -> None:
        """Read on in the next turn of the loop. libuv reads up to 8 MB at once of who sends as fast as they can, and
        accepts one connection in a turn: some dozens of them would be minutes for whoever comes."""
        if size >= READ and not self.flow.read_paused and not self.transport.is_closing():
            self.transport.pause_reading()
            self.loop.call_soon(self.read_on)

    def read_on(self) -> None:
        if not self.flow.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def on_message_begin(self) -> None:
        if self.transport.is_closing() or len(self.pipeline) >= PIPELINED:
            raise RequestRefused
        super().on_message_begin()
        self.reading, self.whole, self.waits_since = True, False, self.loop.time()
        self.head_size = self.fields = self.parsed = self.pieces = self.in_pieces = self.blank = 0

    def on_url(self, url: bytes) -> None:
        self.limit_fields(0, len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.limit_fields(1, len(name) + len(value))
        super().on_header(name, value)

    def limit_fields(self, number: int, size: int) -> None:
        self.fields, self.parsed = self.fields + number, self.parsed + size
        if self.fields > FIELDS or self.parsed > LONGEST_HEAD:
            self.refusal = b"431 Request Header Fields Too Large"
            raise RequestRefused

    def on_headers_complete(self) -> None:
        hosts = sum(1 for name, _ in self.headers if name == b"host")
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):  # RFC 9112 §3.2
            raise RequestRefused
        self.reading, self.stretch, self.waits_since = False, 0, self.loop.time()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.stretch += len(body)
        self.pieces, self.in_pieces = self.pieces + 1, self.in_pieces + len(body)
        if self.pieces > PIECES + self.in_pieces // PIECE:
            raise RequestRefused
        if not self.answered():  # what nobody wants any more buys no time
            self.body_size += len(body)
            if self.stretch >= STRETCH:
                self.stretch, self.waits_since = 0, self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.whole = True
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.waits_since = self.loop.time()
        super().on_response_complete()
        self._unset_keepalive_if_required()  # one watch for all is enough
        if not self.pipeline:
            self.body_size = 0
        self.account()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.untaken_since, self.unsent = self.loop.time(), self.transport.get_write_buffer_size()
        self.account()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.waits_since = self.loop.time()
        self.account()

    def account(self) -> None:
        """Tell how much is kept here: of a head, of a body, of requests that wait, of an answer that is not taken."""
        size = len(self.pipeline) * REQUEST
        if self.reading or not self.answered():
            size += max(self.head_size, self.parsed) + self.fields * FIELD
            # What lies on the disk counts, too, though not as much.
            size += min(self.body_size, IN_MEMORY) + max(0, self.body_size - IN_MEMORY) // 8
        if self.flow.write_paused:
            size += min(self.unsent, SHARED)
        self.admission.keep(self, size)

    def send_400_response(self, _msg: str = "") -> None:
        """Refuse what is being read, in its turn: never in place of the answer to a request before it."""
        if self.transport.is_closing():
            return
        CLOSED.labels("refused").inc()
        unread = not self.answered() and not self.cycle.response_started and self.cycle.more_body
        early = self.answered() and not self.reading and not self.whole  # a body whose request is answered already
        if not self.pipeline and not early and (self.answered() or unread):
            if unread:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            head = b"HTTP/1.1 %s\r\n%scontent-length: 0\r\nconnection: close\r\n\r\n" % (self.refusal, self.date())
            self.transport.write(head)
        self.transport.close()

    def shutdown(self) -> None:
        """Let what runs come to its end; who is slow now is not waited for."""
        self.ending = True
        super().shutdown()
        if self.watch:
            self.watch.cancel()
        self.watch = self.loop.call_later(ENDING, self.look_at_the_time)

    def look_at_the_time(self) -> None:
        """Close a connection that has kept us waiting for too long.

        While an answer is made to a whole request, or while we do not read on, nobody waits for them.
        """
        untaken = self.transport.get_write_buffer_size()
        if self.transport.is_closing() and not untaken:
            return
        patience = min(PATIENCE, ENDING) if self.ending else PATIENCE
        if self.unsent - untaken >= TAKEN:
            self.unsent, self.untaken_since = untaken, self.loop.time()
        left = self.idle_since() + patience - self.loop.time()
        if left > 0:
            self.watch = self.loop.call_later(min(left + 0.01, patience), self.look_at_the_time)
            return
        CLOSED.labels("unread" if untaken else "slow").inc()
        if untaken:
            self.transport.abort()  # to close it would be to wait until it is taken
        else:
            self.transport.close()
