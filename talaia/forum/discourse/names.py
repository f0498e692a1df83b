"""What things are called in the forum, and what of our texts it keeps otherwise than we wrote it, pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

KEY = re.compile(r"(incident|maintenance)/([\w-]+)", re.ASCII)
EXTERNAL_ID = re.compile(r"talaia-(incident|maintenance)-([\w-]+)", re.ASCII)
TOPIC = re.compile(r"/t/(?:[^/]+/)?(\d+)(?:\.json)?(?:/\d+)?/?")
SPACES = re.compile("[\u00a0\u1680\u180e\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
HEAD = re.compile(r"^#{1,6} (.*\]\((https?://\S+#u\d+)\))$", re.MULTILINE)
OBJECTS_SINCE = (2026, 1)  # tags are sent as objects from this version on; before, as names
EXTERNAL_IDS_SINCE = (2, 9)


def external_id(key: str) -> str:
    """ "incident/2026-014" → "talaia-incident-2026-014"; small letters, digits and hyphens only, 50 at most."""
    return f"talaia-{key.replace('/', '-')}"


def key_of(external_id: str) -> str:
    """The way back; empty for a topic that is none of ours."""
    found = EXTERNAL_ID.fullmatch(external_id)
    return f"{found[1]}/{found[2]}" if found else ""


def topic_in(path: str) -> int | None:
    """The number of the topic at an address's path."""
    found = TOPIC.fullmatch(path)
    return int(found[1]) if found else None


def spelled(text: str) -> str:
    """A text as the forum keeps it: one kind of blank but for tabs, and none at the end."""
    return SPACES.sub(" ", text).rstrip()


def same_title(one: str, other: str) -> bool:
    """Whether two titles differ in nothing but what the forum makes prettier by itself."""
    return _plain(one) == _plain(other)


def _plain(title: str) -> str:
    text = " ".join(spelled(title).replace("\u200b", "").split())
    text = re.sub(r"\s*([!?])[!?]*$", r"\1", re.sub(r"([!?])\1+", r"\1", text)).rstrip(".")
    return text[:1].lower() + text[1:]


def version(number: int, raw: str) -> str:
    """Changes with every edit: the forum's own number does not, when somebody edits twice within five minutes."""
    return f"{number}-{hashlib.sha256(raw.encode()).hexdigest()[:12]}"


def tags_after(there: Iterable[str], ours: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The tags that a topic is to have: those of the document, and those that people gave it besides ours."""
    theirs = [tag for tag in there if tag not in set(ours)]
    return tuple(dict.fromkeys([*wanted, *theirs]))


def news(text: str) -> dict[str, str]:
    """The heads of the entries in a document, by their addresses: what a reply says of each."""
    return {found[2]: found[1] for found in HEAD.finditer(text)}


def numbers(version: str) -> tuple[int, ...]:
    """ "3.5.2", "2026.1.0-latest" → what compares."""
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-")[0])[:3])
