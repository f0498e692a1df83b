"""The wheel without extras, in an environment that has only what it requires, far from the checkout: all of it runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import httpx
import pytest

from talaia.cli import COMMANDS
from tests.servers.process import Process, free_port, release_port, wait_until
from tests.wheel import Alone

pytestmark = pytest.mark.torture


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    return Alone(tmp_path_factory.mktemp("alone"))


SITE = '[site]\nname = "Cooperativa Exemple"\naddress = "https://status.example.org"\n'


def test_none_of_the_extras_is_there(alone: Alone, tmp_path: Path) -> None:
    for module in ("dulwich", "apprise", "psycopg"):
        done = subprocess.run([alone.python, "-c", f"import {module}"], cwd=tmp_path, capture_output=True, check=False)
        assert b"ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("written", ["nothing", "wrong"])
def test_every_command_helps_whoever_has_no_configuration_yet_or_a_wrong_one(
    alone: Alone, tmp_path: Path, written: str
) -> None:
    if written == "wrong":
        (tmp_path / "talaia.toml").write_text("[site]\nnmae = 3\n")
    told = alone.each([[command, "--help"] for command in COMMANDS], tmp_path)
    for command, (code, out, err) in zip(COMMANDS, told, strict=True):
        assert (code, err) == (0, ""), command
        assert out.startswith(f"usage: talaia {command}")
    assert {path.name for path in tmp_path.iterdir()} == ({"talaia.toml"} if written == "wrong" else set())


def test_without_a_configuration_each_command_says_so_in_one_line(alone: Alone, tmp_path: Path) -> None:
    runs = [["up"], ["work"], ["web"], ["check"], ["panel"], ["publish"], ["user", "list"]]
    for code, out, err in alone.each(runs, tmp_path):
        assert (code, out) == (1, "")
        assert re.fullmatch("talaia: there is no talaia.toml; .*\n", err), err


def test_it_begins_checks_and_serves(alone: Alone, tmp_path: Path) -> None:
    assert alone.run("init", folder=tmp_path).returncode == 0
    done = alone.run("check", "--offline", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    port = free_port()
    try:
        ours = {"TALAIA_CONFIG": str(tmp_path / "talaia.toml"), "TALAIA_HOME": str(tmp_path)}
        with Process(alone.command("up", "--listen", f"127.0.0.1:{port}"), tmp_path / "up.log", environment=ours) as up:
            wait_until(lambda: httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).is_success, 60, "a page", up)
            panel = alone.run("panel", folder=tmp_path)
            assert (panel.returncode, panel.stderr) == (0, "")
            assert up.stop() == 0
            assert "Traceback" not in up.output()
    finally:
        release_port(port)


ASKED = {
    "git": ('[mirror]\nkind = "git"\nrepository = "history.git"\n', "dulwich"),
    "chat": ('[[chat]]\nname = "sala"\nurl_file = "url"\n', "apprise"),
    "postgresql": ('[database]\nurl = "postgresql://talaia@127.0.0.1:1/talaia"\n', "psycopg"),
}


@pytest.mark.parametrize("extra", ASKED)
def test_an_extra_that_is_asked_for_and_not_there_is_one_clear_line(alone: Alone, tmp_path: Path, extra: str) -> None:
    table, module = ASKED[extra]
    (tmp_path / "talaia.toml").write_text(SITE + table)
    (tmp_path / "url").write_text("ntfy://ntfy.example.org/sala")
    done = alone.run("check", "--offline", folder=tmp_path)
    assert done.returncode == 1
    told = re.compile(rf"{module}, which is not installed(; |\n      → )pip install 'talaia\[{extra}\]', then restart")
    assert len(told.findall(done.stdout + done.stderr)) == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_reads_the_beginning_of_the_help_is_told_nothing_of_pipes(alone: Alone, tmp_path: Path) -> None:
    told = alone.each([[command, "--help"] for command in COMMANDS], tmp_path, reader=False)
    for command, (code, _, err) in zip(COMMANDS, told, strict=True):
        assert (code, err) == (1, ""), command


def test_whoever_reads_the_beginning_of_a_result_is_told_nothing_either(alone: Alone, tmp_path: Path) -> None:
    alone.run("init", folder=tmp_path)
    subprocess.run([alone.python, "-c", MIGRATE], cwd=tmp_path, env=alone.environment(), check=True)
    runs = [
        ["panel"],
        ["panel", "--json"],
        ["check", "--offline"],
        ["user", "list"],
        ["token", "list"],
        ["init", "new"],
        ["publish"],
    ]
    for arguments, (code, _, err) in zip(runs, alone.each(runs, tmp_path, reader=False), strict=True):
        assert (code, err) in ((1, ""), (0, "")), arguments


MIGRATE = """
from talaia.cli import set_up
set_up()
from talaia.config import current
from talaia.server.startup import prepare
prepare(current())
"""
