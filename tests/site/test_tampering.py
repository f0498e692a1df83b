"""Whatever somebody else does to files of the public folder, several at once: all is undone, and nothing hangs."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from talaia.config import current
from talaia.regular_file import LARGEST, content
from talaia.site.folder import Folder
from talaia.site.integrity_check import Guard
from talaia.site.write import publish

pytestmark = pytest.mark.django_db(transaction=True)


def instead(put: Callable[[Path], object]) -> Callable[[Path, Path], None]:
    def change(file: Path, _other: Path) -> None:
        file.unlink()
        put(file)

    return change


def altered(file: Path, _other: Path) -> None:
    """A byte, in place, with its times put back."""
    found, body = file.stat(), file.read_bytes()
    with file.open("r+b") as same:
        same.write(bytes([body[0] ^ 1]))
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


def swapped(file: Path, other: Path) -> None:
    between = file.with_name("between")
    file.rename(between)
    other.rename(file)
    between.rename(other)


def linked_to_a_copy(file: Path, _other: Path) -> None:
    copy = file.with_name(f"own-{file.name}")
    file.rename(copy)
    file.symlink_to(copy)


def hard_linked(file: Path, other: Path) -> None:
    file.unlink()
    os.link(other, file)


def folder_in_a_circle(file: Path, _other: Path) -> None:
    shutil.rmtree(file.parent) if file.parent.name != "public" else None
    if not file.parent.exists():
        file.parent.symlink_to(file.parent.name)


CHANGES: tuple[Callable[[Path, Path], object], ...] = (
    instead(lambda file: None),
    instead(os.mkfifo),
    instead(lambda file: file.symlink_to("/dev/zero")),
    instead(lambda file: file.symlink_to(file.name)),
    instead(lambda file: (file / "inside").mkdir(parents=True)),
    altered,
    swapped,
    linked_to_a_copy,
    hard_linked,
    folder_in_a_circle,
    lambda file, _other: os.truncate(file, file.stat().st_size // 2),
    lambda file, _other: os.truncate(file, LARGEST + 1),
    lambda file, _other: file.write_bytes(b""),
    lambda file, other: file.write_bytes(other.read_bytes()),
    lambda file, _other: file.chmod(0o600),
    lambda file, _other: file.chmod(0o666),
    lambda file, _other: file.rename(file.with_name(f"own-{file.name}")),
    lambda file, _other: shutil.rmtree(file.parent) if file.parent.name != "public" else None,
)


def standing(public: Path) -> dict[str, int]:
    """What is ours: kind and mode of each."""
    return {
        str(file.relative_to(public)): file.lstat().st_mode
        for file in public.rglob("*")
        if not file.name.startswith(("own-", "."))
    }


@pytest.mark.parametrize("seed", range(3))
def test_many_things_at_once_are_undone_and_the_files_of_others_stay(public: Path, seed: int) -> None:
    dice = random.Random(seed)
    guard = Guard(current, timezone.now)
    assert guard.step(timezone.now()) == 0
    (public / "own-robots.txt").write_text("mine")
    before = standing(public)
    whole = [public / name for name in before if (public / name).is_file()]
    done = []
    for _ in range(6):
        file, other = dice.sample([one for one in whole if one.is_file() and not one.is_symlink()], 2)
        number = dice.randrange(len(CHANGES))
        done.append((number, file, other))
        CHANGES[number](file, other)
    publish(["all"], timezone.now())  # whoever writes meanwhile does not stumble, either
    guard.whole = True
    guard.step(timezone.now())
    guard.whole = True
    assert guard.step(timezone.now()) == 0
    assert standing(public) == before, done
    folder = Folder(public)
    assert all(page.fits(folder.digests(page.name)) for page in folder.manifest.after("", 10_000))
    assert (public / "own-robots.txt").read_text() == "mine"


def test_only_a_file_is_read_and_none_without_end(tmp_path: Path) -> None:
    file = tmp_path / "page"
    file.write_bytes(b"page")
    (tmp_path / "link").symlink_to(file)
    assert content(file) == content(tmp_path / "link") == b"page"
    os.mkfifo(tmp_path / "pipe")
    os.truncate(file, LARGEST + 1)
    for name, follow in (("pipe", True), ("link", False), ("page", True), (".", True), ("none", True)):
        with pytest.raises(OSError, match=name):
            content(tmp_path / name, follow=follow)
    with pytest.raises(OSError, match="no file"):
        content(Path("/dev/zero"))
