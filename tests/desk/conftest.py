"""A person who may use the desk, and the services of tests/talaia.toml."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from talaia.config import current
from talaia.desk import guessing
from talaia.desk.models import Member
from talaia.desk.people.roles import Role
from talaia.panel.actions import list_services
from talaia.panel.catalogue import headings

PASSWORD = "una clau prou llarga"


def member(name: str, role: Role, **more: str) -> User:
    """A person with a role."""
    user = User.objects.create_user(name, password=PASSWORD, **more)
    Member.objects.create(user=user, role=role.value)
    return user


@pytest.fixture(autouse=True)
def _nobody_has_tried() -> Iterator[None]:
    yield
    guessing.TRIES._seen.clear()


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
