"""A mail that came back, pure: whose it was, and what the report in it means (RFC 3464, 6522, 6533; qmail's QSBMF).

Only a report that is the mail itself counts. One that somebody forwards, encloses, quotes, or has it pass through a
gateway that makes something else of it, is a mail about a report.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.parser
import email.policy
import quopri
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message

import idna

from talaia.config import sanitize
from talaia.notices import smtp_replies, tokens
from talaia.notices.smtp_replies import Meaning

WHERE = ("Delivered-To", "X-Original-To", "To")
LONGEST = 2_000_000  # bytes that are looked at
STATUS = ("message/delivery-status", "message/global-delivery-status")
QMAIL = re.compile(r"\A\s*Hi\. This is the .{1,200}", re.IGNORECASE)
QMAIL_ENDS = re.compile(r"^--- ", re.MULTILINE)  # of its own words; a copy of our mail follows
QMAIL_SAYS = re.compile(r"^<([^>\s]+)>:\s*\n((?:.+\n)+)", re.MULTILINE)
AT_HOME = ("internal", "local", "localdomain", "lan", "home", "intern", "private")  # domains that are nobody's outside


@dataclass(frozen=True)
class Returned:
    """`key`: of the recipient. `meaning`: what is said of them, or of us; None: it is no report. `status`: its words.

    No address stands in `status`.
    """

    key: str
    meaning: Meaning | None = None
    status: str = ""

    @property
    def gone(self) -> bool:
        """Whether their address does not work any more."""
        return self.meaning is Meaning.GONE


@dataclass(frozen=True)
class RecipientReport:
    """What a report says of one recipient. `about`: their addresses, in small letters; none: it does not say."""

    about: frozenset[str]
    failed: bool
    status: str
    words: str


def read(
    content: bytes, secret: bytes, envelope_to: str = "", address_of: Callable[[str], str] | None = None
) -> Returned | None:
    """What a mail to a return path of ours says; None when it came to none. Never raises.

    `envelope_to`: to whom the mail server had it delivered, where it says so; else the headers are believed.
    `address_of`: the address to which the copies of a recipient go. A report about another one tells of where they
    have their mail passed on, and nothing of themselves.
    """
    mail = email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(content[:LONGEST])
    places = [envelope_to] if envelope_to else [str(value) for name in WHERE for value in mail.get_all(name, [])]
    came_to = next(((key, place) for place in places if (key := tokens.returned(secret, place))), None)
    if came_to is None:
        return None
    key, our_own = came_to
    try:
        blocks = list(_blocks(email.message_from_bytes(content[:LONGEST], policy=email.policy.compat32)))
    except (RecursionError, LookupError, ValueError):  # whatever somebody builds to have us fail
        blocks = []
    theirs = _bare(address_of(key)) if address_of else ""
    for block in blocks:
        if block.failed and (not theirs or not block.about or theirs in block.about):
            found = smtp_replies.of_report(
                block.status, block.words, smtp_replies.of_us([our_own], theirs) if theirs else ()
            )
            return Returned(
                key,
                found,
                smtp_replies.ADDRESSES.sub("…", _kept(f"{block.status} {block.words}"))[:300],
            )
    return Returned(key)


def _kept(words: str) -> str:
    """Of what anybody may have written: it is shown, and NUL is kept by no PostgreSQL."""
    return sanitize.line(words[: smtp_replies.LONGEST]).strip()


def _blocks(mail: Message) -> Iterator[RecipientReport]:
    """Of the mail's own report; an answer of a person or of a holiday has none."""
    if mail.get_content_type() == "text/plain" and not mail.is_multipart():
        yield from _of_qmail(mail)
    kind = str(mail.get_param("report-type") or "delivery-status").lower()
    parts = mail.get_payload()
    if mail.get_content_type() != "multipart/report" or kind != "delivery-status" or not isinstance(parts, list):
        return
    status = next((part for part in parts if isinstance(part, Message) and part.get_content_type() in STATUS), None)
    if status is None:
        return
    prose = _text(parts[0]) if isinstance(parts[0], Message) and parts[0] is not status else ""
    for text in re.split(r"\n[ \t]*\n", _inside(status))[1:]:
        if text.strip():
            yield _block(email.message_from_string(text.strip("\n") + "\n\n"), prose)


