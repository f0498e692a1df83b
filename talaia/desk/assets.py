"""The files of the desk: its style sheet (the public site’s, and what forms need), its scripts, its icon.

They do not wait for a publication.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from talaia.panel.state import State
from talaia.site import assets as public

SOURCES = Path(__file__).parent / "static"
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


@cache
def contents() -> dict[str, bytes]:
    """Every file by its plain name."""
    site = public.contents()
    return {
        "desk.css": site["style.css"] + b"\n" + (SOURCES / "desk.css").read_bytes(),
        "desk.js": (SOURCES / "desk.js").read_bytes(),
        "passkeys.js": (SOURCES / "passkeys.js").read_bytes(),
        "desk.svg": site[f"{State.MAINTENANCE.value}.svg"],
    }


@cache
def address(name: str) -> str:
    """`desk.css` → `/desk/static/desk.1f2e3d4c5b.css`; another content has another address."""
    stem, _, suffix = name.rpartition(".")
    return f"/desk/static/{stem}.{hashlib.sha256(contents()[name]).hexdigest()[:10]}.{suffix}"


@cache
def by_address() -> dict[str, tuple[bytes, str]]:
    """Address → content, content type."""
    return {address(name): (content, TYPES[name.rpartition(".")[2]]) for name, content in contents().items()}
