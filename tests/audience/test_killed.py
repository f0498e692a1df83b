"""kill -9 of `talaia audience sync` at random moments: whoever runs it again ends with the ledger that was wanted."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audience.ledger import CONFIG
from tests.audience.make_exports import text
from tests.product import ROOT, Talaia
from tests.servers.postgres import PostgreSQL
from tests.torture import bounded

USUAL = (ROOT / "tests" / "talaia.toml").read_text()
KILLS = bounded(24, 12)
PEOPLE = 6000
pytestmark = pytest.mark.torture


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def talaia(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talaia]:
    if request.param == "sqlite":
        yield Talaia(tmp_path, USUAL + CONFIG)
        return
    with PostgreSQL() as cluster:
        yield Talaia(tmp_path, f'{USUAL}{CONFIG}\n[database]\nurl = "{cluster.url}"\n')


def export(path: Path, month: int) -> set[str]:
    """Each month a tenth of the people is another, and a third has another name."""
    numbers = range(month * PEOPLE // 10, month * PEOPLE // 10 + PEOPLE)
    rows = [
        (f"P {n} {month if n % 3 == 0 else ''}".strip(), f"p{n}@example.org", "", "sí", "", "", "") for n in numbers
    ]
    path.write_text(text(rows))
    return {f"p{n}@example.org" for n in numbers}


def ledger(talaia: Talaia) -> dict[str, str]:
    return {one["address"]: one["standing"] for one in json.loads(talaia.run("audience", "list", "--json"))}


def joins(talaia: Talaia) -> int:
    """How many people the steps of all imports have let in, by the facts."""
    code = (
        "from talaia.cli import set_up; set_up()\n"
        "from talaia.outbox.models import Fact\n"
        "rows = Fact.objects.filter(kind='audience.applied').values_list('data', flat=True)\n"
        "print(sum(data['joins'] for data in rows))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **talaia.environment},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout)


def test_an_import_that_is_killed_again_and_again_ends_as_wanted(talaia: Talaia) -> None:
    chance, kills, month, everybody = random.Random(5), 0, 0, set[str]()
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v0", "--settings", "talaia.settings"],
        env={**os.environ, **talaia.environment},
        cwd=ROOT,
        check=True,
    )
    path = talaia.home / "export.csv"
    out = {"p5999@example.org", "p5998@example.org"}  # they opt out at first, and are in every export for months
    while kills < KILLS:
        wanted = export(path, month)
        everybody |= wanted
        for _ in range(8):
            process = subprocess.Popen(
                [sys.executable, "-m", "talaia", "audience", "sync", str(path), "--yes"],
                env={**os.environ, **talaia.environment},
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            # From "has not read it yet" to "only the last mark is missing".
            timer = threading.Timer(chance.uniform(0.5, 1.6), process.kill)
            timer.start()
            _, said = process.communicate()
            timer.cancel()
            if process.returncode == 0:
                break
            assert process.returncode == -9, said.decode()
            kills += 1
        talaia.run("audience", "sync", str(path), "--yes")
        if month == 0:
            for address in out:
                talaia.run("audience", "opt-out", address)
        found = ledger(talaia)
        assert {key for key, standing in found.items() if standing == "on"} == wanted - out
        assert {key for key, standing in found.items() if standing == "opted_out"} == out
        assert found.keys() == everybody
        shown = json.loads(talaia.run("audience", "show", "--json"))
        assert shown["open"] == []
        month += 1
    # Nobody was let in twice, however often a step was begun.
    assert joins(talaia) == len(everybody)
