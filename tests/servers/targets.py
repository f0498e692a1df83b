"""Small servers to be watched: taken down and brought back on the same port, slowed, made to fail.

An `HttpTarget` keeps what it was asked, so it serves as the receiver of webhooks as well.
"""

import errno
import json
import socket
import ssl
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from types import TracebackType
from typing import Any, Self, cast

from tests.servers.process import free_port, release_port


class Target(ABC):
    """Listens on a port of 127.0.0.1 while it is up; down, connections are refused and open ones are cut.

    `with` brings it up and closes it. In plain code: `up()` … `close()`.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self._tls = tls
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.going_down = threading.Event()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @abstractmethod
    def serve(self, connection: socket.socket) -> None:
        """Talk with one client; an OSError ends it quietly."""

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def up(self) -> None:
        """Listen (again). Harmless when it is up."""
        if self._listener is not None:
            return
        self.going_down.clear()
        self._listener = self._listen()
        self._run(self._accept, self._listener)

    def _listen(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        limit = time.monotonic() + 5
        while True:
            try:
                listener.bind(("127.0.0.1", self.port))
                listener.listen(128)
            except OSError as fault:
                if fault.errno != errno.EADDRINUSE or time.monotonic() > limit:
                    listener.close()
                    raise
                time.sleep(0.05)
            else:
                return listener

    def down(self) -> None:
        """Refuse connections from now on and cut the open ones. Harmless when it is down."""
        if self._listener is None:
            return
        self.going_down.set()
        with self._lock:
            listener, self._listener = self._listener, None
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept(); close() alone would not
            listener.close()
            for connection in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        self._threads.clear()

    def close(self) -> None:
        """Down for good; repeatable."""
        self.down()
        release_port(self.port)

    def _run(self, work: Any, *arguments: Any) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if self._tls is not None:
                try:
                    connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                except OSError:  # the client has gone again
                    connection.close()
                    continue
            with self._lock:
                if self._listener is not listener:
                    connection.close()
                    return
                self._open.add(connection)
                self._run(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                if isinstance(connection, ssl.SSLSocket):
                    connection.do_handshake()
                self.serve(connection)
        finally:
            with self._lock:
                self._open.discard(connection)


@dataclass(frozen=True)
class Request:
    """What an HTTP target was asked. `at`: seconds since 1970. Names of headers in small letters."""

    at: float
    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class HttpTarget(Target):
    """Answers every path alike; set `status`, `body`, `headers`, `delay` (seconds before the answer) at any time."""

    def __init__(
        self, body: str = "ok", status: int = 200, delay: float = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls)
        self.body = body
        self.status = status
        self.delay = delay
        self.headers: dict[str, str] = {"Content-Type": "text/plain; charset=utf-8"}
        self.requests: deque[Request] = deque(maxlen=10_000)

    @property
    def url(self) -> str:
        """The address of the root."""
        return f"{'https' if self._tls else 'http'}://{self.address}/"

    def serve(self, connection: socket.socket) -> None:
        """Requests until the client is done."""
        _Handler(connection, self)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, connection: socket.socket, target: HttpTarget) -> None:
        self.target = target
        super().__init__(connection, ("127.0.0.1", target.port), cast(BaseServer, target))

    def answer(self) -> None:
        """Note the request, wait, answer."""
        target = self.target
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        target.requests.append(Request(time.time(), self.command, self.path, headers, body))
        if target.delay and target.going_down.wait(target.delay):
            self.close_connection = True
            return
        content = target.body.encode()
        self.send_response(target.status)
        for name, value in target.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class TcpTarget(Target):
    """Accepts, says `greeting` and listens until the client leaves."""

    def __init__(self, greeting: bytes = b"") -> None:
        super().__init__()
        self.greeting = greeting

    def serve(self, connection: socket.socket) -> None:
        """One client."""
        connection.sendall(self.greeting)
        while connection.recv(4096):
            pass
