"""What a page is made of: frozen values, read by snapshot.py, shown by pages.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.events.anchors import NONE, Anchors, Names
from talaia.events.timeline import BEGUN, ENDED
from talaia.panel.state import TROUBLE, Reason, State, worst
from talaia.panel.uptime import DaySeconds

Words = tuple[tuple[str, str], ...]
"""Words by language; the first are those that were written first; the language "" is every language."""


@dataclass(frozen=True)
class LocalizedText:
    """Words as they are shown: `lang` is their language where that is not the reader's, else ""."""

    text: str
    lang: str = ""


def words(by_language: Mapping[str, str], first: str = "") -> Words:
    """The words, those in the language `first` before the others."""
    return tuple(sorted(by_language.items(), key=lambda pair: pair[0] != first))


def inside(given: Words, language: str) -> LocalizedText:
    """`given` in `language`; where it was not written in it, as it was written first, with the name of its language."""
    known = dict(given)
    if language in known:
        return LocalizedText(known[language])
    first, text = given[0] if given else ("", "")
    return LocalizedText(text, first)


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


EVENT_FOLDERS = {"incident": "incidents", "maintenance": "maintenance", "beyond_maintenance": "maintenance"}


def _event_path(reason: Reason) -> str:
    folder = EVENT_FOLDERS.get(reason.code)
    return f"/{folder}/{reason.values['ref']}/" if folder and "ref" in reason.values else ""


@dataclass(frozen=True)
class PageGroup:
    slug: str
    names: Words
    services: tuple[PageService, ...]


@dataclass(frozen=True)
class TouchedService:
    """A service that an event touches: the impact of an incident, the level to expect during a maintenance."""

    slug: str
    names: Words
    state: State

    @property
    def path(self) -> str:
        return f"/services/{self.slug}/"


@dataclass(frozen=True)
class PageEntry:
    """One entry of a timeline."""

    number: int
    state: str
    at: datetime
    texts: Words
    plain: bool = False
    edited_at: datetime | None = None
    anchors: Anchors = NONE

    @property
    def anchor(self) -> str:
        """Its address on the page of its event, for ever."""
        return f"u{self.number}"

    def names(self, language: str) -> Names:
        """The addresses inside its text: `u3-1`."""
        return self.anchors.names(inside(self.texts, language).lang or language, f"{self.anchor}-")


@dataclass(frozen=True)
class Other:
    """Another event, to be pointed at."""

    kind: str
    ref: str
    titles: Words

    @property
    def path(self) -> str:
        return f"/{'incidents' if self.kind == 'incident' else 'maintenance'}/{self.ref}/"


@dataclass(frozen=True)
class PageEvent:
    """An incident or a maintenance, with as many of its entries as are needed (oldest first)."""

    kind: str
    ref: str
    titles: Words
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    window: tuple[datetime, datetime] | None = None
    next_update_at: datetime | None = None
    touched: tuple[TouchedService, ...] = ()
    entries: tuple[PageEntry, ...] = ()
    causes: Words = ()
    analyses: Words = ()
    analysed_at: datetime | None = None
    anchors: Anchors = NONE  # of the analysis
    merged_into: Other | None = None
    duplicates: tuple[Other, ...] = ()
    overrun: bool = False  # the window of a maintenance is over, and the work is not
    not_begun: bool = False  # its window has begun, and the work has not
    unseen: bool = False  # its window passed while nobody looked, and nobody has said whether the work was done
    ends_itself: bool = False  # with its window; else a person says that it is over
    failing: tuple[
        tuple[PageService, ToldTrouble], ...
    ] = ()  # the services that fail still though this one said that it was over
    discussion: str = ""  # where people talk about it
    replies: int = 0

    def names(self, language: str) -> Names:
        """The addresses inside the analysis: `a1`."""
        return self.anchors.names(inside(self.analyses, language).lang or language, "a")

    @property
    def is_incident(self) -> bool:
        return self.kind == "incident"

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def stood_since(self) -> datetime | None:
        """Since when it stands as it does; None where the entry that said so first is not among `entries`."""
        found: datetime | None = None
        for entry in reversed(self.entries):
            if entry.state != self.state:
                return found
            found = entry.at
        return found if self.entries and self.entries[0].number == 1 else None

    @property
    def impact(self) -> State:
        """The worst that it does to a service."""
        return worst(touched.state for touched in self.touched)

    @property
    def icon(self) -> str:
        """The asset that is its page's icon; what is over is calm, and so is what was announced."""
        if self.ended:
            return f"{State.OPERATIONAL.value}.svg"
        return f"{(self.impact if self.is_incident else State.MAINTENANCE).value}.svg"

    @property
    def early(self) -> bool:
        """Whether work has begun before its window."""
        begun = self.window if self.state in BEGUN else None
        return begun is not None and begun[0] - self.started_at > timedelta(minutes=1)

    @property
    def hours(self) -> tuple[datetime, datetime] | None:
        """When the work is, as in mails: as planned; begun before that, or over, with the hours in which it was so."""
        if self.window is None or self.state not in BEGUN:
            return self.window
        if self.ended_at and self.ended_at > self.started_at:
            return self.started_at, self.ended_at
        return min(self.started_at, self.window[0]), self.window[1]

    @property
    def lasted(self) -> float | None:
        """Seconds from its beginning to its end; None while it is open."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None

    @property
    def sign(self) -> State | None:
        """The state whose shape stands beside it in a list; None where nothing is said of any service."""
        if not self.is_incident:
            return State.MAINTENANCE
        return self.impact if self.touched else None

    @property
    def seconds(self) -> float:
        """How long it took; of planned work, how long the work did."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else 0

    @property
    def path(self) -> str:
        return f"/{'incidents' if self.is_incident else 'maintenance'}/{self.ref}/"


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
        return f"/incidents/{self.ref}/"


@dataclass(frozen=True)
class FrontPage:
    """What the page at `/` shows. The open events have their latest entries only.

    `told`: of the services that are not well though an incident said that they are.
    """

    made_at: datetime
    groups: tuple[PageGroup, ...]
    incidents: tuple[PageEvent, ...]
    in_progress: tuple[PageEvent, ...]
    coming: tuple[PageEvent, ...]
    resolved: tuple[PageEvent, ...]
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
    events: tuple[PageEvent, ...]
    has_past: bool = False  # whether its history has a page
    told: ToldTrouble | None = None  # of its present trouble, by an incident that counts it as over

    @property
    def finished(self) -> tuple[DaySeconds, ...]:
        """The days of which nothing is to come any more."""
        return tuple(day for day in self.days if self.today is None or day.day < self.today)
