"""LMTP (RFC 2033), as little of it as a mail server needs to hand over what came back, and what people write back."""

from __future__ import annotations

import logging
import socketserver
import threading
import time
from collections.abc import Callable

from talaia.log.episodes import lasts

log = logging.getLogger(__name__)

LARGEST = 50_000_000  # bytes of a mail
KEPT = 2_000_000  # bytes of it that are looked at: a report and a head stand at the beginning
MOST = 100  # recipients of one mail
LONGEST = 2000  # bytes of a command, more than RFC 5321 §4.5.3.1.4 asks for
PIECE = 65_536  # bytes of a line of a mail that are read at once: a line may be as long as the mail
TRIES = 20  # commands that are none, before we hang up
SESSIONS = 50  # at once; a mail server opens some twenty
PATIENCE = 120  # seconds for whatever comes next
AT_MOST = 1800  # seconds for a session, however slowly it drips

Known = Callable[[str], bool]
Take = Callable[[str, bytes, str], None]
"""`take(recipient, content, sender)`: it is done when this returns; what it raises has the mail offered again."""


class LmtpServer(socketserver.ThreadingTCPServer):
    """`known`: which recipients are ours. Listens until `shutdown()`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], known: Known, take: Take) -> None:
        self.known, self.take = known, take
        self.room = threading.BoundedSemaphore(SESSIONS)
        super().__init__(address, LmtpSession)


class LmtpSession(socketserver.StreamRequestHandler):
    server: LmtpServer
    timeout = PATIENCE

    def handle(self) -> None:
        self.recipients: list[str] = []
        self.sender: str | None = None  # None: no MAIL yet
        self.wrong, self.ends = 0, time.monotonic() + AT_MOST
        with_room = self.server.room.acquire(blocking=False)
        try:
            if not with_room:
                return self.say("421 4.3.2 too many at once")
            self.say("220 talaia LMTP")
            while line := self.line():
                if not self.command(line):
                    return
        except OSError:
            return  # whoever spoke is gone, and will offer again what was not answered
        finally:
            if with_room:
                self.server.room.release()

    def line(self, longest: int = LONGEST) -> bytes:
        """A line, or as much of it. Raises OSError when the session has taken too long."""
        if time.monotonic() > self.ends:
            self.say("421 4.4.2 this takes too long")
            raise TimeoutError
        return self.rfile.readline(longest)

    def command(self, line: bytes) -> bool:
        """False: that was the last one."""
        if not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):  # what follows of it is no command of its own
                line = self.line()
            return self.no("500 5.5.2 too long")
        try:
            text = line.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            return self.no("500 5.5.2 this is not UTF-8")
        if not text.isprintable():
            return self.no("500 5.5.2 control characters")
        verb, _, argument = text.strip().partition(" ")
        return self.answer(verb.upper(), argument)

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def no(self, line: str) -> bool:
        """A refusal; whoever goes on like this, is no mail server."""
        self.wrong += 1
        self.say(line if self.wrong < TRIES else "421 4.7.0 too many errors")
        return self.wrong < TRIES

    def answer(self, verb: str, argument: str) -> bool:
        match verb:
            case "LHLO":
                self.forget()
                self.say("250-talaia")
                self.say(f"250-SIZE {LARGEST}")
                self.say("250-8BITMIME")
                self.say("250 ENHANCEDSTATUSCODES")
            case "MAIL":
                self.forget()
                self.sender = argument.partition("<")[2].partition(">")[0]
                self.say("250 2.0.0 ok")
            case "RSET":
                self.forget()
                self.say("250 2.0.0 ok")
            case "NOOP":
                self.say("250 2.0.0 ok")
            case "RCPT" if self.sender is not None:
                return self.recipient(argument.partition("<")[2].partition(">")[0])
            case "DATA" if self.recipients:
                self.say("354 go on")
                self.data()
            case "RCPT" | "DATA":
                return self.no("503 5.5.1 no recipient yet" if verb == "DATA" else "503 5.5.1 MAIL comes first")
            case "QUIT":
                self.say("221 2.0.0 bye")
                return False
            case _other:
                return self.no("500 5.5.2 not known")
        return True

    def forget(self) -> None:
        self.recipients, self.sender = [], None

    def recipient(self, address: str) -> bool:
        if len(self.recipients) >= MOST:
            return self.no("452 4.5.3 too many recipients")
        if not self.server.known(address):
            self.say("550 5.1.1 no address of ours")
            return True
        self.recipients.append(address)
        self.say("250 2.1.5 ok")
        return True

    def data(self) -> None:
        content, size = self.content()
        for address in self.recipients:
            try:
                if size <= LARGEST:
                    self.server.take(address, content, self.sender or "")
                self.say("250 2.0.0 taken" if size <= LARGEST else "552 5.3.4 too large")
            except Exception as error:  # noqa: BLE001 - whoever brings it keeps it, and brings it again
                said = ("a mail could not be written down: %s: %s", type(error).__name__, error)
                lasts(log, "letterbox", "lmtp", *said, level=logging.ERROR)
                self.say("451 4.3.0 not now")
        self.forget()

    def content(self) -> tuple[bytes, int]:
        """The beginning of a mail, and the length of all of it.

        It ends at CRLF.CRLF and nowhere else: where a lone LF ended it too, the rest of somebody's mail would be
        commands to us (SMTP smuggling).
        """
        lines, size, begins = [], 0, True
        while (piece := self.line(PIECE)) != b".\r\n" or not begins:
            if not piece:
                raise OSError("gone in the middle of a mail")
            size += len(piece)
            if size <= KEPT:
                lines.append(piece[1:] if begins and piece.startswith(b".") else piece)
            begins = piece.endswith(b"\r\n")
        return b"".join(lines), size
