"""The Nu HTML checker finds no mistake in any page, nor in the style sheet."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

VNU = Path(__file__).parents[2] / ".cache" / "vnu" / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"


@pytest.mark.browser
def test_every_page_and_the_style_sheet_are_valid(folder: Path) -> None:
    assert VNU.exists(), "scripts/test installs it with npm"
    files = [*folder.rglob("*.html"), *folder.rglob("*.css"), *folder.rglob("*.svg")]
    command = [
        "java",
        "-Xss4m",
        "-jar",
        str(VNU),
        "--also-check-css",
        "--also-check-svg",
        "--format",
        "json",
        *map(str, files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = [m for m in json.loads(done.stderr)["messages"] if m["type"] == "error" or m.get("subType") != "info"]
    assert not said, "\n".join(
        f"{m['url'].partition(str(folder))[2]}: {m['message']} {m.get('extract', '')!r}" for m in said
    )
