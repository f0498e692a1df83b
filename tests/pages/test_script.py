"""The script of the front page: it keeps the page fresh, says so quietly, can be stopped, and owns up to age."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from talaia.desk.security_headers import POLICY
from talaia.site import assets, pages
from talaia.site.values import FrontPage
from tests.pages import story

pytestmark = pytest.mark.browser
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Stage:
    """A web server whose front page a test changes while somebody looks at it."""

    def __init__(self) -> None:
        self.assets = assets.files()
        self.asked, self.well = 0, True
        self.put("well")

        class Answering(http.server.BaseHTTPRequestHandler):
            def do_GET(handler) -> None:
                self.answer(handler)

            def log_message(handler, format: str, *args: Any) -> None:
                del format, args

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def put(self, name: str, age: timedelta = timedelta(0)) -> None:
        """Have the page of the story's front `name` there, made so long ago."""
        value: FrontPage = replace(story.FRONTS[name], made_at=datetime.now(UTC) - age)
        self.files = pages.front(value, story.HOUSE)

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        path = handler.path.lstrip("/") or "index.html"
        self.asked += path == "index.html"
        body = {**self.files, **self.assets}.get(path) if self.well else None
        handler.send_response(200 if body is not None else 503)
        handler.send_header("Content-Type", TYPES.get(path[path.rfind(".") :], "text/html; charset=utf-8"))
        handler.send_header("Content-Security-Policy", POLICY)
        handler.end_headers()
        handler.wfile.write(body or b"")

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.fixture
def page(chromium: Browser, stage: Stage) -> Iterator[Page]:
    page = chromium.new_page()
    page.clock.install()
    yield page
    page.close()


def minutes(page: Page, count: float) -> None:
    page.clock.run_for(int(count * 60_000))


