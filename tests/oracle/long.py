"""Thousands of histories, without pytest: `python -m tests.oracle.long --seed 7 --histories 1000 --into FOLDER`.

Each that does not agree is kept in the folder (`SEED-NUMBER.history`), and the run goes on; a line of `log.txt` there
says how many agreed. `--shrink FILE` takes away what a kept one does not need, and says what is left of it;
`--again FILE …` tries kept ones once more. Set TMPDIR to a folder in memory: a history takes a second or less there.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import pickle
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.oracle.compare import difference, drive
from tests.oracle.happenings import Happening, Opened, Reading, Resolved, Sample
from tests.oracle.histories import histories
from tests.oracle.history import History
from tests.oracle.possible import possible

if TYPE_CHECKING:
    from tests.oracle.house import House

Made = Callable[[History], "str | None"]


@contextmanager
def product() -> Iterator[Made]:
    """What makes a history real and says the first difference, in a database that lasts as long as we do."""
    import django

    import tests.environment  # noqa: F401 - Django's settings need it

    os.environ["DJANGO_SETTINGS_MODULE"] = "talaia.settings"
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment
    from django.utils import translation

    from tests.oracle.product import Letterbox, installed

    logging.disable(logging.CRITICAL)
    setup_test_environment()
    before = str(connection.settings_dict["NAME"])
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    if connection.vendor == "sqlite":
        connection.cursor().execute("PRAGMA synchronous=OFF")

    def made(history: History) -> str | None:
        with installed(Path(home), server) as house, translation.override("en"):
            return _said(history, house)

    try:
        with TemporaryDirectory() as home, Letterbox() as server:
            yield made
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)
        teardown_test_environment()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _said(history: History, house: House) -> str | None:
    try:
        return difference(history, drive(history, house))
    except Exception as error:  # noqa: BLE001 - a product that stops does not agree either
        return f"{type(error).__name__}: {error}\n{traceback.format_exc()}"


def run(made: Made, number: int, count: int, into: Path) -> int:
    """So many histories of this seed, fewer where SIGTERM ends it. Returns how many did not agree."""
    began, spent, done, wrong = time.monotonic(), time.process_time(), 0, 0
    gc.freeze()
    gc.set_threshold(50_000)

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories())
    def one(history: History) -> None:
        nonlocal done, wrong
        done += 1
        if said := made(history):
            wrong += 1
            name = f"{number}-{done}"
            (into / f"{name}.history").write_bytes(pickle.dumps(history))
            with (into / "differences.txt").open("a") as file:
                file.write(f"{name}: {said}\n")
        if done % 10 == 0:
            say(f"seed {number}: {done} histories, {wrong} do not agree, {time.monotonic() - began:.0f} s")

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        one()
    except KeyboardInterrupt:
        done -= 1  # the last one was not finished
    seconds, spent = time.monotonic() - began, time.process_time() - spent
    with (into / "log.txt").open("a") as file:
        file.write(f"seed {number}: {done} histories, {done - wrong} agree, {seconds:.0f} s ({spent:.0f} s of work)\n")
    return wrong


def kind_of(said: str) -> str:
    """Of a difference, what must stay so that a smaller history shows the same."""
    return " ".join(said.split("\n")[0].split()[:1])


def shrink(made: Made, history: History) -> History:
    """The history without what it does not need to show a difference of the same kind: pieces, then single ones."""
    kind = kind_of(made(history) or "")
    assert kind, "it agrees"
    found, size = history, max(1, len(history.happenings) // 2)
    tried: set[str] = set()
    while True:
        for smaller in _smaller(found, size):
            if str(smaller) in tried:
                continue
            tried.add(str(smaller))
            said = made(smaller)
            if said and kind_of(said) == kind:
                found = smaller
                break
        else:
            if size == 1:
                return found
            size = max(1, size // 2)


def _smaller(history: History, size: int) -> Iterator[History]:
    if history.reads:
        yield replace(history, reads=())
    last = max([each.at for each in history.happenings], default=history.begins)
    for ends in (last + 309, last + 3600 + 9, last + 86400 + 9):
        if ends < history.ends:
            yield _with(history, history.happenings, ends)
    for start in range(0, len(history.happenings), size):
        kept = history.happenings[:start] + history.happenings[start + size :]
        yield _with(history, kept, history.ends)


def _with(history: History, happenings: tuple, ends: int) -> History:  # type: ignore[type-arg]
    kept = possible(history.house, happenings, ends)
    return replace(history, happenings=kept, ends=ends, reads=tuple(each for each in history.reads if each < ends))


def in_hold(history: History, what: Happening) -> bool:
    """Whether a person says that it is over while a service of theirs that was mended waits for its hold."""
    if not isinstance(what, Resolved):
        return False
    impacts = next(each.impacts for each in history.happenings if isinstance(each, Opened) and each.event == what.event)
    return any(
        isinstance(each, Sample)
        and each.reading is Reading.GOOD
        and each.service in impacts
        and each.at < what.at < each.at + history.house.service(each.service).hold_better
        for each in history.happenings
    )


def counts(number: int, count: int) -> Counter[str]:
    """How often each happening occurs in so many histories, and in how many of them (`in NAME`)."""
    found: Counter[str] = Counter()

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories())
    def one(history: History) -> None:
        names = [type(each).__name__ for each in history.happenings]
        found.update(names)
        found.update(f"in {name}" for name in set(names))
        found["histories"] += 1
        found["resolved in a hold"] += sum(1 for each in history.happenings if in_hold(history, each))

    one()
    return found


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--histories", type=int, default=100)
    asked.add_argument("--into", type=Path, default=Path())
    asked.add_argument("--shrink", type=Path)
    asked.add_argument("--again", type=Path, nargs="+")
    asked.add_argument("--count", action="store_true", help="only how often each happening occurs")
    given_ = asked.parse_args()
    if given_.count:
        found = counts(given_.seed, given_.histories)
        for name in sorted(name for name in found if not name.startswith("in ")):
            say(f"{name:18} {found[name]:7} in {found['in ' + name]}")
        return 0
    given_.into.mkdir(parents=True, exist_ok=True)
    with product() as made:
        if given_.shrink:
            smallest = shrink(made, pickle.loads(given_.shrink.read_bytes()))
            given_.shrink.with_suffix(".small").write_bytes(pickle.dumps(smallest))
            say(f"{made(smallest)}\nin the history\n{smallest}")
            return 0
        if given_.again:
            wrong = 0
            for file in given_.again:
                said = made(pickle.loads(file.read_bytes()))
                say(f"{file.name}: {said or 'agrees'}")
                wrong += bool(said)
            return min(wrong, 1)
        return min(run(made, given_.seed, given_.histories, given_.into), 1)


if __name__ == "__main__":
    sys.exit(main())
