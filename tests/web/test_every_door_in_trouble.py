"""Every door, as everybody who may come there, while the database is in trouble: never a bare 500, and no English on a
Catalan page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError, ProgrammingError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from talaia.api import unavailable
from talaia.api.health import LATEST
from talaia.audience.actions import add
from talaia.audience.mailing import readers
from talaia.config import Config
from talaia.desk.people.roles import Role
from talaia.events.actions import open_incident
from talaia.notices import tokens
from talaia.panel.state import State
from talaia.signals.tokens.actions import issue_token
from tests.api.conftest import USUAL
from tests.desk.conftest import anna, member
from tests.desk.test_every_door import LEAST, OPEN, address

__all__ = ["anna"]

pytestmark = pytest.mark.django_db(transaction=True)
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|CREATE|ALTER)", re.IGNORECASE)
MORE = """
[mail]
sender = "estat@example.org"

[subscribe]

[audience]
everybody = true
columns = { address = "correu" }

[audience.sympa]

"""
SOURCES = """
[[sources]]
id = "scripts"
kind = "push"

[[sources]]
id = "direct"
kind = "prometheus-push"
"""
# Words that stand in nearly every English sentence, and in no Catalan one.
ENGLISH = re.compile(r"\b(the|and|with|you|your|not|this|cannot|right|again|page|error)\b", re.IGNORECASE)
FORM = {
    "title": "Tall",
    "title_ca": "Tall",
    "text": "Ho mirem.",
    "text_ca": "Ho mirem.",
    "words_ca": "Ho mirem.",
    "state": "investigating",
    "links": "disruption",
    "publish": "1",
    "username": "anna",
    "password": "una clau prou llarga",
    "email": "nova@example.net",
    "role": "viewer",
    "name": "anna",
    "address": "anna@example.net",
    "code": "123456",
    "language": "ca",
}


def every(error: Callable[[], Exception]) -> Callable[..., Any]:
    def run(execute: Any, sql: str, *given: Any) -> Any:
        raise error()

    return run


def writing(error: Callable[[], Exception]) -> Callable[..., Any]:
    def run(execute: Any, sql: str, *given: Any) -> Any:
        if WRITES.match(sql):
            raise error()
        return execute(sql, *given)

    return run


def touching(name: str, error: Callable[[], Exception]) -> Callable[..., Any]:
    def run(execute: Any, sql: str, *given: Any) -> Any:
        if name in sql:
            raise error()
        return execute(sql, *given)

    return run


TROUBLES: dict[str, Callable[..., Any]] = {
    "the disk is full": writing(lambda: OperationalError("database or disk is full")),
    "it is locked": writing(lambda: OperationalError("database is locked")),
    "it can only be read": writing(lambda: OperationalError("attempt to write a readonly database")),
    "it is away": every(lambda: OperationalError("connection refused")),
    "it went away": every(lambda: InterfaceError("connection already closed")),
    "facts are of an old schema": touching(
        "talaia_fact", lambda: OperationalError("no such column: talaia_fact.place")
    ),
    "services are of an old schema": touching(
        "talaia_service", lambda: ProgrammingError('column "began" of relation "talaia_service" does not exist')
    ),
    "sessions are of an old schema": touching("django_session", lambda: OperationalError("no such table")),
}


@pytest.fixture
def house(configure: Callable[[str], Config], anna: User) -> Config:
    text = USUAL.replace("[[groups]]", f"{SOURCES}\n[[groups]]", 1)
    config = configure(text + MORE)
    open_incident({"ca": "Tall"}, {"ca": "Ho mirem."}, {"links": State.DISRUPTION}, timezone.now())
    add("soci@example.net", "Soci", timezone.now())
    LATEST.forget()
    unavailable.SAID.clear()
    return config


@contextmanager
def in_trouble(kind: str) -> Iterator[None]:
    with connection.execute_wrapper(TROUBLES[kind]):
        yield


def looked_at(answer: HttpResponse, where: str) -> None:
    body = answer.content.decode()
    if answer.status_code >= 500:
        assert answer.status_code == 503, where
        if not where.endswith("/healthz"):
            assert answer.headers["Retry-After"].isdecimal(), where
        assert body, where
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code >= 400 and kind.startswith("text/html") and body:
        assert '<html lang="ca">' in body, where
        words = re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(head|style|script|svg)\b.*?</\1>", " ", body))
        assert not ENGLISH.search(words), (where, ENGLISH.search(words))
    if answer.status_code >= 500 and not kind.startswith("text/html"):
        assert kind.startswith("application/json"), where


def crawl(client: Client, paths: list[str], who: str) -> set[int]:
    found = set()
    for path in paths:
        for method in ("GET", "HEAD", "POST"):
            given = {"data": FORM} if method == "POST" else {}
            answer = getattr(client, method.lower())(path, **given)
            found.add(answer.status_code)
            if method != "HEAD":
                looked_at(answer, f"{who} {method} {path}")
            else:
                assert answer.status_code != 500, path
    return found


def visitor() -> Client:
    return Client(raise_request_exception=False, headers={"accept-language": "ca"})


@pytest.mark.torture
@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_every_door_of_the_desk(house: Config, kind: str, role: Role | None) -> None:
    client = visitor()
    if role:
        client.force_login(member(f"a-{role}", role))
    with in_trouble(kind):
        found = crawl(client, [address(route) for route in [*LEAST, *OPEN]], str(role))
    assert found & {503} or (role is None and kind not in ("it is away", "it went away"))


@pytest.mark.parametrize("kind", TROUBLES)
def test_every_public_door(house: Config, kind: str) -> None:
    [one] = readers()
    token = tokens.sign(settings.SECRET_KEY.encode(), one.key)
    paths = [f"/u/{token}", "/u/no-token", "/u/a/b", "/subscribe/", "/subscribe/no-token", "/ca/subscribe/", "/nothing"]
    asked = f"/subscribe/{tokens.sign(settings.SECRET_KEY.encode(), 's1-x')}"
    with in_trouble(kind):
        crawl(visitor(), [*paths, asked], "a visitor")
    with in_trouble(kind):
        spoken = Client(raise_request_exception=False, headers={"accept-language": "en"}).post("/es/subscribe/", FORM)
    if spoken.status_code == 503:
        assert '<html lang="es">' in spoken.content.decode()


@pytest.mark.parametrize("kind", TROUBLES)
def test_every_door_of_machines(house: Config, kind: str) -> None:
    now = timezone.now()
    doors = {
        "/hooks/alertmanager/alertmanager": issue_token("alertmanager", now),
        "/hooks/alertmanager/direct/api/v2/alerts": issue_token("direct", now),
        "/hooks/generic/scripts": issue_token("scripts", now),
        "/hooks/sympa/addresses": issue_token("sympa", now),
        "/hooks/discourse": "",
        "/hooks/nowhere": "",
        "/metrics": issue_token("metrics", now),
        "/healthz": "",
    }
    with in_trouble(kind):
        for path, token in doors.items():
            for place in ("127.0.0.1", "192.0.2.7"):
                for method in ("get", "post"):
                    LATEST.forget()
                    client = Client(raise_request_exception=False, REMOTE_ADDR=place)
                    given = {"data": b'[{"labels": {"alertname": "Down"}}]', "content_type": "application/json"}
                    answer = getattr(client, method)(
                        path, **(given if method == "post" else {}), headers={"authorization": f"Bearer {token}"}
                    )
                    looked_at(answer, f"{method} {path}")
                    assert not answer.headers.get("Content-Type", "").startswith("text/html"), path
        if kind != "sessions are of an old schema":
            LATEST.forget()
            assert Client().get("/healthz").status_code == 503