def test_a_change_appears_by_itself_and_is_announced(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    expect(page.locator("h1")).to_have_text("Tot funciona amb normalitat")
    expect(page.locator("#news")).to_have_text("")
    stage.put("incident")
    minutes(page, 1)
    expect(page.locator("h1")).to_have_text("Un servei no funciona i un altre funciona malament")
    expect(page.locator("#news")).to_have_text(
        "La pàgina ha canviat: Un servei no funciona i un altre funciona malament"
    )
    expect(page).to_have_title("Un servei no funciona i un altre funciona malament · Cooperativa Exemple")
    assert "disruption" in (page.locator("link[rel=icon]").get_attribute("href") or "")


def test_without_a_change_only_the_time_changes_and_nothing_is_announced(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    page.evaluate("document.querySelector('h1').mine = true")
    before = page.locator(".made").first.inner_text()
    stage.put("well", timedelta(minutes=-2))
    minutes(page, 1)
    expect(page.locator(".made").first).not_to_have_text(before)
    assert page.evaluate("document.querySelector('h1').mine")  # the same node: nobody loses the place in the text
    expect(page.locator("#news")).to_have_text("")


def test_who_is_at_a_link_stays_there_when_the_page_changes(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    page.focus('main a[href="/services/chat/"]')
    stage.put("incident")
    minutes(page, 1)
    expect(page.locator("h1")).to_have_text("Un servei no funciona i un altre funciona malament")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/services/chat/"


def test_it_can_be_stopped_and_resumed(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    button = page.locator("#pause")
    expect(button).to_have_text("Atura l’actualització automàtica")
    button.click()
    expect(button).to_have_text("Reprèn l’actualització automàtica")
    asked = stage.asked
    minutes(page, 5)
    assert stage.asked == asked
    button.click()
    stage.put("incident")
    minutes(page, 1)
    expect(page.locator("h1")).to_have_text("Un servei no funciona i un altre funciona malament")


def test_an_old_copy_says_how_old_it_is_at_once(stage: Stage, page: Page) -> None:
    stage.put("well", timedelta(minutes=12))
    page.goto(stage.address)
    old = page.locator("#old")
    expect(old).to_have_text("Aquesta còpia és de fa 12 minuts. Ara la situació pot ser una altra.")
    stage.put("well")
    minutes(page, 1)
    expect(old).to_have_text("")


def test_a_day_old_copy_is_told_in_hours(stage: Stage, page: Page) -> None:
    stage.put("well", timedelta(hours=30))
    page.goto(stage.address)
    expect(page.locator("#old")).to_contain_text("de fa 30 hores")


def test_when_nothing_newer_can_be_had_the_reader_is_told(stage: Stage, page: Page) -> None:
    page.goto(stage.address)
    stage.well = False
    minutes(page, 1)
    expect(page.locator("#old")).to_have_text("")  # a minute is nothing yet
    minutes(page, 4)
    expect(page.locator("#old")).to_contain_text("Ara no podem obtenir res de més nou: aquesta còpia és de fa")
    expect(page.locator("h1")).to_have_text("Tot funciona amb normalitat")
    stage.well = True
    stage.put("well")
    minutes(page, 1)
    expect(page.locator("#old")).to_have_text("")


def test_after_stale_after_what_was_so_is_struck_through_with_its_hour_until_something_newer_comes(
    stage: Stage, page: Page
) -> None:
    stage.put("well", timedelta(minutes=9))
    page.goto(stage.address)
    words = page.locator("main .word").first
    expect(words).to_have_text("Operatiu")
    stage.put("well", timedelta(minutes=11))
    minutes(page, 1)
    expect(page.locator("main .word s").first).to_have_text("Operatiu")
    assert re.fullmatch(r"era: Operatiu \(\d\d:\d\d\)", words.inner_text())
    assert re.fullmatch(r"era: Tot funciona amb normalitat \(\d\d:\d\d\)", page.locator("h1").inner_text())
    stage.put("well")
    minutes(page, 1)
    expect(words).to_have_text("Operatiu")
    expect(page.locator("h1")).to_have_text("Tot funciona amb normalitat")
    expect(page.locator("#news")).to_have_text("")


def test_so_is_what_stands_on_the_cards_of_outages_that_nobody_has_written_about(stage: Stage, page: Page) -> None:
    stage.put("two-outages", timedelta(minutes=11))
    page.goto(stage.address)
    minutes(page, 1)
    expect(page.locator("main .uncovered .state s")).to_have_count(4)


def test_the_page_of_a_service_owns_up_to_its_age_by_the_age_of_the_whole_site(stage: Stage, page: Page) -> None:
    stage.put("well", timedelta(minutes=4))
    house = replace(story.HOUSE, made_at=datetime.now(UTC) - timedelta(hours=3))
    made = pages.service(story.SERVICES["well"], house)
    stage.files["page"] = next(body for name, body in made.items() if not name.startswith(("es/", "en/")))
    page.goto(stage.address + "page")
    expect(page.locator("#old")).to_contain_text("de fa 4 minuts")
    assert page.locator("main s").count() == 0
    stage.files["status.json"] = stage.files["status.json"].replace(b'"made_at": "2', b'"made_at": "1')
    minutes(page, 1)
    expect(page.locator("main .now s")).to_have_count(1)


def test_the_page_of_an_open_incident_strikes_its_state_its_impacts_and_its_promise_through(
    stage: Stage, page: Page
) -> None:
    stage.put("well", timedelta(minutes=12))
    house = replace(story.HOUSE, made_at=datetime.now(UTC) - timedelta(hours=3))
    made = pages.event(story.CUT, house)
    stage.files["page"] = next(body for name, body in made.items() if not name.startswith(("es/", "en/")))
    page.goto(stage.address + "page")
    expect(page.locator("main .facts dd > strong s")).to_have_text("Causa identificada")
    expect(page.locator("main .touched .state s").first).to_be_visible()
    expect(page.locator("main .next s").first).to_be_visible()
    assert page.locator("main .timeline s").count() == 0  # what was said stays said


def test_a_wrong_clock_on_the_visitors_side_makes_no_false_alarm(stage: Stage, chromium: Browser) -> None:
    page = chromium.new_page()
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=2))
    page.goto(stage.address)
    asked = stage.asked
    minutes(page, 1)
    for _ in range(100):
        if stage.asked > asked:
            break
        page.wait_for_timeout(20)
    expect(page.locator("#old")).to_have_text("")
    page.close()


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("Col·lapse", "collapse"),
        ("COL·LAPSE", "col.lapse"),
        ("Col•lapse", "col·lapse"),
        ("Coŀlapse", "collapse"),
        ("inci\u00addència", "incidencia"),
        ("inci\u200bdència", "incidència"),
        ("Nu\u0301ria", "Núria"),
        ("Straße", "STRASSE"),
        ("İzmir", "izmir"),
        ("Vilanova – nord", "vilanova - nord"),
        ("l’Hospitalet", "l'hospitalet"),
        ("Zona\u00a07", "zona 7"),
        ("ﬁbra", "fibra"),
    ],
)
def test_the_search_finds_what_people_read_alike(chromium: Browser, text: str, sought: str) -> None:
    script = assets.files()[next(name for name in assets.files() if "search" in name and name.endswith(".js"))].decode()
    found = re.search(r"const plain = .*?;\n", script, re.S)
    assert found
    page = chromium.new_page()
    try:
        asked = f"([text, sought]) => {{ {found[0]} return plain(text).includes(plain(sought)) }}"
        assert page.evaluate(asked, [text, sought]), (text, sought)
    finally:
        page.close()
