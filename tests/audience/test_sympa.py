"""What a Sympa gets from us: everybody who is told, or an error, but never a part and never nothing."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from talaia.audience import actions
from talaia.audience.models import ExportCheck, Import
from talaia.audience.sympa import line
from talaia.config import Config
from talaia.signals.tokens.actions import issue_token
from tests.audience.ledger import CONFIG
from tests.product import ROOT

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
ADDRESS = "/hooks/sympa/addresses"
pytestmark = pytest.mark.django_db


@pytest.fixture
def config(configure: Callable[[str], Config]) -> Config:
    return configure(f'{USUAL}{CONFIG}\n[audience]\nexport = "exports"\n[audience.sympa]\nstale_after = "10d"\n')


@pytest.fixture
def basic(config: Config) -> dict[str, str]:
    """What Sympa sends: the token as a password."""
    token = issue_token("sympa", timezone.now())
    return {"Authorization": f"Basic {base64.b64encode(f'talaia:{token}'.encode()).decode()}"}


def seen(days: float = 0, state: str = Import.DONE) -> None:
    at = timezone.now() - timedelta(days=days)
    Import.objects.create(at=at, source="x.csv", digest="", state=state, finished_at=at)


def people(*names: str) -> None:
    for name in names:
        actions.add(f"{name}@example.org", name.title(), timezone.now())


def test_sympa_gets_one_line_for_each_who_is_told(client: Client, basic: dict[str, str]) -> None:
    people("anna", "berta", "carme")
    actions.opt_out("berta@example.org", timezone.now())
    seen()
    answer = client.get(ADDRESS, headers=basic)
    assert answer.status_code == 200
    assert answer.content.decode() == "anna@example.org Anna\ncarme@example.org Carme\n"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["", "Basic ???", "Basic dGFsYWlhOndyb25n", "Bearer wrong"])
def test_nobody_else_gets_an_address(client: Client, config: Config, header: str) -> None:
    issue_token("sympa", timezone.now())
    issue_token("metrics", timezone.now())
    people("anna")
    seen()
    answer = client.get(ADDRESS, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert "Basic" in answer.headers["WWW-Authenticate"]
    assert b"anna" not in answer.content


def test_the_token_of_the_metrics_opens_no_addresses(client: Client, config: Config) -> None:
    token = issue_token("metrics", timezone.now())
    seen()
    people("anna")
    assert client.get(ADDRESS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("days", [None, 10.01, 400])
def test_a_stale_export_is_an_error_on_which_sympa_keeps_everybody(
    client: Client, basic: dict[str, str], days: float | None
) -> None:
    people("anna")
    if days:
        seen(days)
    answer = client.get(ADDRESS, headers=basic)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "300")
    assert b"anna" not in answer.content
    seen(9.9)
    assert client.get(ADDRESS, headers=basic).status_code == 200


def test_nobody_and_half_an_export_are_errors_too(client: Client, basic: dict[str, str]) -> None:
    seen()
    assert client.get(ADDRESS, headers=basic).status_code == 503
    people("anna")
    assert client.get(ADDRESS, headers=basic).status_code == 200
    seen(state=Import.CONFIRMED)
    answer = client.get(ADDRESS, headers=basic)
    assert answer.status_code == 503
    assert "taken over" in answer.json()["error"]


def test_that_an_old_file_is_read_every_day_makes_it_no_newer(
    client: Client, basic: dict[str, str], config: Config
) -> None:
    people("anna")
    folder = config.folder / "exports"
    folder.mkdir()
    file = Path(folder / "members.csv")
    file.write_text("x")
    ExportCheck.objects.create(export="exports", looked_at=timezone.now(), digest="x")
    assert client.get(ADDRESS, headers=basic).status_code == 200
    old = (timezone.now() - timedelta(days=11)).timestamp()
    os.utime(file, (old, old))
    assert client.get(ADDRESS, headers=basic).status_code == 503


def test_without_a_sympa_there_is_no_such_address(client: Client) -> None:
    assert client.get(ADDRESS).status_code == 404
    assert client.post(ADDRESS).status_code == 405


@pytest.mark.parametrize("name", ["Anna\nbad@example.org", "Anna\r\nbad@example.org", "Anna\x85bad@example.org"])
def test_a_name_never_becomes_another_line(name: str) -> None:
    assert len(line("anna@example.org", name).splitlines()) == 1
