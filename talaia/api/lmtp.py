"""LMTP (RFC 2033), as little of it as a mail server needs to hand over what came back, and what people write back."""

from __future__ import annotations

import logging
import socketserver
from collections.abc import Callable

from talaia.log.episodes import lasts

log = logging.getLogger(__name__)

LARGEST = 50_000_000  # bytes of a mail
KEPT = 2_000_000  # bytes of it that are looked at: a report and a head stand at the beginning
MOST = 100  # recipients of one mail
PATIENCE = 120  # seconds for a line

Known = Callable[[str], bool]
Take = Callable[[str, bytes, str], None]
"""`take(recipient, content, sender)`: it is done when this returns; what it raises has the mail offered again."""


class Door(socketserver.ThreadingTCPServer):
    """`known`: which recipients are ours. Listens until `shutdown()`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], known: Known, take: Take) -> None:
        self.known, self.take = known, take
        super().__init__(address, Session)


class Session(socketserver.StreamRequestHandler):
    server: Door
    timeout = PATIENCE

    def handle(self) -> None:
        self.recipients: list[str] = []
        self.sender = ""
        try:
            self.say("220 talaia LMTP")
            while line := self.rfile.readline(2000):
                verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
                if not self.answer(verb.upper(), argument):
                    return
        except (OSError, TimeoutError):
            return  # whoever spoke is gone, and will offer again what was not answered

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def answer(self, verb: str, argument: str) -> bool:
        match verb:
            case "LHLO":
                self.say("250-talaia")
                self.say(f"250-SIZE {LARGEST}")
                self.say("250-8BITMIME")
                self.say("250 ENHANCEDSTATUSCODES")
            case "MAIL" | "RSET" | "NOOP":
                self.recipients = [] if verb != "NOOP" else self.recipients
                if verb == "MAIL":
                    self.sender = argument.partition("<")[2].partition(">")[0]
                self.say("250 2.0.0 ok")
            case "RCPT":
                self.recipient(argument.partition("<")[2].partition(">")[0])
            case "DATA" if self.recipients:
                self.say("354 go on")
                self.data()
            case "DATA":
                self.say("503 5.5.1 no recipient yet")
            case "QUIT":
                self.say("221 2.0.0 bye")
                return False
            case _other:
                self.say("500 5.5.2 not known")
        return True

    def recipient(self, address: str) -> None:
        if len(self.recipients) >= MOST:
            self.say("452 4.5.3 too many recipients")
        elif self.server.known(address):
            self.recipients.append(address)
            self.say("250 2.1.5 ok")
        else:
            self.say("550 5.1.1 no address of ours")

    def data(self) -> None:
        lines, size = [], 0
        while (line := self.rfile.readline()) not in (b".\r\n", b".\n"):
            if not line:
                raise OSError("gone in the middle of a mail")
            size += len(line)
            if size <= KEPT:
                lines.append(line[1:] if line.startswith(b".") else line)
        for address in self.recipients:
            try:
                if size <= LARGEST:
                    self.server.take(address, b"".join(lines), self.sender)
                self.say("250 2.0.0 taken" if size <= LARGEST else "552 5.3.4 too large")
            except Exception as error:  # noqa: BLE001 - whoever brings it keeps it, and brings it again
                said = ("a mail could not be written down: %s: %s", type(error).__name__, error)
                lasts(log, "letterbox", "lmtp", *said, level=logging.ERROR)
                self.say("451 4.3.0 not now")
        self.recipients = []
