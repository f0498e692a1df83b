"""talaia with a mirror: its rows, and a worker that does what is due, at a time that stands still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from talaia.config import current
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import IncidentState
from talaia.forum.backend import MirrorBackend
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.polling import MirrorPoll
from talaia.forum.post import ForumSite, document
from talaia.forum.rows import house
from talaia.forum.sync import MirrorSync
from talaia.outbox.models import Delivery
from talaia.outbox.worker import Worker
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.reactions import consequences

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Office:
    """`catch_up()` delivers all that is due; what is not due yet waits until the clock has come so far."""

    mirror: Callable[[], MirrorBackend]
    home: Path
    clock: Callable[[], datetime]
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        list_services(headings(current()), LONG_AGO)
        self.channel = MirrorSync(current, lambda _config: self.mirror())
        self.worker = Worker(self.home, [self.channel], consequences, self.clock)

    def catch_up(self) -> None:
        self.worker.spread()
        while self.worker.deliver_due(self.channel):
            self.worker.spread()

    def look(self) -> None:
        """The hourly look, now."""
        MirrorPoll(current, lambda _config: self.mirror(), self.clock).step(self.clock())
        self.catch_up()

    @property
    def house(self) -> ForumSite:
        return house(current())

    def wanted(self, event: Event) -> str:
        """The text that the rows make."""
        return document(whole(Event.objects.get(pk=event.pk)), self.house).text

    def row(self, event: Event) -> Mirrored:
        return Mirrored.objects.get(event=event)

    def proposal(self, event: Event) -> Proposal | None:
        return Proposal.objects.filter(mirrored__event=event, state=Proposal.OPEN).first()

    def parked(self) -> list[Delivery]:
        return list(Delivery.objects.filter(channel="mirror", state=Delivery.PARKED))

    def waiting(self) -> list[Delivery]:
        return list(Delivery.objects.filter(channel="mirror", state=Delivery.READY))


def open_one(now: datetime, title: str = "Tall de fibra a Sants", text: str = "No hi ha connexió. Ho mirem.") -> Event:
    impacts = {"links": State.PARTIAL}
    return actions.open_incident({"ca": title}, {"ca": text}, impacts, now - timedelta(minutes=5), by="anna")


def say(event: Event, now: datetime, text: str, state: IncidentState = IncidentState.IDENTIFIED) -> None:
    actions.update_incident(event.ref, state, {"ca": text}, now, by="anna")
