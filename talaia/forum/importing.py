"""Topics that are there already become history: each once, however often it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from django.utils.translation import gettext as _

from talaia.config import sanitize
from talaia.events.timeline import NotPossible
from talaia.forum import actions
from talaia.forum.backend import Gone, MirrorBackend
from talaia.forum.models import Mirrored
from talaia.forum.post import ForumSite
from talaia.forum.topic_parser import ParsedTopic, read, whole
from talaia.outbox.errors import TemporaryError

T = TypeVar("T")

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
UNSAID = 30.0  # seconds
PATIENCE = 20


@dataclass(frozen=True)
class TopicImport:
    """One topic. `ref`: of the incident that it became; `why`: why it became none."""

    title: str
    address: str
    ref: str = ""
    why: str = ""
    found: ParsedTopic | None = None


def take_in(
    mirror: MirrorBackend,
    told: ForumSite,
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    *,
    by: str = "",
    everything: bool = False,
    dry: bool = False,
) -> Iterator[TopicImport]:
    """Every topic that is no incident yet, the oldest first. `everything`: those without entries, too.

    `dry`: nothing is written; what would be is told. Raises Temporary and Permanent when the mirror cannot be listed.
    """
    known = set(Mirrored.objects.filter(mirror=mirror.name).values_list("place", flat=True))
    listed = _patiently(lambda: list(mirror.recent(BEGINNING)), pause)
    for recent in sorted(listed, key=lambda one: one.touched):
        if recent.place in known:
            continue
        place = recent.place
        there = _patiently(lambda place=place: mirror.read(place), pause)  # type: ignore[misc]
        if isinstance(there, Gone):
            yield TopicImport(place, "", why=there.why)
            continue
        standing, _editor = there
        if standing.key:
            yield TopicImport(
                standing.title, standing.address, why=_("it is one of ours; `talaia forum rebuild` finds it")
            )
            continue
        title, text = sanitize.line(standing.title), sanitize.lines(standing.text)
        found = read(title, text, recent.touched, told.zone)
        if not found.entries and everything:
            found = whole(title, text, recent.touched, told.zone)
        if not found.entries:
            why = _("no entry such as [Resolved] was found in it; with --all it becomes one entry")
            yield TopicImport(standing.title, standing.address, why=why, found=found)
            continue
        if dry:
            why = "" if found.is_over else _("it is not over yet; the history has only what is")
            yield TopicImport(standing.title, standing.address, why=why, found=found)
            continue
        try:
            event = actions.import_topic(mirror.name, standing, found, told, now(), by=by)
        except NotPossible as refusal:
            yield TopicImport(standing.title, standing.address, why=str(refusal), found=found)
        else:
            yield TopicImport(standing.title, standing.address, ref=event.ref, found=found)


def _patiently(ask: Callable[[], T], pause: Callable[[float], None]) -> T:
    for left in range(PATIENCE, 0, -1):
        try:
            return ask()
        except TemporaryError as busy:
            if left == 1:
                raise
            pause(busy.after.total_seconds() if busy.after else UNSAID)
    raise AssertionError("unreachable")
