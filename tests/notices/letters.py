"""Every kind of mail with its fixed story, in every language, as it is stored in tests/notices/letters/.

`DJANGO_SETTINGS_MODULE=talaia.settings python -m tests.notices.letters` writes them anew; whoever changes a mail reads
the difference.
"""

from __future__ import annotations

import email
import email.policy
import os
import sys
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from talaia.events.published import PublishedEntry
from talaia.notices.compose import copy, sheet
from talaia.notices.samples import STORIES
from talaia.notices.values import Addressee, NoticeStory, Sender

FOLDER = Path(__file__).parent / "letters"
LANGUAGES = ("ca", "es", "en")
SENDER = Sender(
    name=(("ca", "Cooperativa Exemple"), ("es", "Cooperativa Ejemplo"), ("en", "Example Co-op")),
    address="https://status.example.org",
    languages=LANGUAGES,
    zone=ZoneInfo("Europe/Madrid"),
    sender="Estat de la cooperativa <estat@example.org>",
    reply_to="Suport <suport@example.org>",
    owner="llistes@example.org",
    account="members",
    leave="avisos-leave@lists.example.org",
    secret=b"not a secret",
)
ANNA = Addressee("r000000000001", "anna@example.net")
LIST = Addressee("list", "avisos@lists.example.org", is_list=True)


def about(story: NoticeStory, **fields: Any) -> NoticeStory:
    """The same notice of an event that differs in these."""
    return replace(story, event=replace(story.event, **fields))


def saying(story: NoticeStory, text: str) -> NoticeStory:
    """The same notice with other words, in Catalan."""
    entry = story.said or PublishedEntry(1, story.event.state, story.written_at, ())
    return about(story, entries=(replace(entry, texts=(("ca", text),)),))


def bytes_of(story: NoticeStory, language: str) -> bytes:
    """The very bytes of a copy; language "list": the one in all languages that a list gets."""
    to_list = language == "list"
    made = sheet(
        story,
        SENDER,
        list(LANGUAGES) if to_list else [language],
        to_list=to_list,
    )
    return copy(made, story, SENDER, LIST if to_list else ANNA)


def parsed(story: NoticeStory, language: str) -> EmailMessage:
    mail = email.message_from_bytes(bytes_of(story, language), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def part(mail: EmailMessage, kind: str) -> str:
    """The content of the part of this kind, with plain line ends; empty when there is none."""
    found = next((one for one in mail.walk() if one.get_content_type() == kind), None)
    return str(found.get_content()).replace("\r\n", "\n") if found is not None else ""


def letters() -> dict[str, str]:
    """File name → content, of all of them."""
    found: dict[str, str] = {}
    for name, story in STORIES.items():
        for language in (*LANGUAGES, "list"):
            if language == "list" and name not in ("problem", "advance"):
                continue
            mail = parsed(story, language)
            headers = "".join(f"{key}: {value}\n" for key, value in mail.items() if key != "Content-Type")
            found[f"{name}.{language}.txt"] = f"{headers}\n{part(mail, 'text/plain')}"
            found[f"{name}.{language}.html"] = part(mail, "text/html")
            if calendar := part(mail, "text/calendar"):
                found[f"{name}.{language}.ics"] = calendar
    return found


def main() -> int:
    os.environ["TALAIA_CONFIG"] = str(Path(__file__).parents[1] / "talaia.toml")
    from talaia.cli import set_up

    set_up()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, content in letters().items():
        (FOLDER / name).write_text(content)
    sys.stdout.write(f"{len(letters())} letters in {FOLDER}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
