"""Coming in with a real browser: a passkey by one tap, codes without JavaScript, and every page usable by everybody."""

# ruff: noqa: F811  fixtures are imported

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.desk.proofs import code
from tests.desk.test_pages import (  # noqa: F401
    Open,
    browser_type_launch_args,
    is_clean,
    open_page,
    product,
)
from tests.desk.test_taps import english
from tests.journeys.desk import PASSWORD
from tests.product import Talaia

pytestmark = pytest.mark.browser
PHONE, WIDE = 360, 1280
Visit = Callable[[str], None]


def add(product: Talaia, name: str, role: str = "operator") -> str:
    """Somebody new; one who is there already stays."""
    if name not in product.run("user", "list"):
        product.run("user", "add", name, "--role", role, "--password-file", "-", text=PASSWORD)
    return name


def enter(page: Page, product: Talaia, name: str, host: str = "127.0.0.1") -> None:
    """Name and password."""
    page.goto(f"http://{host}:{product.port}/desk/login")
    page.get_by_label("Nom").fill(name)
    page.get_by_label("Contrasenya").fill(PASSWORD)
    page.get_by_role("button", name="Entra", exact=True).click()


def open_menu(page: Page) -> None:
    """On a phone the menu is folded."""
    if (menu := page.get_by_role("link", name="Menú")).is_visible():
        menu.click()


def finger(page: Page) -> Any:
    """A telephone that knows its owner; what it has made is in `WebAuthn.getCredentials`."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    told = session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    return session, told["authenticatorId"]


def connect_app(page: Page) -> str:
    """Connect an authenticator app: its secret. The page with the recovery codes is open after it."""
    page.goto("/desk/me/app")
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Codi").fill(code(secret))
    page.get_by_role("button", name="Connecta l’aplicació").click()
    expect(page.locator(".codes li")).to_have_count(10)
    return secret


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_a_passkey_is_made_in_two_taps_and_lets_in_by_one(product: Talaia, open_page: Open, width: int) -> None:
    page = open_page(width)
    session, phone = finger(page)
    enter(page, product, add(product, f"berta{width}"), "localhost")  # an address of numbers knows no passkeys
    open_menu(page)
    page.get_by_role("link", name="El meu accés").click()
    page.get_by_role("link", name="Afegeix una clau d’accés").click()
    page.get_by_label("Com en dius, d’aquest aparell").fill("El mòbil")
    page.get_by_role("button", name="Afegeix una clau d’accés").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="Ja els tinc").click()
    expect(page.get_by_text("El mòbil", exact=True)).to_be_visible()
    made = session.send("WebAuthn.getCredentials", {"authenticatorId": phone})["credentials"]
    assert [one["isResidentCredential"] for one in made] == [True]

    open_menu(page)
    page.get_by_role("button", name="Surt").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Entra")
    page.get_by_role("button", name="Fes servir una clau d’accés").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")


def test_a_device_without_a_passkey_says_so_and_the_other_way_stays_open(product: Talaia, open_page: Open) -> None:
    page = open_page(PHONE)
    session, phone = finger(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": False})
    page.goto(f"http://localhost:{product.port}/desk/login")
    page.get_by_role("button", name="Fes servir una clau d’accés").click()
    expect(page.get_by_role("alert")).to_be_visible()
    is_clean(page)
    enter(page, product, add(product, "clara"), "localhost")
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")


def test_an_app_and_the_recovery_codes_need_no_javascript(product: Talaia, open_page: Open) -> None:
    name = add(product, "dolors")
    page = open_page(PHONE, script=False)
    enter(page, product, name)
    secret = connect_app(page)
    paper = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="Ja els tinc").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("El meu accés")
    open_menu(page)
    page.get_by_role("button", name="Surt").click()
    for proof in (code(secret, 1), paper):
        enter(page, product, name)
        expect(page.get_by_role("heading", level=1)).to_have_text("Segon pas")
        expect(page.get_by_role("button", name="Fes servir una clau d’accés")).to_have_count(0)
        page.get_by_label("Codi").fill(proof)
        page.get_by_role("button", name="Continua").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")
        open_menu(page)
        page.get_by_role("button", name="Surt").click()


def test_who_is_invited_joins_on_a_phone_without_javascript(product: Talaia, open_page: Open) -> None:
    link = product.run("user", "invite", "emma@example.org", "--role", "editor").strip()
    page = open_page(PHONE, script=False)
    page.goto(link)
    expect(page.get_by_label("Nom")).to_have_value("emma")
    page.get_by_label("Contrasenya (10 caràcters o més)").fill(PASSWORD)
    page.get_by_label("La contrasenya un altre cop").fill(PASSWORD)
    page.get_by_role("button", name="Entra a la redacció").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("El meu accés")
    expect(page.get_by_text("emma · edició")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_every_page_is_usable_by_everybody_and_wholly_catalan(
    product: Talaia, open_page: Open, width: int, scheme: str
) -> None:
    words = english()
    assert len(words) > 100

    def visit(name: str) -> None:
        is_clean(page)
        shown = page.locator("body").inner_text()
        assert [text for text in words if text in shown] == [], name

    page = open_page(width, scheme=scheme)
    walk(product, page, f"f{width}{scheme}", visit)


def walk(product: Talaia, page: Page, name: str, visit: Visit) -> None:
    """Every page about people, as an admin called `name` sees them."""
    add(product, name, "admin")
    page.goto("/desk/login")
    visit("login")
    page.get_by_label("Nom").fill(name)
    page.get_by_label("Contrasenya").fill("no és aquesta")
    page.get_by_role("button", name="Entra", exact=True).click()
    visit("login-wrong")
    link = product.run("user", "invite", f"{name}.convidada@example.org").strip()
    page.goto(link)
    visit("join")
    page.get_by_role("button", name="Entra a la redacció").click()
    visit("join-wrong")
    page.goto("/desk/join/no")
    visit("no-invitation")
    enter(page, product, name)
    page.goto(link)
    visit("join-other")
    page.goto("/desk/me/app")
    visit("app")
    secret = connect_app(page)
    visit("codes")
    page.goto("/desk/me/codes")
    visit("codes-seen")
    for address in ("me/password", "me/passkey", "me/sure", "me/", "people/"):
        page.goto(f"/desk/{address}")
        visit(address.strip("/").replace("/", "-"))
    page.get_by_label("Adreça de correu").fill(f"{name}@example.org")
    page.get_by_role("button", name="Convida", exact=True).click()
    visit("invited")
    page.goto(f"/desk/people/{add(product, 'gemma')}/forget")
    visit("forget")
    page.goto("/desk/me/")
    page.get_by_role("link", name="Desconnecta l’aplicació").click()
    visit("remove")
    told = product.run("incident", "open", "--title", "Xat", "--service", "chat=partial", text="Ho mirem.")
    ref = re.findall(r"\d{4}-\d{3}", told)[0]
    product.run("incident", "correct", ref, "1", text="Ho estem mirant amb calma.")
    product.run("incident", "resolve", ref, text="Fet.")
    page.goto("/desk/audit/")
    visit("audit")
    page.goto("/desk/audit/?about=res-de-res")
    visit("audit-empty")
    open_menu(page)
    page.get_by_role("button", name="Surt").click()
    enter(page, product, name)
    visit("second")
    page.get_by_label("Codi").fill("000000")
    page.get_by_role("button", name="Continua").click()
    visit("second-wrong")
    page.get_by_label("Codi").fill(code(secret, 1))
    page.get_by_role("button", name="Continua").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Què passa ara")
