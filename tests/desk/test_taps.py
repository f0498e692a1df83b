"""At three at night with a thumb: how many taps until it is published, and that nothing which was typed is lost."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Locator, expect

from scripts.messages import read
from tests.desk.test_pages import (  # noqa: F401
    Open,
    browser_type_launch_args,
    fits,
    is_clean,
    log_in,
    open_page,
    product,
)
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser
PHONE = 360
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


@dataclass
class Thumb:
    """Counts its taps; a choice from a list is two of them."""

    taps: list[str] = field(default_factory=list)

    def tap(self, what: Locator) -> None:
        self.taps.append(what.inner_text())
        what.click()

    def choose(self, what: Locator, value: str) -> None:
        self.taps += ["open the list", value]
        what.select_option(value)


def rows(product: Talaia, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(product.home / "talaia.db", timeout=20) as database:
        return list(database.execute(query))


def by_hand(product: Talaia, slug: str, state: str) -> None:
    with sqlite3.connect(product.home / "talaia.db", timeout=20) as database:
        database.execute("update talaia_service set override_state=? where slug=?", [state, slug])


def trouble(product: Talaia, slug: str, state: str) -> None:
    """A service is not well, and nobody has said why."""
    by_hand(product, slug, state)
    wait_until(lambda: product.states()[slug] == state, 40, f"{slug} is {state}", product)


def take_back(product: Talaia, slug: str) -> None:
    by_hand(product, slug, "")


@SCRIPT
def test_from_the_desk_to_published_in_four_taps_and_typing(product: Talaia, open_page: Open, script: bool) -> None:
    title, thumb = f"Sense missatgeria {script}", Thumb()
    page = open_page(PHONE, script)
    log_in(page)
    thumb.tap(page.get_by_role("link", name="Obre una incidència").first)
    page.get_by_label("Títol", exact=True).fill(title)
    page.get_by_label("Text", exact=True).fill("Ho mirem.")
    thumb.choose(page.get_by_label("Missatgeria"), "disruption")
    thumb.tap(page.get_by_role("button", name="Publica", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("Publicat.")
    assert len(thumb.taps) <= 4, thumb.taps
    wait_until(lambda: title in product.file("index.html"), 15, "the front page", product)
    ref = page.url.rstrip("/").rpartition("/")[2]
    product.run("incident", "resolve", ref, text="Fet.")


@SCRIPT
def test_a_suggestion_is_published_in_one_tap(product: Talaia, open_page: Open, script: bool) -> None:
    trouble(product, "video", "disruption")
    page = open_page(PHONE, script)
    log_in(page)
    card = page.locator(".suggestion")
    words = card.locator(".text").inner_text()
    assert words.startswith("Videoconferència")
    card.get_by_role("button", name="Publica").click()
    expect(page.get_by_role("status").first).to_contain_text("Publicat.")
    wait_until(lambda: words in product.file("index.html"), 15, "the drafted words on the page", product)
    spanish = "algo no funciona como debería"
    wait_until(lambda: spanish in product.file("es/index.html"), 15, "the Spanish page", product)
    ref = page.url.rstrip("/").rpartition("/")[2]
    take_back(product, "video")
    product.run("incident", "resolve", ref, text="Fet.")


def test_not_an_incident_and_change_it_first(product: Talaia, open_page: Open) -> None:
    trouble(product, "video", "partial")
    page = open_page(PHONE)
    log_in(page)
    page.get_by_role("link", name="Canvia-ho abans").click()
    expect(page.get_by_label("Títol", exact=True)).to_have_value("Videoconferència: problemes de funcionament")
    expect(page.get_by_label("Videoconferència")).to_have_value("partial")
    page.goto("/desk/")
    page.get_by_role("button", name="No és cap incidència").click()
    expect(page.locator(".suggestion")).to_have_count(0)
    expect(page.get_by_text("anna diu que no és cap incidència.")).to_be_visible()
    page.get_by_role("button", name="Sí que ho és").click()
    expect(page.locator(".suggestion")).to_have_count(1)
    take_back(product, "video")


def test_a_draft_survives_a_lost_connection_and_a_closed_phone(product: Talaia, open_page: Open) -> None:
    page = open_page(PHONE)
    log_in(page)
    page.goto("/desk/incidents/new")
    page.get_by_label("Títol", exact=True).fill("Al tren")
    page.get_by_label("Text", exact=True).fill("Escric")
    expect(page.locator(".kept")).to_contain_text("Desat a ", timeout=15_000)  # at the desk
    assert rows(product, "select subject from talaia_draft") == [("incident/new",)]
    context = page.context
    context.set_offline(True)
    page.get_by_label("Text", exact=True).fill("Escric dins d’un túnel.")
    page.get_by_label("Missatgeria").select_option("partial")
    expect(page.locator(".kept")).to_contain_text("No hi ha connexió amb la redacció.", timeout=15_000)
    page.close()  # the phone goes off
    context.set_offline(False)
    again = context.new_page()
    again.goto("/desk/incidents/new")
    offer = again.locator("#on-this-phone")
    expect(offer).to_contain_text("Escric dins d’un túnel.")
    expect(again.locator("[data-kept]")).to_have_count(0)  # what the desk has is older
    offer.get_by_role("button", name="Recupera’l").click()
    expect(again.get_by_label("Text", exact=True)).to_have_value("Escric dins d’un túnel.")
    expect(again.get_by_label("Missatgeria")).to_have_value("partial")
    again.get_by_role("button", name="Publica", exact=True).click()
    expect(again.get_by_role("status").first).to_contain_text("Publicat.")
    ref = again.url.rstrip("/").rpartition("/")[2]
    assert rows(product, "select subject from talaia_draft") == []
    again.goto("/desk/incidents/new")
    expect(again.get_by_role("heading", level=1)).to_be_visible()
    expect(again.locator("#on-this-phone")).to_be_hidden()
    assert again.evaluate("Object.keys(localStorage).length") == 0
    product.run("incident", "resolve", ref, text="Fet.")


@SCRIPT
def test_a_login_that_ended_while_writing_loses_nothing(open_page: Open, script: bool) -> None:
    page = open_page(PHONE, script)
    log_in(page)
    page.goto("/desk/incidents/new")
    page.get_by_label("Títol", exact=True).fill("Després d’entrar")
    page.context.clear_cookies(name="talaia")
    page.get_by_label("Text", exact=True).fill("Encara hi és.")
    page.get_by_role("button", name="Publica", exact=True).click()
    page.get_by_label("Nom").fill("anna")
    page.get_by_label("Contrasenya").fill("una clau prou llarga")
    page.get_by_role("button", name="Entra").click()
    expect(page.get_by_role("status").first).to_contain_text("Encara no està publicat")
    expect(page.get_by_label("Text", exact=True)).to_have_value("Encara hi és.")
    expect(page.get_by_label("Títol", exact=True)).to_have_value("Després d’entrar")


def test_the_preview_follows_what_is_typed_and_is_what_the_button_shows(open_page: Open) -> None:
    page = open_page(PHONE)
    log_in(page)
    page.goto("/desk/incidents/new")
    page.get_by_label("Títol", exact=True).fill("Sense xat")
    page.get_by_label("Text", exact=True).fill("No va **res**.")
    preview = page.locator("#preview")
    expect(preview.locator("strong", has_text="res")).to_be_visible()
    page.get_by_label("Missatgeria").select_option("disruption")
    expect(preview.get_by_text("Missatgeria")).to_be_visible()
    live = preview.inner_text()
    page.get_by_role("button", name="Previsualitza").click()
    page.wait_for_url("**/new#preview")
    assert page.locator("#preview").inner_text() == live


@SCRIPT
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_the_whole_life(product: Talaia, open_page: Open, width: int, script: bool) -> None:
    """Open, go on, merge the duplicate, resolve with a cause, open again, resolve."""
    page = open_page(width, script)
    log_in(page)
    first, second = (
        product.run("incident", "open", "--title", title, "--service", f"{slug}=partial", text="Ho mirem.").split()[1]
        for title, slug in ((f"Primera {width} {script}", "chat"), (f"Segona {width} {script}", "website"))
    )
    page.goto(f"/desk/incidents/{second}/")
    page.get_by_role("link", name="És una duplicada d’una altra").click()
    page.get_by_text(f"Primera {width} {script}").click()
    page.get_by_role("button", name="Publica").click()
    expect(page.get_by_text("Duplicada de:")).to_be_visible()
    page.get_by_role("link", name=first, exact=True).first.click()
    expect(page.locator(".touched").first).to_contain_text("Web")
    expect(page.locator(".at-the-end")).to_be_hidden()
    page.get_by_label("Text", exact=True).fill("Fet.")
    page.get_by_text("Resolta", exact=True).click()
    page.locator("#id_cause-ca").fill("Un disc")
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.get_by_role("heading", name="Està resolta")).to_be_visible()
    expect(page.get_by_text("Un disc").first).to_be_visible()
    page.get_by_role("link", name="Torna-la a obrir").click()
    page.get_by_label("Text", exact=True).fill("Torna a fallar.")
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.get_by_role("heading", name="Escriu una actualització")).to_be_visible()
    published = f"incidents/{first}/index.html"
    wait_until(lambda: "Torna a fallar." in product.file(published), 15, "the last entry", product)
    assert all(f'id="u{number}"' in product.file(published) for number in (1, 2, 3))
    assert 'id="u2"' in product.file(f"incidents/{second}/index.html")
    product.run("incident", "resolve", first, text="Fet.")


def english() -> list[str]:
    """What the product says in English, where Catalan says it otherwise."""
    found = []
    for message in read("ca"):
        if isinstance(message.id, str) and message.id != message.string and len(message.id.split()) > 1:
            found += [message.id] if "%" not in message.id and "{" not in message.id else []
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_new_screen_is_usable_by_everybody_and_wholly_catalan(
    product: Talaia, open_page: Open, scheme: str
) -> None:
    trouble(product, "video", "partial")
    ref = product.run("incident", "open", "--title", "Xat", "--service", "chat=partial", text="Ho mirem.").split()[1]
    page = open_page(PHONE, scheme=scheme)
    log_in(page)
    words = english()
    assert len(words) > 100
    mark = product.run("incident", "suggest").split()[0]
    for address in (
        "",
        "incidents/new",
        f"incidents/new?suggestion={mark}",
        "incidents/new?suggestion=gone",
        f"incidents/{ref}/",
        f"incidents/{ref}/edit",
        f"incidents/{ref}/entries/1",
        f"incidents/{ref}/merge",
        "words/",
        "words/part-connection",
    ):
        page.goto(f"/desk/{address}")
        is_clean(page)
        shown = page.locator("body").inner_text()
        assert [text for text in words if text in shown] == [], address
    page.goto("/desk/incidents/new")
    page.get_by_text("Comença amb paraules fetes").click()
    page.get_by_role("button", name="Tall de llum o de fibra").click()
    expect(page.get_by_label("Títol", exact=True)).to_have_value(
        "Alguns serveis: sense servei, per un tall de llum o de fibra"
    )
    page.get_by_label("Text", exact=True).fill("Ho mirem bé.")
    expect(page.locator("#preview")).to_be_visible()
    is_clean(page)
    page.goto(f"/desk/incidents/{ref}/entries/1")
    page.get_by_label("Català").fill("Jo ho veig així.")
    product.run("incident", "correct", ref, "1", text="Ho estem mirant.")
    page.get_by_role("button", name="Publica").click()
    expect(page.locator("ins").first).to_be_visible()
    is_clean(page)
    take_back(product, "video")
    product.run("incident", "resolve", ref, text="Fet.")


@SCRIPT
def test_what_is_asked_or_wrong_is_in_sight_on_a_small_phone_and_not_above_it(
    product: Talaia, open_page: Open, script: bool
) -> None:
    """Otherwise the page looks as if it had been published: the form stands far below its title."""
    title = f"Sense correu a la zona del Port i a la del Turó {script}"
    product.run("incident", "open", "--title", title, "--service", "chat=disruption", text="Ho mirem.")
    page = open_page(320, script)
    log_in(page)
    page.get_by_role("link", name=title).first.click()
    page.get_by_label("Text", exact=True).fill(" ")
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.locator(".wrong")).to_be_in_viewport()
    expect(page.locator(".wrong")).to_be_focused()
    page.get_by_label("Resolta").check()
    fits(page)
    ref = page.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    product.run("incident", "resolve", ref, "--anyway", text="Fet.")
