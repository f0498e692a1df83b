"""A configuration with a mail server, and the product's own channels run by hand, at hours that the test chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.audience.actions import add
from talaia.audience.models import Recipient
from talaia.channels import channels
from talaia.config import Config, current
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.notices.models import Notice
from talaia.outbox import actions as outbox
from talaia.outbox.models import Delivery
from talaia.outbox.worker import Worker
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.reactions import consequences
from tests.notices.mailserver import MailServer
from tests.notices.receiver import Receiver

CONFIG = (Path(__file__).parents[1] / "talaia.toml").read_text()
NOW = datetime(2026, 5, 4, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PEOPLE = {"anna@example.net": "ca", "bernat@example.net": "es", "carla@example.net": "en"}
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
        elsewhere = ("site", "archive", "audience", "mirror")
        mine = [channel for channel in worker.channels if channel.name not in elsewhere]
        while True:
            worker.spread()
            if not sum(worker.deliver_due(channel) for channel in mine):
                return self

    def open(self, state: State = State.DISRUPTION, text: str = "Ho mirem.", tell: bool | None = None) -> Event:
        titles, texts = {"ca": "Sense connexió"}, {"ca": text}
        return events.open_incident(titles, texts, {"links": state}, self.now, by="anna", tell=tell)

    def notices(self) -> list[tuple[str, str, str]]:
        return list(Notice.objects.order_by("number").values_list("kind", "state", "why"))

    def parked(self) -> list[str]:
        return list(Delivery.objects.filter(state=Delivery.PARKED).values_list("error", flat=True))


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def house(server: MailServer, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> House:
    set_up(configure, server)
    made = House(server)
    monkeypatch.setattr("talaia.notices.mailer.timezone.now", lambda: made.now)
    return made


def set_up(configure: Configure, server: MailServer, more: str = "", to: str = "") -> Config:
    for address, language in PEOPLE.items():
        add(address, "", NOW)
        Recipient.objects.filter(address=address).update(language=language)
    database = f'\n[database]\nurl = "{current().tables.database.url}"\n' if current().tables.database.url else ""
    config = configure(
        f"{CONFIG}{database}\n[mail]\n"
        'sender = "estat@example.org"\nreply_to = "suport@example.org"\nbounces = "torna@example.org"\n'
        f'{to}\nport = {server.port}\ntimeout = "2s"\n{more}'
    )
    list_services(headings(config), NOW)
    outbox.spread(NOW, lambda _: [])
    return config


@pytest.fixture
def there() -> Iterator[Receiver]:
    """Whoever takes what goes out by HTTP: a chat, another system."""
    with Receiver() as running:
        yield running
