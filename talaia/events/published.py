"""An event as it may be known outside, read once for all: pages, mails, posts, webhooks and programs are made of it.

What is read of the rows is in reading.py; who tells it, and how, is in site/, notices/ and forum/.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from talaia.events.anchors import NONE, Anchors, Names
from talaia.events.timeline import BEGUN, ENDED, MaintenanceState, over_at
from talaia.localization.texts import Words, in_language
from talaia.panel.state import State, worst

FOLDERS = {"incident": "incidents", "maintenance": "maintenance"}


def path_of(kind: str, ref: str, entry: int | None = None) -> str:
    """The page of an event, for ever: `/incidents/2026-014/`; with the number of an entry, where that stands on it."""
    return f"/{FOLDERS[kind]}/{ref}/" + (f"#u{entry}" if entry else "")


@dataclass(frozen=True)
class TouchedService:
    """A service that an event touches: the impact of an incident, the level to expect during a maintenance."""

    slug: str
    names: Words
    state: State
    first_slug: str = ""  # where it was renamed: machines know it by that
    worst: State | None = None  # the heaviest that was ever said of it, where that is another

    @property
    def at_worst(self) -> State:
        return self.worst or self.state

    @property
    def code_name(self) -> str:
        return self.first_slug or self.slug

    @property
    def path(self) -> str:
        return f"/services/{self.slug}/"


@dataclass(frozen=True)
class PublishedEntry:
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
        return self.anchors.names(in_language(self.texts, language).lang or language, f"{self.anchor}-")


@dataclass(frozen=True)
class EventLink:
    """Another event, to be pointed at."""

    kind: str
    ref: str
    titles: Words

    @property
    def path(self) -> str:
        return path_of(self.kind, self.ref)


@dataclass(frozen=True)
class PublishedEvent:
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
    entries: tuple[PublishedEntry, ...] = ()
    causes: Words = ()
    analyses: Words = ()
    analysed_at: datetime | None = None
    anchors: Anchors = NONE  # of the analysis
    merged_into: EventLink | None = None
    duplicates: tuple[EventLink, ...] = ()
    overrun: bool = False  # the window of a maintenance is over, and the work is not
    not_begun: bool = False  # its window has begun, and the work has not
    unseen: bool = False  # its window passed while nobody looked, and nobody has said whether the work was done
    ends_itself: bool = False  # with its window; else a person says that it is over
    discussion: str = ""  # where people talk about it
    replies: int = 0

    def names(self, language: str) -> Names:
        """The addresses inside the analysis: `a1`."""
        return self.anchors.names(in_language(self.analyses, language).lang or language, "a")

    @property
    def is_incident(self) -> bool:
        return self.kind == "incident"

    @property
    def key(self) -> str:
        """As facts name it: `incident/2026-014`."""
        return f"{self.kind}/{self.ref}"

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def called_off(self) -> bool:
        """Whether it will not take place: then there is nothing to expect of it."""
        return self.state == MaintenanceState.CANCELLED

    @property
    def over_at(self) -> datetime | None:
        """When it was over for those who read its entries; None where they do not say so."""
        return over_at(self.state, self.ended_at, self.entries)

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
        """The worst that it does to a service; of an incident that is over, that it ever did."""
        over = self.is_incident and self.ended
        return worst(touched.at_worst if over else touched.state for touched in self.touched)

    @property
    def icon(self) -> str:
        """The asset that is its page's icon; what is over is calm, and so is what was announced."""
        if self.ended:
            return f"{State.OPERATIONAL.value}.svg"
        return f"{(self.impact if self.is_incident else State.MAINTENANCE).value}.svg"

    @property
    def hours(self) -> tuple[datetime, datetime] | None:
        """When the work is: as planned; begun before that, or over, with the hours in which it was so."""
        if self.window is None or self.state not in BEGUN:
            return self.window
        if self.ended_at and self.ended_at > self.started_at:
            return self.started_at, self.ended_at
        return min(self.started_at, self.window[0]), self.window[1]

    @property
    def early(self) -> bool:
        """Whether work has begun before its window."""
        begun = self.window if self.state in BEGUN else None
        return begun is not None and begun[0] - self.started_at > timedelta(minutes=1)

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
        return path_of(self.kind, self.ref)
