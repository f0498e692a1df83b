"""The desk in a browser: with a thumb and with a mouse, with and without JavaScript, light and dark, by everybody."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from tests.journeys.desk import PASSWORD, desk
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser
WIDTHS = (320, 1280)
THUMB = 44  # pixels: no button and no field of a form is lower
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["gpu", "quic", "background-networking", "component-update", "sync"]
    args = ["--no-sandbox", "--no-first-run", *(f"--disable-{name}" for name in quiet)]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": args}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talaia]:
    with desk(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, product: Talaia) -> Iterator[Open]:
    """A page in a browser of its own. Whatever the Content-Security-Policy forbids, or a script trips over, fails."""
    contexts: list[BrowserContext] = []

    def open_one(width: int, script: bool = True, scheme: str = "light", language: str = "ca-ES") -> Page:
        context = browser.new_context(
            base_url=product.address,
            viewport={"width": width, "height": 720},
            java_script_enabled=script,
            color_scheme="dark" if scheme == "dark" else "light",
            locale=language,
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        return page

    faults: list[str] = []
    yield open_one
    for context in contexts:
        context.close()
    # One page that is not there is looked at on purpose, and a connection is lost on purpose.
    unforeseen = [fault for fault in faults if "404" not in fault and "ERR_INTERNET_DISCONNECTED" not in fault]
    assert not unforeseen


def log_in(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_label("Nom").fill("anna")
    page.get_by_label("Contrasenya").fill(PASSWORD)
    page.get_by_role("button", name="Entra").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")


def once_there(page: Page, look: Callable[[], None]) -> None:
    """A click is over before the next page is there: what was asked of one that is being left is asked of the next."""
    for _ in range(5):
        page.wait_for_load_state()
        try:
            return look()
        except Error as error:
            if not re.search("properties of null|context was destroyed|navigation", str(error)):
                raise
    look()


def fits(page: Page) -> None:
    """No horizontal scroll, and nothing to press that a thumb would miss."""
    once_there(page, lambda: _fits(page))


def _fits(page: Page) -> None:
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1], f"{page.url}: {width[0]} px wide in {width[1]}"
    targets = "main :is(button, .main, .second, select, textarea, summary, .pills label, .tick, input[type=text])"
    for target in page.locator(targets).all():
        if target.is_visible():
            box = target.bounding_box()
            assert box and box["height"] >= THUMB - 0.5, f"{page.url}: {target.inner_text()} is {box} high"


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_from_open_to_resolved(product: Talaia, open_page: Open, width: int, script: bool) -> None:
    title = f"Sense missatgeria {width} {script}"
    page = open_page(width, script)
    log_in(page)
    page.get_by_role("link", name="Obre una incidència").first.click()
    page.get_by_label("Títol").fill(title)
    page.get_by_label("Text", exact=True).fill("No es poden enviar **missatges**.")
    page.get_by_label("Missatgeria").select_option("disruption")
    page.get_by_text("d’aquí a 30 min").click()
    page.get_by_role("button", name="Previsualitza").click()
    preview = page.locator("#preview")
    expect(preview.get_by_role("heading", name=title)).to_be_visible()
    expect(preview.locator("strong", has_text="missatges")).to_be_visible()
    expect(preview).to_be_in_viewport()  # the browser has gone there by itself
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("status").first).to_contain_text("Publicat.")
    ref = page.url.rstrip("/").rpartition("/")[2]
    published = f"incidents/{ref}/index.html"
    wait_until(lambda: title in product.file("index.html"), 15, "the front page", product)

    page.get_by_label("Text", exact=True).fill("Ha fallat un disc.")
    page.get_by_text("Causa identificada").first.click()
    page.get_by_role("button", name="Publica").click()
    expect(page.locator("#u2")).to_contain_text("Ha fallat un disc.")

    page.get_by_label("Text", exact=True).fill("Disc canviat.")
    page.get_by_text("Resolta", exact=True).click()
    expect(page.get_by_text("d’aquí a 30 min")).to_be_hidden()  # what is over promises nothing
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("heading", name="Està resolta")).to_be_visible()
    wait_until(lambda: "Disc canviat." in product.file(published), 15, "the last entry", product)
    assert all(f'id="u{number}"' in product.file(published) for number in (1, 2, 3))

    # Something to add is one fold away; a correction is one tap at its entry.
    page.get_by_text("Afegeix-hi alguna cosa").click()
    expect(page.get_by_label("Text", exact=True)).to_be_visible()
    page.get_by_role("link", name="Corregeix l’entrada 2").click()
    page.get_by_label("Català").fill("Ha fallat un disc dur.")
    page.get_by_role("button", name="Publica").click()
    wait_until(lambda: "disc dur" in product.file(published), 15, "the correction", product)
    page.goto("/desk/")
    expect(page.get_by_role("link", name=title)).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_wrong_is_told_where_it_is_and_read_aloud(open_page: Open, width: int) -> None:
    page = open_page(width, script=False)
    log_in(page)
    page.goto("/desk/incidents/new")
    page.get_by_label("Text", exact=True).fill("Ho mirem.")
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("alert")).to_contain_text("Encara no s’ha publicat.")
    field = page.get_by_label("Títol")
    expect(field).to_have_accessible_description("Cal omplir aquest camp.")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Text", exact=True)).to_have_value("Ho mirem.")
    page.get_by_role("alert").get_by_role("link", name="Títol").click()
    expect(field).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_usable_by_everybody(product: Talaia, open_page: Open, width: int, scheme: str) -> None:
    ref = product.run(
        "incident", "open", "--title", "Molt llarg " * 12, "--service", "chat=disruption", "--service", "video=partial",
        text="Ho mirem.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nhttps://example.org/" + "llarg" * 40,
    ).split()[1]  # fmt: skip
    product.run("incident", "update", ref, "--state", "monitoring", text="# Un títol\n\n- un\n- dos")
    with sqlite3.connect(product.home / "talaia.db", timeout=20) as database:
        year, number = ref.split("-")
        late = "update talaia_event set next_update_at='2026-01-01 00:00:00' where year=? and number=?"
        database.execute(late, [year, int(number)])
    product.run(
        "maintenance", "plan", "--title", "Canvi de disc", "--from", "2100-01-01T23:00", "--to", "2100-01-02T01:00",
        text="Canviem un disc.",
    )  # fmt: skip
    page = open_page(width, scheme=scheme)
    page.goto("/desk/login")
    is_clean(page)
    page.get_by_role("button", name="Entra").click()
    is_clean(page)
    log_in(page)
    expect(page.get_by_text("Vam prometre notícies").first).to_be_visible()
    is_clean(page)
    for address in ("incidents/new", f"incidents/{ref}/", f"incidents/{ref}/edit", f"incidents/{ref}/entries/2", "no"):
        page.goto(f"/desk/{address}")
        is_clean(page)
    page.goto("/desk/incidents/new")
    page.get_by_role("button", name="Publica").click()
    is_clean(page)
    page.goto(f"/desk/incidents/{ref}/")
    page.get_by_label("Text", exact=True).fill("Meu.")
    product.run("incident", "update", ref, text="D’algú altre.")
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("heading", name="Mentrestant hi ha escrit algú altre")).to_be_visible()
    is_clean(page)
    page.get_by_role("button", name="Previsualitza").click()
    is_clean(page)
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("status").first).to_be_visible()
    is_clean(page)
    product.run("incident", "resolve", ref, text="Fet.")


def is_clean(page: Page) -> None:
    """Nothing that axe finds, with everything unfolded, and it fits."""
    once_there(page, lambda: _is_clean(page))
    fits(page)


def _is_clean(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = Axe().run(page).response["violations"]
    told = [f"{fault['id']}: {[node['html'][:200] for node in fault['nodes']]}" for fault in found]
    assert not told, f"{page.url}\n" + "\n".join(told)


def test_by_keyboard_alone(product: Talaia, open_page: Open) -> None:
    page = open_page(1280)
    log_in(page)
    page.goto("/desk/incidents/new")
    page.get_by_label("Títol").focus()
    page.keyboard.type("Sense teclat")
    for _ in range(2):  # past the other languages, which are folded
        page.keyboard.press("Tab")
    page.keyboard.type("Ho mirem.")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # "identified"
    page.get_by_role("button", name="Publica").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator("#u1")).to_contain_text("Causa identificada")


def test_the_languages_of_the_desk(open_page: Open) -> None:
    page = open_page(320, script=False, language="es-ES")
    page.goto("/desk/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Entrar")
    page.get_by_role("button", name="Català").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entra")
    log_in(page)
