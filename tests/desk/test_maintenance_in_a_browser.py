"""A maintenance from its plan to its end in a browser: two people, a phone and a desk, with and without JavaScript."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.desk.test_pages import (  # noqa: F401
    Open,
    browser_type_launch_args,
    fits,
    is_clean,
    open_page,
    product,
)
from tests.journeys.desk import PASSWORD
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser
MADRID = ZoneInfo("Europe/Madrid")
DATABASE_TIME = "%Y-%m-%d %H:%M:%S"


def log_in(page: Page, name: str) -> None:
    page.goto("/desk/")
    page.get_by_label("Nom").fill(name)
    page.get_by_label("Contrasenya").fill(PASSWORD)
    page.get_by_role("button", name="Entra").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")


def at(delta: timedelta) -> str:
    return f"{datetime.now(MADRID) + delta:%Y-%m-%dT%H:%M}"


def write(product: Talaia, statement: str, *values: str) -> None:
    with sqlite3.connect(product.home / "talaia.db", timeout=20) as database:
        database.execute(statement, values)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_whole_life_of_a_maintenance(product: Talaia, open_page: Open, width: int, script: bool) -> None:
    title, second = f"Bateries {width} {script}", f"berta{width}{script}".lower()
    product.run("user", "add", second, "--password-file", "-", text=PASSWORD)
    page, other = open_page(width, script), open_page(width, script)
    looks = is_clean if script else fits  # axe is a script
    log_in(page, "anna")
    page.get_by_role("link", name="Planifica un manteniment").click()
    page.get_by_label("Títol", exact=True).fill(title)
    page.get_by_label("Motiu, i què es notarà", exact=True).fill("Canviem les **bateries**.")
    page.get_by_label("Comença", exact=True).first.fill(at(timedelta(hours=1)))
    page.get_by_label("Acaba", exact=True).first.fill(at(timedelta(hours=3)))
    page.get_by_label("Missatgeria").select_option("disruption")
    page.get_by_label("Abans ho ha d’aprovar una segona persona").check()
    page.get_by_role("button", name="Previsualitza").click()
    page.wait_for_url("**#preview")  # the script has shown one before, in the page that goes
    expect(page.locator("#preview").get_by_role("heading", name=title)).to_be_visible()
    looks(page)
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".waiting")).to_contain_text("Espera una segona persona.")
    fits(page)
    ref = page.url.rstrip("/").rpartition("/")[2]
    assert title not in product.file("index.html")

    log_in(other, second)
    other.goto(f"/desk/maintenance/{ref}/")
    looks(other)
    other.get_by_role("button", name="Aprova i publica").click()
    expect(other.get_by_role("status").first).to_contain_text("Publicat.")
    wait_until(lambda: title in product.file("index.html"), 15, "the front page", product)
    public = f"maintenance/{ref}/index.html"
    wait_until(lambda: "bateries</strong>" in product.file(public), 15, "its own page", product)

    # Its window begins; the clock says so. (What passes here is the window, not our time.)
    soon = datetime.now(ZoneInfo("UTC")) - timedelta(seconds=1)
    write(
        product, "update talaia_event set window_start=? where titles like ?", f"{soon:{DATABASE_TIME}}", f"%{title}%"
    )
    wait_until(lambda: "En curs" in product.file(public), 20, "that it is in progress", product)
    page.goto(f"/desk/maintenance/{ref}/")
    page.get_by_label("Text", exact=True).fill("Anem per la meitat.")
    page.get_by_text("d’aquí a 1 hora").click()
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.locator("#u3")).to_contain_text("Anem per la meitat.")
    looks(page)

    # Its window ends, and the work does not.
    write(product, "update talaia_event set window_end=? where titles like ?", f"{soon:{DATABASE_TIME}}", f"%{title}%")
    wait_until(lambda: "Dura més del previst" in product.file("index.html"), 20, "that it takes longer", product)
    page.goto("/desk/")
    expect(page.locator("li.overdue")).to_contain_text(title)
    looks(page)
    page.get_by_role("link", name=title).click()
    page.get_by_role("link", name="Allarga").click()
    page.get_by_label("Acaba", exact=True).fill(at(timedelta(hours=2)))
    looks(page)
    page.get_by_role("button", name="Allarga").click()
    expect(page.locator("#u4")).to_contain_text("durarà més del previst")
    wait_until(lambda: "Dura més del previst" not in product.file("index.html"), 20, "the new end", product)

    page.get_by_role("link", name="S’ha acabat").click()
    fits(page)
    page.get_by_role("button", name="S’ha acabat").click()
    expect(page.get_by_role("heading", name="S’ha acabat")).to_be_visible()
    wait_until(lambda: title not in product.file("index.html"), 15, "that it is over", product)
    assert "Finalitzat" in product.file(public)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_of_a_maintenance_is_usable_by_everybody(
    product: Talaia, open_page: Open, width: int, scheme: str
) -> None:
    start = datetime.now(MADRID) + timedelta(days=2)
    when = ["--from", f"{start:%Y-%m-%dT%H:%M}", "--to", f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}"]
    product.run(
        "maintenance",
        "plan",
        "--title",
        f"Obres {width} {scheme}",
        *when,
        "--service",
        "chat=disruption",
        text="Obres.",
    )
    page = open_page(width, scheme=scheme)
    log_in(page, "anna")
    page.get_by_role("link", name=f"Obres {width} {scheme}").click()
    here = page.url
    for what in ("", "extend", "postpone", "start", "cancel", "arrange", "edit", "entries/1"):
        page.goto(f"{here}{what}")
        is_clean(page)
    for address in ("/desk/maintenance/new", "/desk/guide/"):
        page.goto(address)
        is_clean(page)
