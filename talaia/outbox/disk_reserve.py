"""Room on the disk: how much is left, and a reserve that is given free when nothing else is.

The reserve is a file that takes up room while there is enough. When the disk is full it is deleted, so that the news
can still be written down and published; once there is room again it is made anew.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

RESERVE = 16_000_000  # bytes; a tenth of the disk, where that is less
FULL = 8  # an eighth of the reserve: with so little left the disk counts as full
LITTLE = 200_000_000  # bytes: below it operators are told; a twentieth of the disk, where that is less


@dataclass(frozen=True)
class Room:
    """Of the disk on which the state folder lies. `reserve`: bytes that are held in reserve."""

    free: int
    whole: int
    reserve: int

    @property
    def wanted(self) -> int:
        """How large the reserve is to be."""
        return min(RESERVE, self.whole // 10)

    @property
    def is_full(self) -> bool:
        return self.free < self.wanted // FULL

    @property
    def is_little(self) -> bool:
        return self.free < min(LITTLE, self.whole // 20)

    @property
    def is_enough(self) -> bool:
        """Whether the reserve can be made, and as much is left beside it."""
        return self.free > 2 * self.wanted

    @property
    def is_short(self) -> bool:
        """Whether there is no reserve, nor room for one."""
        return self.reserve < self.wanted // 2 and not self.is_enough

    @property
    def is_ill(self) -> bool:
        """Whether somebody must make room now: one answer for all who are asked, /healthz, `check` and the desk."""
        return self.is_full or self.is_short


def file(home: Path) -> Path:
    return home / "run" / "reserve"


def room(home: Path) -> Room | None:
    """None: it cannot be known."""
    try:
        disk = os.statvfs(home)
    except OSError:
        return None
    reserve = 0
    with suppress(OSError):
        reserve = file(home).stat().st_blocks * 512
    free = disk.f_bavail * disk.f_frsize
    if disk.f_files and disk.f_favail == 0:
        free = 0  # there is room, and no file could be made in it
    return Room(free, disk.f_blocks * disk.f_frsize, reserve)


def free(home: Path) -> int | None:
    """Bytes that are left; 0 also for what no file could be made of."""
    found = room(home)
    return found.free if found and not found.is_full else 0 if found else None


def keep(home: Path) -> None:
    """Make the reserve where there is room for it; give it free where nothing else is left. Never raises."""
    found = room(home)
    if found is None:
        return
    if found.is_full:
        release(home)
    elif found.reserve < found.wanted // 2 and found.is_enough:
        make(home, found.wanted)


def release(home: Path) -> bool:
    """Give the reserve free; whether there was one."""
    try:
        size = file(home).stat().st_size
        file(home).unlink()
    except OSError:
        return False
    log.error("the disk is full: the reserve of %.0f MB is given free for the news; make room on the disk", size / 1e6)
    return True


def make(home: Path, size: int) -> None:
    draft = file(home).with_name(".reserve")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as reserve:
            os.posix_fallocate(reserve.fileno(), 0, size)
        draft.replace(file(home))
    except OSError as error:
        log.warning("no room is held in reserve: %s", error)
        with suppress(OSError):
            draft.unlink()
