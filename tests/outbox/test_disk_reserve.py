"""Room on the disk: what is held in reserve, when it is given free, and what of it is said."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from talaia.outbox import disk_reserve
from talaia.outbox.disk_reserve import Room

MB = 1_000_000
WHOLE = 100_000 * MB


class Disk:
    """What the system says of it."""

    def __init__(self) -> None:
        self.free, self.whole, self.files = WHOLE // 2, WHOLE, 1000

    def __call__(self, _path: Path) -> SimpleNamespace:
        blocks = {"f_bavail": self.free // 1000, "f_blocks": self.whole // 1000, "f_frsize": 1000}
        return SimpleNamespace(**blocks, f_files=1000, f_favail=self.files)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(os, "statvfs", found)
    return found


@pytest.mark.parametrize(
    ("free", "whole", "reserve", "wanted", "says"),
    [
        (50_000 * MB, WHOLE, 16 * MB, 16 * MB, "enough"),
        (200 * MB, WHOLE, 16 * MB, 16 * MB, "enough"),
        (199 * MB, WHOLE, 16 * MB, 16 * MB, "little enough"),
        (33 * MB, WHOLE, 0, 16 * MB, "little enough"),
        (32 * MB, WHOLE, 8 * MB, 16 * MB, "little"),
        (32 * MB, WHOLE, 7 * MB, 16 * MB, "little short"),
        (2 * MB, WHOLE, 0, 16 * MB, "little short"),
        (2 * MB - 1, WHOLE, 0, 16 * MB, "full little short"),
        (5 * MB, 100 * MB, 10 * MB, 10 * MB, ""),  # a small disk: of it a tenth, and a twentieth
        (5 * MB - 1, 100 * MB, 10 * MB, 10 * MB, "little"),
        (1 * MB, 100 * MB, 10 * MB, 10 * MB, "full little"),
        (0, WHOLE, 16 * MB, 16 * MB, "full little"),
    ],
)
def test_what_counts_as_full_and_as_little(free: int, whole: int, reserve: int, wanted: int, says: str) -> None:
    found = Room(free, whole, reserve)
    said = {"full": found.is_full, "little": found.is_little, "enough": found.is_enough, "short": found.is_short}
    assert found.wanted == wanted
    assert " ".join(name for name, is_so in said.items() if is_so) == says


def test_the_reserve_is_made_once_given_free_for_the_news_and_made_anew(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    file = disk_reserve.file(tmp_path)
    disk_reserve.keep(tmp_path)
    first = file.stat()
    assert (first.st_size, first.st_blocks * 512 >= 16 * MB) == (16 * MB, True)  # no hole: it takes up room
    disk_reserve.keep(tmp_path)
    assert file.stat().st_ino == first.st_ino
    disk.free = 1 * MB
    disk_reserve.keep(tmp_path)
    disk_reserve.keep(tmp_path)
    assert not file.exists()
    disk.free = 20 * MB  # no longer full; for a reserve it is too little
    disk_reserve.keep(tmp_path)
    assert not file.exists()
    disk.free = 40 * MB
    disk_reserve.keep(tmp_path)
    assert file.exists()
    (line,) = (record.getMessage() for record in caplog.records)
    assert line == "the disk is full: the reserve of 16 MB is given free for the news; make room on the disk"


def test_a_disk_on_which_no_file_can_be_made_is_full_however_much_room_there_is(tmp_path: Path, disk: Disk) -> None:
    assert disk_reserve.free(tmp_path) == WHOLE // 2
    disk.files = 0
    assert disk_reserve.free(tmp_path) == 0
    disk.files, disk.free = 1, 1 * MB
    assert disk_reserve.free(tmp_path) == 0


def test_of_a_disk_that_cannot_be_asked_nothing_is_said_and_nothing_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_path: Path) -> None:
        raise OSError("Stale file handle")

    monkeypatch.setattr(os, "statvfs", gone)
    disk_reserve.keep(tmp_path)
    assert (disk_reserve.room(tmp_path), disk_reserve.free(tmp_path), list(tmp_path.iterdir())) == (None, None, [])


def test_a_reserve_that_cannot_be_made_is_said_and_leaves_nothing_behind(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    caplog.set_level(logging.WARNING, "talaia")
    disk_reserve.keep(tmp_path)
    assert list((tmp_path / "run").iterdir()) == []
    assert [record.getMessage() for record in caplog.records] == ["no room is held in reserve: No space left on device"]
