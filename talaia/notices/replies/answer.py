"""Sends the answers: one mail each, marked once the server has taken it, from the worker."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta

from talaia.config import Config, current
from talaia.notices.mail_server import client, without
from talaia.notices.models import Reply
from talaia.notices.replies import actions
from talaia.notices.replies.present import present
from talaia.notices.replies.write import ReplyLinks, mail
from talaia.notices.sender import forum, letterhead
from talaia.notices.smtp_replies import Meaning
from talaia.outbox.errors import TemporaryError
from talaia.outbox.held_outcomes import hold_until_written
from talaia.outbox.shutdown import ENDING

log = logging.getLogger(__name__)

TOO_LATE = timedelta(hours=12)  # then how it stood is of no use, and nobody waits for it any more


def answer(pk: int, now: datetime) -> None:
    """Answer, once. Raises Temporary and Permanent."""
    config = current()
    row = Reply.objects.filter(pk=pk).exclude(address="").first()
    if row is None:
        return
    if now - row.at > TOO_LATE or not config.mail.answer:
        actions.over(pk, now, "late")
        return
    content = answer_bytes(row, config, now)
    with client(config) as server:
        said = server.send("", row.address, content)  # the null return path: what comes back of it goes nowhere
    if said.again or said.meaning is Meaning.OURS:  # who is refused is us: as long as it is of use, we try again
        raise TemporaryError(f"an answer is put off: {without(row.address, said)}")
    outcome = "answered" if said.taken else "refused"
    hold_until_written(log, "deliver-letters", lambda: actions.over(pk, now, outcome), ENDING)


def answer_bytes(row: Reply, config: Config, now: datetime) -> bytes:
    sender, site = letterhead(config), config.site
    made = hashlib.sha256(f"{row.digest} {row.number}".encode()).hexdigest()[:20]
    return mail(
        present(now),
        sender,
        ReplyLinks(forum(config), tuple((link.text.words, link.address) for link in site.links)),
        [row.language] if row.language in site.languages else list(site.languages),
        to=row.address,
        message_id=f"<reply-{row.pk}.{made}@{sender.host}>",
        answers=row.message_id,
    )