def _block(fields: Message, prose: str) -> RecipientReport:
    """The fields of one recipient."""
    final, original = (_bare(_all(fields, f"{name}-Recipient").partition(";")[2]) for name in ("Final", "Original"))
    about = {final, original} if not final or _within(final, original) else {final}
    status, _, comment = _all(fields, "Status").partition(" ")
    words = " ".join(
        filter(None, [comment, *(_said(_all(fields, name)) for name in ("Diagnostic-Code", "X-Supplementary-Info"))])
    )
    if not words and status and smtp_replies.blanket(f"{status}.0.0"):
        words = _in_prose(prose, about)
    action = _all(fields, "Action").lower()
    return RecipientReport(frozenset(about - {""}), bool(re.match(r"failed\b", action)), status, words)


def _within(final: str, original: str) -> bool:
    """Whether a mailbox where mail to `original` ended up is of the same house, and not where somebody has it passed on
    to: copies of it may be kept, and are read, whatever becomes of those that are passed on."""
    one, other = (address.rpartition("@")[2].split(".") for address in (final, original))
    return len(one) == 1 or one[-1] in AT_HOME or one[-2:] == other[-2:]


def _in_prose(prose: str, about: set[str]) -> str:
    """What stands behind the address in the words for people: OpenSMTPD tells the answer nowhere else."""
    for line in prose.splitlines():
        who, _, said = line.strip().partition(": ")
        if said and _bare(who) in about:
            return said.strip()
    return ""


def _of_qmail(mail: Message) -> Iterator[RecipientReport]:
    if not _all(mail, "From").lower().lstrip('"<').startswith("mailer-daemon"):
        return
    text = QMAIL_ENDS.split(_text(mail), maxsplit=1)[0]
    if QMAIL.match(text):
        for who, said in QMAIL_SAYS.findall(f"{text}\n"):
            yield RecipientReport(frozenset({_bare(who)}), True, "", " ".join(said.split()))


def _inside(part: Message) -> str:
    """The text of a part of kind message/…, which the parser has taken for mails, whatever its encoding."""
    inside = part.get_payload()
    text = "\n\n".join(
        _written(one).strip("\n") if isinstance(one, Message) else str(one)
        for one in (inside if isinstance(inside, list) else [inside])
    )
    encoding = _all(part, "Content-Transfer-Encoding").lower()
    if encoding == "base64":
        try:
            text = base64.b64decode("".join(text.split())).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
    elif encoding == "quoted-printable":
        text = quopri.decodestring(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _written(part: Message) -> str:
    """As it came. `as_string` would fold each header anew, for which it takes minutes where one is 20 KB long."""
    inside = part.get_payload()
    head = "".join(f"{name}: {value}\n" for name, value in part.raw_items())
    body = (
        "\n\n".join(_written(one) for one in inside if isinstance(one, Message))
        if isinstance(inside, list)
        else str(inside or "")
    )
    return f"{head}\n{body}".encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(content, bytes) else ""


def _said(value: str) -> str:
    """A diagnostic without its kind: `smtp; 550 5.1.1 …`."""
    kind, mark, rest = value.partition(";")
    return rest.strip() if mark and re.fullmatch(r"[\w-]{1,20}", kind.strip()) else value.strip()


def _all(fields: Message, name: str) -> str:
    """The first of a header, on one line."""
    return " ".join(str(fields.get(name, "")).split())


def _bare(address: str) -> str:
    """`utf-8; <Anna@Example.net>` → `anna@example.net`, its domain as mail knows it."""
    local, _, domain = address.strip().strip("<>").strip().lower().rpartition("@")
    if not domain.isascii():
        with suppress(idna.IDNAError):
            domain = idna.encode(domain, uts46=True).decode()
    return f"{local}@{domain}" if local else ""
