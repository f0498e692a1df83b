"""Reads a file that somebody else may have put in the place of ours: only what is a file, and not without end.

A pipe would have whoever opens it wait for ever, a device or a file of terabytes would take all memory.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 100_000_000


def content(path: Path, *, follow: bool = True) -> bytes:
    """What stands in a file. Raises OSError, also for what is none, for a link unless `follow`, or for too much."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.ENXIO, "no file", str(path))
        if found.st_size > LARGEST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return file.read(LARGEST)
