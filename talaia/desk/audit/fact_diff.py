"""What was there before and after, word by word, or line by line where there is much."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

WORD = re.compile(r"\s+|\w+|[^\w\s]")
MANY = 3000  # words; comparing them takes the square of it


@dataclass(frozen=True)
class DiffPiece:
    """A part of a text that stayed, went, or came."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class FactChange:
    """One thing that a fact tells: which, and its words. `before` is None where there was nothing to change."""

    what: str  # "text", "titles", "analyses", "impacts", "next_update_at", "value"
    language: str  # "" for what has none
    before: str | None
    after: str

    @property
    def pieces(self) -> tuple[DiffPiece, ...]:
        return difference(self.before, self.after) if self.before is not None else (DiffPiece("same", self.after),)


def difference(before: str, after: str) -> tuple[DiffPiece, ...]:
    """The pieces of both, in order: those that stayed and went are `before`, those that stayed and came are `after`."""
    old, new = _parts(before, after)
    found: list[DiffPiece] = []
    for step, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            found.append(DiffPiece("same", "".join(old[a:b])))
            continue
        if b > a:
            found.append(DiffPiece("gone", "".join(old[a:b])))
        if d > c:
            found.append(DiffPiece("new", "".join(new[c:d])))
    return tuple(found)


def _parts(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) + len(new) > MANY:
        return before.splitlines(keepends=True), after.splitlines(keepends=True)
    return old, new


def changes(data: Mapping[str, Any]) -> tuple[FactChange, ...]:
    """What a fact's data tell of texts and values: before and after, or what was written new."""
    if "before" in data:
        return tuple(_compared(data["before"], data.get("after")))
    return tuple(_written("titles", data.get("titles")) if "texts" in data and data.get("update") == 1 else ()) + tuple(
        _written("text", data.get("texts"))
    )


def _compared(before: Any, after: Any) -> Iterator[FactChange]:
    if not isinstance(before, Mapping):
        yield FactChange("value", "", _words(before), _words(after))
        return
    after = after if isinstance(after, Mapping) else {}
    if not any(isinstance(value, Mapping) for value in (*before.values(), *after.values())):
        known = {"next_update_at", "cause"}
        for key in dict.fromkeys((*before, *after)):
            what, language = (key, "") if key in known else ("text", key)
            if before.get(key) != after.get(key):
                yield FactChange(what, language, _words(before.get(key)), _words(after.get(key)))
        return
    for what in dict.fromkeys((*before, *after)):
        old, new = before.get(what), after.get(what)
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            old, new = old or {}, new or {}
            for key in dict.fromkeys((*old, *new)):
                if old.get(key) != new.get(key):
                    yield FactChange(what, key, _words(old.get(key)), _words(new.get(key)))
        elif old != new:
            yield FactChange(what, "", _words(old), _words(new))


def _written(what: str, texts: Any) -> Iterator[FactChange]:
    if isinstance(texts, Mapping):
        for language, text in texts.items():
            yield FactChange(what, language, None, _words(text))


def _words(value: Any) -> str:
    return "" if value is None else str(value)
