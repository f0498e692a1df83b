"""A volunteer at three at night: from the login to "resolved", on a running service, as a plain browser does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from tests.journeys.desk import PASSWORD, desk
from tests.product import Talaia
from tests.servers.process import wait_until


class Form(HTMLParser):
    """The fields of the last form of a page (the one in which people write) with what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.select = ""
        self.area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.values = {}
        elif tag == "input" and name and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.values[name] = given.get("value", "on" if "checked" in given else "")
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.values[self.select] = given["value"]
        elif tag == "textarea":
            self.area, self.values[name] = name, ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Talaia]:
    with desk(tmp_path) as running:
        yield running


@contextmanager
def browsing(product: Talaia) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=product.address, trust_env=False, follow_redirects=True, timeout=20) as browser:
        yield browser


def log_in(browser: httpx.Client) -> None:
    form = Form(browser.get("/desk/").text).values
    page = browser.post("/desk/login", data={**form, "username": "anna", "password": PASSWORD})
    assert page.url.path == "/desk/", page.text


def test_open_update_and_resolve_with_two_at_once_and_nothing_twice(product: Talaia) -> None:
    with browsing(product) as anna, browsing(product) as berta:
        live_through(product, anna, berta)


def live_through(product: Talaia, anna: httpx.Client, berta: httpx.Client) -> None:
    log_in(anna)
    log_in(berta)

    # Open: the form is sent by two taps at the same moment.
    form = Form(anna.get("/desk/incidents/new").text).values
    form |= {"title": "Sense missatgeria", "text": "Ho **mirem**.", "impact-chat": "disruption", "next": "30m"}
    with ThreadPoolExecutor(2) as taps:
        pages = list(taps.map(lambda _: anna.post("/desk/incidents/new", data=form), range(2)))
    (address,) = {page.url.path for page in pages}
    ref = address.split("/")[3]
    assert ref.endswith("-001")
    published = f"incidents/{ref}/index.html"
    wait_until(lambda: "Ho <strong>mirem</strong>" in product.file("index.html"), 15, "the front page", product)
    wait_until(lambda: product.states()["chat"] == "disruption", 15, "the colour of the service", product)
    front = anna.get("/").text
    assert front.count("Sense missatgeria") >= 1 and f"/incidents/{ref}/" in front

    # Both write the next update; the second sees the first, and loses nothing.
    first, second = (Form(browser.get(address).text).values for browser in (anna, berta))
    anna.post(address, data={**first, "text": "Ha fallat un disc.", "state": "identified"})
    answer = berta.post(address, data={**second, "text": "Hi som tots dos.", "state": "monitoring"})
    assert "Ha fallat un disc." in answer.text and "Hi som tots dos." in answer.text
    again = Form(answer.text.partition('id="timeline"')[0]).values
    assert again["text"].strip() == "Hi som tots dos." and again["state"] == "monitoring"
    assert "#u3" in berta.post(address, data=again).text
    wait_until(lambda: "Hi som tots dos." in product.file(published), 15, "the third entry", product)

    # Resolve; every entry has its address, once.
    last = Form(anna.get(address).text.partition('id="timeline"')[0]).values
    anna.post(address, data={**last, "text": "Disc canviat.", "state": "resolved"})
    wait_until(lambda: "Disc canviat." in product.file(published), 15, "the last entry", product)
    assert re.findall(r'id="u(\d+)"', product.file(published)) == ["1", "2", "3", "4"]
    page = anna.get(f"/incidents/{ref}/").text.partition("<main")[2]  # its head has the last words for who shares it
    assert page.index("Ho <strong>mirem") < page.index("Ha fallat") < page.index("Hi som") < page.index("Disc canviat")
    assert "Sense missatgeria" in anna.get("/desk/").text


def test_nothing_of_the_desk_is_read_without_a_login(product: Talaia) -> None:
    with browsing(product) as browser:
        for address in ("/desk", "/desk/", "/desk/incidents/new"):
            answer = browser.get(address)
            assert answer.url.path == "/desk/login", answer.text
        log_in(browser)
        (cookie,) = [cookie for cookie in browser.cookies.jar if cookie.name == "talaia"]
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
