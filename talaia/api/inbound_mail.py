"""What a mail server hands over to us, by a pipe or by LMTP: mails that came back, and what people write back.

It is only written down here; what follows from it is done by the worker.
"""

from __future__ import annotations

from email.utils import parseaddr

from django.conf import settings
from django.utils import timezone

from talaia.audience import mailing as audience
from talaia.config import current
from talaia.notices import bounces, tokens
from talaia.notices.replies import actions as replies
from talaia.notices.replies.read import ReplyRequest, read
from talaia.notices.returned import came_back, is_ours
from talaia.notices.smtp_replies import Meaning


def secret() -> bytes:
    return settings.SECRET_KEY.encode()


def known(address: str) -> bool:
    """Whether a mail to this address is for us: a return path, or the address that is answered."""
    return tokens.returned(secret(), address) is not None or is_answered(address)


def is_answered(address: str) -> bool:
    mail = current().mail
    return mail.answer and address.strip().lower() == parseaddr(mail.reply_to or "")[1].lower()


def take(to: str, content: bytes, sender: str) -> None:
    """One mail, for whichever of the two it is. To do it twice on a day counts once."""
    if is_answered(to):
        take_reply(content, sender)
    else:
        take_returned(to, content)


def take_returned(to: str, content: bytes) -> bool:
    """Count one mail that came back, or note that it did so because of us. Whether it was one of ours."""
    found = bounces.read(content, secret(), to, audience.address_of)
    if found and found.gone:
        came_back(found.key, found.status, timezone.now(), audience.mail_returns, audience.neighbours)
    elif found and found.meaning is Meaning.OURS:
        is_ours(found.key, found.status, timezone.now())
    return found is not None


def take_reply(content: bytes, sender: str | None) -> str:
    """Have a mail answered, if it is one to be answered. Why not; empty: it is."""
    found = read(content, sender, ours())
    if not isinstance(found, ReplyRequest):
        return found.why
    language = audience.language_for(found.address)
    if not replies.order(found.address, language, found.message_id, secret(), timezone.now()):
        return "whoever wrote it was answered within a day, or very many are being answered"
    return ""


def ours() -> list[str]:
    """The addresses from which and at which we send: what comes from them is never answered."""
    config = current()
    mail = config.mail
    named = [mail.sender, mail.reply_to, mail.owner, mail.to, mail.bounces]
    mailman = config.tables.audience.mailman if config.tables.audience else None
    named.append(mailman.list if mailman else None)
    return [parseaddr(one)[1].lower() for one in named if one]
