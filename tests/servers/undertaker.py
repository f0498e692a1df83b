"""Ends what a run leaves behind, however the run itself ends (also by kill -9).

A second small process reads from a pipe what there is to end. While the run lives it only takes notes. When the pipe
closes, because the run finished or was killed, it ends the programs still noted and removes the folders still noted.

Not PR_SET_PDEATHSIG: that fires when the *thread* that started a program ends, needs `preexec_fn` (which warns as soon
as the run has a second thread) and leaves folders and stopped programs behind.
"""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

QUIT_SECONDS = 5.0

_lock = threading.Lock()
_helper: subprocess.Popen[bytes] | None = None


def watch_program(pid: int, quit_signal: int) -> None:
    """Have the program (leader of a session of its own) ended with the run: `quit_signal`, then KILL to its group."""
    _note("program", str(pid), int(quit_signal))


def forget_program(pid: int) -> None:
    """The program has ended; its number may belong to a stranger from now on."""
    _note("program", str(pid), None)


def fresh_folder(kind: str, within: Path | None = None) -> Path:
    """A new empty folder, mode 0700, that goes away with the run; `within`: not in the usual place for such."""
    folder = Path(tempfile.mkdtemp(prefix=f"talaia-{kind}-", dir=within))
    _note("folder", str(folder), 0)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a folder of `fresh_folder` now; harmless when it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    _note("folder", str(folder), None)


def _note(kind: str, name: str, value: int | None) -> None:
    global _helper
    with _lock:
        if _helper is None:
            _helper = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
            atexit.register(_dismiss)
        assert _helper.stdin is not None
        _helper.stdin.write(json.dumps([kind, name, value]).encode() + b"\n")
        _helper.stdin.flush()


def _dismiss() -> None:
    """At a regular end: wait until everything is gone, so that a caller finds the house clean."""
    if _helper is not None and _helper.stdin is not None:
        with suppress(OSError):
            _helper.stdin.close()
        _helper.wait(QUIT_SECONDS * 2)


def is_alive(pid: int) -> bool:
    """Whether a process of this number exists and has not ended (a zombie has)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _bury(programs: dict[int, int], folders: set[str]) -> None:
    for pid, quit_signal in programs.items():
        with suppress(OSError):
            os.kill(pid, quit_signal)
            os.killpg(pid, signal.SIGCONT)
    limit = time.monotonic() + QUIT_SECONDS
    while any(is_alive(pid) for pid in programs) and time.monotonic() < limit:
        time.sleep(0.02)
    for pid in programs:
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _serve() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    programs: dict[int, int] = {}
    folders: set[str] = set()
    for line in sys.stdin:
        kind, name, value = json.loads(line)
        if kind == "program" and value is None:
            programs.pop(int(name), None)
        elif kind == "program":
            programs[int(name)] = value
        elif value is None:
            folders.discard(name)
        else:
            folders.add(name)
    _bury(programs, folders)


if __name__ == "__main__":
    _serve()
