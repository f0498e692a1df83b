"""Where mail ends in tests: an SMTP server that keeps what it is given."""

import asyncio
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP

from tests.servers.process import free_port, release_port


@dataclass(frozen=True)
class Mail:
    """One message as it was given."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=default)


class MailSink:
    """Keeps its port over stop and start. `mails` is all that came."""

    def __init__(self) -> None:
        self.port = free_port()
        self.mails: list[Mail] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def count(self) -> int:
        """How many copies came: one for each recipient."""
        return sum(len(mail.recipients) for mail in self.mails)

    def copies(self, message_id: str) -> dict[str, int]:
        """Who got the message with this Message-ID, how many times."""
        found: dict[str, int] = {}
        for mail in self.mails:
            if mail.message["Message-ID"] == message_id:
                for recipient in mail.recipients:
                    found[recipient] = found.get(recipient, 0) + 1
        return found

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def start(self) -> None:
        """Listen; returns when it does."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[ready], name="mail-sink", daemon=True)
        self._thread.start()
        assert ready.wait(10), "the sink does not listen"

    def stop(self) -> None:
        """End; connections are cut, the port stays ours. Repeatable."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop = self._thread = None

    def close(self) -> None:
        """End it for good."""
        self.stop()
        release_port(self.port)

    def _run(self, ready: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        connections: list[asyncio.Transport] = []

        def serve() -> SMTP:
            protocol = SMTP(self, hostname="sink.test", data_size_limit=None, enable_SMTPUTF8=True, loop=loop)
            connect = protocol.connection_made

            def connected(transport: Any) -> None:
                connections.append(transport)
                connect(transport)

            protocol.connection_made = connected  # type: ignore[method-assign]
            return protocol

        server = loop.run_until_complete(loop.create_server(serve, "127.0.0.1", self.port))
        ready.set()
        loop.run_forever()
        server.close()
        for transport in connections:
            transport.abort()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
