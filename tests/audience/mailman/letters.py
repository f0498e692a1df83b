"""Letters as another part of talaia writes them: bytes, and their Message-ID."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

SENDER = "incidents@status.example.org"


def letter(message_id: str, text: str = "The links of Vic are down.\n", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Estat <{SENDER}>"
    message["To"] = "status@lists.example.org"
    message["Subject"] = "Incidència: els enllaços de Vic"
    message["Message-ID"] = message_id
    message["Date"] = "Wed, 25 Nov 2026 12:00:00 +0000"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    return message.as_bytes()


def now() -> datetime:
    return datetime.now(UTC)
