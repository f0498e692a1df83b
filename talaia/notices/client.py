"""The mail server: one connection that is kept, one copy at a time, and every answer as what it means for us."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from talaia.config import MailConfig, sanitize
from talaia.config.tls_trust import trusted
from talaia.notices.smtp_replies import Meaning, meaning, of_us
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.shutdown import waits

PER_CONNECTION = 500  # copies; many servers close after some hundreds, and then in the middle of one


@dataclass(frozen=True)
class SmtpReply:
    """What the server answered to one copy, and what that means."""

    code: int
    words: str
    meaning: Meaning = Meaning.TAKEN

    @property
    def taken(self) -> bool:
        return 200 <= self.code < 300

    @property
    def again(self) -> bool:
        """Whether another time may bring another answer: a full mailbox is not full for ever."""
        return self.meaning is Meaning.LATER

    def __str__(self) -> str:
        return f"{self.code} {self.words}"[:300]


class SmtpClient:
    """A connection to `[mail] host`. `with` closes it; it opens when it is needed, and again after it was lost."""

    def __init__(self, mail: MailConfig, password: str | None = None, ca_file: str | None = None) -> None:
        self.mail, self.password, self.ca_file = mail, password, ca_file
        self.link: smtplib.SMTP | None = None
        self.count = 0
        waits(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self.link is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.link.quit()
            self.drop()

    def call_off(self) -> None:
        """Whoever waits for the server now is refused at once, as if it had gone away."""
        link = self.link
        if link is not None and link.sock is not None:
            with contextlib.suppress(OSError):
                link.sock.shutdown(socket.SHUT_RDWR)

    def drop(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None

    def send(self, return_path: str, to: str, content: bytes) -> SmtpReply:
        """Hand over one copy. Raises Temporary where the server is away, Permanent where it will never take any."""
        if self.count >= PER_CONNECTION:
            self.close()
        try:
            link = self.link or self.open()
            self.count += 1
            return self.hand_over(link, return_path, to, content)
        except smtplib.SMTPServerDisconnected as error:
            self.drop()
            raise TemporaryError(f"{self.place} closed the connection: {error}") from None
        except smtplib.SMTPException as error:
            self.drop()
            raise TemporaryError(f"{self.place}: {error}") from None
        except OSError as error:
            self.drop()
            raise TemporaryError(f"{self.place} does not answer: {error}", "is the mail server running?") from None
        except UnicodeError:  # smtplib's, of what it would write in ASCII
            self.drop()
            hint = "in [mail] sender and bounces, write the domain as xn--…"
            raise PermanentError(f"{self.place} takes no sender with letters beyond ASCII", hint) from None

    @property
    def place(self) -> str:
        return f"the mail server {self.mail.host}:{self.mail.port}"

    def open(self) -> smtplib.SMTP:
        """Connect, encrypt and log in as `[mail]` says."""
        mail, timeout = self.mail, self.mail.timeout.total_seconds()
        try:
            tls = trusted(Path(self.ca_file) if self.ca_file else None)
            if mail.tls == "tls":
                link: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=timeout, context=tls)
            else:
                link = smtplib.SMTP(mail.host, mail.port, timeout=timeout)
            self.link, self.count = link, 0
            link.ehlo_or_helo_if_needed()
            if mail.tls == "starttls":
                if not link.has_extn("starttls"):
                    raise PermanentError(f"{self.place} offers no STARTTLS", 'write [mail] tls = "tls" or "none"')
                link.starttls(context=tls)
                link.ehlo()
            if mail.username:
                link.login(mail.username, self.password or "")
        except ssl.SSLCertVerificationError as error:
            self.drop()
            hint = "name its authority in [mail] ca_file, or the host as its certificate does"
            raise PermanentError(
                f"{self.place}: its certificate is not believed: {error.verify_message}", hint
            ) from None
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
            self.drop()
            if isinstance(error, smtplib.SMTPAuthenticationError) and 400 <= error.smtp_code < 500:
                raise
            raise PermanentError(
                f"{self.place} does not let us in: {error}", "look at [mail] username, password_file"
            ) from None
        except UnicodeError:  # smtplib's, which logs in with ASCII alone
            self.drop()
            hint = "have another one set, of plain letters, digits and signs"
            raise PermanentError(
                f"[mail] username or password_file holds letters beyond ASCII: {self.place}", hint
            ) from None
        except PermanentError:
            self.drop()
            raise
        return link

    def hand_over(self, link: smtplib.SMTP, return_path: str, to: str, content: bytes) -> SmtpReply:
        options = []
        if not to.isascii() or not return_path.isascii():
            local, _, domain = to.rpartition("@")
            with contextlib.suppress(UnicodeError):
                to = f"{local}@{domain.encode('idna').decode()}"
            if not to.isascii():
                if not link.has_extn("smtputf8"):
                    words = "this server takes no address with letters beyond ASCII"
                    return SmtpReply(553, words, Meaning.UNCLEAR)
                options = ["SMTPUTF8", "BODY=8BITMIME"]
                link.command_encoding = "utf-8"
        code, answer = link.mail(return_path, options)
        if code != 250:
            self.reset(link, code)
            if 400 <= code < 500:
                raise TemporaryError(f"{self.place}: {code} {_text(answer)}")
            hint = "may this server send for [mail] sender, or bounces?"
            raise PermanentError(f"{self.place} refuses the sender: {code} {_text(answer)}", hint)
        ours = of_us((return_path, self.mail.sender or ""), to)
        code, answer = link.rcpt(to)
        if not 200 <= code < 300:
            self.reset(link, code)
            return SmtpReply(code, _text(answer), meaning(code, _text(answer), ours=ours))
        try:
            code, answer = link.data(content)
            text = _text(answer)
        except smtplib.SMTPDataError as refusal:
            code, text = refusal.smtp_code, _text(refusal.smtp_error)
        if code != 250:
            self.reset(link, code)
        return SmtpReply(code, text, meaning(code, text, at_data=True, ours=ours))

    def reset(self, link: smtplib.SMTP, code: int) -> None:
        """Ready for the next copy; a server that says 421 is about to close."""
        if code == 421:
            self.drop()
            raise smtplib.SMTPServerDisconnected("it is closing (421)")
        link.rset()


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return sanitize.line(" ".join(text.split()))  # it is kept and shown; NUL no PostgreSQL keeps
