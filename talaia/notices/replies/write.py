"""The answer by machine, pure: how it stands now, what is planned, and where all of it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.template import engines
from django.utils import translation
from django.utils.translation import gettext as _

from talaia.events.published import TouchedService
from talaia.events.timeline import IncidentState, incident_word
from talaia.localization.texts import Words, in_language
from talaia.notices import headers, markdown_text
from talaia.notices.values import Sender
from talaia.panel import words as panel_words
from talaia.panel.state import State


@dataclass(frozen=True)
class OpenEvent:
    """An event that people are to know of. `window`: of planned work."""

    path: str
    titles: Words
    state: str
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True)
class Present:
    """How it stands. `services`: those that do not simply work; `listed`: whether there are any at all."""

    at: datetime
    listed: bool = True
    services: tuple[TouchedService, ...] = ()
    incidents: tuple[OpenEvent, ...] = ()
    working: tuple[OpenEvent, ...] = ()
    coming: tuple[OpenEvent, ...] = ()


@dataclass(frozen=True)
class ReplyLinks:
    """Where people go from here. `forum`: empty, where there is none; `links`: those of the page's foot."""

    forum: str = ""
    links: tuple[tuple[Words, str], ...] = ()


def text(present: Present, sender: Sender, places: ReplyLinks, language: str) -> str:
    """The words in one language."""
    calendar = sender.dates(language)
    prefix = "" if language == sender.languages[0] else f"/{language}"

    def line(one: OpenEvent) -> dict[str, str]:
        title = markdown_text.one_line(in_language(one.titles, language).text)
        about = calendar.window(*one.window) if one.window else incident_word(IncidentState(one.state))
        return {"title": title, "about": about, "address": f"{sender.address}{prefix}{one.path}"}

    with translation.override(language):
        given = {
            "at": calendar.moment(present.at),
            "listed": present.listed,
            "services": [
                (in_language(one.names, language).text, panel_words.state(State(one.state))) for one in present.services
            ],
            "incidents": [line(one) for one in present.incidents],
            "working": [line(one) for one in present.working],
            "coming": [line(one) for one in present.coming],
            "page": f"{sender.address}{prefix}/",
            "forum": places.forum,
            "links": [(in_language(words, language).text, address) for words, address in places.links],
            "name": in_language(sender.name, language).text,
        }
        made = engines["plain"].get_template("notices/answer.txt").render(given)
    lines: list[str] = []
    for one in made.strip().split("\n"):
        if one.strip() or (lines and lines[-1]):
            lines.append(one.rstrip())
    return "\n".join(lines)


def mail(
    present: Present,
    sender: Sender,
    places: ReplyLinks,
    languages: Sequence[str],
    *,
    to: str,
    message_id: str,
    answers: str,
) -> bytes:
    """The whole mail. `answers`: the Message-ID of theirs, or nothing. It can be told from what a person writes."""
    made = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    with translation.override(languages[0]):
        subject = _("Automatic answer: the state of our services")
    rule = "\n\n" + "=" * 24 + "\n\n"
    made.set_content(rule.join(text(present, sender, places, one) for one in languages) + "\n")
    head = [
        headers.verbatim("To", to),  # as they wrote it
        headers.mailbox("From", sender.sender, in_language(sender.name, languages[0]).text),
        headers.words("Subject", subject),
        headers.verbatim("Date", format_datetime(present.at)),
        headers.verbatim("Message-ID", message_id),
        headers.verbatim("Auto-Submitted", "auto-replied"),
        headers.verbatim("X-Auto-Response-Suppress", "All"),
        headers.verbatim("Content-Language", ", ".join(languages)),
    ]
    if answers:
        head += [headers.verbatim("In-Reply-To", answers), headers.verbatim("References", answers)]
    return b"".join(head) + made.as_bytes()
