"""What only one at a time may do: others are turned away or wait, and a kill leaves no lock behind."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from talaia.config import Config
from talaia.errors import UserError
from talaia.outbox.errors import TemporaryError
from talaia.outbox.locks import NAMES, alone, exclusive_lock
from tests.product import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def elsewhere(of: str, number: int) -> bool:
    """Whether another thread, with a connection of its own, would get it."""
    got = []

    def ask() -> None:
        with alone(of, number) as mine:  # type: ignore[arg-type]
            got.append(mine)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return got == [True]


def test_whoever_comes_second_is_turned_away_and_other_work_is_not() -> None:
    with alone("notice", 7) as mine:
        assert mine
        assert not elsewhere("notice", 7)
        assert elsewhere("notice", 8)
        assert elsewhere("list", 7)
    assert elsewhere("notice", 7)


def test_whoever_waits_goes_on_once_the_first_is_done_even_if_it_failed() -> None:
    order: list[str] = []

    def second() -> None:
        with alone("list", wait=True) as mine:
            order.append(f"second {mine}")
        connection.close()

    thread = threading.Thread(target=second)

    def first() -> None:
        with alone("list", wait=True):
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            order.append("first")
            raise TemporaryError("it failed")

    with pytest.raises(TemporaryError):
        first()
    thread.join(10)
    assert order == ["first", "second True"]


def test_no_two_names_share_a_lock_of_the_database() -> None:
    assert len(set(NAMES.values())) == len(NAMES)


def test_a_state_folder_in_which_nothing_was_done_yet_has_its_locks_and_they_are_for_us_alone(
    tmp_path: Path, configure: Callable[[str], Config]
) -> None:
    configure((ROOT / "tests" / "talaia.toml").read_text())
    with alone("notice", 7) as mine:
        assert mine
    with exclusive_lock(tmp_path / "new", "talaia work"):
        assert stat.S_IMODE((tmp_path / "new" / "run").stat().st_mode) == 0o700
    if connection.vendor == "sqlite":
        assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_only_one_works_in_a_folder_and_the_next_one_is_told_who_does(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "works.lock"
    for what in ("talaia up", "talaia work"):
        with exclusive_lock(tmp_path, what):
            with pytest.raises(UserError, match=rf"^{what} \(process {os.getpid()}\) works in {tmp_path} already; end"):
                exclusive_lock(tmp_path, "talaia up").__enter__()
            assert lock.read_text() == f"{what} (process {os.getpid()})\n"
            lock.write_text("")  # as a full disk leaves it
            with pytest.raises(UserError, match=rf"^another process works in {tmp_path} already"):
                exclusive_lock(tmp_path, "talaia up").__enter__()


def test_who_works_there_now_is_named_and_not_who_did_before(tmp_path: Path) -> None:
    for what in ("talaia work", "talaia up"):
        with exclusive_lock(tmp_path, what):
            assert (tmp_path / "run" / "works.lock").read_text() == f"{what} (process {os.getpid()})\n"


def test_a_lock_that_is_refused_without_a_name_is_told_with_that_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_file: object, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("talaia.outbox.locks.fcntl.flock", refuse)
    with pytest.raises(UserError, match=rf"^{tmp_path}/run: No locks available; run it as"):
        exclusive_lock(tmp_path, "talaia up").__enter__()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_no_lock_keeps_nobody_out_and_a_folder_of_somebody_else_does(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder))

    monkeypatch.setattr("talaia.outbox.locks.make_private", refuse)
    caplog.set_level("WARNING", "talaia")
    worked = []
    if number == errno.EACCES:
        with pytest.raises(UserError, match=rf"^{tmp_path}/run: Permission denied; run it as the account"):
            exclusive_lock(tmp_path, "talaia up").__enter__()
    else:
        with exclusive_lock(tmp_path, "talaia up"):
            worked.append(number)
        assert [record.getMessage() for record in caplog.records] == [
            f"{tmp_path}/run: {os.strerror(number)}: nothing keeps a second one from working here"
        ]
    assert worked == ([] if number == errno.EACCES else [number])


HOLDER = """
import time
from talaia.cli import set_up; set_up()
from talaia.outbox.locks import alone
with alone("list", wait=True):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_text((ROOT / "tests" / "talaia.toml").read_text())
    environment = {**os.environ, "TALAIA_CONFIG": str(tmp_path / "talaia.toml")}
    command = [sys.executable, "-c", HOLDER]
    for _ in range(2):
        with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            holder.kill()
