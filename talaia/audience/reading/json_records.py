"""JSON, pure: a list of objects, an object with one such list in it, or an object a line.

A "line" is the number of the object.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from talaia.audience.reading.table import ExportTable, Numbered, UnreadableFile, filled
from talaia.audience.unicode_text import plain


def read(text: str, names: Collection[str], needed: str) -> ExportTable:
    """Raises Unreadable."""
    found = objects(text)
    header = tuple(dict.fromkeys(str(key) for one in found for key in one))
    wanted = {plain(name) for name in names}
    places = [key for key in header if plain(key) in wanted]
    if not any(plain(key) == plain(needed) for key in places):
        return ExportTable(header, lambda: iter(()))
    return ExportTable(tuple(places), lambda: filled(rows(found, places)))


def objects(text: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or "Extra data" not in error.msg:
            raise UnreadableFile("json", {"line": error.lineno, "error": error.msg}) from None
        found = [one_line(line, number) for number, line in enumerate(lines, 1)]
    except (RecursionError, ValueError):
        raise UnreadableFile("json", {"line": 1, "error": "it is nested too deep, or has a number too long"}) from None
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else [found]
    if not isinstance(found, list):
        raise UnreadableFile("json_form")
    if not found:
        raise UnreadableFile("empty")
    if not all(isinstance(one, dict) for one in found):
        raise UnreadableFile("json_form")
    return found


def one_line(line: str, number: int) -> Any:
    try:
        return json.loads(line, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("json", {"line": number, "error": getattr(error, "msg", "it is no JSON")}) from None


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: which of the two would be meant? Raises Unreadable."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise UnreadableFile("twice", {"column": next(name for name in names if names.count(name) > 1)[:80]})
    return found


def rows(found: list[Mapping[str, Any]], places: list[str]) -> Iterator[Numbered]:
    """Raises Unreadable."""
    for number, one in enumerate(found, 1):
        try:
            yield number, [value_text(one.get(key)) for key in places]
        except RecursionError:
            raise UnreadableFile("json", {"line": number, "error": "it is nested too deep"}) from None


def value_text(value: Any) -> str:
    """A value as a cell. Several are parted by ";"."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return ";".join(value_text(each) for each in value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)
