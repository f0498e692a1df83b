"""How heavy the front page is: a member on mobile data pays for it."""

from __future__ import annotations

import re

import brotli
import pytest

from talaia.site import assets, pages
from talaia.site.assets import contents
from tests.pages import story

KILOBYTE = 1024


def squeezed(body: bytes) -> int:
    return len(brotli.compress(body, quality=5))


def test_a_front_page_of_thirty_services_with_its_style_sheet_is_light() -> None:
    value = story.front(story.many(30), (story.CUT,), (story.WORK,), (story.COMING,))
    for path, body in pages.front(value, story.HOUSE).items():
        if path.endswith(".html"):
            assert squeezed(body) + squeezed(contents()["style.css"]) <= 15 * KILOBYTE


def test_the_script_is_small_and_needs_no_building() -> None:
    assert len(brotli.compress(contents()["script.js"], quality=5)) <= 1.6 * KILOBYTE


@pytest.mark.parametrize("name", story.FRONTS)
def test_a_page_has_one_style_sheet_at_most_one_script_and_nothing_inline(name: str) -> None:
    body = pages.front(story.FRONTS[name], story.HOUSE)["index.html"].decode()
    assert len(re.findall(r"rel=\"stylesheet\"", body)) == 1
    assert re.findall(r"<script[^>]*>", body) == [f'<script src="{assets.address("script.js")}" defer>']
    assert not re.search(r"\sstyle=|\son\w+=|javascript:|<style", body)
