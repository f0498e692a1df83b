"""The whole way, in the running product: the shell, a real repository, somebody who edits there, and a browser."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.desk.test_pages import Open, browser_type_launch_args, is_clean, open_page  # noqa: F401
from tests.forum.history import Repository
from tests.journeys.desk import CONFIG, PASSWORD, desk
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TALAIA_SHOTS")  # a folder, for whoever wants to look at it


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("there") / "history.git")


@pytest.fixture(scope="module")
def product(there: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talaia]:
    mirror = f'[mirror]\nkind = "git"\nrepository = "{there.path}"\naddress = "https://git.example.org/history"\n'
    with desk(tmp_path_factory.mktemp("mirror"), f"{CONFIG}\n{mirror}") as running:
        yield running


def test_an_edit_there_comes_to_the_desk_and_becomes_ours(product: Talaia, there: Repository, open_page: Open) -> None:
    first = "Des de les 4.05 no hi ha servei al Centre.\n\n- truquem a l'operador @noc\n- mirem la ruta [vella]"
    product.run("incident", "open", "--title", "Tall de fibra al Centre", "--service", "links=partial", text=first)
    wait_until(lambda: bool(named(there)), 30, "the file in the repository", product)
    name = named(there)
    ref = name.removeprefix("incident-").removesuffix(".md")
    page_of = f"/incidents/{ref}/index.html"
    link = f"https://git.example.org/history/content/issues/{name}"
    wait_until(lambda: link in product.file(page_of), 30, "the link on the page", product)

    there.edit(name, "no hi ha servei al Centre.", "no hi ha servei al Centre ni a l’Eixample.", by="Marta")
    there.edit(name, "- **Estat:** En investigació", "- **Estat:** Resolt", by="Marta")
    product.run("incident", "update", ref, "--state", "identified", text="Un cable al carrer Major.")
    wait_until(lambda: "Un cable al carrer Major." in (there[name] or ""), 30, "our update beside the edit", product)
    assert "ni a l’Eixample" in (there[name] or "")

    for width, scheme in ((320, "light"), (1280, "dark"), (1280, "light")):
        page = open_page(width, scheme=scheme)
        page.goto("/desk/")
        page.get_by_label("Nom").fill("anna")
        page.get_by_label("Contrasenya").fill(PASSWORD)
        page.get_by_role("button", name="Entra").click()
        expect(page.get_by_role("heading", name="1 proposta del repositori")).to_be_visible()
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"front-{width}-{scheme}.png"), full_page=True)
        is_clean(page)
        page.locator("section", has=page.locator("#proposals")).get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Proposat al repositori")
        expect(page.get_by_text("Marta hi ha escrit")).to_be_visible()
        expect(page.locator("ins").last).to_contain_text("ni a l’Eixample")
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"proposal-{width}-{scheme}.png"), full_page=True)
        is_clean(page)
    page.get_by_role("button", name="Accepta el que està marcat").click()
    expect(page.get_by_text("Acceptat; d’aquí a un moment tots dos llocs diran el mateix.")).to_be_visible()
    wait_until(lambda: "ni a l’Eixample" in product.file(page_of), 30, "the page", product)
    state = "**Estat:** Causa identificada"
    wait_until(lambda: state in (there[name] or ""), 30, "what was not taken is put back", product)
    assert "ni a l’Eixample" in (there[name] or "")
    if SHOTS:
        page.goto(f"/incidents/{ref}/")
        page.screenshot(path=str(Path(SHOTS) / "page.png"), full_page=True)


def named(there: Repository) -> str:
    """The one file that is there; empty while there is none."""
    try:
        return there.files()[0]
    except (IndexError, KeyError):
        return ""
