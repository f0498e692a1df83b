"""A mail that somebody wrote to us, pure: whether it is to be answered, and where to (RFC 3834). Only its head is read.

Two machines that answer each other never end, so every doubt is a no: whoever gets no answer still has the page.
"""

from __future__ import annotations

import email.parser
import email.policy
import re
from collections.abc import Collection
from dataclasses import dataclass
from email.message import Message

LONGEST = 262_144  # bytes of a mail that are looked at
LONGEST_ADDRESS, LONGEST_ID = 254, 250
ADDRESS = re.compile(
    r"[^\s<>()\[\],;:\\\"@\x00-\x20\x7f-\uffff]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.[A-Za-z0-9-]+"
)
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")
# Nobody reads what is answered to these; the second form are the ends of a list server's own addresses.
MACHINES = re.compile(
    r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|nobody|root|daemon|listserv|majordomo|mailman|bounces?)([+=.-].*)?"
    r"|owner-.*|.*-(request|owner|bounces?|confirm|join|leave|subscribe|unsubscribe|relay|errors)([+=].*)?",
    re.IGNORECASE,
)
# Whatever they say, a machine sent it.
TELLING = (
    "X-Autoreply",
    "X-Autorespond",
    "X-AutoReply-From",
    "X-Auto-Response-From",
    "X-Loop",
    "X-Mailing-List",
    "Mailing-List",
    "X-Failed-Recipients",
    "Feedback-ID",
    "X-Mailman-Version",
    "X-BeenThere",
)
BULK = ("bulk", "list", "junk", "auto_reply")


@dataclass(frozen=True)
class Asked:
    """Who is to be answered. `message_id`: of their mail; empty: it has none that could stand in a header."""

    address: str
    message_id: str = ""


@dataclass(frozen=True)
class Silent:
    """Nobody is answered, and why."""

    why: str


def read(content: bytes, sender: str | None, ours: Collection[str]) -> Asked | Silent:
    """Whether a mail is answered. Never raises.

    `sender`: that of the envelope, as the mail server says it; None: it says none, so Return-Path is believed.
    `ours`: the addresses from which and at which we send, in small letters.
    """
    head = re.split(rb"\r?\n\r?\n", content[:LONGEST], maxsplit=1)[0]
    try:
        mail = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head + b"\n\n")
        to = sender if sender is not None else _first(mail, "Return-Path")
        return _judged(mail, to.strip().removeprefix("<").removesuffix(">").strip(), ours)
    except Exception:  # noqa: BLE001  whatever a stranger can put into a head, the mail server is told "taken"
        return Silent("its head cannot be read")


def _judged(mail: Message, to: str, ours: Collection[str]) -> Asked | Silent:
    local = to.rpartition("@")[0] or to
    if not to or MACHINES.fullmatch(local):
        return Silent("it came from a mail server or another machine")
    if len(to) > LONGEST_ADDRESS or not ADDRESS.fullmatch(to) or ".." in to or "=?" in local:
        return Silent("it came from nowhere that could be written to")
    if without_extension(to) in {without_extension(one) for one in ours}:
        return Silent("it came from ourselves")
    if why := automatic(mail):
        return Silent(why)
    found = MESSAGE_ID.fullmatch(_first(mail, "Message-ID"))
    return Asked(to, found[0] if found and len(found[0]) <= LONGEST_ID else "")


def automatic(mail: Message) -> str:
    """Why a mail was not written by a person; empty: it seems that it was."""
    for value in _all(mail, "Auto-Submitted"):
        if value.partition(";")[0].strip().lower() != "no":
            return "a machine sent it (Auto-Submitted)"
    for value in _all(mail, "Precedence"):
        if value.lower() in BULK:
            return "it is bulk mail (Precedence)"
    if any(name.lower().startswith("list-") for name in mail):
        return "it came through a list (List-…)"
    if told := next((name for name in TELLING if name in mail), ""):
        return f"a machine sent it ({told})"
    if _all(mail, "X-Auto-Response-Suppress") not in ([], ["none"], ["None"]):
        return "it asks for no answer (X-Auto-Response-Suppress)"
    if any(value.lower().startswith("yes") for value in _all(mail, "X-Spam-Flag")):
        return "it is taken for spam (X-Spam-Flag)"
    kind = _first(mail, "Content-Type").partition(";")[0].strip().lower()
    if kind in ("multipart/report", "message/delivery-status", "message/disposition-notification"):
        return f"it is a report ({kind})"
    return ""


def without_extension(address: str) -> str:
    """`Bounces+r12=abc@Example.org` → `bounces@example.org`."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _all(mail: Message, name: str) -> list[str]:
    return [" ".join(str(value).split()) for value in mail.get_all(name, [])]


def _first(mail: Message, name: str) -> str:
    return next(iter(_all(mail, name)), "")
