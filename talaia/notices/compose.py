"""A story becomes a mail, pure: the same story gives the same bytes for the same person, whenever they are made.

What all copies share is made once (`LetterTemplate`), which makes it quick; a copy adds its own headers and last line.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from babel import Locale
from django.template import engines
from django.utils import translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from talaia.localization.dates import Dates
from talaia.localization.texts import in_language
from talaia.notices import calendar_part as ics
from talaia.notices import headers, markdown_text, tokens, words
from talaia.notices.values import Addressee, Kind, NoticeStory, Sender
from talaia.panel import words as panel_words
from talaia.panel.state import State

# What may stand in an envelope and in "To:". Quoted local parts are left out: nobody has one, and they hide much.
ADDRESS = re.compile(r"[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,64}@[^\s<>()\[\],;:\\\"@\x00-\x1f\x7f]{1,255}")


class NoAddress(ValueError):
    """Something that is written where an address belongs, and is none."""


@dataclass(frozen=True)
class LetterPart:
    """A letter in one language, without its last lines."""

    language: str
    subject: str
    text: str
    html: SafeString


@dataclass(frozen=True)
class LetterTemplate:
    """What all copies in one language share. `foot`: what stands before a copy's own address to unsubscribe."""

    head: bytes
    text: bytes
    html: bytes
    calendar: bytes
    foot: str
    boundary: str


def letter(story: NoticeStory, sender: Sender, language: str, leave: str = "") -> LetterPart:
    """The words of a notice in one language. `leave`: whom to write to for no more of them."""
    with translation.override(language):
        given = {**_context(story, sender, sender.dates(language), language), "leave": leave}
        text = engines["plain"].get_template("notices/letter.txt").render(given)
        html = SafeString(engines["html"].get_template("notices/letter.html").render(given))
        return LetterPart(language, subject(story, language), _tidy(text), html)


def subject(story: NoticeStory, language: str) -> str:
    """`[Identified] No connection at the port (2026-003)`."""
    with translation.override(language):
        title = markdown_text.one_line(in_language(story.event.titles, language).text)
        return f"[{words.tag(story)}] {title} ({story.event.ref})"


def sheet(story: NoticeStory, sender: Sender, languages: Sequence[str], *, to_list: bool) -> LetterTemplate:
    """The mail in these languages, one below the other; all but what is each copy's own."""
    leave = sender.leave if to_list else ""
    parts = [letter(story, sender, language, leave) for language in languages]
    rule = "\n\n" + "=" * 24 + "\n\n"
    with translation.override(languages[0]):
        foot = "" if to_list else _("You no longer want these mails?")
        given = {"language": languages[0], "subject": parts[0].subject, "parts": [(p.language, p.html) for p in parts]}
        html = engines["html"].get_template("notices/mail.html").render(given).strip() + "\n"
    calendar = ics.part(story, sender, languages[0]) or b""
    made = hashlib.sha256(f"{sender.host} {story.event.kind} {story.event.ref} {story.number}".encode()).hexdigest()[
        :24
    ]
    return LetterTemplate(
        head=_head(story, sender, languages, parts[0].subject, to_list),
        text=_quoted(rule.join(part.text for part in parts) + "\n"),
        html=_quoted(html),
        calendar=_calendar(calendar, ics.method(story)) if calendar else b"",
        foot=foot,
        boundary=f"=_{made}",
    )


def copy(made: LetterTemplate, story: NoticeStory, sender: Sender, to: Addressee) -> bytes:
    """The bytes of one copy. Raises NoAddress."""
    if not ADDRESS.fullmatch(to.address) or not tokens.KEY.fullmatch(to.key):
        raise NoAddress(f"{to.key}: this is no address")
    before = [(part.ref, number) for part in story.parts for number in part.told]
    before += [(story.event.ref, number) for number in (*story.before, story.number)]
    ids = [message_id(story, sender, to.key, number, ref) for ref, number in before]
    own = [f"To: {to.address}", f"Message-ID: {ids[-1]}"]
    if len(ids) > 1:
        own += [f"In-Reply-To: {ids[0]}", "References: " + "\r\n ".join(ids[:-1][:1] + ids[1:-1][-8:])]
    foot, html_foot = "", "</body></html>\n"
    if not to.is_list:
        address = unsubscribe_address(sender, to.key)
        own.append(f"List-Unsubscribe: <{address}>")
        if address.startswith("https:"):  # RFC 8058 §3.1: one click needs https
            own.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")
        foot = f"{made.foot}\n{address}\n"
        html_foot = f'<p class="foot"><a\nhref="{address}">{made.foot}</a></p>\n</body></html>\n'
    b = made.boundary
    alternative = (
        _text_part("plain", made.text + _quoted(foot)),
        _text_part("html", made.html + _quoted(html_foot)),
    )
    inner = _multipart("alternative", b + ".a", alternative)
    body = _multipart("mixed", b, (inner, made.calendar)) if made.calendar else inner
    return "\r\n".join(own).encode() + b"\r\n" + made.head + b"MIME-Version: 1.0\r\n" + body


