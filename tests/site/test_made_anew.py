"""When the whole site is made anew: whenever another version would say something else on any page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import talaia
from talaia.config import Config
from talaia.server.startup import fingerprint

TOML = (Path(__file__).parents[1] / "talaia.toml").read_text()
SAYING = [
    "locale/es/LC_MESSAGES/django.mo",
    "panel/words.py",
    "events/timeline.py",
    "site/dates.py",
    "site/templates/site/brief.html",
]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what is installed, in which an upgrade may change a file."""
    there = tmp_path / "talaia"
    for folder in ("site", "panel", "events", "locale"):
        shutil.copytree(Path(talaia.__file__).parent / folder, there / folder)
    monkeypatch.setattr(talaia, "__file__", str(there / "__init__.py"))
    return there


@pytest.mark.parametrize("name", SAYING)
def test_an_upgrade_that_changes_words_of_pages_has_them_made_anew(
    installed: Path, configure: Callable[[str], Config], name: str
) -> None:
    config = configure(TOML)
    before = fingerprint(config)
    with (installed / name).open("ab") as file:
        file.write(b"\n")
    assert fingerprint(config) != before


def test_the_same_version_says_the_same(installed: Path, configure: Callable[[str], Config]) -> None:
    config = configure(TOML)
    before = fingerprint(config)
    (installed / "panel" / "notes.txt").write_text("of somebody else")
    assert fingerprint(config) == before
