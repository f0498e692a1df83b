"""The style sheet, the script and the icons. Their names carry a hash of the content: they may be kept for ever."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from talaia.panel.state import State
from talaia.site.state_icons import icon

SOURCES = Path(__file__).parent / "static"


@cache
def contents() -> dict[str, bytes]:
    """Every asset by its plain name: `style.css`, `script.js`, `disruption.svg`."""
    files = {path.name: path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.is_file()}
    return files | {f"{state.value}.svg": icon(state) for state in State}


@cache
def address(name: str) -> str:
    """`style.css` → `/static/style.1f2e3d4c5b.css`."""
    stem, _, suffix = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(contents()[name]).hexdigest()[:10]}.{suffix}"


def files() -> dict[str, bytes]:
    """Every asset by its path in the public folder."""
    return {address(name).lstrip("/"): content for name, content in contents().items()}
