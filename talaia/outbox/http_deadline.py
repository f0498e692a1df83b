"""HTTP to an outside system that ends: each request within its time, all of them when they are called off.

httpx bounds the time between two bytes: whoever sends one now and then is listened to for ever, and who waits cannot be
called back. So the time that is spent on the wire is counted; what is made of an answer meanwhile is not its time.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR, socket
from time import monotonic
from typing import Any

import httpcore
import httpx

from talaia.outbox.shutdown import waits

PIECE = 65_536  # bytes that are sent without looking at the time
HANDED_ON = 8_192  # bytes that are unpacked at a time: a thousand times as many may come of them
PACKED = frozenset({"deflate", "gzip"})  # of brotli, or packed twice, a few bytes may be more than a machine holds
OFF = "it was called off"
FAULTS = (  # httpx has each under the same name
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


@dataclass
class Deadline:
    """How many seconds one request may yet take of ours. What comes buys more, where it comes at `rate`."""

    left: float
    rate: float | None = None  # bytes per second
    until: float = 0.0  # by the clock of this machine, while something is waited for

    @contextmanager
    def spent(self) -> Iterator[None]:
        self.until = monotonic() + self.left
        try:
            yield
        finally:
            self.left = self.until - monotonic()

    def bought(self, size: int) -> None:
        if self.rate:
            self.until += size / self.rate


class DeadlineTransport(httpx.BaseTransport):
    """For httpx.Client. A whole answer may keep us waiting for `whole` seconds, names and connections included, and for
    as long again as its body takes at `rate` bytes per second, where that is given.

    `close` may be called from any thread: what waits then ends at once, with an httpx.TransportError.
    """

    def __init__(self, verify: ssl.SSLContext, whole: float, rate: float | None = None) -> None:
        self.whole, self.rate = whole, rate
        self.wire = Wires()
        # Limits as httpx has them of itself.
        self.pool = httpcore.ConnectionPool(
            ssl_context=verify,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5,
            network_backend=self.wire,
        )
        waits(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        patience, url = Deadline(self.whole), request.url
        request.headers["Accept-Encoding"] = ", ".join(sorted(PACKED))
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with self.within(patience):
            answer = self.pool.handle_request(asked)
        if (packed := packed_as(answer)) not in PACKED | {"", "identity"}:
            answer.close()
            raise httpx.DecodingError(f"its answer is packed as {packed[:40]!r}, for which we did not ask")
        patience.rate = self.rate  # only a body buys time: what comes before it says nothing
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=DeadlineBody(self, answer, patience),
            extensions=answer.extensions,
        )

    @contextmanager
    def within(self, patience: Deadline) -> Iterator[None]:
        """Has what is done on the wire meanwhile cost of this patience; faults are those of httpx."""
        self.wire.of_thread.patience = patience
        try:
            with patience.spent():
                yield
        except FAULTS as error:
            kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
            spent = f"it takes more than {self.whole:g} s" if patience.left <= 0 else ""
            raise kind(OFF if self.wire.off else spent or str(error)) from error
        finally:
            del self.wire.of_thread.patience

    def call_off(self) -> None:
        self.close()

    def close(self) -> None:
        self.wire.call_off()
        self.pool.close()


def packed_as(answer: httpcore.Response) -> str:
    """Its Content-Encoding, "" for none."""
    every = [value for name, value in answer.headers if name.lower() == b"content-encoding"]
    return b",".join(every).decode("latin-1").strip().lower()


class DeadlineBody(httpx.SyncByteStream):
    """The body of an answer, piece by piece as it comes."""

    def __init__(self, transport: DeadlineTransport, answer: httpcore.Response, patience: Deadline) -> None:
        self.transport, self.answer, self.patience = transport, answer, patience

    def __iter__(self) -> Iterator[bytes]:
        pieces = self.answer.iter_stream()
        while True:
            with self.transport.within(self.patience):
                piece = next(pieces, None)
            if piece is None:
                return
            for first in range(0, len(piece), HANDED_ON):
                yield piece[first : first + HANDED_ON]

    def close(self) -> None:
        self.answer.close()


@dataclass
class Wires(httpcore.NetworkBackend):
    """Every connection of one transport, and what is being waited for."""

    off: bool = False
    of_thread: threading.local = field(default_factory=threading.local)
    lock: threading.Lock = field(default_factory=threading.Lock)
    open: set[DeadlineStream] = field(default_factory=set)
    awaited: set[Future[httpcore.NetworkStream]] = field(default_factory=set)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        real = httpcore.SyncBackend()
        return self.aside(lambda: real.connect_tcp(host, port, timeout, local_address, socket_options))

    def aside(self, connect: Callable[[], httpcore.NetworkStream]) -> DeadlineStream:
        """In a thread that may be left behind: the system's resolver knows no time limit of ours and cannot be
        interrupted, and each address of a name has its own time to answer."""
        future: Future[httpcore.NetworkStream] = Future()

        def run() -> None:
            try:
                stream = connect()
            except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
                with suppress(InvalidStateError):
                    future.set_exception(error)
                return
            try:
                future.set_result(stream)
            except InvalidStateError:  # nobody waits any more
                stream.close()

        with self.lock:
            self.awaited.add(future)
        try:
            limit = self.limit(None, httpcore.ConnectTimeout)
            threading.Thread(target=run, daemon=True, name="connect").start()
            try:
                return self.wire(future.result(limit))
            except (CancelledError, TimeoutError):
                if future.cancel():
                    raise httpcore.ConnectTimeout from None
                return self.wire(future.result())  # it came just now
        finally:
            with self.lock:
                self.awaited.discard(future)

    def wire(self, stream: httpcore.NetworkStream) -> DeadlineStream:
        wire = DeadlineStream(self, stream)
        with self.lock:
            self.open.add(wire)
        return wire

    def limit(self, timeout: float | None, kind: type[httpcore.TimeoutException]) -> float | None:
        """For how long may be waited now. Raises `kind` where no time is left."""
        patience: Deadline | None = getattr(self.of_thread, "patience", None)
        if self.off:
            raise kind
        if patience is None:
            return timeout
        left = patience.until - monotonic()
        if left <= 0:
            raise kind
        return left if timeout is None else min(timeout, left)

    def bought(self, size: int) -> None:
        if patience := getattr(self.of_thread, "patience", None):
            patience.bought(size)

    def call_off(self) -> None:
        self.off = True
        with self.lock:
            for future in self.awaited:
                future.cancel()
            for wire in self.open:
                wire.cut()


@dataclass(eq=False)
class DeadlineStream(httpcore.NetworkStream):
    """One connection."""

    wires: Wires
    stream: httpcore.NetworkStream
    used: threading.Lock = field(default_factory=threading.Lock)  # what is closed under a reader is another's soon

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self.used:
            came = self.stream.read(max_bytes, self.wires.limit(timeout, httpcore.ReadTimeout))
        self.wires.bought(len(came))
        return came

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for first in range(0, len(buffer), PIECE):
            with self.used:
                self.stream.write(buffer[first : first + PIECE], self.wires.limit(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self._forget()
        return self.wires.aside(lambda: self.stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)

    def close(self) -> None:
        self._forget()
        with self.used:
            self.stream.close()

    def _forget(self) -> None:
        with self.wires.lock:
            self.wires.open.discard(self)

    def cut(self) -> None:
        """Whoever reads it now reads its end; closing alone would not wake them."""
        with suppress(OSError):
            socket.shutdown(self.stream.get_extra_info("socket"), SHUT_RDWR)
