"""kill -9 at random moments while facts pour in: nothing is lost, and no reader ever sees a torn page."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest

from tests.product import ROOT, Talaia
from tests.servers.postgres import PostgreSQL
from tests.servers.process import wait_until
from tests.torture import bounded

CONFIG = (ROOT / "tests" / "talaia.toml").read_text()
KILLS = bounded(50, 12)
pytestmark = pytest.mark.torture


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def talaia(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talaia]:
    if request.param == "sqlite":
        yield Talaia(tmp_path, CONFIG)
        return
    with PostgreSQL() as cluster:
        yield Talaia(tmp_path, f'{CONFIG}\n[database]\nurl = "{cluster.url}"\n')


class Reader(threading.Thread):
    """Reads every page of the folder over and over, in every encoding, and notes what is not whole."""

    def __init__(self, public: Path) -> None:
        super().__init__()
        self.public, self.stop, self.read, self.torn = public, threading.Event(), 0, []  # type: ignore[var-annotated]

    def run(self) -> None:
        while not self.stop.wait(0.01):
            for page in list(self.public.rglob("index.html")):
                for suffix, unpack in (("", bytes), (".br", brotli.decompress), (".gz", gzip.decompress)):
                    file = page.with_name(page.name + suffix)
                    try:
                        body = file.read_bytes()
                    except FileNotFoundError:
                        if suffix == "" and self.public.joinpath("index.html") == page:
                            self.torn.append(f"{file} went away")
                        continue
                    self.read += 1
                    try:
                        whole = unpack(body)
                    except (brotli.error, OSError, EOFError) as error:
                        self.torn.append(f"{file}: {error}")
                        continue
                    if not (whole.startswith(b"<!") and whole.rstrip().endswith(b"</html>")):
                        self.torn.append(f"{file}: {whole[-80:]!r}")


def undone(talaia: Talaia) -> str:
    """What is not done yet, asked by a process of its own: facts to spread, then deliveries."""
    code = (
        "from talaia.cli import set_up; set_up()\n"
        "from talaia.outbox.models import Delivery, Fact\n"
        "print(Fact.objects.filter(spread=False).count(), "
        "*Delivery.objects.exclude(state='done').values_list('channel', 'target', 'state', 'error'))"
    )
    environment = {**os.environ, **talaia.environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_kills_lose_nothing_and_tear_nothing(talaia: Talaia) -> None:
    chance, kills = random.Random(11), 0
    talaia.start()
    public = talaia.home / "public"
    reader = Reader(public)
    try:
        talaia.started()
        reader.start()
        pour = subprocess.Popen(
            [sys.executable, "-m", "tests.outbox.pour"],
            env={**os.environ, **talaia.environment},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            while kills < KILLS:
                # From "not yet started" to "in full work": a first look at the database, a claim, half a file.
                threading.Event().wait(chance.uniform(0.2, 2.6))
                talaia.kill9()
                kills += 1
                talaia.start()
        finally:
            told, _ = pour.communicate("stop\n", timeout=60)
        written = json.loads(told)
        wait_until(lambda: undone(talaia) == "0", 240, "everything delivered", talaia)
    finally:
        reader.stop.set()
        ended = talaia.stop()
    assert ended == 0
    assert reader.torn == []
    assert reader.read > 20 * KILLS
    assert sum(map(len, written.values())) > 2 * KILLS
    for ref, texts in written.items():
        # Its first words may also describe the page to search engines, in the head.
        page = (public / "incidents" / ref / "index.html").read_text().partition("<main")[2]
        assert [words for words in texts if page.count(words) != 1] == [], f"{ref} lost an entry, or shows it twice"
    assert [*public.glob(".*/*")] == []  # nothing is left aside
