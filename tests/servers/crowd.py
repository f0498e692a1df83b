"""Clients that mean no good, thousands at once, in a process: `python -m tests.servers.crowd PORT COUNT KIND`.

Whoever is sent away comes back. Says "there" once so many have come, and at the end how many it was in all.
"""

from __future__ import annotations

import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.process import Process, wait_until

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
FIRST = {
    "idle": b"",
    "half-open": b"GET / HT",
    "long-head": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 2_500,
    "half-a-body": POST % (b"/desk/login", 900_000) + b"x" * 60_000,
    "half-a-hook": POST % (b"/hooks/generic/x", 5_000_000) + b"x" * 250_000,
    "never-reading": GET * 2_000,  # and asks again as long as it is listened to
    "one-page": GET,  # and does not read it
    "at-the-desk": b"GET /desk/login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}
GREEDY = {"never-reading"}
AT_ONCE, EVERY = 100, 0.05  # so many connections are opened every so many seconds, until all have come once;
COME_BACK = 10  # and so many then


class Crowd:
    """`count` connections of one kind, kept up until `over`."""

    def __init__(self, port: int, count: int, kind: str) -> None:
        self.port, self.count, self.kind = port, count, kind
        self.poll = select.epoll()
        self.there: dict[int, socket.socket] = {}
        self.left: dict[int, bytes] = {}
        self.opened = self.sent_away = 0
        self.over = False

    def run(self) -> None:
        told, more_at = False, 0.0
        while not self.over:
            if time.monotonic() >= more_at:
                more_at = time.monotonic() + EVERY
                most = AT_ONCE if self.opened < self.count else COME_BACK
                for _ in range(min(most, self.count - len(self.there))):
                    self.open()
            for number, event in self.poll.poll(max(0.0, more_at - time.monotonic())):
                self.act(number, event)
            if not told and self.opened >= self.count:
                told = True
                sys.stdout.write("there\n")
                sys.stdout.flush()

    def open(self) -> None:
        one = socket.socket()
        if self.kind in GREEDY | {"one-page", "at-the-desk"}:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", self.port))
        self.there[one.fileno()], self.left[one.fileno()] = one, FIRST[self.kind]
        self.poll.register(one.fileno(), select.EPOLLOUT | select.EPOLLRDHUP)
        self.opened += 1

    def act(self, number: int, event: int) -> None:
        if event & (select.EPOLLHUP | select.EPOLLERR | select.EPOLLRDHUP):
            self.sent_away += 1
            self.left.pop(number, None)
            self.there.pop(number).close()
            return
        left = self.left.get(number, b"")
        try:
            left = left[self.there[number].send(left) :] if left else b""
        except BlockingIOError:
            return
        except OSError:
            left = b""
        if not left and self.kind in GREEDY:
            left = FIRST[self.kind]
        if left:
            self.left[number] = left
            return
        self.left.pop(number, None)
        self.poll.modify(number, select.EPOLLRDHUP)


@contextmanager
def crowd(port: int, count: int, kind: str, folder: Path, seconds: float = 60) -> Iterator[Process]:
    """So many of them hang on to `port` meanwhile. They are there when the block begins."""
    command = [sys.executable, "-m", "tests.servers.crowd", str(port), str(count), kind]
    with Process(command, folder / f"crowd-{kind}.log", folder=Path(__file__).parents[2]) as process:
        wait_until(lambda: "there" in process.output(), seconds, f"{count} clients ({kind}) are there", process)
        yield process


def main(port: str, count: str, kind: str) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    some = Crowd(int(port), int(count), kind)
    signal.signal(signal.SIGTERM, lambda *_: setattr(some, "over", True))
    some.run()
    sys.stdout.write(f"{some.opened} opened, {some.sent_away} sent away\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