def message_id(story: NoticeStory, sender: Sender, key: str, number: int, ref: str = "") -> str:
    """The same for the same notice and recipient, whoever sends it however often; it tells no address.

    `ref`: of what has become part of its event, where it is the notice of that.
    """
    who = hashlib.sha256(f"{sender.host} {key}".encode()).hexdigest()[:20]
    return f"<{story.event.kind}-{ref or story.event.ref}.n{number}.{who}@{sender.host}>"


def unsubscribe_address(sender: Sender, key: str) -> str:
    return f"{sender.address}/u/{tokens.sign(sender.secret, key)}"


def _context(story: NoticeStory, sender: Sender, calendar: Dates, language: str) -> dict[str, object]:
    said = in_language(story.texts, language)
    text, foreign = said.text, said.lang
    title = in_language(story.event.titles, language).text
    spoken = Locale.parse(foreign).get_language_name(language) if foreign else ""
    prefix = "" if language == sender.languages[0] else f"/{language}"
    anchor = f"#u{story.entry}" if story.entry else ""
    reply = "" if sender.answers else parseaddr(sender.reply_to)[1]
    work = not story.event.is_incident
    effect = panel_words.level if work else panel_words.impact
    lasted = ""
    if not work and story.event.ended_at:
        ends = {"start": calendar.moment(story.event.started_at), "end": calendar.moment(story.event.ended_at)}
        lasted = _("%(start)s to %(end)s") % ends
    return {
        "language": language,
        "lead": words.lead(story, language),
        "title": markdown_text.one_line(title),
        "name": in_language(sender.name, language).text,
        "ref": story.event.ref,
        "work": work,
        "step": words.step(story),
        "parts": [(part.ref, markdown_text.one_line(in_language(part.titles, language).text)) for part in story.parts],
        "goes_on": [(one.ref, markdown_text.one_line(in_language(one.titles, language).text)) for one in story.goes_on],
        "since": "" if work or lasted else calendar.since(story.event.started_at, None),
        "lasted": lasted,
        "window": calendar.window(*story.event.hours) if story.event.hours else "",
        "told": calendar.window(*story.told_hours) if story.told_hours else "",
        "zone": calendar.zone_name() if story.event.window else "",
        # Of what is over, or will not be, no level needs to be told.
        "touched": []
        if story.kind in (Kind.RESOLVED, Kind.END, Kind.CANCELLED)
        else [(in_language(one.names, language).text, effect(State(one.state))) for one in story.event.touched],
        "text": markdown_text.as_text(text, plain=story.plain) if text else "",
        "html": markdown_text.as_html(text, plain=story.plain) if text else "",
        "foreign": foreign,
        "spoken": spoken,
        "doing": words.doing(story),
        "advice": words.advice(story),
        "next": calendar.before(story.event.next_update_at, None) if story.event.next_update_at else "",
        "address": f"{sender.address}{prefix}{story.event.path}{anchor}",
        "reply": reply,
    }


def _tidy(text: str) -> str:
    """Templates leave blank lines where something is not said."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _head(story: NoticeStory, sender: Sender, languages: Sequence[str], subject: str, to_list: bool) -> bytes:
    """The headers that all copies share."""
    lines = headers.mailbox("From", sender.sender, in_language(sender.name, languages[0]).text)
    lines += headers.words("Subject", subject)
    lines += headers.verbatim("Date", format_datetime(story.written_at))
    lines += headers.verbatim("Auto-Submitted", "auto-generated")
    lines += headers.verbatim("Content-Language", ", ".join(languages))
    if sender.reply_to:
        lines += headers.mailbox("Reply-To", sender.reply_to)
    if not to_list:  # a list server writes its own
        lines += headers.verbatim("List-Id", f"<notices.{sender.host}>")
        lines += headers.verbatim("List-Post", "NO")
        lines += headers.verbatim("List-Help", f"<{sender.address}/about/>")
        if sender.owner:
            lines += headers.verbatim("List-Owner", f"<mailto:{sender.owner}>")
        lines += headers.verbatim("List-Archive", f"<{sender.address}{story.event.path}>")
    return lines


def _quoted(text: str) -> bytes:
    """Quoted-printable, with the line ends that mail has."""
    return binascii.b2a_qp(text.replace("\r\n", "\n").replace("\n", "\r\n").encode(), istext=True)


def _text_part(kind: str, body: bytes) -> bytes:
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + body


def _calendar(content: bytes, method: str) -> bytes:
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = (
        f'Content-Type: text/calendar; charset="utf-8"; method={method}; component=vevent\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="maintenance.ics"\r\n\r\n'
    )
    return head.encode() + lines


def _multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    line = b"--" + boundary.encode()
    inside = b"".join(line + b"\r\n" + part.removesuffix(b"\r\n") + b"\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode() + inside + line + b"--\r\n"
