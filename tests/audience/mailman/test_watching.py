"""When the watch makes the list follow the ledger, and what it says of the list meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from talaia.audience import actions
from talaia.audience.backend import ListMember
from talaia.audience.mailman.queues import StuckQueue
from talaia.audience.mailman.watch import MailmanWatch
from talaia.audience.models import ExportCheck, Recipient, Subscription
from talaia.config import Config
from talaia.outbox.models import Fact
from tests.audience.mailman.conftest import written
from tests.audience.test_list_sync import Clock, Server

pytestmark = pytest.mark.django_db
ANNA = "anna@example.org"
STUCK = StuckQueue("retry", 1)


class House:
    """A watch whose Mailman is a list in memory, with queues that hold what a test puts there."""

    def __init__(self, config: Config) -> None:
        self.server, self.stuck, self.now = Server(), list[StuckQueue](), Clock()
        self.watch = MailmanWatch(lambda: config, self.now)

    def look(self, minutes: int = 1, times: int = 1) -> None:
        for _ in range(times):
            self.now.at += timedelta(minutes=minutes)
            self.watch.step(self.now())


@pytest.fixture
def house(tmp_path: Path, configure: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(configure(written("http://127.0.0.1:9", "status@lists.example.org", tmp_path)))
    monkeypatch.setattr("talaia.audience.mailman.watch.MailmanClient", lambda *_: nullcontext())
    monkeypatch.setattr("talaia.audience.mailman.watch.MailmanList", lambda _: made.server)
    monkeypatch.setattr("talaia.audience.mailman.watch.queues.tidy", lambda _: 0)
    monkeypatch.setattr("talaia.audience.mailman.watch.queues.stuck", lambda _: tuple(made.stuck))
    return made


def test_who_subscribes_is_on_the_list_within_minutes_and_who_opts_out_is_off_it(house: House) -> None:
    house.look()
    actions.ask(ANNA, "ca", [], "192.0.2.1", 100, b"secret", house.now())
    actions.confirm_subscription(Subscription.objects.get().pk, house.now())
    house.look(times=11)
    assert [*house.server.members] == [ANNA]
    actions.opt_out(ANNA, house.now())
    house.look(times=11)
    assert not house.server.members


def test_who_may_be_on_the_list_by_us_and_opted_out_is_looked_for_within_minutes(house: House) -> None:
    house.look()
    actions.add(ANNA, "", house.now())
    actions.joining([ANNA], house.now())
    house.server.members[ANNA] = ListMember(ANNA)
    actions.opt_out(ANNA, house.now())
    house.look(times=11)
    assert not house.server.members


def test_a_list_that_follows_is_read_once_a_day_and_one_that_is_behind_every_ten_minutes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[bool] = []
    read = house.server.read

    def counted(closely: bool = False) -> Mapping[str, ListMember]:
        reads.append(closely)
        return read(closely)

    monkeypatch.setattr(house.server, "read", counted)
    actions.add(ANNA, "", house.now())
    house.look(times=60)
    assert len(reads) == 1
    house.look(minutes=60 * 24)
    assert len(reads) == 2
    monkeypatch.setattr(house.server, "subscribe", lambda people: {})  # as if something stood in the way over there
    Recipient.objects.update(listed_at=None)
    house.server.members.clear()
    house.look(times=60)
    assert 6 <= len(reads) - 2 <= 7
    assert reads == [True, True, *[False] * (len(reads) - 2)]  # what takes Mailman long, once a day


def test_a_queue_that_is_empty_for_a_moment_is_no_news(house: House) -> None:
    def said() -> str:
        return str(ExportCheck.objects.get().error.get("text", ""))

    for held in ([STUCK], [], [STUCK], [STUCK], [], [STUCK]):
        house.stuck = held
        house.look()
        assert "queue retry" in said()
    house.stuck = []
    house.look()
    assert "queue retry" in said()
    house.look()
    assert said() == ""
    assert [fact.kind for fact in Fact.objects.order_by("pk")] == ["audience.list_troubled", "audience.list_well"]
