"""The seam to wherever the history is mirrored: a forum, a git repository. Frozen values in, typed outcomes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Document:
    """What must stand there of one event: rendered from the rows, the same for the same rows."""

    key: str  # "incident/2026-014": never changes, found again by it
    title: str  # with the reference, so unique
    text: str  # Markdown; \n line ends, no blanks at the end
    tags: tuple[str, ...]  # kind and state
    closed: bool  # over: nothing more is expected
    began: datetime  # the day under which it stands, when it is made long afterwards
    # For readers of files; a topic says them in its text.
    ended: datetime | None = None
    impact: str = ""  # the worst state of a service that it touches
    touched: tuple[str, ...] = ()  # the names of those services


@dataclass(frozen=True, slots=True)
class MirroredDocument:
    """What stands there, as it was read or as the other side answered. `text` is the base of the next comparison."""

    key: str
    place: str  # how the mirror finds it: a topic's number, or a path; opaque to everybody else
    version: str  # changes with every edit of the text there
    title: str
    text: str
    tags: tuple[str, ...]
    closed: bool
    address: str  # where people read it; empty when it has none
    replies: int = 0
    ours: datetime | None = None  # when we wrote it, where the other side knows that no word of anybody else is in it


@dataclass(frozen=True)
class DocumentWords:
    """The title and the text with which somebody's are compared."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class EditedElsewhere:
    """Somebody else wrote there since `base`: nothing was written. `editor`: whom the other side names, or empty."""

    standing: MirroredDocument
    editor: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """It was there, or was refused, and only a person can mend that. `hint`: what to do, and where."""

    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class Recent:
    """One that was touched lately, without its text: whether to read it is decided by `version` or `touched`."""

    place: str
    touched: datetime
    replies: int


class MirrorBackend(Protocol):
    """One place outside. All of it may be repeated; raises Temporary (with `after`, when told so) and Permanent."""

    name: str  # "discourse", "git"

    def find(self, key: str) -> MirroredDocument | Gone | None:
        """The one for `key`; None when there is none."""

    def read(self, place: str) -> tuple[MirroredDocument, str] | Gone:
        """What stands at `place` now, and who edited it last (or an empty text)."""

    def make(self, document: Document) -> MirroredDocument | Gone:
        """Makes it, or adopts the one that is there already for its key (whatever its text); never a second one."""

    def change(self, document: Document, base: MirroredDocument, why: str) -> MirroredDocument | EditedElsewhere | Gone:
        """Brings title, text, tags and closed to `document`, if the text there is still that of `base`."""

    def recent(self, since: datetime) -> Iterator[Recent]:
        """Those that were touched since, newest first."""

    def ask(self) -> None:
        """Whether it can be read at all. Nothing is written, here or there."""
