"""Keeps what stands in the mirror equal to the rows: the worker's channel "mirror".

Look up, say what is meant, do, mark. A kill at any line leaves a note of what was meant, so that the next round tells
our own words from those of others. What others wrote is never written over before an operator has decided about it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.utils import translation

from talaia.config import Config
from talaia.events.models import Event
from talaia.events.published import PublishedEvent
from talaia.events.reading import whole
from talaia.forum import actions
from talaia.forum.backend import Document, DocumentWords, EditedElsewhere, Gone, MirrorBackend, MirroredDocument
from talaia.forum.escape import settled
from talaia.forum.merge import MergeResult, alike, merged, nearest, one_line
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.post import ForumSite, document, event_word
from talaia.forum.rows import house, known
from talaia.outbox.channel import Channel, CheckLine
from talaia.outbox.errors import OutsideError, PermanentError, TemporaryError

log = logging.getLogger(__name__)

TURNS = 4  # how often somebody may write there while we do, before we come back later


class MirrorSync(Channel):
    """The channel "mirror": a target is an event, "incident/2026-014"."""

    name = "mirror"

    def __init__(self, config: Callable[[], Config], mirrors: Callable[[Config], MirrorBackend | None]) -> None:
        self.config, self.mirrors = config, mirrors

    def deliver(self, targets: Sequence[str], now: datetime, /) -> None:
        """Raises Temporary, and Permanent for what only a person can mend."""
        config = self.config()
        mirror = self.mirrors(config)
        if mirror is None:
            return  # taken out of talaia.toml since
        told = house(config)
        for key in targets:
            keep(key, mirror, told, now, own_name=own_name(config))

    def check(self, config: Config, _made: bool, /) -> Iterator[CheckLine]:
        """Whether it can be read; `talaia check --forum` tries whether it can be written."""
        try:
            mirror = self.mirrors(config)
            if mirror is not None:
                mirror.ask()
                yield True, f"the mirror {mirror.name} answers", ""
        except OutsideError as fault:
            yield False, str(fault), fault.hint


def own_name(config: Config) -> str:
    """As whom we write there."""
    return (config.tables.mirror.user if config.tables.mirror else None) or ""


def keep(key: str, mirror: MirrorBackend, told: ForumSite, now: datetime, *, own_name: str = "") -> bool:
    """Bring what stands there of one event to what the rows say. Safe to repeat; whether anything was written.

    Raises Temporary, and Permanent for what only a person can mend.
    """
    wrote = False
    for _turn in range(TURNS):
        event = known(key)
        if event is None:
            return wrote  # not public, or of another database
        shown = whole(event)
        wanted = document(shown, told)
        row = Mirrored.objects.select_related("event").filter(event=event, mirror=mirror.name).first()
        if row is None or not row.place:
            _begin(event, row, wanted, mirror, own_name, now)
            wrote = True
            continue
        if row.as_found and (wanted.title, wanted.text) == (row.sent_title, row.sent_text):
            return wrote  # as people wrote it, and we have nothing to say besides
        proposal = Proposal.objects.filter(mirrored=row, state=Proposal.OPEN).first()
        merge = merged(proposal.base, wanted.text, row.text) if proposal else None
        sent = _sent(wanted, proposal, merge)
        if proposal and merge and not merge.theirs and sent.title == wanted.title:
            actions.moot(row, now)
        if (sent.title, sent.text, actions.marks(sent)) == (row.sent_title, row.sent_text, row.sent_marks):
            return wrote
        if _is_in_doubt(row, sent):
            found = mirror.read(row.place)
            if isinstance(found, Gone):
                raise _stuck(row, found, now)
            note(row, replace(found[0], key=key), found[1], now)
            continue
        if not _is_meant(row, sent):
            before, row = row, actions.mean(event, mirror.name, sent.title, sent.text, now)
            if row.standing != before.standing:
                continue  # the look has just seen something newer there, which is not in `sent`
        outcome_of_change = mirror.change(sent, row.standing, why(shown, told))
        match outcome_of_change:
            case MirroredDocument():
                wrote = True
                if actions.stands(row, outcome_of_change, sent, now, merge):
                    return wrote
            case EditedElsewhere(there, editor):
                note(row, there, editor, now)
            case Gone():
                raise _stuck(row, outcome_of_change, now)
    raise TemporaryError(f"{key} is being written to there", "it goes on by itself")


def _begin(
    event: Event, row: Mirrored | None, wanted: Document, mirror: MirrorBackend, own_name: str, now: datetime
) -> None:
    """Write it there for the first time, or find it there: we may have been killed before we could say so."""
    outcome = mirror.find(wanted.key) if row is not None and _is_in_doubt(row, wanted) else None
    if outcome is None:
        if row is None or not _is_meant(row, wanted):
            row = actions.mean(event, mirror.name, wanted.title, wanted.text, now)
        outcome = mirror.make(wanted)
    assert row is not None
    if isinstance(outcome, Gone):
        raise _stuck(row, outcome, now)
    if settled(outcome.text) == wanted.text and alike(outcome.title, wanted.title):
        actions.stands(row, outcome, wanted, now)
    else:
        _adopt(row, outcome, wanted, mirror, own_name, now)


def note(row: Mirrored, there: MirroredDocument, editor: str, now: datetime) -> bool:
    """What stands there now. Whether somebody else wrote it, and it is proposed now."""
    is_meant = row.meant_text and settled(there.text) == settled(row.meant_text)
    if is_meant and (alike(there.title, row.meant_title) or alike(there.title, row.title)):
        actions.bind(row, there, now)  # we wrote it and were killed before we could say so
        return False
    if there.text == row.text and alike(there.title, row.title):
        actions.checked(row, there, now)
        return False
    # What is newer than what we know was written before our rows were put back: it may be nowhere else.
    if there.ours and there.ours < row.checked_at and actions.set_back(row, there, now):
        return False
    bases = [row.text, *([settled(row.meant_text)] if row.meant_text else [])]
    return actions.note_edit(row, there, DocumentWords(row.title, nearest(bases, there.text)), editor, now)


def why(event: PublishedEvent, told: ForumSite) -> str:
    """What the history of the topic says of a change."""
    with translation.override(told.language):
        return f"talaia: {event.ref}, {event_word(event).lower()}"


def _sent(wanted: Document, proposal: Proposal | None, merge: MergeResult | None) -> Document:
    """What is to stand there: ours, with what people have proposed until that is decided."""
    if proposal is None or merge is None:
        return wanted
    return replace(wanted, text=merge.text, title=one_line(proposal.base_title, wanted.title, proposal.their_title))


def _is_meant(row: Mirrored, sent: Document) -> bool:
    return (row.meant_title, row.meant_text) == (sent.title, sent.text)


def _is_in_doubt(row: Mirrored, sent: Document) -> bool:
    """Something else was sent and not answered: it may stand there, and must be known before anything new is sent."""
    return bool(row.meant_text) and not _is_meant(row, sent)


def _adopt(
    row: Mirrored, there: MirroredDocument, wanted: Document, mirror: MirrorBackend, own_name: str, now: datetime
) -> None:
    """It was there already, with another text: ours of before, or what somebody made of it."""
    base, editor = there.text, ""
    if not row.meant_text or settled(there.text) != settled(row.meant_text):
        found = mirror.read(there.place)
        if isinstance(found, Gone):
            raise _stuck(row, found, now)
        there, editor = replace(found[0], key=there.key), found[1]
        by_others = bool(editor) and editor.casefold() != own_name.casefold()
        candidates = [wanted.text, *([row.meant_text] if row.meant_text else [])]
        base = nearest(candidates, there.text) if by_others else there.text
    title = there.title if alike(there.title, row.meant_title) else wanted.title
    if base != there.text or not alike(title, there.title):
        actions.note_edit(row, there, DocumentWords(title, base), editor, now)
    else:
        actions.bind(row, there, now)


def _stuck(row: Mirrored, gone: Gone, now: datetime) -> PermanentError:
    actions.note_trouble(row, gone.why, gone.hint, now)
    return PermanentError(gone.why, gone.hint)
