"""Whatever screen the desk has, also one that is made tomorrow: usable by everybody, and wholly Catalan."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.audience.ledger import CONFIG as COLUMNS
from tests.audience.make_exports import text
from tests.desk.test_every_door import LEAST
from tests.desk.test_every_door import address as door
from tests.desk.test_pages import Open, browser_type_launch_args, is_clean, open_page  # noqa: F401
from tests.desk.test_taps import english
from tests.forum.history import Repository
from tests.journeys.desk import CONFIG, PASSWORD, desk
from tests.product import Talaia
from tests.servers.process import wait_until

pytestmark = pytest.mark.browser

# No screen: a button of another one, or a file.
NO_SCREEN = {
    "me/remove/<int:pk>",
    "me/sessions/end",
    "me/sessions/<int:pk>/end",
    "people/invitations/<int:pk>/again",
    "people/invitations/<int:pk>/withdraw",
    "people/<str:name>/change",
    "audit/export.<str:form>",
    "maintenance/<str:ref>/approve",
    "incidents/<str:ref>/analysis/publish",
    "maintenance/<str:ref>/analysis/publish",
    "drafts/<int:pk>/drop",
    "suggestions/<str:mark>/dismiss",
    "services/<str:slug>/again",
    "services/<str:slug>/hand-back",
    "incidents/<str:ref>/widen",
    "maintenance/<str:ref>/widen",
    "maintenance/<str:ref>/withdraw",
    "deliveries/<int:pk>",
    "audience/<int:number>/decide",
    "guide/<str:name>",
    "mails/<int:pk>/decide",
    "mails/test",
}
# What is sent, by itself, in a frame of the screen before it.
LETTERS = {"mails/<int:pk>/html", "mails/kinds/<str:name>/html"}


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("there") / "history.git")


@pytest.fixture(scope="module")
def product(there: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talaia]:
    mail = '[mail]\nsender = "estat@example.org"\nport = 9\nhold = "1h"\n'
    mirror = f'[mirror]\nkind = "git"\nrepository = "{there.path}"\n'
    with desk(tmp_path_factory.mktemp("desk"), f"{CONFIG}{COLUMNS}{mail}{mirror}") as running:
        running.run("user", "add", "carme", "--role", "admin", "--password-file", "-", text=PASSWORD)
        yield running


def enter(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_label("Nom").fill("carme")
    page.get_by_label("Contrasenya").fill(PASSWORD)
    page.get_by_role("button", name="Entra").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")


def furnished(product: Talaia, there: Repository, page: Page) -> dict[str, dict[str, str]]:
    """One of everything that may wait: by the folder of the desk, what its addresses are made of."""
    told = ("--service", "chat=partial")
    incident = product.run("incident", "open", "--title", "Xat", *told, text="Ho **mirem**.\n\n- un\n- dos").split()[1]
    window = ("--from", "2100-01-01T23:00", "--to", "2100-01-02T01:00")
    work = product.run("maintenance", "plan", "--title", "Obres", *told, *window, text="Canviem un disc.").split()[1]
    product.run("service", "set", "chat", "partial", "--until", "2h", "--reason", "Ho veiem.")
    export = product.home / "export.csv"
    export.write_text(
        text([("Anna", "anna@example.org", "", "sí", "", "", ""), ("", "no és res", "", "sí", "", "", "")])
    )
    page.goto("/desk/audience/")
    page.locator("input[type=file]").set_input_files(export)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/desk/audience/*/")
    number = page.url.rstrip("/").rpartition("/")[2]
    file = f"incident-{incident}.md"
    wait_until(lambda: bool(there[file]), 30, "the file in the repository", product)
    there.edit(file, "mirem", "hem mirat", by="Marta")
    product.run("incident", "update", incident, "--state", "identified", text="Un cable.")
    wait_until(lambda: bool(named(page, "forum")) and bool(named(page, "mails")), 30, "proposal and mail", product)
    return {
        "incidents": {"<str:ref>": incident, "<int:number>": "1"},
        "maintenance": {"<str:ref>": work, "<int:number>": "1"},
        "audience": {"<int:number>": number},
        "words": {"<str:kind>": "no-connection"},
        "people": {"<str:name>": "anna"},
        "services": {"<str:slug>": "chat"},
        "forum": {"<int:pk>": named(page, "forum")},
        "mails": {"<int:pk>": named(page, "mails"), "<str:name>": "problem"},
    }


def named(page: Page, what: str) -> str:
    """The newest of these that the desk's front leads to."""
    page.goto("/desk/")
    found = re.findall(rf'href="/desk/{what}/(\d+)', page.content())
    return max(found, key=int) if found else ""


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_screen_of_the_desk(product: Talaia, there: Repository, open_page: Open, width: int, scheme: str) -> None:
    page = open_page(width, scheme=scheme)
    enter(page)
    made, words = furnished(product, there, page), english()
    assert len(words) > 100
    for route in sorted(LEAST.keys() - NO_SCREEN - LETTERS - {"<path:rest>"}):
        address = route
        for part, value in made.get(route.partition("/")[0], {}).items():
            address = address.replace(part, value)
        answer = page.goto(f"/desk/{address}")
        assert answer is not None
        assert answer.status == 200, f"/desk/{address}: {answer.status}"
        assert page.locator("main h1").count() == 1, address
        is_clean(page)
        # What stands there in another language says so.
        page.evaluate("document.querySelectorAll('main [lang]:not([lang=ca])').forEach((part) => part.remove())")
        shown = page.locator("body").inner_text()
        assert [text for text in words if text in shown] == [], address
    for route in sorted(NO_SCREEN):
        said = page.request.get(door(route), max_redirects=0)
        assert said.status != 200 or "html" not in said.headers["content-type"], f"{route} is a screen"
