"""/metrics: what Prometheus is told, to whom, and that promtool finds nothing to say against it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from prometheus_client import ProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from talaia.api.counters import OwnProcess
from talaia.config import Config
from talaia.events import actions as events
from talaia.outbox.models import Delivery, Fact
from talaia.panel.models import Group, Service, Watched
from talaia.signals.actions import store_webhook
from talaia.signals.models import SourceState
from talaia.signals.tokens.actions import issue_token
from talaia.site.models import Publication
from tests.api.conftest import USUAL
from tests.api.locked import held
from tests.servers.programs import find_program

pytestmark = pytest.mark.django_db
STRANGER: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
Labels = tuple[tuple[str, str], ...]


def scrape(client: Client, **given: Any) -> dict[str, dict[Labels, float]]:
    """Name of a metric → its labels → its value."""
    answer = client.get("/metrics", **given)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


@pytest.fixture
def busy_house(db: None, config: Config, worker_beat: Callable[[datetime], None]) -> datetime:
    """Something of everything; returns the moment of it."""
    now = timezone.now()
    worker_beat(now)
    group = Group.objects.create(slug="web", names={"": "Web"}, position=0)
    for position, (slug, state) in enumerate([("website", "partial"), ("chat", "operational")]):
        Service.objects.create(slug=slug, group=group, names={"": slug}, position=position, state=state, since=now)
    Service.objects.create(slug="old", group=group, names={"": "old"}, position=9, since=now, retired_at=now)
    SourceState.objects.create(source="prometheus", heard_at=now - timedelta(seconds=42), silent=True)
    store_webhook("alertmanager", {"version": "4", "alerts": []}, now - timedelta(seconds=7))
    fact = Fact.objects.create(at=now, kind="service.changed", subject="service/website", by="someone@example.org")
    for number, (state, late) in enumerate(
        [("ready", 30), ("ready", -60), ("running", 20), ("parked", 500), ("done", 900)]
    ):
        Delivery.objects.create(
            fact=fact, channel="site", target=f"t{number}", state=state, due=now - timedelta(seconds=late)
        )
    Publication.objects.create(at=now - timedelta(seconds=12), seconds=0.25, pages=3, written=1)
    Watched.objects.create(pk=1, at=now - timedelta(seconds=50))
    return now


def test_prometheus_is_told_how_everything_is(client: Client, busy_house: datetime) -> None:
    found = scrape(client)
    states = {labels: value for labels, value in found["talaia_service_state"].items() if value}
    assert set(states) == {
        (("group", "web"), ("service", "website"), ("state", "partial")),
        (("group", "web"), ("service", "chat"), ("state", "operational")),
    }
    assert len(found["talaia_service_state"]) == 12
    age = found["talaia_source_heard_seconds"]
    assert 42 <= age[(("source", "prometheus"),)] < 50
    assert age[(("source", "alertmanager"),)] == float("inf")
    assert found["talaia_source_silent"] == {(("source", "prometheus"),): 1, (("source", "alertmanager"),): 0}
    assert found["talaia_source_stale_after_seconds"][(("source", "prometheus"),)] == 90
    assert found["talaia_intake_waiting"] == {(): 1}
    assert 7 <= found["talaia_intake_oldest_seconds"][()] < 15
    assert found["talaia_deliveries"] == {
        (("channel", "site"), ("state", "ready")): 2,
        (("channel", "site"), ("state", "running")): 1,
        (("channel", "site"), ("state", "parked")): 1,
    }
    assert 30 <= found["talaia_delivery_oldest_due_seconds"][(("channel", "site"),)] < 40
    assert 12 <= found["talaia_publication_age_seconds"][()] < 20
    assert found["talaia_publication_seconds"] == {(): 0.25}
    assert 50 <= found["talaia_watched_seconds"][()] < 60
    assert found["talaia_alive"] == {(("part", part),): 1 for part in ("web", "worker", "watch", "clock")}
    assert found["talaia_disk_free_bytes"][()] > 1_000_000
    assert found["talaia_disk_reserve_bytes"] == {(): 0}
    assert 0 <= found["talaia_worker_heartbeat_age_seconds"][()] < 5
    assert found["talaia_database_up"] == {(): 1}
    assert found["process_resident_memory_bytes"][()] > 1_000_000


def test_an_empty_house_has_its_figures_too(client: Client, config: Config) -> None:
    found = scrape(client)
    assert found["talaia_alive"][(("part", "worker"),)] == 0
    assert found["talaia_intake_waiting"] == {(): 0}
    assert found["talaia_publication_age_seconds"] == {(): float("inf")}
    assert found["talaia_watched_seconds"] == {(): float("inf")}
    assert found["talaia_database_up"] == {(): 1}


def test_promtool_has_nothing_to_say_against_it(client: Client, busy_house: datetime) -> None:
    client.post("/hooks/alertmanager/alertmanager", b"{}", content_type="application/json")
    text = client.get("/metrics").content
    promtool = [find_program("promtool", "prometheus"), "check", "metrics"]
    done = subprocess.run(promtool, input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert b"_created" not in text


def test_nothing_in_it_is_about_people(client: Client, busy_house: datetime) -> None:
    events.open_incident({"ca": "Sense correu"}, {"ca": "Ho mirem."}, {}, busy_house, by="someone@example.org")
    text = client.get("/metrics").content.decode()
    assert "@" not in text
    assert "someone" not in text
    assert "correu" not in text


@pytest.mark.parametrize(
    "given",
    [
        STRANGER,
        {**STRANGER, "HTTP_AUTHORIZATION": "Bearer guessed"},
        {**STRANGER, "HTTP_AUTHORIZATION": "Basic bWU6bWU="},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
    ],
)
def test_strangers_are_told_how_to_get_in_and_nothing_else(
    client: Client, config: Config, given: dict[str, Any]
) -> None:
    answer = client.get("/metrics", **given)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert set(answer.json()) == {"error", "hint"}
    assert "talaia token create metrics" in answer.json()["hint"]


def test_the_token_of_a_source_is_not_that_of_the_metrics(client: Client, config: Config) -> None:
    hook, metrics = (issue_token(source, timezone.now()) for source in ("alertmanager", "metrics"))
    assert client.get("/metrics", **STRANGER, HTTP_AUTHORIZATION=f"Bearer {hook}").status_code == 401
    scrape(client, **STRANGER, HTTP_AUTHORIZATION=f"bearer {metrics}")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_needs_no_token(client: Client, config: Config, address: str) -> None:
    scrape(client, REMOTE_ADDR=address)


def test_behind_a_proxy_a_token_is_needed(client: Client, configure: Callable[[str], Config]) -> None:
    configure(f"{USUAL}\n[web]\nbehind_proxy = true\n")
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 401


def test_only_get_and_head(client: Client, config: Config) -> None:
    assert client.post("/metrics").status_code == 405
    assert client.head("/metrics").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_told_as_such(client: Client, config: Config) -> None:
    with held("talaia_service"):
        found = scrape(client)
    # SQLite is read while another writes; on PostgreSQL the table is closed altogether.
    if connection.vendor == "postgresql":
        assert found["talaia_database_up"] == {(): 0}
        assert "talaia_service_state" not in found
        assert "talaia_alive" in found
    assert scrape(client)["talaia_database_up"] == {(): 1}


def test_our_own_process_is_seen_where_only_processes_are(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to("/proc/self")  # as under ProcSubset=pid: no /proc/stat
    found = {metric.name: metric.samples[0].value for metric in OwnProcess(proc=str(tmp_path), registry=None).collect()}
    assert {"process_resident_memory_bytes", "process_cpu_seconds", "process_open_fds", "process_max_fds"} <= set(found)
    assert 0 <= time.time() - found["process_start_time_seconds"] < 24 * 3600
    usual = {metric.name: metric.samples[0].value for metric in ProcessCollector(registry=None).collect()}
    assert abs(found["process_start_time_seconds"] - usual["process_start_time_seconds"]) < 2


@pytest.mark.parametrize("path", ["/metrics", "/healthz"])
@pytest.mark.parametrize(
    "given",
    [
        STRANGER,
        {"REMOTE_ADDR": "2001:db8::1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer " + "x" * 10_000},
        {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Basic Zm9vOmJhcg=="},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 x"},
        {"REMOTE_ADDR": ""},
    ],
    ids=range(9),
)
def test_from_outside_nothing_of_the_inside_is_seen(client: Client, path: str, given: dict[str, str]) -> None:
    answer = client.get(path, **given)  # type: ignore[arg-type]
    text = answer.content.decode()
    assert answer.status_code == (401 if path == "/metrics" else answer.status_code)
    assert not any(word in text for word in ("process_", "talaia_", "details", "age_seconds", "last seen"))
