"""Where a page is, pure: its address in each language, and its file in the public folder."""

from __future__ import annotations

from collections.abc import Sequence


def localized(path: str, language: str, languages: Sequence[str]) -> str:
    """`/history/` → `/es/history/`; the first language has no prefix."""
    return path if language == languages[0] else f"/{language}{path}"


def file(path: str) -> str:
    """`/es/history/` → `es/history/index.html`, relative to the public folder."""
    return f"{path.lstrip('/')}index.html" if path.endswith("/") else path.lstrip("/")
