"""What only one at a time may do: others are turned away or wait, and a kill leaves no lock behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from talaia.outbox.alone import alone
from talaia.outbox.faults import Temporary
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
            raise Temporary("it failed")

    with pytest.raises(Temporary):
        first()
    thread.join(10)
    assert order == ["first", "second True"]


HOLDER = """
import time
from talaia.cli import set_up; set_up()
from talaia.outbox.alone import alone
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
