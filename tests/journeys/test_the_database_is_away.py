"""A database that does not answer takes nothing down that was finished, and a restart or a reload waits for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from talaia.outbox import heartbeats
from tests.product import ROOT, Talaia
from tests.servers.postgres import PostgreSQL
from tests.servers.process import wait_until

CONFIG = (ROOT / "tests" / "talaia.toml").read_text()
pytestmark = pytest.mark.servers


@pytest.fixture
def cluster() -> Iterator[PostgreSQL]:
    with PostgreSQL() as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, cluster: PostgreSQL) -> Iterator[Talaia]:
    with Talaia(tmp_path, f'{CONFIG}\n[database]\nurl = "{cluster.url}"\n') as running:
        yield running.started()


def health(product: Talaia) -> int:
    return httpx.get(f"{product.address}/healthz", trust_env=False, timeout=20).status_code


def log(product: Talaia) -> str:
    return (product.home / "up.log").read_text()


def test_a_restart_without_the_database_serves_the_finished_pages_and_works_once_it_is_back(
    product: Talaia, cluster: PostgreSQL
) -> None:
    wait_until(lambda: health(product) == 200, 30, "all is well", product)
    product.stop()
    cluster.stop()
    assert "look  the database does not answer" in product.run("check", "--offline")
    product.start()
    product.started()
    assert health(product) == 503
    beat = heartbeats.file(product.home, "worker")
    last = beat.stat().st_mtime_ns
    cluster.start()
    wait_until(lambda: beat.stat().st_mtime_ns > last, 30, "the worker runs", product)
    wait_until(lambda: health(product) == 200, 30, "all is well again", product)


def test_who_waits_for_the_database_ends_when_told_to(product: Talaia, cluster: PostgreSQL) -> None:
    product.stop()
    cluster.stop()
    product.start()
    assert product.started().stop() == 0


def test_a_reload_without_the_database_comes_true_once_it_is_back(product: Talaia, cluster: PostgreSQL) -> None:
    assert product.process
    cluster.stop()
    os.kill(product.process.pid, signal.SIGHUP)
    wait_until(lambda: "cannot be prepared yet" in log(product), 20, "it waits for the database", product)
    cluster.start()
    wait_until(lambda: "is in force" in log(product), 30, "the reload is done", product)


def test_the_log_has_a_line_when_it_goes_and_one_when_it_is_back_and_no_traceback(
    product: Talaia, cluster: PostgreSQL
) -> None:
    wait_until(lambda: health(product) == 200, 30, "all is well", product)
    before = len(log(product).splitlines())
    cluster.stop()
    wait_until(lambda: "the database does not answer" in log(product), 30, "it is said", product)
    wait_until(lambda: health(product) == 503, 30, "it is not well", product)
    for _ in range(20):
        for address in ("/desk/login", "/desk/", "/u/p1.0123456789abcdef01234567"):
            httpx.get(f"{product.address}{address}", trust_env=False, timeout=20)
    cluster.start()
    wait_until(lambda: "the database answers again (after " in log(product), 30, "that it is over, too", product)
    said = log(product).splitlines()[before:]
    assert len([line for line in said if "talaia." in line]) <= 6, "\n".join(said)
    assert len(said) <= 20, "\n".join(said)
    assert "Traceback" not in "".join(said), "\n".join(said)


def test_who_asks_while_a_table_is_locked_is_told_so_and_nobody_waits_for_ever(
    product: Talaia, cluster: PostgreSQL
) -> None:
    with psycopg.connect(cluster.url) as other:
        other.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")  # as VACUUM FULL has it
        answer = httpx.get(
            f"{product.address}/desk/login",
            trust_env=False,
            timeout=30,
            headers={"Accept-Language": "ca", "Cookie": f"talaia={'a' * 32}"},
        )
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert "ocupada la base de dades" in answer.text
