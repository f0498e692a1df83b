"""Finding the programs that the tests run, and the accounts under which they may run."""

import os
import pwd
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

POSTGRESQL_FOLDERS = "/usr/lib/postgresql"


def find_program(name: str, package: str) -> str:
    """The path of a program; where it is missing, an AssertionError names the Debian package that has it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")
    if found is None:
        versions = (p for p in Path(POSTGRESQL_FOLDERS).glob(f"*/bin/{name}") if p.parts[-3].isdecimal())
        found = str(max(versions, key=lambda p: int(p.parts[-3]), default="")) or None
    if found is None:
        raise AssertionError(f"the program {name!r} is missing: apt install {package}")
    return found


@dataclass(frozen=True)
class Account:
    """An account of the system under which a program runs."""

    uid: int
    gid: int


def unprivileged(*names: str) -> Account | None:
    """For programs that refuse to run as root: the first account of `names` that exists. None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in names:
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_uid, found.pw_gid)
    raise AssertionError(f"none of these accounts exists: {', '.join(names)}")
