"""The House of the oracle that is the product itself, in one process, with a clock that the driver moves.

Everything runs as in `talaia up`: the watch polls two servers and looks at the targets of checks, the clock strikes,
the outbox delivers; people act through the actions of the desk and the shell; mails go to a mail server. What is left
out: the folder of pages is not written (what is published is asked of the pages' own functions, `published`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import transaction
from django.utils import timezone

from talaia import config as configuration
from talaia.channels import channels
from talaia.commands.renaming import rename
from talaia.notices.models import Notice
from talaia.outbox import actions as outbox
from talaia.outbox.worker import Worker
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Watched
from talaia.reactions import consequences
from talaia.server.scheduler import Clock
from talaia.signals import actions as signals
from talaia.signals.inputs import CHECKS
from talaia.signals.models import Evidence
from talaia.signals.monitoring_gaps import mark_unwatched
from talaia.signals.watch import SignalWatch
from tests.notices.mailserver import MailServer, Taken
from tests.oracle import happenings as h
from tests.oracle import published
from tests.oracle.happenings import Happening
from tests.oracle.history import SmallHouse
from tests.oracle.house import Copy, Page, Transition
from tests.oracle.installation import address, toml
from tests.oracle.monitored import World, moment
from tests.oracle.spoken import BY, People


class Inline(Executor):
    """A pool that does what it is given at once, in the thread that gives it."""

    def submit(self, task: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(task(*given, **named))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result is told
            future.set_exception(error)
        return future


CHANNELS = ("notices", "mail", "letters", "audience")
BEAT = 60
NOTICE = re.compile(r"<(incident|maintenance)-(\d{4}-\d+)\.n(\d+)\.")
POLICY, NOBODY = "550 5.7.1 relay not permitted", "550 5.1.1 no such user"


@dataclass(frozen=True)
class Arrived:
    """A mail, and when it was taken."""

    at: int
    mail: Taken


class Letterbox(MailServer):
    """The mail server of everybody, which refuses those whom the history says."""

    def __init__(self) -> None:
        super().__init__(answers=self.answer)
        self.begin()

    def begin(self) -> None:
        self.now, self.arrived = 0, list[Arrived]()
        self.refused: frozenset[str] | None = frozenset()

    def answer(self, verb: str, argument: str) -> str | None:
        if verb != "RCPT":
            return None
        if self.refused is None:
            return POLICY
        to = argument.partition("<")[2].partition(">")[0]
        return NOBODY if to in {address(one) for one in self.refused} else None

    def keep(self, taken: Taken) -> None:
        self.arrived.append(Arrived(self.now, taken))


class Product:
    """A House (`tests.oracle.house`). Its rows are wiped at the end of `installed`."""

    def __init__(self, home: Path, server: Letterbox) -> None:
        self.home, self.server = home, server
        self.slugs: dict[str, str] = {}
        self.people, self.now = People(self.slugs), 0
        self.stops: dict[int, int] = {}
        self.running = False

    # What the driver calls

    def build(self, house: SmallHouse, begins: int) -> None:
        self.house, self.begins = house, begins
        self.slugs |= {service.key: service.key for service in house.services}
        self.world = World(house, begins, self.slugs)
        self.listed = {service.key for service in house.services}
        self.pass_to(begins)
        self._configure()
        self._start()
        self.people.import_(tuple(one for one in house.people if one.exported), self.moment)
        for person in house.people:
            if not person.exported:
                self.people.subscribe(person, self.moment)
        self._deliver()

    def pass_to(self, at: int) -> None:
        assert at >= self.now
        if self.running:
            self._beat(at)
        self.now = self.server.now = at
        self.world.pass_to(at)

    def happen(self, happening: Happening) -> None:
        blind_before = {service for (service, _), one in self.world.series.items() if one.gone_at is not None}
        body = self.world.happen(happening)
        if body is not None:
            signals.store_webhook("alertmanager", body, self.moment)
        self.people.happen(happening)
        match happening:
            case h.Sample(reading=h.Reading.GONE):
                if happening.service not in blind_before:
                    self._look_last(happening.service)
            case h.TalaiaStops():
                self._stop()
            case h.TalaiaStarts():
                self._start()
            case h.Renamed():
                self._rename(happening)
            case h.Retired():
                self.listed.discard(happening.service)
                self._configure()
                self._list()
            case h.Returned():
                self.listed.add(happening.service)
                self._configure()
                self._list()
            case h.MailRefused():
                self.server.refused = happening.people
            case h.MailWell():
                self.server.refused = frozenset()
            case _:
                pass

    def look(self) -> None:
        self.world.measure()
        self.clock.step(self.moment)
        self.watch.asked_at.clear()
        self.watch.checks.probed_at.clear()
        self.watch.judged_at = None
        self.watch.step(self.moment)
        self._deliver()

    def page(self) -> Page:
        return published.page(self.moment, self.keys)

    def transitions(self) -> Mapping[str, Sequence[Transition]]:
        return published.transitions(self.keys)

    def told(self) -> Sequence[Copy]:
        rows = Notice.objects.select_related("event")
        kinds = {(row.event.kind, row.event.ref, row.number): row.kind for row in rows}
        found = []
        for arrived in self.server.arrived:
            if name := NOTICE.match(arrived.mail.message_id):
                kind, ref = name[1], name[2]
                person = arrived.mail.to.partition("@")[0]
                event = self.people.event_of(kind, ref)
                found.append(Copy(arrived.at, event, kinds[kind, ref, int(name[3])], person))
        return found

    def watched(self) -> Mapping[int, int]:
        return self.stops

    # How it is done

    @property
    def keys(self) -> Mapping[str, str]:
        """Of each slug of today, the key."""
        return {slug: key for key, slug in self.slugs.items()}

    @property
    def moment(self) -> datetime:
        return moment(self.now)

    def tell_time(self) -> datetime:
        """The clock of the whole product."""
        return self.moment

    def _configure(self) -> None:
        path = self.home / "talaia.toml"
        path.write_text(toml(self.house, self.listed, self.slugs, self.server.port))
        configuration.use(configuration.read(path, self.home))

    def _list(self) -> None:
        """As `up.prepare` does at each start and reload."""
        mark_unwatched(self.moment)
        list_services(headings(configuration.current()), self.moment)

    def _rename(self, what: h.Renamed) -> None:
        """First written down, then said to the shell: every second time once talaia has read it again."""
        old = self.slugs[what.service]
        self.world.rename(what.service, what.slug)
        self.slugs[what.service] = what.slug
        self._configure()
        read_before = self.running and what.at // 10 % 2 == 0
        if read_before:
            self._list()
        rename(configuration.current(), old, what.slug, BY, self.moment)
        if self.running and not read_before:
            self._list()

    def _start(self) -> None:
        config = configuration.current()
        self._list()
        self.watch = SignalWatch(configuration.current, timezone.now, self.world.servers.transport)
        self.watch.asking = self.watch.probing = Inline()  # type: ignore[assignment]
        self.clock = Clock(configuration.current, timezone.now)
        self.worker = Worker(self.home, channels(config), consequences, timezone.now)
        self.mine = [channel for channel in self.worker.channels if channel.name in CHANNELS]
        self.running = True

    def _stop(self) -> None:
        """As a kill: nothing is finished, nothing is said."""
        self.stops[self.now] = int(Watched.objects.get(pk=1).at.timestamp())
        self.close()
        self.running = False

    def _beat(self, at: int) -> None:
        """What the watch notes when it is left alone until `at`: a beat each BEAT seconds since its last."""
        last = Watched.objects.filter(pk=1).first()
        if last is not None and (beats := int(at - last.at.timestamp()) // BEAT):
            Watched.objects.filter(pk=1).update(at=moment(int(last.at.timestamp()) + beats * BEAT))

    def _look_last(self, service: str) -> None:
        """Let the last round of a check that is our own fault from now on have been in this very second: what says the
        same again is written down only once in a while (`signals.actions.store_outcomes`)."""
        if self.house.service(service).source == CHECKS and self.running:
            Evidence.objects.filter(source=CHECKS, service=self.slugs[service]).update(read_at=self.moment)

    def _deliver(self) -> None:
        while True:
            self.worker.spread()
            due = outbox.due_channels(self.moment)
            if not sum(self.worker.deliver_due(channel) for channel in self.mine if channel.name in due):
                return

    def close(self) -> None:
        """As `Watch.close`, which would close the connection too, and with it forget what no transaction has ended."""
        for client in self.watch.clients.values():
            client.close()


@contextmanager
def installed(home: Path, server: Letterbox) -> Iterator[Product]:
    """A product in a database of its own, which forgets everything afterwards."""
    server.begin()
    product = Product(home, server)
    with (
        mock.patch.object(timezone, "now", product.tell_time),
        mock.patch("talaia.signals.probes.tcp.TcpProbe.look", lambda _probe, check, _config: product.world.look(check)),
        transaction.atomic(),
    ):
        outbox.UNCLEAR.clear()
        try:
            yield product
        finally:
            if product.running:
                product.close()
            transaction.set_rollback(True)


__all__ = ["Letterbox", "Product", "installed"]
