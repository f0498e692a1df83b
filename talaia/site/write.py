"""The published site: which files a target means, and bringing them to what the rows say now."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import talaia
from talaia.config import LANGUAGES, Config, current
from talaia.events.published import PublishedEvent
from talaia.outbox import disk_reserve
from talaia.outbox.batches import batches
from talaia.outbox.errors import RetryLater
from talaia.outbox.shutdown import ENDING
from talaia.regular_file import content
from talaia.site import about, addresses, assets, pages, search, snapshot, values
from talaia.site.actions import note_publication
from talaia.site.folder import Folder, NoRoom
from talaia.site.pages import Files
from talaia.site.targets import LIVING, TOPS, _living, _paths, _sorted
from talaia.site.values import SiteInfo

# Each group of kinds that writes the same files has one lock, so that the front never waits for the archive.
LOCKS = {"front": "front", "assets": "front", "service": "services", "past": "services"}
AT_ONCE = 20  # targets in one go: so much work, at most, is between a lock's taking and its release
KEEP_ASSETS = 86_400.0  # seconds: pages of the version before may still be open somewhere


def publish(targets: Sequence[str], now: datetime) -> None:
    """Bring the files of `targets` to what the rows say. Safe to repeat; only what changed is written.

    Targets: "front", "assets", "incident/<ref>", "maintenance/<ref>", "service/<slug>", "past/<slug>" or
    "past/<slug>/<year>" (its history), "history", "history/<year>", "history/<year>/<month>", "search/<year>" or
    "search/incident/<ref>" (the part of the index in which the event stands), "living" (the pages of the services that
    are listed and of the events that are open: they speak of now), "all". Raises Temporary when the folder cannot be
    written (everything stands as before), Permanent for a target that cannot be.
    """
    _publish(targets, PublishContext.of(current(), now), now)


def make_anew(targets: Sequence[str], now: datetime) -> None:
    """Write the files of `targets` whatever stands there: somebody else has been at them. As `publish` otherwise."""
    _publish(targets, replace(PublishContext.of(current(), now), anew=True), now)


def part_of(target: str) -> str:
    """Whose lock it is under which a target is written."""
    return LOCKS.get(target.partition("/")[0], "events")


def _publish(targets: Sequence[str], site: PublishContext, now: datetime) -> None:
    begun = time.monotonic()
    made = written = 0
    if LIVING in targets:
        targets = [*(target for target in targets if target != LIVING), *_living()]
    for kind, names in _sorted(targets):
        for batch in batches(names, AT_ONCE):
            if ENDING.is_set():  # what was written stands; the rest is for whoever comes next
                raise RetryLater("this process ends", after=timedelta(0))
            with site.alone(LOCKS.get(kind, "events")) as alone:
                files, gone = alone.files(kind, batch)
                made, written = made + len(files), written + alone.bring(files, gone)
    if not {"all", "assets"}.isdisjoint(targets):
        written += site.sweep()
    note_publication(now, time.monotonic() - begun, made, written)


def house(config: Config) -> SiteInfo:
    """What every page knows, from the configuration."""
    site, reports = config.site, config.tables.reports
    return SiteInfo(
        name=site.name.words,
        address=site.address.rstrip("/"),
        languages=site.languages,
        zone=site.tz,
        version=talaia.__version__,
        links=tuple((link.text.words, link.address) for link in site.links),
        refresh=site.refresh,
        stale_after=site.believed_for,
        mirror=config.tables.mirror.kind if config.tables.mirror else "",
        subscribe=config.tables.subscribe is not None,
        report_areas=tuple((area.slug, area.name.words) for area in reports.areas) if reports else None,
    )


@dataclass(frozen=True)
class PublishContext:
    """The folder and what its pages are made with."""

    folder: Folder
    house: SiteInfo
    now: datetime
    anew: bool = False  # write also what stands as it should

    @classmethod
    def of(cls, config: Config, now: datetime) -> PublishContext:
        return cls(Folder(config.home / "public"), replace(house(config), made_at=now), now)

    @contextmanager
    def alone(self, part: str) -> Iterator[PublishContext]:
        """As the only writer of that part."""
        with self.folder.alone(part) as folder:
            yield replace(self, folder=folder)

    def bring(self, files: Files, gone: list[str]) -> int:
        changed = files if self.anew else self.folder.changed(files)
        if changed:
            try:
                self.folder.write(changed)
            except NoRoom:
                if not disk_reserve.release(self.folder.path.parent):
                    raise
                self.folder.write(changed)
        return len(changed) + self.folder.remove(gone)

    def files(self, kind: str, names: Sequence[str]) -> tuple[Files, list[str]]:
        """The files of these targets as the rows are now, in their order, and the names of those that are no more."""
        files: Files = {}
        gone: list[str] = []
        with snapshot.one_moment():
            if kind == "search":
                return self._search(names)
            for name in names:
                made = self._made(kind, name)
                files |= made
                gone += [file for path in _paths(kind, name) for file in self._everywhere(path) if file not in made]
        return files, gone

    def _made(self, kind: str, name: str) -> Files:
        match kind:
            case "assets":
                told = pages.about(about.texts(current()), self.house)
                return {**assets.files(), **told, **pages.missing(self.house)}
            case "front":
                return {**assets.files(), **pages.front(snapshot.front(self.now), self.house)}
            case "service":
                shown = snapshot.service(name, self.now, self.house.zone)
                if shown is None:
                    led = snapshot.renamed(name)
                    return pages.renamed(f"/services/{name}/", led, led.path, self.house) if led else {}
                return pages.service(shown, self.house)
            case "past":
                return self._past(name)
            case "history":
                return self._history(name)
        event = snapshot.event(kind, name, self.now)
        if event is None:
            return {}
        own = pages.event(event, self.house, snapshot.failing(event))
        # Its month before itself: that its own page is right means that its month is.
        return {**(self._month_of(event) if self.folder.changed(own) else {}), **own}

    def _past(self, name: str) -> Files:
        """The history of a service: of one year, or of all of them."""
        slug, _, wanted = name.partition("/")
        if (led := snapshot.renamed(slug)) is not None:
            return self._past_of_former(slug, led)
        found = snapshot.years_of(slug)
        year = int(wanted) if wanted.isdecimal() else None
        # With a year, the latest one, which leads to all; and the one before it: it may have been the latest until now.
        earlier = [number for number in found if year and number < year]
        files: Files = {}
        for number in dict.fromkeys((*earlier[:1], year, *found[:1])) if year else found:
            value = snapshot.past(slug, number)
            files |= pages.past(value, self.house) if value else {}
        return files

    def _past_of_former(self, slug: str, led: values.PageService) -> Files:
        """At each address that the history had under a former slug, the way to where it is."""
        files: Files = {}
        for end in ("", *(f"{year}/" for year in snapshot.years_of(led.slug))):
            files |= pages.renamed(f"/services/{slug}/history/{end}", led, f"{led.path}history/{end}", self.house)
        return files if len(files) > len(self.house.languages) else {}

    def _search(self, names: Sequence[str]) -> tuple[Files, list[str]]:
        """The parts of the index in which these years and events stand, each once; their list comes last."""
        zone = self.house.zone
        own: dict[int, list[int | None]] = {}  # the parts of these years
        wanted: dict[tuple[int, int | None], None] = {}
        for name in names:
            kind, _, ref = name.rpartition("/")
            event = snapshot.event(kind, ref) if kind else None
            year = int((ref if kind else name).partition("-")[0])
            parts = own[year] = own[year] if year in own else snapshot.parts(year, zone)
            if event is not None and None not in parts:
                month = snapshot.month_of(year, event.started_at, zone)
                parts = [part for part in parts if part == month or not self._indexed(year, part)]
            wanted |= dict.fromkeys((year, part) for part in parts)
        files: Files = {}
        for number, part in wanted:
            files |= search.index(search.name(number, part), snapshot.searchable(number, part, zone), self.house)
        here = {search.name(number, part) for number, parts in own.items() for part in parts}
        ours = tuple(f"{number}" for number in own)
        if all("/" in name for name in names) and here == {name for name in self._listed() if name.startswith(ours)}:
            return files, []  # the list is right as it stands: the parts of all years are not counted for each entry
        every = {number: own.get(number) or snapshot.parts(number, zone) for number in snapshot.years()}
        listed = [search.name(number, part) for number, parts in every.items() for part in parts]
        kept = {search.file(name, language) for name in listed for language in self.house.languages}
        there = self.folder.files("search/*/*.json")
        return files | search.listing(listed), [name for name in there if name not in kept]

    def _listed(self) -> list[str]:
        try:
            return search.listed(content(self.folder.path / search.LIST, follow=False))
        except OSError:
            return []

    def _indexed(self, year: int, month: int | None) -> bool:
        names = (search.file(search.name(year, month), language) for language in self.house.languages)
        return all((self.folder.path / name).exists() for name in names)

    def _history(self, name: str) -> Files:
        """`/history/`, or a year with, where its months have pages of their own, those that are not there yet.

        Or one such month.
        """
        year, _, month = name.partition("/")
        if month:
            return self._month(int(year), int(month)) if snapshot.is_busy(int(year)) else {}
        years = snapshot.years()
        latest = snapshot.year(years[0], self.house.zone) if years else None
        if not name:
            return pages.history(latest, years, self.house)
        number = int(name) if name.isdecimal() else 0
        value = latest if latest and latest.year == number else snapshot.year(number, self.house.zone)
        files: Files = {}
        for one in value.months if value and value.by_month else ():
            if not (self.folder.path / addresses.file(one.path)).exists():
                files |= self._month(one.year, one.number)
        files |= pages.year(value, self.house) if value else {}
        return files | pages.history(latest, years, self.house)  # it leads to each year, whichever is the latest

    def _month_of(self, event: PublishedEvent) -> Files:
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
        there = self.folder.names(*(prefix + top for prefix in prefixes for top in (*TOPS.values(), "about")))
        there += [name for prefix in prefixes[1:] for name in (f"{prefix}index.html", f"{prefix}404.html")]
        there += self.folder.older("static", KEEP_ASSETS)
        paths = ["/", "/404.html", "/about/", "/history/", *snapshot.paths(self.house.zone)]
        wanted = {name for path in paths for name in self._everywhere(path)} | assets.files().keys()
        return self.folder.remove([name for name in there if name not in wanted])
