"""The mail that asks whether it was them who subscribed: nothing is said of whether we knew the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.template import engines
from django.utils import translation
from django.utils.translation import gettext as _

from talaia.config import Config
from talaia.localization.texts import Words, in_language
from talaia.notices import headers, markdown_text, tokens
from talaia.notices.mail_server import client, without
from talaia.notices.sender import letterhead
from talaia.notices.smtp_replies import Meaning
from talaia.notices.values import Sender
from talaia.outbox.errors import TemporaryError


def send(config: Config, key: str, to: str, language: str, services: Sequence[Words], now: datetime) -> None:
    """Ask. An address that the server does not take is asked no more. Raises Temporary and Permanent."""
    content = mail(letterhead(config), key, to, language, services, now)
    with client(config) as server:
        said = server.send("", to, content)
    if said.again or said.meaning is Meaning.OURS:
        hint = "" if said.again else "the mail server refuses us, and not them: ask who runs it why"
        raise TemporaryError(f"a mail that asks is put off: {without(to, said)}", hint)


def link(sender: Sender, key: str) -> str:
    return f"{sender.address}/subscribe/{tokens.sign(sender.secret, key)}"


def mail(sender: Sender, key: str, to: str, language: str, services: Sequence[Words], now: datetime) -> bytes:
    """Its bytes."""
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    with translation.override(language):
        name = markdown_text.one_line(in_language(sender.name, language).text)
        words = {
            "name": name,
            "page": f"{sender.address}/",
            "link": link(sender, key),
            "services": [in_language(one, language).text for one in services],
        }
        subject = _("Do you want our mails? Confirm it")
        text = engines["plain"].get_template("notices/confirm.txt").render(words)
    made.set_content(text.strip() + "\n")
    head = [
        headers.verbatim("To", to),
        headers.mailbox("From", sender.sender, name),
        headers.words("Subject", subject),
        headers.verbatim("Date", format_datetime(now)),
        headers.verbatim("Message-ID", f"<{key}@{sender.host}>"),
        headers.verbatim("Auto-Submitted", "auto-generated"),
        headers.verbatim("Content-Language", language),
    ]
    return b"".join(head) + made.as_bytes()
