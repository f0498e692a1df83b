"""A server that runs for a test on one port of 127.0.0.1 and keeps port and data over stops, kills and restarts."""

import json
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

from tests.servers.process import Process, free_port, release_port, wait_until
from tests.servers.programs import Account, find_program
from tests.servers.undertaker import fresh_folder, remove_folder

START_SECONDS = 30.0


@dataclass(frozen=True)
class Hook:
    """Where a server posts to: the whole address, and a bearer token where one is asked for."""

    url: str
    token: str = ""

    def authorization(self) -> dict[str, Any]:
        """The part of an HTTP client's configuration that carries the token, as Prometheus and Alertmanager read it."""
        return {"authorization": {"type": "Bearer", "credentials": self.token}} if self.token else {}


class Server(ABC):
    """Not running yet; the port is already chosen, so that others can be told the address before the start.

    `with` starts it, and at the end stops it and removes its folder. In plain code: `start()` … `close()`.
    """

    program: ClassVar[str]
    package: ClassVar[str]
    quit_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, account: Account | None = None, within: Path | None = None) -> None:
        self.port = free_port()
        self.folder = fresh_folder(self.program, within)
        self.account = account
        if account:
            shutil.chown(self.folder, account.uid, account.gid)
        self._process: Process | None = None
        self._was_up = False

    @abstractmethod
    def prepare(self) -> None:
        """Write into `folder` what the program reads at its start; called before each start."""

    @abstractmethod
    def arguments(self) -> list[str]:
        """The command line after the program's name."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves; may raise OSError or httpx.HTTPError for "not yet"."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def process(self) -> Process:
        """The running program (or the last one)."""
        assert self._process is not None, f"{self.program} was not started"
        return self._process

    @property
    def running(self) -> bool:
        """Whether the program exists, frozen or not."""
        return self._process is not None and self._process.exit_code is None

    def start(self) -> Self:
        """Start and wait until it serves. If a stranger has taken the port meanwhile, the first start takes another."""
        assert not self.running, f"{self.program} runs already"
        try:
            program = find_program(self.program, self.package)
            for _ in range(5):
                self.prepare()
                self._process = Process(
                    [program, *self.arguments()],
                    self.folder / "log",
                    quit_signal=self.quit_signal,
                    account=self.account,
                )
                if self._comes_up(self._process):
                    self._was_up = True
                    return self
                if not self._was_up:
                    release_port(self.port)
                    self.port = free_port()
            raise AssertionError(f"{self.program} finds no free port\n{self.log_tail()}")
        except BaseException:
            self.close()
            raise

    def _comes_up(self, process: Process) -> bool:
        """False if the port was taken; any other early end is an AssertionError with the log."""
        wait_until(lambda: process.exit_code is not None or self.answers(), START_SECONDS, "it serves", process)
        if "address already in use" in process.output().lower():  # nginx goes on trying: the answer was a stranger's
            process.stop()
            return False
        if process.exit_code is None:
            return True
        raise AssertionError(f"{self.program} ended at its start\n{process.log_tail()}")

    def stop(self) -> None:
        """Ask it to quit and wait for that; port and data stay, `start` brings it back."""
        self.process.stop()

    def kill9(self) -> None:
        """SIGKILL; port and data stay, `start` brings it back."""
        self.process.kill9()

    def restart(self) -> None:
        """Stop and start on the same port with the same data."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: connections are accepted by the kernel and nothing is ever answered."""
        self.process.freeze()

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.thaw()

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of what the program said since its last start."""
        return self._process.log_tail(lines) if self._process else f"--- {self.program}, not started"

    def close(self) -> None:
        """End it for good; repeatable."""
        if self._process is not None:
            self._process.stop()
        remove_folder(self.folder)
        release_port(self.port)


class HttpServer(Server):
    """A server that speaks HTTP; `client` keeps its connections between calls."""

    health: ClassVar[str] = "/-/ready"

    def __init__(self) -> None:
        super().__init__()
        self.client = httpx.Client(timeout=5.0, trust_env=False)

    @property
    def url(self) -> str:
        """The root address, without a slash at the end."""
        return f"http://{self.address}"

    def answers(self) -> bool:
        """The health address says 200."""
        return self.client.get(self.url + self.health, timeout=1.0).status_code == 200

    def ask(self, method: str, path: str, params: Mapping[str, Any] | None = None, body: object = None) -> Any:
        """The decoded JSON of an answer (None: there was no body). A refusal is an AssertionError with text and log."""
        answer = self.client.request(method, self.url + path, params=params, json=body)
        assert answer.is_success, (
            f"{self.program}: {method} {path}: {answer.status_code} {answer.text}{self.log_tail()}"
        )
        return json.loads(answer.content) if answer.content else None

    def close(self) -> None:
        """End it for good; repeatable."""
        super().close()
        self.client.close()
