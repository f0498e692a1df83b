"""The analysis in a browser, and the search that finds it: with and without JavaScript, for everybody, in Catalan."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.desk.test_pages import (  # noqa: F401
    Open,
    browser_type_launch_args,
    fits,
    is_clean,
    log_in,
    open_page,
)
from tests.desk.test_taps import english
from tests.journeys.desk import desk
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talaia]:
    with desk(tmp_path_factory.mktemp("analysis")) as running:
        yield running


def over(product: Talaia, title: str, text: str) -> str:
    """An incident that is over: its reference."""
    ref = product.run("incident", "open", "--title", title, "--service", "chat=partial", text=text).split()[1]
    product.run("incident", "resolve", ref, text="Ja torna a funcionar.")
    return ref


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", [360, 1280])
def test_from_the_prefilled_document_to_the_page(product: Talaia, open_page: Open, width: int, script: bool) -> None:
    ref = over(product, f"Sense xat {width} {script}", "No es poden enviar missatges.")
    page = open_page(width, script)
    log_in(page)
    page.goto(f"/desk/incidents/{ref}/")
    page.get_by_role("link", name="Escriu l’anàlisi").click()
    field = page.get_by_label("Text de l’anàlisi (Markdown)")
    assert f"Sense xat {width} {script}" in field.input_value()
    field.fill("## Resum\n\nUn **disc** ple.\n\n## Què hem canviat\n\n- Ara avisa abans.\n")
    page.get_by_role("button", name="Previsualitza").click()
    expect(page.locator("#preview strong", has_text="disc")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Publica", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Publicat.")
    published = f"incidents/{ref}/index.html"
    wait_until(lambda: "Ara avisa abans." in product.file(published), 15, "the page", product)
    public = open_page(width, script)
    public.goto(f"/incidents/{ref}/")
    part = public.get_by_role("heading", name="Què hem canviat")
    name = part.get_attribute("id")
    assert name and public.locator(f'a.here[href="#{name}"]').is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_field_and_the_advice_are_for_everybody_and_wholly_catalan(
    product: Talaia, open_page: Open, width: int, scheme: str
) -> None:
    ref = over(product, f"Tall {width} {scheme}", "Ho mirem.")
    page = open_page(width, scheme=scheme)
    log_in(page)
    words = english()
    for address in (f"/desk/incidents/{ref}/analysis", f"/desk/incidents/{ref}/analysis?language=en", "/desk/guide/"):
        page.goto(address)
        is_clean(page)
        shown = page.locator("body").inner_text()
        assert [text for text in words if text in shown] == [], address


def test_the_search_finds_an_entry_whatever_its_accents_and_leads_to_it(product: Talaia, open_page: Open) -> None:
    ref = over(product, "Col·lapse a l’encaminador", "La connexió de la **Barça** no passa.")
    wait_until(lambda: "passa" in product.file("search/ca/2026.json") if _has(product) else False, 20, "index", product)
    page = open_page(360)
    page.goto("/history/")
    for sought in ("barca passa", "COLLAPSE", "Barça"):
        page.get_by_role("searchbox").fill(sought)
        page.get_by_role("searchbox").press("Enter")
        expect(page.locator("#search .events li").first).to_contain_text("Col·lapse a l’encaminador")
    page.locator("#search .events a").first.click()
    page.wait_for_url(f"**/incidents/{ref}/#u1")
    page.goto("/history/?q=resdaixò")
    expect(page.locator("#search [role=status]")).to_contain_text("Cap resultat des del 2026")


def test_without_javascript_there_is_no_dead_search_and_the_years_serve(product: Talaia, open_page: Open) -> None:
    ref = over(product, "Sense guió", "Ho mirem.")
    wait_until(lambda: ref in product.file("history/index.html"), 15, "the history", product)
    page = open_page(320, script=False)
    page.goto("/history/")
    assert page.get_by_role("searchbox").count() == 0
    expect(page.get_by_role("link", name="Sense guió")).to_be_visible()


def _has(product: Talaia) -> bool:
    return any((product.home / "public" / "search" / "ca").glob("*.json"))
