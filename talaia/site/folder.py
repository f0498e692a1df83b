"""A folder of finished files that others read at any moment: nobody ever gets a torn page, whatever happens to us.

Everything that changed is first written aside and brought to the disk; only then are the names changed. So a full disk
leaves all as it was, and a killed writer at most some pages new and some old, each of them whole. What it had written
aside is thrown away by whoever writes next: the page may by then be right as it stands.

A page's compressed variants get the same modification time as the page, which is renamed last: equal times mean that
the three belong together.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import brotli

from talaia.file_modes import PUBLIC_FILE, for_all_file, make_public
from talaia.outbox.errors import TemporaryError
from talaia.outbox.failure_kinds import FULL_DISK
from talaia.regular_file import content
from talaia.site.manifest import Manifest, digest

VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    ".br": lambda content: brotli.compress(content, quality=5),
    ".gz": lambda content: gzip.compress(content, 6, mtime=0),
}
# Where a page says when it was made: two versions that differ in nothing else say the same.
STAMP = re.compile(rb'<p id="made".*?</p>', re.DOTALL)
LIVES = b" data-lives="
NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
HINTS = {
    errno.ENOSPC: "make room on the disk; meanwhile the pages that stand there stay whole",
    errno.EDQUOT: "raise the quota or make room; meanwhile the pages that stand there stay whole",
    errno.EROFS: "the disk is read-only: look at its health (dmesg), then mount it for writing",
    errno.EACCES: "give the folder to the account that runs talaia (chown -R)",
    errno.EPERM: "give the folder to the account that runs talaia (chown -R)",
    errno.ENAMETOOLONG: "the name is too long for this disk",
}


class NoRoom(TemporaryError):
    """The disk is full."""


@dataclass(frozen=True)
class Folder:
    """The public folder. Names of files are relative to it: `es/history/index.html`."""

    path: Path
    part: str = "all"  # of which this one is the only writer

    @property
    def manifest(self) -> Manifest:
        """What was written here, to tell what somebody else has done to it."""
        return Manifest(self.path.parent / "run" / f"{self.path.name}.manifest")

    @property
    def aside(self) -> Path:
        """Where drafts are: on the disk of the pages, and hidden, so that no web server gives it out."""
        return self.path / f".{self.part}.drafts"

    @contextlib.contextmanager
    def alone(self, part: str) -> Iterator[Folder]:
        """Nobody else writes `part` meanwhile, in this process or another: read the rows after this, not before.

        Else an older reading of the rows could overwrite a newer one.
        """
        with self._faults():
            make_public(self.path, self.path)
            lock = os.open(self.path.parent / f".{self.path.name}-{part}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            mine = replace(self, part=part)
            with self._faults():
                _clear(mine.aside)
            yield mine
        finally:
            os.close(lock)

    def changed(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """Those of `files` that are not there yet, or not so. A page that speaks of now is another one every time."""
        with self._faults():
            new = self.manifest.unknown(files)
            return {name: body for name, body in files.items() if name in new or not self._stands(name, body)}

    def write(self, files: Mapping[str, bytes]) -> None:
        """Put `files` in their places, in their order. Raises Temporary when the disk does not let us."""
        drafts: list[tuple[Path, Path]] = []
        digests: dict[str, bytes] = {}
        stamp = time.time_ns()
        with self._faults():
            try:
                self.aside.mkdir(exist_ok=True, parents=True)
                for name, page in files.items():
                    for variant, body in _variants(name, page):
                        drafts.append((self._draft(str(len(drafts)), body, stamp), self.path / variant))
                        digests[name] = digests.get(name, b"") + digest(body)
                for draft, place in drafts:
                    _to_disk(draft)
                    self._make_way(place)
                self.manifest.note(digests)
                for draft, place in drafts:
                    draft.replace(place)
                for parent in {place.parent for _, place in drafts}:
                    _to_disk(parent)
            finally:
                _clear(self.aside)

    def remove(self, names: list[str]) -> int:
        """Take files out, and the folders that are empty then. What is not there is not missed. Returns how many."""
        taken = 0
        if not names:
            return 0
        with self._faults():
            self.manifest.forget(names)
            for name in names:
                place = self.path / name
                for file in (place, *(place.with_name(place.name + suffix) for suffix in VARIANTS)):
                    try:
                        shutil.rmtree(file) if _is_folder(file) else file.unlink()
                        taken += file == place
                    except OSError as error:
                        if error.errno not in NOT_THERE:
                            raise
                parent = place.parent
                while parent != self.path and _is_folder(parent) and not any(parent.iterdir()):
                    parent.rmdir()
                    parent = parent.parent
        return taken

    def names(self, *under: str) -> list[str]:
        """The pages (`index.html`) that stand somewhere under these folders."""
        with self._faults():
            return [str(file.relative_to(self.path)) for top in under for file in (self.path / top).rglob("index.html")]

    def files(self, pattern: str) -> list[str]:
        """The files that match a pattern (`search/*/*.json`)."""
        with self._faults():
            return [str(file.relative_to(self.path)) for file in self.path.glob(pattern)]

    def older(self, under: str, seconds: float) -> list[str]:
        """The files under a folder that have not changed for so long, without their variants."""
        before = time.time() - seconds
        with self._faults():
            found = [file for file in (self.path / under).glob("*") if file.suffix not in VARIANTS]
            return [str(file.relative_to(self.path)) for file in found if file.lstat().st_mtime < before]

    def _make_way(self, place: Path) -> None:
        """A page has its folder, and nothing but a file in its place: what else is there was put by somebody else."""
        for parent in reversed(place.relative_to(self.path).parents[:-1]):
            if (found := self.path / parent).is_symlink() or (found.exists() and not _is_folder(found)):
                found.unlink()
        make_public(place.parent, self.path)
        if _is_folder(place):
            shutil.rmtree(place)

    def look(self, name: str) -> tuple[str, ...]:
        """How a page and its variants look from outside: nobody changes one without changing that. Empty: one is gone.

        The kernel tells the last of its times itself, whatever is done to the others.
        """
        try:
            found = [os.lstat(self.path / variant) for variant in names_of(name)]
        except OSError as error:
            if error.errno in NOT_THERE:
                return ()
            raise
        return tuple(f"{one.st_mode:o} {one.st_ino} {one.st_size} {one.st_mtime_ns} {one.st_ctime_ns}" for one in found)

    def digests(self, name: str) -> list[bytes]:
        """Of the variants and the page, as they are; empty for what is not there, or cannot be read."""
        return [self._digest(variant) for variant in names_of(name)]

    def open_up(self, name: str) -> None:
        """Let everybody read a page that is right, and nobody change it, where it is ours to say so."""
        for variant in names_of(name):
            place = self.path / variant
            found = place.lstat()
            mode = stat.S_IMODE(found.st_mode)
            if mode != for_all_file(mode) and stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                place.chmod(for_all_file(mode))

    def _digest(self, variant: str) -> bytes:
        try:
            return digest(content(self.path / variant, follow=False))
        except OSError:
            return b""

    def _stands(self, name: str, body: bytes) -> bool:
        place = self.path / name
        try:
            there = content(place, follow=False)
            if there != body and _said(there) != _said(body):
                return False
            stamp = place.stat().st_mtime_ns
            return all(place.with_name(place.name + suffix).stat().st_mtime_ns == stamp for suffix in VARIANTS)
        except OSError:  # gone, or something else in its place: writing will tell what is wrong with the disk
            return False

    def _draft(self, name: str, content: bytes, stamp: int) -> Path:
        draft = self.aside / name
        draft.write_bytes(content)
        draft.chmod(PUBLIC_FILE)
        os.utime(draft, ns=(stamp, stamp))
        return draft

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = HINTS.get(error.errno or 0, "look at the disk and at who owns the folder")
            kind = NoRoom if error.errno in FULL_DISK else TemporaryError
            raise kind(f"{error.filename or self.path}: {error.strerror}", f"{self.path}: {hint}") from error


def _is_folder(path: Path) -> bool:
    """One of its own, where no link leads elsewhere."""
    return path.is_dir() and not path.is_symlink()


def names_of(name: str) -> tuple[str, ...]:
    """The variants of a page and itself, in the order in which they are written."""
    return (*(name + suffix for suffix in VARIANTS), name)


def _variants(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """A file with its variants; the file itself comes last."""
    for suffix, squeezed in VARIANTS.items():
        yield name + suffix, squeezed(content)
    yield name, content


def _said(content: bytes) -> bytes:
    """What a page says. When it was made is a part of that where it speaks of now, and nowhere else."""
    stamp = STAMP.search(content)
    return STAMP.sub(b"", content, 1) if stamp and LIVES not in stamp[0] else content


def _clear(folder: Path) -> None:
    """The folder itself stays: whoever walks through the pages may be about to look into it."""
    for draft in folder.glob("*"):
        draft.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
