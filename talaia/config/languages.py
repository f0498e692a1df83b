"""The languages of the product, one row each. What else a language needs is named by tests/house/test_languages.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["ca", "es", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True)
class Grammar:
    """Prepositions and articles. `one_hour` stands before 01:00…01:59, `hours` before all other times."""

    since: str = ""
    before: str = ""
    at: str = ""
    hours: str = ""
    one_hour: str = ""
    day: str = ""
    elided_day: str = ""  # before the days whose name begins with a vowel: l’1, l’11
    until: str = ""
    span: str = ""  # from one time of a day to another
    next_day: str = ""  # added when that is one of the next day


@dataclass(frozen=True)
class LanguageRow:
    """`name`: as it calls itself; `locale`: whose dates and numbers it has (CLDR); `called`: so in exports."""

    name: str
    locale: str
    grammar: Grammar
    called: tuple[str, ...]


KNOWN: dict[str, LanguageRow] = {
    "ca": LanguageRow(
        "Català",
        "ca",
        Grammar("des de", "abans de", "a", "les ", "la ", "el ", "l’", "fins a", "de {} a {}", " de l’endemà"),
        ("cat", "català", "catala", "catalan", "catalán", "valencià", "valencian"),
    ),
    "es": LanguageRow(
        "Español",
        "es",
        Grammar("desde", "antes de", "a", "las ", "la ", "el ", "el ", "hasta", "de {} a {}", " del día siguiente"),
        ("spa", "cas", "castellà", "castella", "castellano", "espanyol", "español", "spanish"),
    ),
    "en": LanguageRow(
        "English",
        "en_GB",  # CLDR's plain "en" is that of the United States
        Grammar("since", "before", "at", until="until", span="from {} to {}", next_day=" the next day"),
        ("eng", "anglès", "angles", "inglés", "ingles", "english"),
    ),
}
if KNOWN.keys() != set(LANGUAGES):
    raise TypeError("config/languages.py: each Language has a row in KNOWN, and no other one has")
LANGUAGE_NAMES = {code: row.name for code, row in KNOWN.items()}
