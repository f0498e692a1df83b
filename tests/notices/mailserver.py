"""A mail server of the tests' own: it keeps what it takes, and may refuse, drop, stall or lie at any command."""

from __future__ import annotations

import email
import email.policy
import socketserver
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

DROP, SILENCE = "DROP", "SILENCE"
Answers = Callable[[str, str], str | None]
"""`answers(verb, argument)`: another reply than the usual, DROP, SILENCE, or None. "." is the end of the data."""


@dataclass(frozen=True)
class Taken:
    return_path: str
    to: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        found = email.message_from_bytes(self.content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])


class Session(socketserver.StreamRequestHandler):
    server: Server

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self.server.owner.connections += 1
        self.return_path, self.to = "", ""
        self.say("220 test ESMTP")
        while line := self.rfile.readline():
            verb, _, argument = line.decode().strip().partition(" ")
            if not self.answer(verb.upper(), argument):
                return

    def answer(self, verb: str, argument: str) -> bool:
        owner = self.server.owner
        other = owner.answers(verb, argument)
        if other in (DROP, SILENCE):
            if other == SILENCE:
                owner.quiet.wait(60)
            return False
        if verb == "DATA" and other is None:
            self.say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            if not line:
                return False
            content = b"".join(lines)
            said = owner.answers(".", self.to)
            if said is None or said in (DROP, SILENCE):  # it has it; whether it says so is another thing
                owner.keep(Taken(self.return_path, self.to, content))
            if said in (DROP, SILENCE):
                return False
            self.say(said or "250 taken")
            return True
        if other is not None:
            self.say(other)
            return not other.startswith("421")
        match verb:
            case "EHLO":
                for extension in owner.extensions:
                    self.say(f"250-{extension}")
                self.say("250 8BITMIME")
            case "MAIL":
                self.return_path = argument.partition("<")[2].partition(">")[0]
                self.say("250 ok")
            case "RCPT":
                self.to = argument.partition("<")[2].partition(">")[0]
                self.say("250 ok")
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 ok")
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: MailServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is what some tests are about."""


class MailServer:
    """`with MailServer() as server:` listens on `server.port`."""

    def __init__(
        self, answers: Answers | None = None, extensions: tuple[str, ...] = (), tls: ssl.SSLContext | None = None
    ) -> None:
        self.answers: Answers = answers or (lambda _verb, _argument: None)
        self.extensions, self.connections = extensions, 0
        self.taken: list[Taken] = []
        self.quiet = threading.Event()
        self.news = threading.Condition()
        self.server = Server(("127.0.0.1", 0), Session)
        self.server.owner = self
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port: int = self.server.server_address[1]

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.quiet.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def keep(self, taken: Taken) -> None:
        with self.news:
            self.taken.append(taken)
            self.news.notify_all()

    def wait_for(self, count: int, seconds: float = 30) -> list[Taken]:
        """Until it has so many mails."""
        with self.news:
            there = self.news.wait_for(lambda: len(self.taken) >= count, seconds)
        assert there, f"{len(self.taken)} mails instead of {count}"
        return list(self.taken)

    def by_id(self) -> Counter[str]:
        return Counter(taken.message_id for taken in self.taken)

    def to(self) -> list[str]:
        return sorted(taken.to for taken in self.taken)
