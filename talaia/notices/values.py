"""What a notice is made of: frozen values, so that all its copies say the same, whenever each of them is sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from talaia.events.published import PublishedEntry, PublishedEvent
from talaia.localization.dates import Dates
from talaia.localization.texts import Words


class Kind(StrEnum):
    PROBLEM = "problem"
    UPDATE = "update"
    RESOLVED = "resolved"
    ADVANCE = "advance"
    REMINDER = "reminder"
    START = "start"
    END = "end"
    CHANGED = "changed"
    CANCELLED = "cancelled"


ABOUT_WORK = frozenset({Kind.ADVANCE, Kind.REMINDER, Kind.START, Kind.END, Kind.CHANGED, Kind.CANCELLED})
# Nobody is left without the last word: these go whatever the cap.
LAST_WORDS = frozenset({Kind.RESOLVED, Kind.END, Kind.CANCELLED})


@dataclass(frozen=True)
class Addressee:
    """Who gets a copy. `key`: small letters, digits and hyphens, the same for this person for ever, telling nothing."""

    key: str
    address: str
    language: str = ""  # none: in all languages, one below the other
    services: tuple[str, ...] = ()  # is told only of these; none: of all
    is_list: bool = False  # a list server writes the headers of a list, and sends it on


@dataclass(frozen=True)
class Segment:
    """A notice that goes only to the people behind these services (slugs) and reference connections (ids).

    `found`: who that is was resolved when it was chosen: whoever has one of these `names` of connections or `areas`.
    """

    services: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    found: bool = False
    names: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """Whom a notice reaches: who is told of one of these services, and of them (`behind`) who is behind something."""

    services: tuple[str, ...] = ()
    behind: Segment | None = None

    def renamed(self, old: str, new: str) -> Reach:
        """With the new name of a service in the place of its old one."""
        behind = self.behind
        if behind is not None:
            behind = replace(behind, services=_renamed(behind.services, old, new))
        return Reach(_renamed(self.services, old, new), behind)


EVERYBODY = Reach()


def _renamed(slugs: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(new if slug == old else slug for slug in slugs))


# Given from above, as notices know no audience. Asked anew for each part of a sending; in the order of the keys.
Recipients = Callable[[str, Segment | None, Collection[str]], Iterable[Addressee]]
"""`recipients(after, behind, also)`: who is to be told, in the order of their keys, from the first after `after` on.

`behind`: only these, and who has one of the keys `also`; None: everybody.
"""


GiveUpOn = Callable[[str, datetime, bool], None]
"""`give_up_on(key, now, gone)`: mail to this recipient has come back for good too often; or, as has turned out since
(`gone` is false), it has not. Safe to repeat."""


Neighbours = Callable[[str], tuple[str, Sequence[str]]]
"""`neighbours(key)`: the domain of their address, and the keys of all who have theirs there, in order; "": unknown."""


ToList = Callable[[bytes, str], bool]
"""`to_list(letter, message_id)`: hands it to the list server, once; False where none is set. Safe to repeat."""


@dataclass(frozen=True)
class MergedIncident:
    """An incident that has become part of the one that is told. `told`: its notices that people had."""

    ref: str
    titles: Words
    told: tuple[int, ...] = ()


@dataclass(frozen=True)
class OpenIncident:
    """Another incident that goes on at a service of which this one tells that its problem is solved."""

    ref: str
    titles: Words


@dataclass(frozen=True)
class NoticeStory:
    """What a notice tells, as it stood when it began to be sent."""

    kind: Kind
    event: (
        PublishedEvent  # its window: the hours that they are told; its entries: the one whose words it carries, or none
    )
    number: int  # of the notices of this event, from 1
    written_at: datetime
    before: tuple[int, ...] = ()  # the notices of this event that went before
    behind: Segment | None = None  # None: it goes to everybody
    told_hours: tuple[datetime, datetime] | None = None  # of other hours: which they were told last
    revision: int = 0  # how often the window was changed or called off: SEQUENCE of the calendar
    parts: tuple[MergedIncident, ...] = ()  # of which it speaks, too
    goes_on: tuple[OpenIncident, ...] = ()
    reaches: tuple[Reach, ...] = ()  # where it speaks for several: whom each of them concerns; `behind` is for all

    @property
    def concerns(self) -> tuple[Reach, ...]:
        """Whom it goes to: whoever one of these reaches."""
        return self.reaches or (Reach(tuple(one.slug for one in self.event.touched), self.behind),)

    @property
    def said(self) -> PublishedEntry | None:
        """The entry of the timeline whose words it carries."""
        return self.event.entries[-1] if self.event.entries else None

    @property
    def entry(self) -> int:
        """Its number; 0: it carries no words."""
        return self.said.number if self.said else 0

    @property
    def texts(self) -> Words:
        return self.said.texts if self.said else ()

    @property
    def plain(self) -> bool:
        return self.said is not None and self.said.plain

    @property
    def about_work(self) -> bool:
        return self.kind in ABOUT_WORK or not self.event.is_incident

    def as_of(self, now: datetime) -> NoticeStory:
        """As it may be told now: what was promised for an hour that has passed meanwhile is no promise."""
        promised = self.event.next_update_at
        passed = promised is not None and promised <= now
        return replace(self, event=replace(self.event, next_update_at=None)) if passed else self

    def renamed(self, old: str, new: str) -> NoticeStory:
        """With the new name of a service in the place of its old one; the words stay as they were told."""
        here = {one.slug for one in self.event.touched}
        touched = tuple(
            replace(one, slug=new, first_slug=one.code_name) if one.slug == old else one
            for one in self.event.touched
            if one.slug != new or old not in here
        )
        behind = Reach(behind=self.behind).renamed(old, new).behind
        reaches = tuple(one.renamed(old, new) for one in self.reaches)
        return replace(self, event=replace(self.event, touched=touched), behind=behind, reaches=reaches)

    def to_json(self) -> dict[str, Any]:
        """For a JSON column."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> NoticeStory:
        return msgspec.convert(told, cls)


@dataclass(frozen=True)
class Sender:
    """Whose mail it is: the site, and `[mail]`."""

    name: Words
    address: str  # of the site, without a slash at its end
    languages: tuple[str, ...]
    zone: ZoneInfo
    sender: str  # `Estat <estat@example.org>`
    reply_to: str = ""
    owner: str = ""
    account: str = "public"
    leave: str = ""  # the address by which a list is left; a list server that writes it itself has none here
    answers: bool = False  # what is written to reply_to is answered by machine: it is no place for questions
    secret: bytes = field(default=b"", repr=False)

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]

    def dates(self, language: str) -> Dates:
        return Dates(language, self.zone)

    @property
    def host(self) -> str:
        """The host of the site: the right half of every Message-ID."""
        return self.address.partition("://")[2].partition("/")[0].partition(":")[0] or "localhost"
