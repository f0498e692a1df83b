"""An event as a file with front matter, as cState and Hugo read it, pure: written, and read again."""

from __future__ import annotations

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from talaia.forum.backend import Document
from talaia.panel.state import State

SEVERITY = {
    State.DISRUPTION: "down",
    State.PARTIAL: "disrupted",
    State.DEGRADED: "disrupted",
    State.MAINTENANCE: "notice",
    State.OPERATIONAL: "notice",
}
FRONT = re.compile(r"---\n(.*?)\n---(?:\n|$)", re.DOTALL)
LINE = re.compile(r"^(\w+):[ \t]*(.*)$", re.MULTILINE)


def name(key: str) -> str:
    """The file of an event: `incident/2026-014` → `incident-2026-014.md`."""
    return f"{key.replace('/', '-')}.md"


def key_of(path: str) -> str:
    """The event of a file; empty for one that is none of ours."""
    found = re.fullmatch(r"(?:.*/)?(incident|maintenance)-(\d{4}-\d{3,6})\.md", path)
    return f"{found[1]}/{found[2]}" if found else ""


def render_file(document: Document, zone: ZoneInfo) -> str:
    """The whole file."""
    front: dict[str, object] = {
        "title": document.title,
        "date": _local(document.began, zone),
        "resolved": document.closed,
    }
    if document.closed and document.ended:
        front["resolvedWhen"] = _local(document.ended, zone)
    front |= {
        "severity": SEVERITY.get(State(document.impact), "notice") if document.impact else "notice",
        "affected": list(document.touched),
        "section": "issue",
        "tags": list(document.tags),
    }
    lines = [f"{field}: {json.dumps(value, ensure_ascii=False)}" for field, value in front.items()]
    return "\n".join(["---", *lines, "---", "", document.text, ""])


def read(file: str) -> tuple[str, str, tuple[str, ...], bool]:
    """Title, text, tags and whether it is over, of a file that people may have edited."""
    file = file.replace("\r\n", "\n")
    front = FRONT.match(file)
    fields = {found[1]: _value(found[2]) for found in LINE.finditer(front[1])} if front else {}
    tags = fields.get("tags")
    return (
        str(fields.get("title", "")),
        file[front.end() :].strip("\n") if front else file.strip("\n"),
        tuple(map(str, tags)) if isinstance(tags, list) else (),
        fields.get("resolved") is True,
    )


def _value(text: str) -> object:
    """JSON is what we write; whoever writes YAML otherwise is read as words."""
    text = text.strip()
    try:
        found: object = json.loads(text)
    except ValueError:
        return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text
    return found


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")
