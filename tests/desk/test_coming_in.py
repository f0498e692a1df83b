"""Who gets in, who does not, and in which language the desk speaks."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk import assets
from tests.desk.conftest import PASSWORD

pytestmark = pytest.mark.django_db
EVERY_PAGE = [
    "/desk/",
    "/desk/incidents/new",
    "/desk/incidents/2026-001/",
    "/desk/incidents/2026-001/edit",
    "/desk/incidents/2026-001/entries/1",
    "/desk/anything",
]


@pytest.mark.parametrize("address", EVERY_PAGE)
def test_a_stranger_is_asked_to_log_in(address: str, client: Client) -> None:
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/desk/login?next={address}"


def test_after_the_login_one_is_where_one_wanted_to_be_and_never_elsewhere(anna: User, client: Client) -> None:
    sent = {"username": "anna", "password": PASSWORD, "next": "/desk/incidents/new"}
    assert client.post("/desk/login", sent).headers["Location"] == "/desk/incidents/new"
    client.post("/desk/logout")
    sent["next"] = "https://elsewhere.example/"
    assert client.post("/desk/login", sent).headers["Location"] == "/desk/"


def test_who_was_disabled_is_out_at_once_and_learns_nothing(anna: User, desk: Client) -> None:
    assert desk.get("/desk/").status_code == 200
    User.objects.update(is_active=False)
    assert desk.get("/desk/").status_code == 302
    wrong = Client().post("/desk/login", {"username": "anna", "password": "wrong"}).content
    right = Client().post("/desk/login", {"username": "anna", "password": PASSWORD}).content
    told = "El nom i la contrasenya no es corresponen"
    assert told in wrong.decode() and told in right.decode()


def test_one_logs_out_by_post_only(desk: Client) -> None:
    assert desk.get("/desk/logout").status_code == 405
    assert desk.post("/desk/logout").headers["Location"] == "/desk/login"
    assert desk.get("/desk/").status_code == 302


def test_no_page_of_the_desk_is_kept_by_a_browser_and_each_has_the_strict_policy(desk: Client) -> None:
    for address in ("/desk/", "/desk/incidents/new", "/desk/nothing"):
        answer = desk.get(address)
        assert "no-store" in answer.headers["Cache-Control"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        page = answer.content.decode()
        assert "style=" not in page and "<style" not in page
        scripts = re.findall(r"<script[^>]*>[^<]*", page)
        assert scripts == [f'<script src="{assets.address("desk.js")}" defer>']


def test_the_style_sheet_has_an_address_of_its_own_content(client: Client) -> None:
    answer = client.get(assets.address("desk.css"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get("/desk/static/desk.0000000000.css").status_code == 404
    assert client.get("/desk/static/../views.py").status_code in (302, 404)


@pytest.mark.parametrize(
    ("accepted", "heading"),
    [
        ("", "Què passa ara"),
        ("ca", "Què passa ara"),
        ("de-DE,fr;q=0.5", "Què passa ara"),
        ("es-AR,es;q=0.9", "Qué pasa ahora"),
        ("en-US,en;q=0.9,ca;q=0.1", "What is going on"),
    ],
)
def test_the_desk_speaks_the_language_of_the_browser_and_else_that_of_the_site(
    anna: User, client: Client, accepted: str, heading: str
) -> None:
    client.force_login(anna)
    page = client.get("/desk/", headers={"accept-language": accepted}).content.decode()
    assert f"<h1>{heading}</h1>" in page


def test_a_language_that_was_chosen_stays(desk: Client) -> None:
    answer = desk.post("/desk/language", {"language": "ca", "next": "/desk/"})
    assert answer.headers["Location"] == "/desk/"
    page = desk.get("/desk/").content.decode()
    assert '<html lang="ca">' in page and "Què passa ara" in page


def test_a_form_from_before_the_last_login_says_that_the_text_is_not_lost(anna: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "ca"})
    client.force_login(anna)
    answer = client.post("/desk/incidents/new", {"text": "Ho mirem."})
    assert answer.status_code == 403
    assert "el teu text encara hi és" in answer.content.decode()


@pytest.mark.parametrize("ref", ["2026-999", "x", "²026-001", "2026-1e9"])
def test_an_incident_that_is_not_there_is_a_page_that_says_so(desk: Client, ref: str) -> None:
    for address in (f"/desk/incidents/{ref}/", f"/desk/incidents/{ref}/edit", f"/desk/incidents/{ref}/entries/1"):
        answer = desk.get(address)
        assert answer.status_code == 404
        assert ref in answer.content.decode()
