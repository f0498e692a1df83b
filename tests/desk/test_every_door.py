"""Every address of the desk says who may come to it; nobody else gets further than the door."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk.people.roles import Role, may
from talaia.desk.urls import urlpatterns
from tests.desk.conftest import member

pytestmark = pytest.mark.django_db

VIEWER, EDITOR, OPERATOR, ADMIN = Role
OPEN = {
    "login",
    "login/second",
    "login/passkey",
    "login/openid/<str:provider_id>",
    "login/openid/<str:provider_id>/back",
    "logout",
    "join/<str:secret>",
    "language",
    "static/<str:name>",
}
# The least role that may come to each address; an address that is not here fails the first test.
LEAST = {
    "": VIEWER,
    "me/": VIEWER,
    "me/sure": VIEWER,
    "me/password": VIEWER,
    "me/app": VIEWER,
    "me/passkey": VIEWER,
    "me/remove/<int:pk>": VIEWER,
    "me/codes": VIEWER,
    "me/sessions/end": VIEWER,
    "me/sessions/<int:pk>/end": VIEWER,
    "people/": ADMIN,
    "people/invitations/<int:pk>/again": ADMIN,
    "people/invitations/<int:pk>/withdraw": ADMIN,
    "people/<str:name>/change": ADMIN,
    "people/<str:name>/forget": ADMIN,
    "audit/": OPERATOR,
    "audit/export.<str:form>": ADMIN,
    "incidents/new": EDITOR,
    "incidents/<str:ref>/": EDITOR,
    "incidents/<str:ref>/edit": OPERATOR,
    "incidents/<str:ref>/entries/<int:number>": OPERATOR,
    "incidents/<str:ref>/merge": OPERATOR,
    "incidents/<str:ref>/analysis": EDITOR,
    "incidents/<str:ref>/analysis/publish": OPERATOR,
    "incidents/<str:ref>/widen": OPERATOR,
    "maintenance/new": EDITOR,
    "maintenance/<str:ref>/": EDITOR,
    "maintenance/<str:ref>/approve": OPERATOR,
    "maintenance/<str:ref>/withdraw": OPERATOR,
    "maintenance/<str:ref>/extend": OPERATOR,
    "maintenance/<str:ref>/postpone": OPERATOR,
    "maintenance/<str:ref>/start": OPERATOR,
    "maintenance/<str:ref>/complete": OPERATOR,
    "maintenance/<str:ref>/cancel": OPERATOR,
    "maintenance/<str:ref>/arrange": OPERATOR,
    "maintenance/<str:ref>/widen": OPERATOR,
    "maintenance/<str:ref>/edit": OPERATOR,
    "maintenance/<str:ref>/entries/<int:number>": OPERATOR,
    "maintenance/<str:ref>/analysis": EDITOR,
    "maintenance/<str:ref>/analysis/publish": OPERATOR,
    "drafts/<int:pk>/drop": EDITOR,
    "suggestions/<str:mark>/dismiss": OPERATOR,
    "services/": VIEWER,
    "services/<str:slug>/by-hand": OPERATOR,
    "services/<str:slug>/hand-back": OPERATOR,
    "services/<str:slug>/again": OPERATOR,
    "deliveries/<int:pk>": OPERATOR,
    "forum/<int:pk>": OPERATOR,
    "words/": VIEWER,
    "words/<str:kind>": OPERATOR,
    "audience/": ADMIN,
    "audience/<int:number>/": ADMIN,
    "audience/<int:number>/decide": ADMIN,
    "mails/": VIEWER,
    "mails/<int:pk>/": VIEWER,
    "mails/<int:pk>/html": VIEWER,
    "mails/<int:pk>/decide": OPERATOR,
    "mails/kinds/<str:name>/": VIEWER,
    "mails/kinds/<str:name>/html": VIEWER,
    "mails/test": OPERATOR,
    "guide/": VIEWER,
    "guide/<str:name>": VIEWER,
    "<path:rest>": VIEWER,
}
SAMPLES = {
    "<str:provider_id>": "keycloak",
    "<str:secret>": "not-a-secret",
    "<int:pk>": "1",
    "<str:name>": "anna",
    "<str:form>": "csv",
    "<str:ref>": "2026-001",
    "<int:number>": "1",
    "<str:mark>": "mark",
    "<str:slug>": "chat",
    "<str:kind>": "no-connection",
    "<path:rest>": "nothing/here",
}


def address(route: str) -> str:
    for part, sample in SAMPLES.items():
        route = route.replace(part, sample)
    return f"/desk/{route}"


def person(role: Role) -> Client:
    member(f"a-{role}", role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(username=f"a-{role}"))
    return client


def test_every_address_has_said_who_may_come_to_it() -> None:
    assert {str(pattern.pattern) for pattern in urlpatterns} == OPEN | LEAST.keys()


@pytest.mark.parametrize("route", LEAST, ids=address)
def test_a_stranger_is_sent_to_the_login_by_whatever_is_not_open_to_all(client: Client, route: str) -> None:
    there = address(route)
    for answer in (client.get(there), client.post(there), client.put(there), client.head(there)):
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/desk/login?next={there}"


@pytest.mark.parametrize("role", Role)
def test_each_role_gets_to_what_is_its_own_and_no_further(anna: User, role: Role) -> None:
    client = person(role)
    for route, least in LEAST.items():
        there = address(route)
        read = client.get(there)
        if may(role, least):
            assert read.status_code != 403, there
            assert not read.headers.get("Location", "").startswith("/desk/login"), there
        else:
            assert read.status_code == 403, there
            assert client.post(there).status_code == 403, there
    assert User.objects.filter(is_active=True).count() == 2  # none of these posts has done a thing


def test_who_has_an_account_and_no_role_gets_nowhere(anna: User, client: Client) -> None:
    client.force_login(User.objects.create_user("nobody"))
    assert {client.get(address(route)).status_code for route in LEAST} == {403}


@pytest.mark.parametrize(
    ("route", "status"),
    [
        ("login", 200),
        ("login/second", 302),
        ("login/passkey", 200),
        ("login/openid/<str:provider_id>", 405),
        ("login/openid/<str:provider_id>/back", 302),
        ("logout", 405),
        ("join/<str:secret>", 404),
        ("static/<str:name>", 404),
    ],
)
def test_what_is_open_to_all_shows_a_stranger_nothing_of_ours(client: Client, route: str, status: int) -> None:
    assert client.get(address(route)).status_code == status


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "javascript:x"]
)
def test_no_door_leads_to_another_site(anna: User, there: str) -> None:
    client = Client()
    assert "elsewhere" not in client.post("/desk/language", {"language": "en", "next": there}).headers["Location"]
    sent = {"username": "anna", "password": "una clau prou llarga", "next": there}
    assert client.post("/desk/login", sent).headers["Location"] == "/desk/"
    assert client.get("/desk/login", {"next": there}).headers["Location"] == "/desk/"
    answer = client.post("/desk/me/sure", {"password": "una clau prou llarga", "next": there})
    assert answer.headers["Location"] == "/desk/me/"
