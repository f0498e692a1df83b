"""A person who may use the desk, and the services of tests/talaia.toml."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from talaia.config import current
from talaia.desk.models import Member
from talaia.desk.people import login_throttle
from talaia.desk.people.roles import Role
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from tests.desk.proofs import Passkey, code

PASSWORD = "una clau prou llarga"


def member(name: str, role: Role, **more: str) -> User:
    """A person with a role."""
    user = User.objects.create_user(name, password=PASSWORD, **more)
    Member.objects.create(user=user, role=role.value)
    return user


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> Iterator[None]:
    yield
    login_throttle.TRIES._seen.clear()


@pytest.fixture
def anna(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
    list_services(headings(current()), datetime(2026, 1, 1, tzinfo=UTC))
    return member("anna", Role.OPERATOR)


@pytest.fixture
def desk(anna: User) -> Client:
    """A browser in which anna is logged in; it speaks English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(anna)
    return client


def log_in(name: str, password: str = PASSWORD) -> Client:
    """A new browser, in which somebody logs in as people do; it speaks English."""
    client = Client(headers={"accept-language": "en"})
    client.post("/desk/login", {"username": name, "password": password})
    return client


def with_app(client: Client) -> tuple[str, list[str]]:
    """Connect an authenticator app in a browser that is logged in: its secret, and the recovery codes that come."""
    page = client.get("/desk/me/app").content.decode()
    secret = re.findall(r'<code class="secret">([^<]+)', page)[0]
    answer = client.post("/desk/me/app", {"code": code(secret)})
    assert answer.headers["Location"] in ("/desk/me/codes", "/desk/me/")
    return secret, re.findall(r"<li><code>([^<]+)", client.get("/desk/me/codes").content.decode())


def with_passkey(client: Client, **more: Any) -> Passkey:
    """Add a passkey in a browser that is logged in."""
    key = Passkey(**more)
    credential = key.make(question(client.get("/desk/me/passkey").content.decode()))
    answer = client.post("/desk/me/passkey", {"credential": credential, "name": "Clauer"})
    assert answer.headers["Location"] in ("/desk/me/codes", "/desk/me/")
    return key


def question(page: str) -> Any:
    """What a page would ask the device."""
    return json.loads(html.unescape(re.findall(r'data-question="([^"]+)"', page)[0]))
