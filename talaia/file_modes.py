"""Who on this machine may read what: the state is for us alone, whatever the umask; the public folder is for everybody.

The state folder itself may be passed through by others, where something in it is for them: so a web server of another
account comes to `public/`. It can be listed by nobody else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

UMASK = 0o077
PUBLIC_FOLDER, PUBLIC_FILE = 0o755, 0o644
# What of the folder is ours: talaia.toml, secrets and a whole checkout may lie beside it.
FILES = ("talaia.db", "talaia.db-*", "secret-key", ".secret-key-*", "machine-id", ".machine-id-*", ".public-*.lock")
FOLDERS = ("run", "mirror", "aside")


@dataclass(frozen=True)
class LooseFile:
    """A file or folder with another mode than it should have."""

    path: Path
    mode: int
    wanted: int
    ours: bool  # we own it, and so may mend it

    def __str__(self) -> str:
        return f"{self.path} ({self.mode:04o})"


def private(mode: int) -> int:
    return mode & ~0o077


def for_all_folder(mode: int) -> int:
    return PUBLIC_FOLDER | mode & stat.S_ISGID


def for_all_file(mode: int) -> int:
    del mode
    return PUBLIC_FILE


def passable(mode: int, behind_proxy: bool) -> int:
    """Of the state folder. A proxy that serves `public/` itself must get there; others may be let through by hand."""
    return mode & ~0o066 | (0o011 if behind_proxy else 0)


def loose_state(home: Path, behind_proxy: bool) -> Iterator[LooseFile]:
    """What of the state is not as it should be."""
    if not _shared(home):
        yield from _loose(home, lambda mode: passable(mode, behind_proxy))
    for pattern in FILES:
        for file in home.glob(pattern):
            yield from _loose(file, private)
    for name in FOLDERS:
        for path in _below(home / name):
            yield from _loose(path, private)


def loose_public(public: Path) -> Iterator[LooseFile]:
    """What of the public folder others could change, or not read. What begins with a dot is a draft."""
    for path in _below(public):
        if not path.name.startswith("."):
            yield from _loose(path, for_all_folder if path.is_dir() else for_all_file)


def mend(found: Iterable[LooseFile]) -> Iterator[LooseFile]:
    """Set right what we own; yields what we do not, or could not."""
    for one in found:
        try:
            if one.ours:
                one.path.chmod(one.wanted)
                continue
        except OSError:
            pass
        yield one


def make_private(folder: Path, behind_proxy: bool = False) -> None:
    """A folder of the state, made if it is not there: for us alone. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if behind_proxy:
            folder.chmod(passable(0o700, behind_proxy))


def make_public(folder: Path, top: Path) -> None:
    """`folder` and what leads there from `top`, made if they are not there: for everybody to read. Raises OSError."""
    wanted = [folder, *(parent for parent in folder.parents if parent.is_relative_to(top))]
    for one in reversed(wanted):
        one.mkdir(parents=True, exist_ok=True)
        found = one.stat()
        mode = stat.S_IMODE(found.st_mode)
        if mode != for_all_folder(mode) and found.st_uid == os.geteuid():
            one.chmod(for_all_folder(mode))


def readable_by_others(path: Path) -> bool:
    """Whether an account that has nothing to do with it can read a file, or what is in a folder; as far as it says."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISDIR(mode):
            return bool(mode & stat.S_IROTH)
        return bool(mode & stat.S_IXOTH) and any(readable_by_others(file) for file in path.iterdir() if file.is_file())
    except OSError:
        return False


def _shared(home: Path) -> bool:
    """A folder that belongs to nobody alone, as /tmp does."""
    try:
        return bool(home.stat().st_mode & stat.S_ISVTX)
    except OSError:
        return True


def _below(top: Path) -> Iterator[Path]:
    if top.is_dir():
        yield top
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            yield from (Path(folder, name) for name in (*folders, *files))


def _loose(path: Path, wanted: Callable[[int], int]) -> Iterator[LooseFile]:
    try:
        found = path.lstat()
    except OSError:
        return  # gone meanwhile
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISLNK(found.st_mode) and wanted(mode) != mode:
        yield LooseFile(path, mode, wanted(mode), found.st_uid == os.geteuid())
