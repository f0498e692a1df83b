"""A wish that the database does not take now: whole on the disk before it counts, and the last word of its person."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from talaia.audience import spool

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
Done = list[tuple[str, str]]


@pytest.fixture
def done() -> Done:
    return []


@pytest.fixture
def wishes(done: Done) -> dict[str, spool.Wish]:
    """What they ask for, noted in `done`."""

    def noted(wish: str) -> spool.Wish:
        return lambda key, _: done.append((wish, key))

    return {wish: noted(wish) for wish in (spool.STOP, spool.AGAIN)}


def files(home: Path) -> list[str]:
    return sorted(path.name for path in spool.folder(home).iterdir() if not path.name.startswith(".lock"))


def test_a_wish_is_whole_on_the_disk_and_for_us_alone_before_it_stands_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, str]] = []
    fsync = os.fsync

    def seen(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.name == "aside" else 0o600) or path == tmp_path
        synced.append((path.name, path.read_text() if path.is_file() else " ".join(files(tmp_path))))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    spool.put(tmp_path, "r7", spool.STOP, NOW)
    (draft, body), *folders = synced
    assert draft.startswith(".r7-") and json.loads(body) == {"wish": "stop", "at": NOW.isoformat()}
    assert folders == [("aside", "r7"), (tmp_path.name, "r7")]


def test_nothing_is_taken_up_where_nothing_was_ever_put_aside(tmp_path: Path, wishes: dict[str, spool.Wish]) -> None:
    assert spool.take_up(tmp_path, wishes, NOW) == 0
    assert spool.waiting(tmp_path) == set()


def test_what_is_taken_up_is_said_once_and_a_look_that_finds_nothing_is_not(
    tmp_path: Path, wishes: dict[str, spool.Wish], done: Done, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "talaia")
    spool.put(tmp_path, "r7", spool.STOP, NOW)
    spool.put(tmp_path, "r8", spool.AGAIN, NOW)
    assert spool.waiting(tmp_path) == {"r7"}
    assert [spool.take_up(tmp_path, wishes, NOW) for _ in range(3)] == [2, 0, 0]
    assert done == [("stop", "r7"), ("again", "r8")]
    assert [record.getMessage()[:17] for record in caplog.records] == ["took up 2 wishes "]


def test_a_wish_that_somebody_else_takes_up_meanwhile_is_not_taken_for_its_opposite(
    tmp_path: Path, wishes: dict[str, spool.Wish], done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.put(tmp_path, "r7", spool.AGAIN, NOW)
    listed = os.listdir

    def gone(place: Path) -> list[str]:
        names = listed(place)
        (place / "r7").unlink()
        return names

    monkeypatch.setattr(os, "listdir", gone)
    assert spool.take_up(tmp_path, wishes, NOW) == 0
    assert done == []


@pytest.mark.parametrize("body", ["", "{", "{}", "[]", "null", '"stop"'])
def test_a_file_that_cannot_be_read_means_what_most_of_them_mean(
    tmp_path: Path, wishes: dict[str, spool.Wish], done: Done, body: str
) -> None:
    spool.put(tmp_path, "r7", spool.AGAIN, NOW)
    (spool.folder(tmp_path) / "r7").write_text(body)
    assert spool.waiting(tmp_path) == {"r7"}
    assert spool.take_up(tmp_path, wishes, NOW) == 1
    assert done == [("stop", "r7")]


def _put(home: Path) -> None:
    spool.put(home, "r7", spool.STOP, NOW)


def _take_up(home: Path) -> None:
    spool.take_up(home, {spool.STOP: lambda *_: None}, NOW)


@pytest.mark.parametrize("other", [_put, _take_up])
def test_while_somebody_settles_a_wish_nobody_puts_another_in_its_place_nor_takes_it_up(
    tmp_path: Path, other: Callable[[Path], None]
) -> None:
    spool.put(tmp_path, "r7", spool.AGAIN, NOW)
    at_it = threading.Thread(target=other, args=[tmp_path])
    with spool.settled(tmp_path, "r7"):
        at_it.start()
        at_it.join(0.2)
        assert at_it.is_alive()
        assert files(tmp_path)[-1] == "r7"
    at_it.join(10)
    assert not at_it.is_alive()
    assert files(tmp_path) == (["r7"] if other is _put else [])
