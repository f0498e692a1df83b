"""/healthz: when it says that all is well, and to whom it says more."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from talaia import schema
from talaia.api.health import LATEST, HealthSigns, judge_beat, judge_disk, judge_folder, judge_publisher
from talaia.config import Config
from talaia.outbox import heartbeats
from talaia.outbox.disk_reserve import Room
from talaia.outbox.models import Delivery, Fact
from talaia.signals.models import Token
from talaia.signals.tokens.actions import issue_token
from talaia.site.integrity_check import IntegrityReport
from talaia.site.models import Publication
from tests.api.conftest import USUAL
from tests.api.locked import held

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
PARTS = ("database", "disk", "worker", "watch", "clock", "publisher", "folder")
WELL = {"status": "ok", **dict.fromkeys(PARTS, "ok")}
pytestmark = pytest.mark.django_db
STRANGER: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


@pytest.mark.parametrize(("seconds", "ok"), [(0, True), (15, True), (16, False), (86400, False), (-5, True)])
def test_a_worker_is_well_while_its_heart_beats(seconds: float, ok: bool) -> None:
    assert judge_beat("watch", ago(seconds), NOW).ok is ok


def test_a_worker_that_never_ran_is_not_well() -> None:
    part = judge_beat("worker", None, NOW)
    assert (part.ok, part.age) == (False, None)
    assert "talaia work" in part.what


@pytest.mark.parametrize(
    ("written", "waiting", "ok"),
    [
        (0, None, True),
        (210, None, True),  # three times [site] refresh, and 30 s
        (211, None, False),
        (5, 120, True),
        (5, 121, False),
    ],
)
def test_a_publisher_is_well_while_the_folder_is_written_and_no_change_waits(
    config: Config, written: float, waiting: float | None, ok: bool
) -> None:
    signs = HealthSigns(ago(written), None if waiting is None else ago(waiting))
    assert judge_publisher(signs, config, NOW).ok is ok


def test_a_publisher_that_never_published_is_not_well(config: Config) -> None:
    assert not judge_publisher(HealthSigns(None, None), config, NOW).ok


def test_a_folder_without_a_heartbeat_is_no_error(config: Config) -> None:
    assert heartbeats.seen(config.home, "worker") is None


@pytest.mark.parametrize(
    ("free", "reserve", "well"),
    [
        (40_000_000, 0, True),  # before the reserve is made, and when there is room for it again
        (20_000_000, 16_000_000, True),
        (2_000_001, 16_000_000, True),
        (1_999_999, 16_000_000, False),
        (20_000_000, 0, False),  # it was given free
        (0, 0, False),
    ],
)
def test_the_disk_is_well_while_there_is_room_beside_the_reserve(free: int, reserve: int, well: bool) -> None:
    part = judge_disk(Room(free, 10_000_000_000, reserve))
    assert part.ok is well
    assert f"{free / 1e6:,.0f} MB are left" in part.what


def test_the_folder_is_not_well_while_it_is_made_anew_and_tells_afterwards_what_was_found() -> None:
    assert judge_folder(None, NOW).ok
    part = judge_folder(IntegrityReport(ago(2), 3, "index.html, …", ago(2)), NOW)
    assert (part.ok, "3 files are not as they were written" in part.what) == (False, True)
    part = judge_folder(IntegrityReport(ago(2), 0, "index.html, …", ago(9)), NOW)
    assert (part.ok, "somebody else had changed index.html" in part.what) == (True, True)


@pytest.fixture
def well(worker_beat: Callable[[datetime], None], db: None) -> None:
    schema.inspect_schema()  # compared once in a process: it is no part of the ages below
    worker_beat(timezone.now())
    Publication.objects.create(at=timezone.now(), seconds=0.1, pages=3, written=1)


def test_all_is_well_says_200_and_a_word_for_each_part(client: Client, well: None) -> None:
    answer = client.get("/healthz", **STRANGER)
    assert (answer.status_code, answer.json()) == (200, WELL)
    assert answer["Cache-Control"] == "no-store"


def test_an_installation_that_was_never_started_is_not_well(client: Client, config: Config) -> None:
    answer = client.get("/healthz", **STRANGER)
    assert answer.status_code == 503
    failed = dict.fromkeys(("status", "worker", "watch", "clock", "publisher"), "failed")
    assert answer.json() == {**WELL, **failed}


def test_a_change_that_does_not_get_to_the_page_is_not_well(client: Client, well: None) -> None:
    at = timezone.now() - timedelta(minutes=5)
    fact = Fact.objects.create(at=at, kind="incident.opened", subject="incident/2026-001")
    Delivery.objects.create(fact=fact, channel="site", target="front", due=timezone.now() + timedelta(minutes=9))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["publisher"] == "failed"
    assert "a change has been waiting for 30" in answer.json()["details"]["publisher"]["what"]


def test_what_waits_for_a_person_or_for_the_archive_is_no_failure(client: Client, well: None) -> None:
    at = timezone.now() - timedelta(minutes=5)
    fact = Fact.objects.create(at=at, kind="incident.opened", subject="incident/2026-001")
    Delivery.objects.create(fact=fact, channel="site", target="front", due=at, state=Delivery.PARKED)
    Delivery.objects.create(fact=fact, channel="archive", target="history/2026", due=at)
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_told_ages_and_reasons(client: Client, well: None, address: str) -> None:
    details = client.get("/healthz", REMOTE_ADDR=address).json()["details"]
    assert set(details) == set(PARTS)
    assert 0 <= details["worker"]["age_seconds"] < 5
    assert 0 <= details["publisher"]["age_seconds"] < 5
    assert details["publisher"]["what"].startswith("last written 0 s ago")


@pytest.mark.parametrize(
    "given",
    [
        STRANGER,
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
        {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer guessed"},
    ],
)
def test_strangers_are_told_words_alone(client: Client, well: None, given: dict[str, Any]) -> None:
    assert client.get("/healthz", **given).json() == WELL


def test_behind_a_proxy_nobody_is_this_machine(
    client: Client, well: None, configure: Callable[[str], Config], worker_beat: Callable[[datetime], None]
) -> None:
    configure(f"{USUAL}\n[web]\nbehind_proxy = true\n")
    assert "details" not in client.get("/healthz", REMOTE_ADDR="127.0.0.1").json()


def test_a_token_of_metrics_opens_the_details(client: Client, well: None) -> None:
    token = issue_token("metrics", timezone.now())
    assert "details" in client.get("/healthz", **STRANGER, HTTP_AUTHORIZATION=f"Bearer {token}").json()


def test_a_token_that_this_machine_uses_is_one_that_is_used(client: Client, well: None) -> None:
    token = issue_token("metrics", timezone.now())
    answer = client.get("/healthz", REMOTE_ADDR="127.0.0.1", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert "details" in answer.json()
    assert Token.objects.get().last_used_at
    LATEST.forget()
    wrong = client.get("/healthz", REMOTE_ADDR="127.0.0.1", HTTP_AUTHORIZATION="Bearer x")
    assert "details" in wrong.json(), "a wrong one shuts nobody out who needs none"


def test_tables_that_are_not_of_this_version_are_no_health(client: Client, well: None) -> None:
    MigrationRecorder.Migration.objects.create(app="talaia", name="9999_later", applied=timezone.now())
    answer = client.get("/healthz", REMOTE_ADDR="127.0.0.1")
    assert (answer.status_code, answer.json()["database"]) == (503, "failed")
    assert "newer talaia (it has 9999_later)" in answer.json()["details"]["database"]["what"]


def test_many_who_ask_cost_one_look(client: Client, well: None) -> None:
    client.get("/healthz", **STRANGER)
    Publication.objects.all().delete()
    assert client.get("/healthz", **STRANGER).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused_in_one_line(client: Client, config: Config, method: str) -> None:
    answer = getattr(client, method)("/healthz")
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD"
    assert "hint" in answer.json()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_cannot_be_written_is_not_well_and_is_told_in_time(
    client: Client, config: Config, worker_beat: Callable[[datetime], None]
) -> None:
    worker_beat(timezone.now())
    Publication.objects.create(at=timezone.now(), seconds=0.1, pages=3, written=1)
    with held("talaia_publication"):
        began = time.monotonic()
        answer = client.get("/healthz", REMOTE_ADDR="127.0.0.1")
        assert time.monotonic() - began < 3
    assert answer.status_code == 503
    assert {k: answer.json()[k] for k in WELL} == WELL | {
        "status": "failed",
        "database": "failed",
        "publisher": "failed",
    }
    assert re.search("lock|timeout", answer.json()["details"]["database"]["what"])
    time_left = time.monotonic() + 5
    while (answer := client.get("/healthz")).status_code != 200 and time.monotonic() < time_left:
        time.sleep(0.1)
    assert answer.json()["status"] == "ok"


@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_only_be_read_is_not_well(client: Client, config: Config) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such state; see the lock")
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        answer = client.get("/healthz", REMOTE_ADDR="127.0.0.1")
    finally:
        connection.close()
    assert answer.status_code == 503
    assert answer.json()["details"]["database"]["what"] == "it can only be read"


def test_a_publisher_that_stands_still_after_the_clock_was_set_back_is_noticed(
    client: Client, well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Publication.objects.create(at=timezone.now() + timedelta(hours=3), seconds=0.1, pages=3, written=1)
    assert client.get("/healthz").status_code == 200
    LATEST.forget()
    LATEST.published.since -= 1000  # so long it has been seen to stand
    assert client.get("/healthz").json()["publisher"] == "failed"


def test_a_database_that_answers_and_takes_nothing_is_not_well(
    client: Client, well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(now: datetime) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("talaia.api.health.write_test", full)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["database"]) == (503, "failed")
    assert "make room on the disk" in answer.json()["details"]["database"]["what"]


@pytest.mark.parametrize("part", heartbeats.PARTS)
def test_a_part_whose_rounds_fail_is_noticed_within_fifteen_seconds(
    client: Client, config: Config, well: None, part: str
) -> None:
    heartbeats.Heartbeat(part).show(config.home, timezone.now() - timedelta(seconds=16))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()[part]) == (503, "failed")
    assert "its log says why" in answer.json()["details"][part]["what"]


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/hooks/sympa/addresses"])
def test_a_program_that_posts_is_told_so_in_its_own_form(config: Config, path: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (405, "application/json")
