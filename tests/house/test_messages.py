"""scripts/messages update changes nothing that nobody touched, and loses no translation of a changed sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from scripts import messages

TITLE, CHANGED = "Planned maintenance", "Planned maintenances"


@pytest.fixture
def locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(messages.LOCALE, tmp_path / "locale", ignore=shutil.ignore_patterns("*.mo"))
    monkeypatch.setattr(messages, "LOCALE", tmp_path / "locale")
    return tmp_path / "locale"


@pytest.mark.slow
def test_an_update_of_what_nobody_touched_changes_nothing(locale: Path) -> None:
    before = {path: path.read_bytes() for path in locale.rglob("*.po")}
    messages.update()
    assert len(before) == 3
    assert {path: path.read_bytes() for path in locale.rglob("*.po")} == before


@pytest.mark.slow
def test_a_sentence_that_is_changed_keeps_its_translation_to_be_looked_at(
    locale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = messages.template()
    said = {language: messages.read(language)[TITLE].string for language in ("ca", "es")}
    changed = Catalog(project="talaia", charset="utf-8", fuzzy=False)
    for one in made:
        if one.id:
            changed.add(CHANGED if one.id == TITLE else one.id, None, one.locations, context=one.context)
    monkeypatch.setattr(messages, "template", lambda: changed)
    messages.update()
    for language in ("ca", "es"):
        found = messages.read(language)[CHANGED]
        assert (found.string, found.fuzzy) == (said[language], True)
    assert (messages.read("en")[CHANGED].string, messages.read("en")[CHANGED].fuzzy) == (CHANGED, False)
    assert any("is marked fuzzy" in mistake for mistake in messages.mistakes())
