"""What keeps us from writing down or looking up, pure: of which kind a failure is, and what an operator can do.

None of it is a fault of whoever asks: they are told so in their language, and asked to come again.
"""

from __future__ import annotations

import errno
import re
from enum import StrEnum

from django.db import Error, InterfaceError, InternalError, OperationalError, ProgrammingError

# With these the database itself is in trouble, not the one row that is being written.
UNFIT = (OperationalError, InterfaceError, ProgrammingError, InternalError)
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT})
NO_FILES = frozenset({errno.EMFILE, errno.ENFILE})


class FailureKind(StrEnum):
    FULL = "full"
    READ_ONLY = "read_only"
    BUSY = "busy"
    OTHER_VERSION = "other_version"
    AWAY = "away"


# By the words of SQLite and of PostgreSQL; the first that fits.
SAID = (
    (FailureKind.FULL, re.compile(r"is full|no space left|disk full|quota", re.IGNORECASE)),
    (FailureKind.READ_ONLY, re.compile(r"read.?only", re.IGNORECASE)),
    (FailureKind.OTHER_VERSION, re.compile(r"no such (table|column)|has no column|does not exist", re.IGNORECASE)),
    (
        FailureKind.BUSY,
        re.compile(r"is locked|lock timeout|statement timeout|deadlock|too many (clients|conn)", re.IGNORECASE),
    ),
)
HINTS = {
    FailureKind.FULL: "make room on the disk; meanwhile the pages that stand there stay whole",
    FailureKind.READ_ONLY: "look at the health of the disk (dmesg), at who owns the folder; is PostgreSQL a standby?",
    FailureKind.BUSY: "another program keeps it for itself: end that, or wait for it",
    FailureKind.OTHER_VERSION: (
        "of another version: `talaia up` brings it here at its start, `talaia check` looks at it"
    ),
    FailureKind.AWAY: "look at [database] in talaia.toml, at the server and at the disk",
}
UNCLEAR = re.compile(r"i/o error|unable to open", re.IGNORECASE)  # what SQLite says of a full disk, too


def trouble(error: BaseException | None, free: int | None = None) -> FailureKind | None:
    """Of which kind a failure is; None: of none of these, so a fault of ours.

    `free`: bytes that are left on the disk, where that is known.
    """
    if isinstance(error, OSError):
        if error.errno in FULL_DISK:
            return FailureKind.FULL
        if error.errno == errno.EROFS:
            return FailureKind.READ_ONLY
        return FailureKind.BUSY if error.errno in NO_FILES else None
    if not isinstance(error, UNFIT):
        return None
    words = str(error)
    for kind, said in SAID:
        if said.search(words):
            return kind
    return FailureKind.FULL if free == 0 and UNCLEAR.search(words) else FailureKind.AWAY


def in_one_line(error: Error) -> str:
    """What the database said, in one line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
