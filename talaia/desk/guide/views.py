"""The how-to for whoever publishes, in the language of the desk: docs/operators.<language>.md, as it is."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from talaia.config.languages import KNOWN
from talaia.desk.pages import for_viewers, language, page
from talaia.events.anchors import fresh
from talaia.events.blocks import blocks
from talaia.site.markdown import render

PACKAGE = Path(__file__).parents[2]
# An installed package carries the texts with it (pyproject.toml); in a checkout they stand where everybody reads them.
TEXTS = here if (here := Path(__file__).parent / "texts").is_dir() else PACKAGE.parent / "docs"
PICTURE = re.compile(r"[a-z-]+\.png")


@cache
def text(spoken: str) -> str:
    return (TEXTS / f"operators.{spoken}.md").read_text(encoding="utf-8")


@cache
def shown(spoken: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Title, text as HTML, and the way to its parts: (address, words)."""
    title, _, body = text(spoken).partition("\n")
    body = body.replace("](images/", "](/desk/guide/")
    names = fresh({spoken: body}, spoken).names(spoken, "g")
    parts = [(own[0], block.text) for own, block in zip(names.parts, blocks(body), strict=True) if block.kind == "h2"]
    return title.lstrip("# "), render(body, top=2, names=names), tuple(parts)


@for_viewers
@require_GET
def guide(request: HttpRequest) -> HttpResponse:
    spoken = language() if language() in KNOWN else "en"
    title, html, parts = shown(spoken)
    return page(request, "desk/guide/guide.html", {"title": title, "html": html, "parts": parts, "spoken": spoken})


@for_viewers
@require_GET
def picture(_request: HttpRequest, name: str) -> HttpResponse:
    """A picture that stands in the text."""
    if not PICTURE.fullmatch(name) or f"](images/{name})" not in "".join(map(text, KNOWN)):
        raise Http404
    file = TEXTS / "images" / name
    if not file.is_file():
        raise Http404
    return HttpResponse(file.read_bytes(), "image/png", headers={"Cache-Control": "private, max-age=3600"})
