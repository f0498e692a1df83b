"""Which machine this is, and which worker of it lives: so that what a dead one held is taken back at once.

A machine is told by an id that is kept in its state folder: two of them may share a name, a boot id (containers) or a
database, and none must take another's work for that of the dead.
"""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from contextlib import suppress
from pathlib import Path

from talaia.file_modes import make_private

FILE = "machine-id"


def machine_id(home: Path) -> str:
    """The id of the machine to which this state folder belongs, made on first use. Raises OSError.

    The file holds its own inode and the name of the host, too: in a folder that was copied from another machine they
    are not those, and a new id is made. So it is for a folder that comes from a backup, which is harmless.
    """
    file, host = home / FILE, socket.gethostname()
    for _again in range(2):
        with suppress(FileNotFoundError):
            found, _, rest = file.read_text().strip().partition(" ")
            if rest == f"{file.stat().st_ino} {host}":
                return found
        make_private(home)
        draft = file.with_name(f".{FILE}-{secrets.token_hex(4)}")
        with draft.open("x") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(f"{secrets.token_hex(8)} {os.fstat(out.fileno()).st_ino} {host}\n")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)  # the same file: its inode stays
    return secrets.token_hex(8)  # somebody makes one all the time: one of our own is as good until we end


def this_machine(home: Path) -> str:
    """Machine, boot and process namespace: of containers on one folder only those are told apart that live at once."""
    boot = namespace = "-"
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        namespace = str(Path("/proc/self/ns/pid").stat().st_ino)
    try:
        found = machine_id(home)
    except OSError:  # full, or read only: what we leave behind is taken back when its lease ends
        found = secrets.token_hex(8)
    return f"{found}/{boot}/{namespace}"


def start_ticks(pid: int) -> str:
    """When the kernel started process `pid`, in clock ticks; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def name_of_a_worker(machine: str) -> str:
    """Of one in this process."""
    pid = os.getpid()
    return f"{machine}/{pid}/{start_ticks(pid)}-{uuid.uuid4().hex[:6]}"


def is_dead(worker: str, machine: str) -> bool:
    """Whether `worker` ran on this machine and its process is gone for certain."""
    place, _, process = worker.rpartition("/")
    place, _, pid = place.rpartition("/")
    ticks = process.partition("-")[0]
    if place != machine:
        # The same machine after a restart: everything that ran before it is dead.
        return place.split("/")[0] == machine.split("/")[0] and place.split("/")[1:2] != machine.split("/")[1:2]
    return not pid.isdigit() or start_ticks(int(pid)) != ticks
