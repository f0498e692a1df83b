"""A database that is locked or away: 503 within a second, the usual patience afterwards, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from talaia.api.db_timeout import statement_timeout
from talaia.config import Config
from talaia.signals.models import RawWebhook, Token
from tests.api.doors import CONFIG, DOORS, WEBHOOK, Sender
from tests.api.locked import held
from tests.servers.process import free_port, release_port

INTAKE = RawWebhook._meta.db_table
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _doors(configure: Callable[[str], Config]) -> None:
    configure(CONFIG)


def patience() -> list[str]:
    """How long this connection usually waits for a lock."""
    with connection.cursor() as cursor:
        asked = (
            ["PRAGMA busy_timeout"]
            if connection.vendor == "sqlite"
            else ["SHOW lock_timeout", "SHOW statement_timeout"]
        )
        answers = []
        for question in asked:
            cursor.execute(question)
            answers.append(str(cursor.fetchone()[0]))
        return answers


@pytest.mark.parametrize("used", [False, True], ids=["first use of the token", "used before"])
@pytest.mark.parametrize("table", [RawWebhook, Token])
def test_a_locked_database_is_503_within_a_second_and_afterwards_all_is_as_before(
    table: type[models.Model], used: bool
) -> None:
    sender, usual = Sender("am"), patience()
    if used:
        Token.objects.update(last_used_at=timezone.now())
    with held(table._meta.db_table):
        begun = time.perf_counter()
        answer = sender.client.post(
            DOORS["am"],
            WEBHOOK,
            content_type="application/json",
            headers={"Authorization": f"Bearer {sender.token}"},
        )
        took = time.perf_counter() - begun
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"]
    assert 0.5 < took < 1, f"{took:.2f} s"
    assert not RawWebhook.objects.exists()
    assert patience() == usual
    assert sender.post(WEBHOOK)[0] == 202
    assert RawWebhook.objects.count() == 1


def test_a_wrong_token_is_refused_at_once_though_somebody_writes() -> None:
    """Strangers must not be able to queue for the one lock for writing."""
    sender = Sender("am")
    with held(INTAKE):
        begun = time.perf_counter()
        assert sender.post(WEBHOOK, Authorization="Bearer wrong")[0] == 401
        assert time.perf_counter() - begun < 0.4


def test_a_lock_that_goes_in_time_costs_nothing_but_time() -> None:
    sender = Sender("am")
    taken = threading.Event()

    def hold_for_a_moment() -> None:
        with held(INTAKE):
            taken.set()
            time.sleep(0.3)  # the moment itself is what is tested

    holder = threading.Thread(target=hold_for_a_moment)
    holder.start()
    assert taken.wait(5)
    assert sender.post(WEBHOOK)[0] == 202
    holder.join()


def test_a_database_that_is_away_is_503_and_then_found_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sender, port = Sender("am"), free_port()
    connection.close()
    with monkeypatch.context() as away:
        if connection.vendor == "sqlite":
            away.setitem(connection.settings_dict, "NAME", str(tmp_path / "no" / "folder" / "talaia.db"))
        else:
            away.setitem(connection.settings_dict, "PORT", port)
        begun = time.perf_counter()
        assert sender.post(WEBHOOK)[0] == 503
        assert time.perf_counter() - begun < 1
        connection.close()
    release_port(port)
    assert sender.post(WEBHOOK)[0] == 202


def test_the_short_patience_ends_with_the_block_also_when_it_fails() -> None:
    usual = patience()
    with statement_timeout(0.3):
        assert patience() != usual
    assert patience() == usual
    with pytest.raises(RuntimeError), statement_timeout(0.3):
        raise RuntimeError
    assert patience() == usual


def test_a_connection_that_was_closed_meanwhile_is_let_go() -> None:
    if connection.vendor == "sqlite":
        with statement_timeout():
            connection.close()
    assert Client().get("/hooks/generic/x").status_code == 405
    assert Token.objects.count() == 0
