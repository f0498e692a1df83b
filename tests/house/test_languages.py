"""Each language of config/languages.py is there wholly, wherever the product keeps a file for each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel import Locale

from talaia.config.languages import KNOWN, LANGUAGES

ROOT = Path(__file__).parents[2]
FILES = [
    "talaia/locale/{}/LC_MESSAGES/django.po",
    "talaia/site/texts/about.{}.md",
    "talaia/desk/analyses/guidance_{}.html",
    "docs/operators.{}.md",
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_its_files_its_dates_and_its_names(language: str) -> None:
    missing = [name for name in FILES if not (ROOT / name.format(language)).is_file()]
    assert missing == []
    row = KNOWN[language]
    assert Locale.parse(row.locale).language == language
    assert row.grammar.since and row.grammar.before and row.grammar.until and row.grammar.next_day
    assert "{} " in row.grammar.span and row.name


def test_no_two_languages_are_called_alike_in_exports() -> None:
    words = [word for code, row in KNOWN.items() for word in (code, *row.called)]
    assert len(words) == len(set(words))
