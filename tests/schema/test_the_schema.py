"""The tables: those of 0.1.0 are frozen, every later version brings them along, and those of others are refused."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

import talaia
from tests.product import Talaia
from tests.servers.postgres import PostgreSQL
from tests.servers.process import wait_until

MIGRATIONS = Path(talaia.__file__).parent / "migrations"
RELEASED = Path(__file__).parent / "released"
EXAMPLE = (Path(talaia.__file__).parent / "config" / "example.toml").read_text()
# Of 0.1.0. Whoever changes one of these files breaks every database that was made with it: add a migration instead.
FROZEN = {
    "0001_initial.py": "303a1c3fe7552a62",
    "0002_facts_are_final.py": "605700307b7eddea",
    "0003_watched_and_listed.py": "eea535f6a4c211d8",
    "0004_whom_and_quiet.py": "cf418a32a1f29cbc",
    "0005_by_hand_and_unrest.py": "f3d372c452b2498f",
    "0006_how_incidents_end.py": "391f95f22a5b5c9e",
    "0007_second_yes_and_waits.py": "68ef68d67a8a80e2",
    "0008_what_sources_say.py": "aa42abd0d659ba11",
    "0009_who_cannot_be_read_and_who_is_not_reached.py": "bc3aae2a5edf8df2",
    "0010_what_servers_mean.py": "b97c1f05b8853ce9",
    "0011_check_findings.py": "63dad3f0ebd25fc1",
    "0012_renamed_services.py": "467716eb3c481364",
    "0013_authors_of_what_waits.py": "b9a075b6199d3032",
    "0014_since_when_it_is_measured.py": "93ebbf848d900858",
}


def test_the_migrations_of_0_1_0_are_as_they_were() -> None:
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in MIGRATIONS.glob("0*.py")}
    assert {name: found.get(name) for name in FROZEN} == FROZEN


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talaia]:
    """A house of 0.1.0: an open incident, a resolved one, a maintenance in 2031."""
    script = (RELEASED / f"0.1.0.{request.param}.sql").read_text()
    if request.param == "sqlite":
        db = sqlite3.connect(tmp_path / "talaia.db")
        db.executescript(script)
        db.close()
        with_it = Talaia(tmp_path, EXAMPLE)
        yield with_it
        with_it.stop()
        return
    with PostgreSQL() as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(script.encode())
        with_it = Talaia(tmp_path, EXAMPLE.replace("[database]", f'[database]\nurl = "{server.url}"', 1))
        yield with_it
        with_it.stop()


def test_a_database_of_0_1_0_is_brought_to_this_version_and_its_history_is_on_the_page(old: Talaia) -> None:
    old.start()
    old.started()
    for path, words in {
        "/": "Sense xat",
        "/incidents/2026-001/": "Mirem què passa.",
        "/incidents/2026-002/": "Arreglat.",
        "/maintenance/2031-001/": "Canviem un disc.",
    }.items():
        wait_until(lambda: words in httpx.get(old.address + path, trust_env=False).text, 30, words, old)  # noqa: B023
    wait_until(lambda: httpx.get(f"{old.address}/healthz", trust_env=False).status_code == 200, 30, "healthy", old)
    assert "answers and is of this version" in old.run("check", "--offline")


Change = Callable[[sqlite3.Connection], object]
NOT_OURS: dict[str, tuple[Change, str]] = {
    "edited in place": (
        lambda db: db.execute("ALTER TABLE talaia_sourcestate DROP COLUMN answered_at"),
        "talaia_sourcestate has no answered_at",
    ),
    "of a newer one": (
        lambda db: db.execute(
            "INSERT INTO django_migrations(app, name, applied) VALUES ('talaia', '9999_later', '2027-01-01')"
        ),
        "newer talaia (it has 9999_later); install that one",
    ),
    "of another program": (
        lambda db: db.executescript("DELETE FROM django_migrations WHERE app = 'talaia'"),
        "none of them of talaia; name an empty one in [database]",
    ),
    "with a column of its own": (
        lambda db: db.execute("ALTER TABLE talaia_sourcestate ADD COLUMN mood TEXT"),
        "talaia_sourcestate has a mood",
    ),
}


def must_not_be_empty(db: sqlite3.Connection) -> None:
    """As a migration that was edited in place leaves it: what we write as unknown is refused at every tick."""
    db.execute("PRAGMA writable_schema = ON")
    written = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'talaia_sourcestate'"
    done = db.execute(written, ('"heard_at" datetime NULL', '"heard_at" datetime NOT NULL'))
    assert done.rowcount == 1


NOT_OURS["with a column that must not be empty"] = (
    must_not_be_empty,
    "talaia_sourcestate has a heard_at that must not be empty",
)


@pytest.mark.parametrize(("change", "words"), NOT_OURS.values(), ids=NOT_OURS)
def test_tables_that_are_not_ours_are_refused_in_one_line(tmp_path: Path, change: Change, words: str) -> None:
    db = sqlite3.connect(tmp_path / "talaia.db")
    db.executescript((RELEASED / "0.1.0.sqlite.sql").read_text())
    change(db)
    db.commit()
    db.close()
    product = Talaia(tmp_path, EXAMPLE)
    for command in ("up", "work"):
        done = shell(product, command)
        assert done.returncode == 1, done.stderr
        assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert "FAIL  the database" in shell(product, "check", "--offline").stdout


def shell(product: Talaia, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "talaia", *arguments],
        env={**os.environ, **product.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
