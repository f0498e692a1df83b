"""`talaia init` and then `talaia up`: from nothing to a page of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.product import ROOT, Talaia
from tests.servers.process import wait_until

TALAIA = (sys.executable, "-m", "talaia")


def talaia(*arguments: str, folder: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`talaia ARGUMENTS` in a folder, with no configuration named in the environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TALAIA_")}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"TALAIA_HOME": str(home)} if home else {})
    return subprocess.run(
        [*TALAIA, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )


def test_init_writes_what_up_shows(tmp_path: Path) -> None:
    done = talaia("init", "new/house", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("check", "user add NAME", "up"):
        assert re.search(rf"^  .* --config new/house/talaia\.toml {name}  ", done.stdout, re.MULTILINE), done.stdout

    with Talaia(tmp_path, (tmp_path / "new/house/talaia.toml").read_text()) as product:
        page = httpx.get(product.started().address, trust_env=False).text
        assert "Cooperativa Exemple" in page
        wait_until(lambda: product.states().get("chat") == "operational", 20, "what is kept by hand", product)
        assert set(product.states()) == {"chat", "website", "connections"}


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_text("mine")
    done = talaia("init", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "talaia: talaia.toml is there already; talaia init writes over nothing\n"
    assert (tmp_path / "talaia.toml").read_text() == "mine"


def test_in_the_same_folder_the_next_commands_are_short_and_the_state_folder_is_made(tmp_path: Path) -> None:
    done = talaia("init", folder=tmp_path, home=tmp_path / "state")
    assert "--config" not in done.stdout
    assert f"The state will be in {tmp_path / 'state'}." in done.stdout
    assert (tmp_path / "state").is_dir()
    for name in ("check", "user add NAME", "up"):  # as another account would follow it, without our environment
        assert re.search(rf"^  TALAIA_HOME={tmp_path}/state .*talaia.* {name}  ", done.stdout, re.MULTILINE), (
            done.stdout
        )


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_where_no_folder_can_be_is_told_in_one_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    done = talaia("init", place, folder=tmp_path)
    assert done.returncode == 1
    assert re.fullmatch(rf"talaia: {place}.*\n", done.stderr)


@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/nope"])
@pytest.mark.parametrize("command", ["check", "up"])
def test_a_state_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path, command: str, place: str) -> None:
    talaia("init", folder=tmp_path)
    (tmp_path / "a-file").touch()
    done = talaia(command, folder=tmp_path, home=tmp_path / place)
    assert done.returncode == 1
    assert re.fullmatch(r"talaia: /\S+: .+; run it as the account that runs talaia\n", done.stderr), done.stderr


def test_a_key_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    talaia("init", folder=tmp_path)
    (tmp_path / "secret-key").mkdir()  # as root, a mode would keep nobody out
    done = talaia("check", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"talaia: {tmp_path / 'secret-key'}: Is a directory; run it as the account that runs talaia\n"
    )


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "127.0.0.1:0", "127.0.0.1:\u0663", ":8000", "8000"])
@pytest.mark.parametrize("command", ["up", "web"])
def test_an_address_that_nobody_can_listen_on_is_told_in_one_line(tmp_path: Path, command: str, address: str) -> None:
    talaia("init", folder=tmp_path)
    done = talaia(command, "--listen", address, folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, f'talaia: --listen {address}: write it as "127.0.0.1:8000"\n')


BEFORE = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
[mail]
sender = "estat@example.org"
port = 1
[[groups]]
id = "web"
name = "Web"
[[sources]]
id = "grafana"
kind = "push"
[[sources]]
id = "prometheus"
kind = "prometheus"
url = "http://127.0.0.1:1"
[[services]]
slug = "web"
group = "web"
name = "Web"
evidence = { source = "grafana" }
[audience]
everybody = true
[audience.columns]
address = "Correu"
[audience.sympa]
"""


def test_before_the_first_start_the_check_looks_at_all_that_it_can(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_text(BEFORE)
    done = talaia("check", folder=tmp_path, home=tmp_path / "new-and-empty")
    for line in (
        "look  the database is empty",
        "look  source grafana: nobody can post to it yet",
        "look  Sympa cannot read the addresses yet",
        "FAIL  prometheus (http://127.0.0.1:1) does not answer",
        "the mail server 127.0.0.1:1 does not answer",
    ):
        assert line in done.stdout, done.stdout + done.stderr
    assert (done.returncode, done.stderr) == (1, "")


def test_when_the_database_is_away_the_check_looks_at_the_rest(tmp_path: Path) -> None:
    database = '[database]\nurl = "postgresql://talaia@127.0.0.1:1/talaia"\n'
    (tmp_path / "talaia.toml").write_text(BEFORE + database)
    done = talaia("check", folder=tmp_path)
    assert "FAIL  the database does not answer" in done.stdout
    assert "FAIL  prometheus (http://127.0.0.1:1) does not answer" in done.stdout, done.stdout + done.stderr
