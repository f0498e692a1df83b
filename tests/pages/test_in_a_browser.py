"""What axe and a narrow screen say of every public page, in both colour schemes."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.pages.addresses import ADDRESSES
from tests.pages.story import NOW

pytestmark = pytest.mark.browser


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("shown", ADDRESSES)
def test_axe_finds_nothing_at_any_width_in_either_colour_scheme(chromium: Browser, site: str, shown: str) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 800}, bypass_csp=True)
    page.goto(site + ADDRESSES[shown])
    # What changes with the colours is the contrast; the whole set once at each width is enough.
    for width, scheme, rules in (
        (320, "light", {"type": "tag", "values": RULES}),
        (1280, "dark", {"type": "tag", "values": RULES}),
        (1280, "light", {"type": "rule", "values": ["color-contrast"]}),
        (320, "dark", {"type": "rule", "values": ["color-contrast"]}),
    ):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options={"runOnly": rules})
        assert found.response["passes"], "axe looked at nothing"
        assert not found.response["violations"], f"{shown}, {width} px, {scheme}:\n{found.generate_report()}"
    page.close()


@pytest.mark.parametrize("shown", ADDRESSES)
def test_nothing_is_wider_than_a_small_telephone(chromium: Browser, site: str, shown: str) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 640})
    page.goto(site + ADDRESSES[shown])
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


@pytest.mark.parametrize("shown", ADDRESSES)
def test_a_page_asks_nothing_of_anybody_else_and_the_policy_stops_nothing(
    chromium: Browser, site: str, shown: str
) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(site + ADDRESSES[shown])
    assert all(url.startswith(site) for url in asked)
    assert complaints == []
    page.close()


def first_screen(page: Page) -> str:
    """The words that stand wholly in the window."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll("h1, h2, h3, p, li")]
                .filter(n => { const b = n.getBoundingClientRect(); return b.height && b.bottom <= innerHeight })
                .map(n => n.innerText).join("\\n")"""
        )
    )


def test_the_first_screen_of_a_telephone_answers_the_four_questions(chromium: Browser, site: str) -> None:
    page = chromium.new_page(viewport={"width": 360, "height": 640})
    page.clock.set_fixed_time(NOW)  # the copy is fresh: an old one says so first, and that takes a line
    page.goto(site + "/")
    words = first_screen(page)
    assert "Un servei no funciona i un altre funciona malament" in words  # is something wrong?
    assert "Connexions de les sòcies i socis" in words  # does it concern me?
    assert "Causa identificada" in words  # what are they doing?
    assert "cable de fibra tallat" in words
    assert "Propera actualització: abans de les 05:30" in words  # when do I hear more?
    page.close()


def test_the_page_is_complete_without_javascript(chromium: Browser, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/")
    with_script = chromium.new_page()
    with_script.clock.install(time=NOW)  # later, it would say that it is old
    with_script.goto(site + "/")
    assert page.inner_text("main") == with_script.inner_text("main")
    assert not page.is_visible("#pause")  # a button that could do nothing
    with_script.close()
    context.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(chromium: Browser, site: str) -> None:
    page = chromium.new_page(viewport={"width": 320, "height": 640})
    page.goto(site + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    links = page.locator("a[href], button:visible").count()
    seen = set()
    for number in range(links):
        seen.add(number)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
        page.keyboard.press("Tab")
    assert len(seen) == links
    page.close()
