"""kill -9 of the worker again and again while many people are told: nobody is missed, and nobody is told twice.

Twice is only possible for the one copy that the mail server has taken and the worker has not yet marked; it has the
same Message-ID, by which mail servers and programs know it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notices.killing import mailing, open_incident, python, worker
from tests.notices.mailserver import MailServer
from tests.product import Talaia
from tests.servers.postgres import PostgreSQL
from tests.servers.process import Process, wait_until
from tests.torture import bounded

PEOPLE, KILLS = bounded(2_000, 500), bounded(50, 12)
STEPS = ("MAIL", "RCPT", "DATA", ".")
pytestmark = pytest.mark.torture


class Executioner:
    """Kills the worker at a step of its talk with the mail server, some mails after it has begun."""

    def __init__(self, server: MailServer) -> None:
        self.server, self.chance, self.kills = server, random.Random(7), 0
        self.victim: Process | None = None
        self.after, self.step = 0, "MAIL"
        server.answers = self.look

    def choose(self, victim: Process) -> None:
        self.after = len(self.server.taken) + self.chance.randint(0, PEOPLE // KILLS)
        self.step = self.chance.choice(STEPS)
        self.victim = victim

    def look(self, verb: str, _argument: str) -> str | None:
        if self.victim is not None and verb == self.step and len(self.server.taken) >= self.after:
            victim, self.victim = self.victim, None
            victim.kill9()
            self.kills += 1
        return None


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def more(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    with PostgreSQL() as cluster:
        yield f'\n[database]\nurl = "{cluster.url}"\n'


def standing(talaia: Talaia) -> tuple[str, int, int]:
    code = (
        "from talaia.cli import set_up; set_up()\n"
        "from talaia.notices.models import Notice, NoticeRecipient; import json\n"
        "one = Notice.objects.get()\n"
        "print(json.dumps([one.state, one.sent, NoticeRecipient.objects.filter(state='sent').count()]))"
    )
    state, sent, marked = json.loads(python(talaia, "-c", code))
    return state, sent, marked


def test_a_fan_out_that_is_killed_again_and_again_reaches_everybody(tmp_path: Path, more: str) -> None:
    with MailServer() as server:
        talaia, executioner = mailing(tmp_path, server.port, PEOPLE, more), Executioner(server)
        open_incident(talaia)
        while executioner.kills < KILLS and len(server.by_id()) < PEOPLE:
            with worker(talaia) as process:
                executioner.choose(process)
                wait_until(lambda: process.exit_code is not None, 60, "the kill", process)
        with worker(talaia) as process:
            wait_until(lambda: standing(talaia)[0] == "sent", 120, "the end of the fan-out", process)
        by_id = server.by_id()
    assert executioner.kills >= KILLS
    assert len({taken.to for taken in server.taken}) == len(by_id) == PEOPLE
    assert sum(by_id.values()) - PEOPLE <= executioner.kills
    assert standing(talaia) == ("sent", PEOPLE, PEOPLE)
