"""A person who may use the desk, and the services of tests/talaia.toml."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from talaia.config import current
from talaia.panel.actions import list_services
from talaia.panel.catalogue import headings

PASSWORD = "una clau prou llarga"


@pytest.fixture
def anna(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose
    list_services(headings(current()), datetime(2026, 1, 1, tzinfo=UTC))
    return User.objects.create_user("anna", password=PASSWORD)


@pytest.fixture
def desk(anna: User) -> Client:
    """A browser in which anna is logged in; it speaks English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(anna)
    return client
