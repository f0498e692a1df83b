"""An HTTP server of the tests' own, as a chat or as whoever takes webhooks: it keeps what comes, and may misbehave."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Answer = Callable[["Handler"], None]


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.owner.requests.append(Request(self.path, headers, body))
        self.server.owner.answer(self)

    do_PUT = do_POST

    def say(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `requests`."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is what some tests are about."""


class Receiver:
    """`with Receiver() as there:` listens on `there.port`; `there.answer` is what it does."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.over = threading.Event()
        self.answer: Answer = lambda handler: handler.say(200)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.owner = self
        self.port: int = self.server.server_address[1]

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def silence(self, handler: Handler) -> None:
        """Nothing at all."""
        self.over.wait(60)

    def drip(self, handler: Handler) -> None:
        """A head that never ends, a byte now and then: no single read of it is slow."""
        begun = time.monotonic()
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.over.wait(0.1) and time.monotonic() - begun < 30:
            handler.wfile.write(b"y")

    def endless(self, handler: Handler) -> None:
        """A body that never ends."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.over.is_set():
            handler.wfile.write(b"z" * 65_536)
