"""`talaia audience …` on a configuration of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.audience.ledger import CONFIG
from tests.audience.make_exports import text
from tests.journeys.shell import Said, Shell
from tests.product import ROOT

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
Export = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a talaia.toml that has an audience; `[audience]` itself comes last, so a test may add to it."""
    (tmp_path / "talaia.toml").write_text(USUAL + CONFIG + "\n[audience]\n")
    monkeypatch.setenv("TALAIA_CONFIG", str(tmp_path / "talaia.toml"))
    return tmp_path


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, home: Path) -> Callable[..., Said]:
    shell = Shell(capsys, monkeypatch)
    return lambda *arguments, **more: shell("audience", *arguments, **more)


@pytest.fixture
def export(home: Path) -> Export:
    """Write an export of members with these names (or whole addresses); its path."""

    def write(*names: str, file: str = "export.csv") -> Path:
        path = home / file
        path.parent.mkdir(exist_ok=True)
        rows = [(name.title(), name if "@" in name else f"{name}@example.org", "", "sí", "", "", "") for name in names]
        path.write_text(text(rows))
        return path

    return write
