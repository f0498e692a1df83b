"""One program that runs for a test: started with its output in a log, watched, frozen, killed, stopped."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeVar

import httpx

from tests.servers import undertaker
from tests.servers.programs import Account

T = TypeVar("T")

# Below the range from which Linux takes the ports of outgoing connections (32768 and up): a server that is down for a
# moment cannot lose its port to somebody's client, nor can a client connect to itself there.
PORTS = range(20000, 30000)
_random = random.SystemRandom()
_claims: dict[int, int] = {}


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses and that no other run of these tests is given until this one ends.

    The claim is a name in Linux's abstract socket space: it has the same extent as the ports (the network namespace)
    and goes away with the process.
    """
    for port in _random.sample(PORTS, 500):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with claim, socket.socket() as probe, suppress(OSError):
            claim.bind(f"\0talaia-tests-port-{port}")
            probe.bind(("127.0.0.1", port))
            _claims[port] = claim.detach()
            return port
    raise AssertionError(f"no free port on 127.0.0.1 from {PORTS.start} to {PORTS.stop - 1} after 500 tries")


def release_port(port: int) -> None:
    """Give a port of `free_port` back; harmless when it was given back before."""
    claim = _claims.pop(port, None)
    if claim is not None:
        os.close(claim)


class Logged(Protocol):
    """Whatever can tell what it said last."""

    def log_tail(self) -> str:
        """The last lines of the log, headed by a name."""
        ...


def wait_until(condition: Callable[[], T], seconds: float, what: str, *programs: Logged) -> T:
    """Ask `condition` until it gives something true, and return that; a refused connection or HTTP error is "not yet".

    After `seconds` an AssertionError tells `what` was waited for, what was seen last, and the log tails of `programs`.
    """
    limit = time.monotonic() + seconds
    while True:
        try:
            seen: object = (answer := condition())
            if answer:
                return answer
        except (OSError, httpx.HTTPError) as fault:
            seen = fault
        if time.monotonic() > limit:
            tails = "".join(f"\n{program.log_tail()}" for program in programs)
            raise AssertionError(f"not within {seconds:g} s: {what}; last seen: {seen!r}{tails}")
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that a process has started and that still exist."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # has ended while we looked
                stat = (entry / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return found


class Process:
    """A program in a session of its own, started by the constructor; ends with the `with` block, or with the run."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        quit_signal: signal.Signals = signal.SIGTERM,
        account: Account | None = None,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`log` is appended to; `folder` is where it runs (the log's folder); `environment` is added to our own."""
        self.command = list(command)
        self.log = log
        self._quit_signal = quit_signal
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder or log.parent,
                env={**os.environ, **(environment or {})},
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self.pid = self._popen.pid
        undertaker.watch_program(self.pid, quit_signal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def exit_code(self) -> int | None:
        """None while it runs (also while frozen); negative: the signal that ended it."""
        return self._popen.poll()

    def output(self) -> str:
        """All it has said since its start."""
        with self.log.open("rb") as file:
            file.seek(self._log_start)
            return file.read().decode(errors="replace")

    def log_tail(self, lines: int = 30) -> str:
        """The last lines of its log, headed by its name and whether it still runs."""
        state = "running" if self.exit_code is None else f"ended with {self.exit_code}"
        return "\n".join([f"--- {Path(self.command[0]).name}, {state}:", *self.output().splitlines()[-lines:]])

    def freeze(self) -> None:
        """SIGSTOP: it keeps its port and its connections and answers nothing. `thaw` lets it go on."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.killpg(self.pid, signal.SIGCONT)

    def kill9(self) -> None:
        """SIGKILL to the program and its group, and wait for its end."""
        self._end(signal.SIGKILL, 10.0)

    def stop(self, limit: float = 10.0) -> int:
        """Ask it to quit (also when it is frozen); after `limit` seconds SIGKILL. Returns the exit code; repeatable."""
        return self._end(self._quit_signal, limit)

    def _end(self, number: signal.Signals, limit: float) -> int:
        if self._popen.poll() is None:
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                self._popen.send_signal(number)
                os.killpg(self.pid, signal.SIGCONT)
            try:
                self._popen.wait(limit)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._popen.wait(10.0)
        undertaker.forget_program(self.pid)
        return int(self._popen.returncode)
