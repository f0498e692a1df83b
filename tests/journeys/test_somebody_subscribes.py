"""Somebody finds the link on the page, subscribes and confirms: in a browser, on a phone, with and without script."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.desk.test_pages import Open, browser_type_launch_args, fits, is_clean, open_page  # noqa: F401
from tests.notices.mailserver import MailServer
from tests.product import ROOT, Talaia

pytestmark = pytest.mark.browser
MORE = """
[mail]
sender = "Estat <estat@example.org>"
port = {port}
[subscribe]
rate = 100
"""


@pytest.fixture(scope="module")
def sink() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, sink: MailServer) -> Iterator[Talaia]:
    home = tmp_path_factory.mktemp("subscribe")
    config = (ROOT / "tests" / "talaia.toml").read_text() + MORE.format(port=sink.port)
    with Talaia(home, config) as running:
        yield running.started()


def shoot(page: object, name: str) -> None:
    """Pictures to look at, where TALAIA_SHOTS names a folder."""
    if folder := os.environ.get("TALAIA_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "script"), [(320, True), (320, False), (1280, True)])
def test_from_the_front_page_to_the_ledger(
    product: Talaia, sink: MailServer, open_page: Open, width: int, script: bool, scheme: str
) -> None:
    page = open_page(width, script, scheme)
    where = f"nova{width}{script}{scheme}@example.net".lower()

    def look(name: str) -> None:
        fits(page)
        shoot(page, f"{name}-{width}-{scheme}")
        if script:
            is_clean(page)

    page.goto("/")
    page.get_by_role("link", name="Les novetats per correu").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Les novetats per correu")
    look("form")
    page.get_by_label("La vostra adreça de correu").fill("nova@beyond")
    page.get_by_role("button", name="Subscriviu-m’hi").click()
    expect(page.get_by_role("alert")).to_contain_text("No és una adreça")
    look("wrong")
    page.get_by_label("La vostra adreça de correu").fill(where)
    page.get_by_label("Videoconferència").check()
    page.get_by_role("button", name="Subscriviu-m’hi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mireu el correu")
    look("asked")
    with sink.news:
        assert sink.news.wait_for(lambda: where in sink.to(), 30)
    [mail] = [one for one in sink.taken if one.to == where]
    found = re.search(r"https://status\.example\.org(/subscribe/\S+)", mail.text)
    assert found
    page.goto(found[1])
    look("sure")
    page.get_by_role("button", name="Sí, subscriviu-m’hi").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("La subscripció ja és feta")
    look("done")
    with sqlite3.connect(product.home / "talaia.db") as database:
        question = "select standing, services from talaia_recipient where key=?"
        assert database.execute(question, [where]).fetchall() == [("on", '["video"]')]
    page.goto("/subscribe/s1.x")
    look("late")


def test_each_language_leads_to_the_others(product: Talaia, open_page: Open) -> None:
    page = open_page(320)
    page.goto("/subscribe/")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Our news by mail")
    page.get_by_role("link", name="Español").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Las novedades por correo")
