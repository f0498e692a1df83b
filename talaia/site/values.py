"""What a page is made of: frozen values, read by snapshot.py, shown by pages.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.events.published import PublishedEvent, path_of
from talaia.localization.texts import Words
from talaia.panel.state import TROUBLE, Reason, State
from talaia.panel.uptime import DaySeconds


@dataclass(frozen=True)
class SiteInfo:
    """What every page knows: whose it is, where it stands, in which languages and zone."""

    name: Words
    address: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    version: str
    links: tuple[tuple[Words, str], ...] = ()
    mirror: str = ""  # where the history is mirrored: "discourse", "git" or nowhere
    refresh: timedelta = timedelta(minutes=1)
    stale_after: timedelta = timedelta(minutes=10)  # a copy so old no longer says how things are
    made_at: datetime | None = None  # of finished pages; those of the doors are made when they are asked for
    subscribe: bool = False  # whether anybody may
    report_areas: tuple[tuple[str, Words], ...] | None = None  # where a visitor may say to be; None: they say nothing


@dataclass(frozen=True)
class PageService:
    """A row of the panel."""

    slug: str
    names: Words
    state: State
    reason: Reason
    since: datetime
    descriptions: Words = ()
    retired_at: datetime | None = None
    held_until: datetime | None = None  # so long the word of a person stands, where that is what is shown
    seen_since: datetime | None = None  # since when the signals see it so, where it is they who say it

    @property
    def path(self) -> str:
        return f"/services/{self.slug}/"

    @property
    def began(self) -> datetime:
        """Since when it is so, which is not always when the words changed (`since`)."""
        return self.seen_since or self.since

    @property
    def quiet(self) -> bool:
        """Nothing to say beyond its name and its word."""
        return self.state is State.OPERATIONAL

    @property
    def icon(self) -> str:
        """The asset that is its page's icon."""
        return f"{self.state.value}.svg"

    @property
    def event_path(self) -> str:
        """The page of the event that is its reason; empty for other reasons."""
        return _event_path(self.reason)

    @property
    def also(self) -> Reason:
        """The other reason, where both people and the signals give one: the code is empty where there is none."""
        return Reason.from_json(self.reason.values.get("also", {}))

    @property
    def also_path(self) -> str:
        """The page of the event that is the other reason; empty for other reasons."""
        return _event_path(self.also)

    @property
    def by_hand(self) -> bool:
        """Whether a person of ours has set its state."""
        return self.reason.code == "by_hand"

    @property
    def says_since(self) -> bool:
        """Whether the reason itself tells since when."""
        return any(
            reason.code in ("source_silent", "unstable")
            or (reason.code == "source_unreadable" and self.state is State.UNKNOWN)
            or (reason.code == "improving" and bool({"good_since", "better_since"} & reason.values.keys()))
            or "unstable_since" in reason.values
            for reason in (self.reason, self.also)
        )


EVENT_KINDS = {"incident": "incident", "maintenance": "maintenance", "beyond_maintenance": "maintenance"}


def _event_path(reason: Reason) -> str:
    kind = EVENT_KINDS.get(reason.code)
    return path_of(kind, str(reason.values["ref"])) if kind and "ref" in reason.values else ""


@dataclass(frozen=True)
class PageGroup:
    slug: str
    names: Words
    services: tuple[PageService, ...]


@dataclass(frozen=True)
class ToldTrouble:
    """That people have been told of the present trouble of a service, by an incident that counts it as over.

    `resolved_at` None: the incident itself is still open.
    """

    slug: str
    ref: str
    resolved_at: datetime | None

    @property
    def path(self) -> str:
        return path_of("incident", self.ref)


@dataclass(frozen=True)
class FrontPage:
    """What the page at `/` shows. The open events have their latest entries only.

    `told`: of the services that are not well though an incident said that they are.
    """

    made_at: datetime
    groups: tuple[PageGroup, ...]
    incidents: tuple[PublishedEvent, ...]
    in_progress: tuple[PublishedEvent, ...]
    coming: tuple[PublishedEvent, ...]
    resolved: tuple[PublishedEvent, ...]
    told: tuple[ToldTrouble, ...] = ()

    @property
    def uncovered_and_told(self) -> tuple[tuple[PageService, ToldTrouble | None], ...]:
        """The uncovered, each with what was told of it before."""
        found = {one.slug: one for one in self.told}
        return tuple((service, found.get(service.slug)) for service in self.uncovered)

    @property
    def services(self) -> tuple[PageService, ...]:
        return tuple(service for group in self.groups for service in group.services)

    @property
    def uncovered(self) -> tuple[PageService, ...]:
        """The services in trouble of which no open incident says so; the worst first."""
        said = {one.slug for event in self.incidents for one in event.touched if one.state in TROUBLE}
        return tuple(
            service
            for state in reversed(TROUBLE)
            for service in self.services
            if service.state is state and service.slug not in said
        )


@dataclass(frozen=True)
class ServicePage:
    """A service, its last days (oldest first; the last one is today, as far as it has come) and what touched it.

    `today` None: it is retired, and the last day is the one on which it left.
    """

    service: PageService
    today: date | None
    days: tuple[DaySeconds, ...]
    events: tuple[PublishedEvent, ...]
    has_past: bool = False  # whether its history has a page
    told: ToldTrouble | None = None  # of its present trouble, by an incident that counts it as over

    @property
    def finished(self) -> tuple[DaySeconds, ...]:
        """The days of which nothing is to come any more."""
        return tuple(day for day in self.days if self.today is None or day.day < self.today)
