"""What values of talaia.toml are made of: words by language, thresholds, and a table itself."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from talaia.config.languages import LANGUAGES

Impact = Literal["degraded", "partial", "disruption"]
Meaning = Literal["degraded", "partial", "disruption", "unknown"]  # of an alert: what it says may be that one is blind


@dataclass(frozen=True)
class Text:
    """Words that may be given per language: a plain text, or `{ ca = "…", es = "…", en = "…" }`."""

    words: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.words[0][1]

    def inside(self, language: str) -> str:
        """The words in `language`, or in the first language that was given."""
        return dict(self.words).get(language, str(self))

    @classmethod
    def from_toml(cls, value: object) -> Text:
        if isinstance(value, str) and value.strip():
            return cls((("", value.strip()),))
        if isinstance(value, dict) and value:
            if wrong := [key for key in value if key not in LANGUAGES]:
                raise ValueError(f"{wrong[0]!r} is no language here; use {', '.join(LANGUAGES)}")
            if all(isinstance(words, str) and words.strip() for words in value.values()):
                return cls(tuple((key, words.strip()) for key, words in value.items()))
        raise ValueError('must be a text, or texts by language: { ca = "…", es = "…", en = "…" }')


@dataclass(frozen=True)
class Threshold:
    """How many connections make a state: a count (`1`) or a share of the measured ones (`"25%"`)."""

    count: int = 0
    share: float = 0.0

    def reached(self, down: int, measured: int) -> bool:
        """Whether `down` of `measured` reach it. An exact share counts; nothing down never does."""
        if not down:
            return False
        return down >= self.count if self.count else down >= self.share * measured - 1e-9

    def needed(self, of: int) -> int:
        """How many of so many must be down."""
        return self.count or max(1, math.ceil(self.share * of - 1e-9))

    def __str__(self) -> str:
        return str(self.count) if self.count else f"{self.share * 100:g}%"

    @classmethod
    def from_toml(cls, value: object) -> Threshold:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return cls(count=value)
        if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?%", value, re.ASCII):
            share = float(value[:-1]) / 100
            if 0 < share <= 1:
                return cls(share=share)
        raise ValueError(f'{value!r} is no threshold; write a count such as 1, or a share such as "25%"')


class ConfigTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table of talaia.toml."""
