"""A machine is told by an id of its own, whatever its host is called and wherever its state folder was copied from."""

from __future__ import annotations

import os
import shutil
import socket
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from talaia.outbox import actions
from talaia.outbox.machine_id import FILE, is_dead, machine_id, start_ticks, this_machine
from talaia.outbox.models import Delivery, Fact
from talaia.outbox.worker import Worker
from tests.outbox.channel import TestChannel

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


def test_the_id_is_made_once_and_is_for_us_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    first = machine_id(home)
    assert machine_id(home) == first
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == [FILE]


def test_the_id_is_on_the_disk_before_it_is_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").read_text()))
    ours = machine_id(tmp_path)
    assert [text.split()[0] for text in synced] == [ours]


def test_a_copied_folder_is_another_machine(tmp_path: Path) -> None:
    ours = machine_id(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert machine_id(tmp_path / "two") != ours
    assert machine_id(tmp_path / "one") == ours


def test_a_machine_with_another_name_is_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = machine_id(tmp_path)
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert machine_id(tmp_path) != ours


@pytest.mark.parametrize("left", ["", "abc", "abc 1", "\n"])
def test_a_file_that_is_not_whole_is_made_anew(tmp_path: Path, left: str) -> None:
    (tmp_path / FILE).write_text(left)
    assert machine_id(tmp_path) == machine_id(tmp_path) != "abc"


def test_where_nothing_can_be_kept_every_start_is_another_machine(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert this_machine(tmp_path / "file") != this_machine(tmp_path / "file")


NO_PROCESS = 2**22 + 1  # more than the kernel numbers
OURS = f"{os.getpid()}/{start_ticks(os.getpid())}-abc123"


@pytest.mark.parametrize(
    ("worker", "dead"),
    [
        (f"id/boot/1/{OURS}", False),
        (f"id/boot/1/{os.getpid()}/1-abc123", True),  # its number was given to another process since
        (f"id/boot/1/{NO_PROCESS}/17-abc123", True),
        (f"id/boot/2/{NO_PROCESS}/17-abc123", False),  # in another container, whose processes we do not see
        (f"id/before/1/{OURS}", True),  # before the machine was started again
        (f"other/before/1/{NO_PROCESS}/17-abc123", False),
        ("id/boot/1/x/17-abc123", True),
    ],
    ids=["ours", "its-number", "gone", "container", "boot", "machine", "odd"],  # each process has its own number
)
def test_a_worker_is_dead_where_its_process_is_gone_for_certain(worker: str, dead: bool) -> None:
    assert is_dead(worker, "id/boot/1") is dead


def test_when_a_process_began_is_read_whatever_it_is_called() -> None:
    name = Path("/proc/self/comm")
    called, began = name.read_text(), start_ticks(os.getpid())
    assert began.isdigit()
    try:
        for other in ("a) b", "(a) 1 2", ")"):
            name.write_text(other)
            assert start_ticks(os.getpid()) == began
    finally:
        name.write_text(called.strip())


@pytest.mark.django_db(transaction=True)
def test_of_two_machines_with_one_host_name_on_one_database_none_takes_the_others_running_work(tmp_path: Path) -> None:
    """Each looks as if it had been started again: another boot, the same host."""
    with transaction.atomic():
        actions.record("thing.happened", "a", NOW)

    def to_page(fact: Fact) -> list[actions.Order]:
        return [actions.Order("page", fact.subject)]

    one, two = (
        Worker(tmp_path / name, [TestChannel("page", lambda *_: None)], to_page, lambda: NOW) for name in ("one", "two")
    )
    one.spread()
    actions.claim(one.name, "page", NOW, timedelta(minutes=1), 1)
    two.machine = f"{two.machine.split('/')[0]}/another/1"
    two.rescue()
    assert Delivery.objects.get().state == "running"
    again = one.machine.replace(one.machine.split("/")[1], "another")
    assert is_dead(one.name, again) and not is_dead(one.name, two.machine)
