"""The index that a browser searches the history with, pure: small files, so that an update rewrites its own one only.

A file holds a year, or a month of a year with many events, in one language; `/search/files.json` lists them, the latest
first. What a browser does with them is in static/search.js; without it the pages of the years serve.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from talaia.events.published import PublishedEvent
from talaia.localization import dates
from talaia.localization.texts import Words, in_language
from talaia.site import addresses, markdown
from talaia.site.values import SiteInfo

LIST = "search/files.json"
LONGEST = 1200  # characters of a passage that are searched


def name(year: int, month: int | None) -> str:
    """`2026`, `2026-03`."""
    return f"{year}" if month is None else f"{year}-{month:02}"


def file(name: str, language: str) -> str:
    """Where a file of the index lies in the public folder."""
    return f"search/{language}/{name}.json"


def listing(names: Sequence[str]) -> dict[str, bytes]:
    """The list of all files of the index, the latest first."""
    return {LIST: _json(list(names))}


def listed(content: bytes) -> list[str]:
    """What a list names; nothing, where it is none."""
    try:
        found = json.loads(content)
    except ValueError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def index(name: str, events: Sequence[PublishedEvent], house: SiteInfo) -> dict[str, bytes]:
    """The file of that name in every language. `events`: with all their entries, newest first."""
    return {
        file(name, language): _json([_event(event, language, house) for event in events])
        for language in house.languages
    }


def _event(event: PublishedEvent, language: str, house: SiteInfo) -> dict[str, object]:
    """Short keys, as there are many: path, title, day, impact, its services, passages with their addresses."""
    calendar = dates.Dates(language, house.zone)
    return {
        "p": addresses.localized(event.path, language, house.languages),
        "t": in_language(event.titles, language).text,
        "d": calendar.day(event.started_at),
        "k": event.sign.value if event.sign else "",
        "s": [in_language(touched.names, language).text for touched in event.touched],
        "x": [[anchor, words[:LONGEST]] for anchor, words in _passages(event, language) if words],
    }


def _passages(event: PublishedEvent, language: str) -> Iterator[tuple[str, str]]:
    for entry in event.entries:
        yield entry.anchor, _flat(entry.texts, language)
    if event.causes:
        yield "", in_language(event.causes, language).text
    if event.analyses:
        text, names = in_language(event.analyses, language).text, event.names(language)
        for part, words in markdown.passages(text):
            yield (names.parts[part][0] if part is not None and part < len(names.parts) else "analysis"), words


def _flat(texts: Words, language: str) -> str:
    return " ".join(words for _, words in markdown.passages(in_language(texts, language).text))


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
