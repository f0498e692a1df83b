"""The product as its users run it: `talaia up` in a process of its own, asked through its files, port and shell."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.servers.process import Process, free_port, release_port, wait_until

ROOT = Path(__file__).parents[1]


class Talaia:
    """One installation in `home`. `with` starts it and ends it; `start`, `kill9`, `stop` for the rough parts."""

    module = "talaia"  # what is run

    def __init__(self, home: Path, config: str) -> None:
        self.home, self.port = home, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        (home / "talaia.toml").write_text(config)
        self.process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        (self.home / "run" / "reserve").unlink(missing_ok=True)  # pytest keeps the folders of three runs
        release_port(self.port)

    @property
    def environment(self) -> dict[str, str]:
        return {"TALAIA_CONFIG": str(self.home / "talaia.toml"), "TALAIA_HOME": str(self.home)}

    def start(self) -> None:
        """Run `talaia up`; returns at once."""
        self.process = Process(
            [sys.executable, "-m", self.module, "up", "--listen", f"127.0.0.1:{self.port}"],
            self.home / "up.log",
            folder=ROOT,
            environment=self.environment,
        )

    def started(self) -> Self:
        """Wait until it answers with a page."""
        wait_until(
            lambda: httpx.get(f"{self.address}/", trust_env=False).status_code == 200, 30, "the first page", self
        )
        return self

    def kill9(self) -> None:
        assert self.process
        self.process.kill9()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        return self.process.stop(40) if self.process else 0

    def log_tail(self) -> str:
        return self.process.log_tail() if self.process else "not started"

    def run(self, *arguments: str, text: str = "") -> str:
        """`talaia ARGUMENTS`; its standard output. A failure is an AssertionError with its words."""
        done = subprocess.run(
            [sys.executable, "-m", self.module, *arguments],
            env={**os.environ, **self.environment},
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"talaia {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def file(self, path: str) -> str:
        """A file of the public folder."""
        return (self.home / "public" / path.lstrip("/")).read_text()

    def status(self) -> dict[str, Any]:
        """status.json as it lies on the disk."""
        found: dict[str, Any] = json.loads(self.file("status.json"))
        return found

    def states(self) -> dict[str, str]:
        """Slug of each service → the state that the files on the disk tell."""
        return {service["slug"]: service["state"] for service in self.status()["services"]}

    def wait_for(self, seconds: float, what: str, **states: str) -> None:
        """Until the files on the disk tell these states."""
        wait_until(lambda: states.items() <= self.states().items(), seconds, what, self)

    def transitions(self, slug: str) -> list[str]:
        """The states that a service has gone through, from the database (SQLite)."""
        with sqlite3.connect(self.home / "talaia.db") as database:
            rows = database.execute("select to_state from talaia_transition where service_id=? order by id", [slug])
            return [state for (state,) in rows]
