"""A configuration with a mail server, and the product's own channels run by hand, at hours that the test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.config import Config, current
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.notices.models import Notice
from talaia.outbox import actions as outbox
from talaia.outbox.models import Delivery
from talaia.outbox.worker import Worker
from talaia.panel.actions import list_services
from talaia.panel.catalogue import headings
from talaia.panel.state import State
from talaia.reactions import channels, consequences
from tests.notices.mailserver import MailServer

CONFIG = (Path(__file__).parents[1] / "talaia.toml").read_text()
NOW = datetime(2026, 5, 4, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEOPLE = "anna@example.net ca\nbernat@example.net es\ncarla@example.net en\n"
Configure = Callable[[str], Config]


class House:
    """The product with a clock that a test moves."""

    def __init__(self, server: MailServer) -> None:
        self.server, self.now = server, NOW

    def later(self, **time: float) -> House:
        self.now += timedelta(**time)
        return self

    def work(self) -> House:
        """Do everything that is due by now."""
        worker = Worker(current().home, channels(current()), consequences, lambda: self.now)
        mine = [channel for channel in worker.channels if channel.name in ("notices", "mail")]
        while True:
            worker.spread()
            if not any([worker.deliver_due(channel) for channel in mine]):
                return self

    def open(self, state: State = State.DISRUPTION, text: str = "Ho mirem.") -> Event:
        return events.open_incident({"ca": "Sense connexió"}, {"ca": text}, {"links": state}, self.now, by="anna")

    def notices(self) -> list[tuple[str, str, str]]:
        return list(Notice.objects.order_by("number").values_list("kind", "state", "why"))

    def parked(self) -> list[str]:
        return list(Delivery.objects.filter(state=Delivery.PARKED).values_list("error", flat=True))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def house(server: MailServer, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    set_up(configure, tmp_path, server)
    made = House(server)
    monkeypatch.setattr("talaia.notices.post.timezone.now", lambda: made.now)
    return made


def set_up(configure: Configure, folder: Path, server: MailServer, more: str = "", to: str = "") -> Config:
    (folder / "addresses.txt").write_text(PEOPLE)
    database = f'\n[database]\nurl = "{current().tables.database.url}"\n' if current().tables.database.url else ""
    config = configure(
        f"{CONFIG}{database}\n[mail]\n"
        'sender = "estat@example.org"\nreply_to = "suport@example.org"\nbounces = "torna@example.org"\n'
        f'{to or "addresses = " + chr(34) + "addresses.txt" + chr(34)}\nport = {server.port}\ntimeout = "2s"\n{more}'
    )
    list_services(headings(config), NOW)
    outbox.spread(NOW, lambda _: [])
    return config
