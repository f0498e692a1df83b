"""The published site: which files a target means, and bringing them to what the rows say now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import talaia
from talaia.config import LANGUAGES, Config, current
from talaia.events.models import Event
from talaia.outbox.faults import Permanent
from talaia.panel.models import Service
from talaia.site import addresses, assets, pages, snapshot, values
from talaia.site.actions import note_publication
from talaia.site.folder import Folder
from talaia.site.pages import Files
from talaia.site.values import House

# A page must be there before a page that points to it.
KINDS = ("assets", "service", "history", "incident", "maintenance", "front")
EVENTS = ("incident", "maintenance")
TOPS = {"incident": "incidents", "maintenance": "maintenance", "service": "services", "history": "history"}
# Each group of kinds that writes the same files has one lock, so that the front never waits for the archive.
LOCKS = {"front": "front", "assets": "front", "service": "services"}
AT_ONCE = 20  # targets in one go: so much work, at most, is between a lock's taking and its release
KEEP_ASSETS = 86_400.0  # seconds: pages of the version before may still be open somewhere


def publish(targets: Sequence[str], now: datetime) -> None:
    """Bring the files of `targets` to what the rows say. Safe to repeat; only what changed is written.

    Targets: "front", "assets", "incident/<ref>", "maintenance/<ref>", "service/<slug>", "history", "history/<year>",
    "all". Raises Temporary when the folder cannot be written (everything stands as before), Permanent for a target that
    cannot be.
    """
    begun, site = time.monotonic(), Site.of(current(), now)
    made = written = 0
    for kind, names in _sorted(targets):
        batches = iter(names)
        while batch := list(islice(batches, AT_ONCE)):
            with site.folder.alone(LOCKS.get(kind, "events")):
                files, gone = site.files(kind, batch)
                made, written = made + len(files), written + site.bring(files, gone)
    if not {"all", "assets"}.isdisjoint(targets):
        written += site.sweep()
    note_publication(now, time.monotonic() - begun, made, written)


def house(config: Config) -> House:
    """What every page knows, from the configuration."""
    site = config.site
    return House(
        name=site.name.words,
        address=site.address.rstrip("/"),
        languages=site.languages,
        zone=site.tz,
        version=talaia.__version__,
        links=tuple((link.text.words, link.address) for link in site.links),
        refresh=site.refresh,
    )


def _sorted(targets: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """The targets by kind, in the order in which they are written, each once."""
    wanted: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for target in dict.fromkeys(_everything() if "all" in targets else targets):
        kind, _, name = target.partition("/")
        if kind not in KINDS or ((kind in (*EVENTS, "service")) != bool(name) and kind != "history"):
            raise Permanent(f"{target!r} is no page", "an order of another version of talaia; delete it")
        wanted[kind].append(name)
    return ((kind, names) for kind, names in wanted.items() if names)


def _everything() -> Iterator[str]:
    yield from ("front", "assets", "history")
    yield from (f"service/{slug}" for slug in Service.objects.values_list("pk", flat=True))
    yield from (f"history/{number}" for number in snapshot.years())
    for event in Event.objects.order_by("-started_at").only("kind", "year", "number").iterator():
        yield f"{event.kind}/{event.ref}"


@dataclass(frozen=True)
class Site:
    """The folder and what its pages are made with."""

    folder: Folder
    house: House
    now: datetime

    @classmethod
    def of(cls, config: Config, now: datetime) -> Site:
        return cls(Folder(config.home / "public"), house(config), now)

    def bring(self, files: Files, gone: list[str]) -> int:
        changed = self.folder.changed(files)
        if changed:
            self.folder.write(changed)
        return len(changed) + self.folder.remove(gone)

    def files(self, kind: str, names: Sequence[str]) -> tuple[Files, list[str]]:
        """The files of these targets as the rows are now, in their order, and the names of those that are no more."""
        files: Files = {}
        gone: list[str] = []
        with snapshot.one_moment():
            for name in names:
                made = self._made(kind, name)
                files |= made
                if not made:
                    gone += self._everywhere(f"/{TOPS[kind]}/{name}/")
        return files, gone

    def _made(self, kind: str, name: str) -> Files:
        match kind:
            case "assets":
                return {**assets.files(), **pages.missing(self.house)}
            case "front":
                return {**assets.files(), **pages.front(snapshot.front(self.now), self.house)}
            case "service":
                shown = snapshot.service(name, self.now, self.house.zone)
                return pages.service(shown, self.house) if shown else {}
            case "history":
                return self._history(name)
        event = snapshot.event(kind, name, self.now)
        if event is None:
            return {}
        own = pages.event(event, self.house)
        # Its month before itself: that its own page is right means that its month is.
        return {**(self._month_of(event) if self.folder.changed(own) else {}), **own}

    def _history(self, name: str) -> Files:
        """`/history/`, or a year with, where its months have pages of their own, those that are not there yet."""
        years = snapshot.years()
        latest = snapshot.year(years[0], self.house.zone) if years else None
        if not name:
            return pages.history(latest, years, self.house)
        number = int(name) if name.isdecimal() else 0
        value = latest if latest and latest.year == number else snapshot.year(number, self.house.zone)
        if value is None:
            return {}
        files: Files = {}
        for month in value.months if value.by_month else ():
            if not (self.folder.path / addresses.file(month.path)).exists():
                files |= self._month(month.year, month.number)
        files |= pages.year(value, self.house)
        return files | (pages.history(latest, years, self.house) if value is latest else {})

    def _month_of(self, event: values.Event) -> Files:
        """The page of the month in which an event stands, where its year has so many that months have pages."""
        number = int(event.ref.partition("-")[0])
        if not snapshot.is_busy(number):
            return {}
        return self._month(number, snapshot.month_of(number, event.started_at, self.house.zone))

    def _month(self, year: int, number: int) -> Files:
        month = snapshot.month(year, number, self.house.zone)
        return pages.month(month, self.house) if month else {}

    def _everywhere(self, path: str) -> list[str]:
        return [
            addresses.file(addresses.localized(path, language, self.house.languages))
            for language in self.house.languages
        ]

    def sweep(self) -> int:
        """Take out the pages that nothing stands behind any more, and the assets of versions of long ago."""
        # First what stands there, then the rows: a page that is made meanwhile is in neither or in both.
        prefixes = ("", *(f"{language}/" for language in LANGUAGES))
        there = self.folder.names(*(prefix + top for prefix in prefixes for top in TOPS.values()))
        there += [name for prefix in prefixes[1:] for name in (f"{prefix}index.html", f"{prefix}404.html")]
        there += self.folder.older("static", KEEP_ASSETS)
        paths = ["/", "/404.html", "/history/", *snapshot.paths(self.house.zone)]
        wanted = {name for path in paths for name in self._everywhere(path)} | assets.files().keys()
        return self.folder.remove([name for name in there if name not in wanted])
