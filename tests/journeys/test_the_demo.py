"""`talaia demo` as a newcomer meets it: it answers, its servers break and mend, and nothing of it stays."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import pytest

from tests.servers.process import Process, free_port, release_port, wait_until

ROOT = Path(__file__).parents[2]
TALAIA = (sys.executable, "-m", "talaia")
OPEN = "Sense servei als nodes del Port i del Far"
TURNS = 15  # seconds; it promises ten, on a machine that does nothing else


class Demo:
    """A demo on a free port, with a temporary folder and a log of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.home = folder / f"talaia-demo-{os.getuid()}-{self.port}"
        self.environment = {"TMPDIR": str(folder), "LC_ALL": "ca_ES.UTF-8", "TALAIA_CONFIG": "/nowhere/talaia.toml"}
        self.start()

    def start(self) -> None:
        command = [*TALAIA, "demo", "--port", str(self.port)]
        self.process = Process(command, self.folder / "log", folder=ROOT, environment=self.environment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.process.stop(40)
        release_port(self.port)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.address}{path}", trust_env=False)

    def ready(self) -> Self:
        """Wait until it has said where to look."""
        wait_until(lambda: "/desk/" in self.process.output(), 40, "its welcome", self.process)
        return self

    def state(self, slug: str) -> str:
        services = self.get("/status.json").json()["services"]
        return str(next(service["state"] for service in services if service["slug"] == slug))

    def wait_for(self, slug: str, state: str) -> None:
        wait_until(lambda: self.state(slug) == state, TURNS, f"{slug} {state}", self.process)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`talaia demo ARGUMENTS`, from another shell."""
        return shell([*TALAIA, "demo", *arguments, "--port", str(self.port)], self.environment)


def shell(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, **environment}, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder with a short name: the path of a Unix socket has room for a hundred characters."""
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    yield folder
    shutil.rmtree(folder)


def test_it_tells_its_story_turns_with_its_servers_and_leaves_nothing(place: Path) -> None:
    with Demo(place) as demo:
        words = demo.ready().process.output()
        addresses = re.findall(r"http://\S+", words)
        assert len(addresses) == 6
        for address in addresses:
            answer = httpx.get(address, trust_env=False, follow_redirects=True)
            assert answer.status_code == 200, address
            assert "Cooperativa Exemple" in answer.text
        assert OPEN in demo.get("/").text
        assert OPEN in desk_of(demo, words)

        assert (demo.state("meet"), demo.state("links")) == ("operational", "degraded")
        typed = re.search(r"^ +(\S.* demo break meet --port \d+)$", words, re.MULTILINE)
        assert typed
        assert shell(typed[1].split(), demo.environment).stdout.split() == ["meet", "espatllat"]
        demo.run("break", "VexVaixell1", "vexriera12")
        demo.wait_for("meet", "disruption")
        # It turns for the reference connection, and does not count the experimental one: 3 of 9, not 4.
        demo.wait_for("links", "partial")
        assert "3 de 9" in demo.get("/").text
        demo.run("mend", "meet", "VexRiera12")
        demo.wait_for("meet", "operational")
        demo.wait_for("links", "degraded")

        demo.process.stop(40)
        assert demo.process.exit_code == 0
        assert [path.name for path in place.iterdir()] == ["log"]
        said = demo.process.output()
        assert "Traceback" not in said
        warnings = [line for line in said.splitlines() if "WARNING" in line]
        assert all("talaia.signals.check_findings" in line for line in warnings)  # what was broken is said
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", demo.port)) != 0


def desk_of(demo: Demo, words: str) -> str:
    """What the person whom the demo made sees at the desk."""
    found = re.search(r"operadora  (\S+)", words)
    assert found
    with httpx.Client(base_url=demo.address, trust_env=False, follow_redirects=True) as visitor:
        form = visitor.get("/desk/")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        asked = {**hidden, "username": "operadora", "password": found[1]}
        return visitor.post(form.url, data=asked, headers={"Referer": str(form.url)}).text


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGHUP, signal.SIGTERM])
def test_it_leaves_nothing_when_it_is_ended_while_it_starts(place: Path, end: signal.Signals) -> None:
    with Demo(place) as demo:
        wait_until((demo.home / "talaia.toml").exists, 20, "its folder", demo.process)
        os.kill(demo.process.pid, end)
        wait_until(lambda: demo.process.exit_code is not None, 20, "its end", demo.process)
        assert demo.process.exit_code == 0, demo.process.log_tail()
        assert [path.name for path in place.iterdir()] == ["log"]


def test_a_second_one_is_refused_a_killed_one_is_cleared_and_a_closed_terminal_ends_it(place: Path) -> None:
    with Demo(place) as demo:
        wait_until((demo.home / "control").exists, 20, "its folder", demo.process)
        second = demo.run()
        assert (second.returncode, second.stdout, second.stderr.count("\n")) == (1, "", 1)
        assert "running already" in second.stderr

        demo.process.kill9()
        assert demo.home.exists()
        assert "no demo is running with port" in demo.run("list").stderr

        demo.start()
        assert demo.ready().get("/").status_code == 200
        os.kill(demo.process.pid, signal.SIGHUP)
        wait_until(lambda: demo.process.exit_code == 0, 40, "its end", demo.process)
        assert not demo.home.exists()


def test_a_port_in_use_is_told_in_one_line_and_leaves_nothing(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = shell([*TALAIA, "demo", "--port", str(taken.getsockname()[1])], {"TMPDIR": str(place)})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Address already in use; choose another port" in done.stderr
    assert not list(place.iterdir())
