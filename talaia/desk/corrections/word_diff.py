"""What has changed between two texts, word by word, for people to read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

PIECES = re.compile(r"\s+|\w+|[^\w\s]")
SAME, ADDED, REMOVED = "same", "added", "removed"


@dataclass(frozen=True)
class WordDiffPiece:
    """A stretch of text: `same`, `added` or `removed`."""

    how: str
    text: str


@dataclass(frozen=True)
class Changed:
    """One thing that is not as it was. `name`: what it is, for people; `lang`: of the words, "" for our own."""

    name: str
    pieces: tuple[WordDiffPiece, ...]
    lang: str = ""


def difference(before: str, after: str) -> tuple[WordDiffPiece, ...]:
    """The way from one text to the other; all pieces but the removed ones together are `after`."""
    old, new = PIECES.findall(before), PIECES.findall(after)
    found: list[WordDiffPiece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(WordDiffPiece(SAME, "".join(new[c:d])))
            continue
        if b > a:
            found.append(WordDiffPiece(REMOVED, "".join(old[a:b])))
        if d > c:
            found.append(WordDiffPiece(ADDED, "".join(new[c:d])))
    return tuple(found)


def by_language(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Changed]:
    """Of words in several languages, those that are not as they were."""
    codes = [*after, *(code for code in before if code not in after)]
    return [
        Changed(name, difference(before.get(code, ""), after.get(code, "")), code)
        for code in codes
        if before.get(code, "") != after.get(code, "")
    ]
