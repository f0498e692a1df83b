"""A mail that came back, pure: whose it was, and whether their address is gone for good (RFC 3464, 3463)."""

from __future__ import annotations

import email
import email.parser
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message

from talaia.notices import tokens

# 5.1: the address, 5.2.1: the mailbox is closed, 5.4.4: the domain is gone, 5.0: nobody says. A full mailbox (5.2.2),
# a policy (5.7) or a word about the content (5.6, 5.3) is not that the person is gone.
GONE = re.compile(r"5\.(0\.\d+|1\.\d+|2\.1|4\.4)\b")
WHERE = ("Delivered-To", "X-Original-To", "To")
LONGEST = 2_000_000  # bytes that are looked at


@dataclass(frozen=True)
class Returned:
    """`key`: of the recipient. `gone`: their address does not work any more. `status`: what was said, without it."""

    key: str
    gone: bool
    status: str


def read(content: bytes, secret: bytes, envelope_to: str = "") -> Returned | None:
    """What a mail to a return path of ours says; None when it came to none. Never raises.

    `envelope_to`: to whom the mail server had it delivered, where it says so; else the headers are believed.
    """
    mail = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content[:LONGEST])
    places = [envelope_to] if envelope_to else [str(value) for name in WHERE for value in mail.get_all(name, [])]
    key = next((found for place in places if (found := tokens.returned(secret, place))), None)
    if key is None:
        return None
    try:
        reports = list(_reports(email.message_from_bytes(content[:LONGEST], policy=email.policy.compat32)))
    except RecursionError:  # parts in parts in parts, deeper than any report: somebody wants us to fail
        reports = []
    for report in reports:
        status = str(report.get("Status", "")).strip()
        if str(report.get("Action", "")).strip().lower() == "failed" and GONE.match(status):
            return Returned(key, True, status)
    return Returned(key, False, "")


def _reports(mail: Message | EmailMessage) -> Iterator[Message]:
    """The blocks of a delivery report; an answer of a person or of a holiday has none."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            if isinstance(blocks, list):
                yield from (block for block in blocks if isinstance(block, Message))
