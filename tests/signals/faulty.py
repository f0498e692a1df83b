"""Servers that behave badly on purpose: silent, dripping, endless, going in circles; and a name server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from tests.servers.process import free_port, release_port
from tests.servers.targets import Target


class Silent(Target):
    """Accepts and says nothing."""

    def serve(self, connection: socket.socket) -> None:
        self.going_down.wait()


class Drip(Target):
    """Sends `start`, then one byte of `drops` after another for ever, with `pause` seconds between them."""

    def __init__(self, start: bytes, drops: bytes = b"x", pause: float = 0.02) -> None:
        super().__init__()
        self.start, self.drops, self.pause = start, drops, pause

    def serve(self, connection: socket.socket) -> None:
        connection.sendall(self.start)
        while True:
            for drop in self.drops:
                connection.sendall(bytes([drop]))
                if self.going_down.wait(self.pause):
                    return


class Flood(Target):
    """Sends `start`, then `more` as fast as it is taken, for ever."""

    def __init__(self, start: bytes, more: bytes) -> None:
        super().__init__()
        self.start, self.more = start, more * 100

    def serve(self, connection: socket.socket) -> None:
        connection.sendall(self.start)
        while not self.going_down.is_set():
            connection.sendall(self.more)


class Says(Target):
    """Waits for a question, says `words`, and leaves; or, where it `stalls`, says nothing more."""

    def __init__(self, words: bytes, stalls: bool = False) -> None:
        super().__init__()
        self.words, self.stalls = words, stalls

    def serve(self, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(self.words)
        if self.stalls:
            self.going_down.wait()


class Garbage(Target):
    """Says something that is no HTTP and leaves."""

    def serve(self, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"220 mail.example.org ESMTP\r\n")


class Redirects(Target):
    """`/0` leads to `/1` and so on; `/<last>` is the page. `last` None: it never ends."""

    def __init__(self, last: int | None = None) -> None:
        super().__init__()
        self.last = last
        self.asked: list[str] = []

    def serve(self, connection: socket.socket) -> None:
        while received := connection.recv(65536):
            path = received.split()[1].decode()
            self.asked.append(path)
            number = int(path.strip("/") or 0)
            if number == self.last:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\narrived")
            else:
                head = f"HTTP/1.1 302 Found\r\nLocation: /{number + 1}\r\nContent-Length: 0\r\n\r\n"
                connection.sendall(head.encode())


Answer = Callable[[dns.message.QueryMessage], dns.message.Message | None]


class NameServer:
    """Answers over UDP from `records` (`{"example.org. A": ["192.0.2.1"]}`); names of `broken` with an error code.

    Names of `mute` get no answer at all. Unknown names: NXDOMAIN; known ones without that record: an empty answer.
    """

    def __init__(
        self, records: Mapping[str, list[str]], broken: Mapping[str, int] | None = None, mute: str = ""
    ) -> None:
        self.records, self.broken, self.mute = records, broken or {}, mute
        self.port = free_port()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()
        release_port(self.port)

    def _serve(self) -> None:
        while True:
            received, sender = self._socket.recvfrom(4096)
            if not received:
                return
            if answer := self._answer(dns.message.from_wire(received)):
                self._socket.sendto(answer.to_wire(), sender)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        if name == self.mute:
            return None
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if name in self.broken:
            answer.set_rcode(dns.rcode.Rcode(self.broken[name]))
        elif values := self.records.get(f"{name} {kind}"):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *values))
        elif not any(key.startswith(f"{name} ") for key in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
