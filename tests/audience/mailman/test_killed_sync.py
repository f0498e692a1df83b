"""kill -9 of `talaia audience sync` again and again while a real Mailman's list follows: the roster ends right."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.audience.ledger import CONFIG
from tests.audience.make_exports import text
from tests.product import ROOT, Talaia
from tests.servers.mailman import PASSWORD, USER, Mailman
from tests.servers.process import wait_until
from tests.torture import bounded

pytestmark = [pytest.mark.servers, pytest.mark.torture]
LIST = "killed@lists.example.org"
ID = "killed.lists.example.org"
ALWAYS, MOVING, STEP = 20, 80, 40  # people who are in every export, those of one month, and how many change each month
KILLS = bounded(50, 12)
# They are in every export, and left by themselves.
OUT = {"a3@example.com", "a4@example.com"}


def export(path: Path, month: int) -> set[str]:
    """Write it; who is in it."""
    people = [f"a{n}@example.com" for n in range(ALWAYS)]
    people += [f"p{n}@example.com" for n in range(month * STEP, month * STEP + MOVING)]
    path.write_text(text([(one.partition("@")[0], one, "", "sí", "", "", "") for one in people]))
    return set(people)


def sync(talaia: Talaia, file: Path, seconds: float | None) -> int:
    """Its exit code; killed after so many seconds."""
    process = subprocess.Popen(
        [sys.executable, "-m", "talaia", "audience", "sync", str(file), "--yes"],
        env={**os.environ, **talaia.environment},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    timer = threading.Timer(seconds, process.kill) if seconds is not None else None
    if timer:
        timer.start()
    _, said = process.communicate()
    if timer:
        timer.cancel()
    assert process.returncode in (0, -9), said.decode()
    return process.returncode


def standing(talaia: Talaia) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in json.loads(talaia.run("audience", "list", "--json")):
        found.setdefault(one["standing"], set()).add(one["address"])
    return found


def test_the_roster_is_right_however_often_a_sync_is_killed(tmp_path: Path, core: Mailman) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    mailman = f'\n[audience.mailman]\nlist = "{LIST}"\nurl = "{core.url}"\nusername = "{USER}"\n'
    usual = (ROOT / "tests" / "talaia.toml").read_text()
    talaia = Talaia(tmp_path, f'{usual}{CONFIG}{mailman}password_file = "password"\n')
    talaia.run("user", "add", "anna", "--password-file", "-", text="una clau prou llarga")  # makes the database
    talaia.run("audience", "setup")
    file, chance, kills, month = tmp_path / "export.csv", random.Random(11), 0, 0
    wanted = export(file, month)
    assert sync(talaia, file, None) == 0
    assert core.members(ID) == wanted
    for one in OUT:
        core.mail(one, LIST.replace("@", "-leave@"), subject="leave")
    wait_until(
        lambda: len(core.ask("GET", f"lists/{ID}/requests", request_type="unsubscription").get("entries", ())) == 2,
        20,
        "two ask to leave",
    )
    before, takes = core.sink.count, 0.0
    while kills < KILLS:
        month += 1
        wanted = export(file, month)
        for _ in range(10):
            # From before it has read anything to after its last mark; as long as a whole one took here just now.
            if sync(talaia, file, chance.uniform(0.3, 1.1) * (takes or 3.0)) == 0:
                break
            kills += 1
        begun = time.monotonic()
        assert sync(talaia, file, None) == 0
        takes = max(takes, time.monotonic() - begun)
        assert core.members(ID) == wanted - OUT
        found = standing(talaia)
        assert (found["on"], found["opted_out"]) == (wanted - OUT, OUT)
    assert month >= bounded(4, 2)
    core.at_rest()
    assert core.sink.count == before  # and nobody was written to about it
