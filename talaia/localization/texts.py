"""Words that were written in one or several languages, and which of them a reader gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Words = tuple[tuple[str, str], ...]
"""Words by language; the first are those that were written first; the language "" is every language."""


@dataclass(frozen=True)
class LocalizedText:
    """Words as they are shown: `lang` is their language where that is not the reader's, else ""."""

    text: str
    lang: str = ""


def words(by_language: Mapping[str, str], first: str = "") -> Words:
    """The words, those in the language `first` before the others: a database keeps no order of keys."""
    return tuple(sorted(by_language.items(), key=lambda pair: pair[0] != first))


def in_language(given: Words, language: str) -> LocalizedText:
    """`given` in `language`; where it was not written in it, as it was written first, with the name of its language."""
    known = dict(given)
    if language in known:
        return LocalizedText(known[language])
    first, text = given[0] if given else ("", "")
    return LocalizedText(text, first)
