"""The only code that writes what is known of the mirror. One function = one transaction = one recorded fact.

What only notes where we are in the middle of something (`mean`, `checked`) records none: nothing has happened yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import ImportedEntry, edit_event, edit_update, import_incident, write_analysis
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import NotPossible, Overtaken, fingerprint
from talaia.forum.backend import Document, DocumentWords, MirroredDocument
from talaia.forum.merge import TITLE, MergeResult, advanced
from talaia.forum.models import Mirrored, Proposal
from talaia.forum.post import ForumSite, document
from talaia.forum.proposals import ANALYSIS, SectionEdit
from talaia.forum.topic_parser import ParsedTopic
from talaia.outbox.actions import record

EDITORS = 200  # characters


def mean(event: Event, mirror: str, title: str, text: str, now: datetime) -> Mirrored:
    """Write down what is about to be written there, before it is."""
    with transaction.atomic():
        given = {"meant_title": title, "meant_text": text}
        row, _made = Mirrored.objects.update_or_create(
            event=event, mirror=mirror, defaults=given, create_defaults={**given, "checked_at": now}
        )
    return row


def stands(
    row: Mirrored, standing: MirroredDocument, sent: Document, now: datetime, merge: MergeResult | None = None
) -> bool:
    """It stands there, as `standing` says; `sent` is what was asked for.

    `merge`: what people have proposed was kept in it; from now on that is compared with the base that it tells.
    False, and nothing is written, when another of ours has seen something newer there: it takes seconds to write.
    """
    with transaction.atomic():
        before, row = row, Mirrored.objects.select_for_update().select_related("event").get(pk=row.pk)
        if not (_is_same(row, before) or _is_seen(row, standing, before)):
            return False
        is_new = not row.place
        _take_over(row, standing, now)
        row.sent_title, row.sent_text, row.meant_title, row.meant_text = sent.title, sent.text, "", ""
        row.sent_marks, row.as_found = marks(sent), False
        row.save()
        if merge is not None:
            Proposal.objects.filter(mirrored=row, state=Proposal.OPEN).update(base=merge.base, theirs=standing.text)
        kind = "forum.written"
        if _discuss(row.event, standing) or is_new:
            kind = "forum.placed"
        record(kind, row.key, now, data={"mirror": row.mirror, "place": row.place, "address": row.address})
    return True


def bind(row: Mirrored, standing: MirroredDocument, now: datetime) -> bool:
    """It stands there already, with words that we know nothing of yet: made by us before a kill, or long before.

    Here as below: False, and nothing is written, when somebody of ours has been at it since `row` was read.
    """
    with transaction.atomic():
        if (row := _still(row)) is None:  # type: ignore[assignment]
            return False
        proposal = Proposal.objects.filter(mirrored=row, state=Proposal.OPEN).first()
        if proposal is not None:
            proposal.base, proposal.theirs = advanced(proposal.base, row.text, standing.text), standing.text
            proposal.save(update_fields=["base", "theirs"])
        _take_over(row, standing, now)
        row.meant_title = row.meant_text = ""
        row.save()
        _discuss(row.event, standing)
        record("forum.placed", row.key, now, data={"mirror": row.mirror, "place": row.place, "address": row.address})
    return True


def set_back(row: Mirrored, standing: MirroredDocument, now: datetime) -> bool:
    """Older words of ours stand there: the newest are written anew. False where people have proposed something."""
    with transaction.atomic():
        here = _still(row)
        if here is None or Proposal.objects.filter(mirrored=here, state=Proposal.OPEN).exists():
            return False
        _take_over(here, standing, now)
        here.sent_title = here.sent_text = here.meant_title = here.meant_text = ""
        here.save()
        record("forum.set_back", here.key, now, data={"version": here.version})
    return True


def note_edit(row: Mirrored, standing: MirroredDocument, base: DocumentWords, editor: str, now: datetime) -> bool:
    """Somebody wrote there. What they changed is proposed; more edits before a decision are one proposal."""
    with transaction.atomic():
        if (row := _still(row)) is None:  # type: ignore[assignment]
            return False
        proposal = Proposal.objects.filter(mirrored=row, state=Proposal.OPEN).first()
        if proposal is None:
            proposal = Proposal(mirrored=row, base=base.text, base_title=base.title, seen_at=now)
        names = [name for name in proposal.editor.split(", ") if name and name != editor]
        proposal.editor = ", ".join([*names, editor] if editor else names)[-EDITORS:]
        proposal.theirs, proposal.their_title = standing.text, standing.title
        proposal.save()
        _take_over(row, standing, now)
        row.meant_title = row.meant_text = ""
        row.save()
        _discuss(row.event, standing)
        record("forum.edited", row.key, now, data={"editor": editor, "proposal": proposal.pk, "version": row.version})
    return True


def moot(row: Mirrored, now: datetime) -> None:
    """What was proposed stands here by now, or there no more: nothing is left to decide."""
    with transaction.atomic():
        open_ones = Proposal.objects.filter(mirrored=row, state=Proposal.OPEN)
        if open_ones.update(state=Proposal.TAKEN, decided_at=now):
            record("forum.settled", row.key, now)


def note_trouble(row: Mirrored, why: str, hint: str, now: datetime) -> None:
    """Only a person can mend what is wrong there. Seen it was all the same: the next look is at others."""
    with transaction.atomic():
        row = Mirrored.objects.select_for_update().select_related("event").get(pk=row.pk)
        is_known = (row.trouble, row.hint) == (why, hint)
        row.trouble, row.hint, row.checked_at = why, hint, now
        row.save(update_fields=["trouble", "hint", "checked_at"])
        if is_known:
            return
        record("forum.troubled", row.key, now, data={"why": why, "hint": hint})


def checked(row: Mirrored, standing: MirroredDocument, now: datetime) -> bool:
    """Nothing that anybody would call an edit is another there: replies perhaps, tags, the capitals of the title.

    They are taken over all the same: what is written next must be told apart from what really stands there.
    """
    with transaction.atomic():
        if (row := _still(row)) is None:  # type: ignore[assignment]
            return False
        changed = standing.replies != row.replies
        _take_over(row, standing, now)
        row.meant_title = row.meant_text = ""
        row.save()
        if changed:
            _discuss(row.event, standing)
            record("forum.replied", row.key, now, data={"replies": standing.replies})
    return True


def decide(
    proposal_id: int,
    taken: Sequence[SectionEdit],
    now: datetime,
    *,
    by: str = "",
    seen: str | None = None,
) -> Proposal:
    """An operator has decided: these changes become corrections of ours; all others are put back there.

    `seen`: `mark_of` what the operator saw. Raises NotPossible when it is decided already, and Overtaken when somebody
    has written there, or here, since.
    """
    with transaction.atomic():
        # In the order of all who write here: first the row, then what is proposed of it. Otherwise two could wait for
        # each other for ever.
        Mirrored.objects.select_for_update(of=("self",)).filter(proposals=proposal_id).first()
        proposal = Proposal.objects.select_for_update().select_related("mirrored__event").get(pk=proposal_id)
        if proposal.state != Proposal.OPEN:
            raise NotPossible(_("that has been decided meanwhile"))
        if seen is not None and seen != mark_of(proposal):
            raise Overtaken(_("somebody has written there again meanwhile"))
        for change in taken:
            _take(proposal.mirrored.event, change, now, by)
        proposal.state = Proposal.TAKEN if taken else Proposal.REFUSED
        proposal.by, proposal.decided_at = by, now
        proposal.save(update_fields=["state", "by", "decided_at"])
        Mirrored.objects.filter(pk=proposal.mirrored_id).update(sent_title="", sent_text="")  # to be written anew
        data = {"proposal": proposal.pk, "editor": proposal.editor, "sections": [change.section for change in taken]}
        kind = "forum.refused"
        if taken:
            kind = "forum.taken"
        record(kind, proposal.mirrored.key, now, by, data)
    return proposal


def _take(event: Event, change: SectionEdit, now: datetime, by: str) -> None:
    """By the same actions with which operators correct their own words."""
    if change.wanted is None:
        raise NotPossible(_("that can only be changed where it is set"))
    here = Event.objects.get(pk=event.pk)
    before: dict[str, str]
    if change.section == TITLE:
        before = here.titles
    elif change.section == ANALYSIS:
        before = here.analyses
    else:
        update = here.updates.filter(number=change.number or 0).first()
        if update is None:
            raise Overtaken(_("somebody else has written meanwhile"))
        before = update.texts
    if before.get(change.language) != change.source:
        raise Overtaken(_("somebody else has written meanwhile"))
    after = {**before, change.language: change.wanted}
    if change.section == TITLE:
        edit_event(here.kind, here.ref, now, by=by, titles=after)
    elif change.section == ANALYSIS:
        write_analysis(here.kind, here.ref, change.language, change.wanted, now, by=by)
    else:
        edit_update(here.kind, here.ref, change.number or 0, after, now, by=by)


def mark_of(proposal: Proposal) -> str:
    """What whoever reads it now has seen of it."""
    return fingerprint([proposal.theirs, proposal.their_title])


def import_topic(
    mirror: str, standing: MirroredDocument, found: ParsedTopic, told: ForumSite, now: datetime, *, by: str = ""
) -> Event:
    """A topic that people wrote becomes an incident that is over; the topic stays as they wrote it. Raises NotPossible.

    What the rows make of it counts as sent, so that the topic is written anew only once something changes here.
    """
    with transaction.atomic():
        event = import_incident(
            {told.language: found.title},
            [ImportedEntry(entry.state, entry.at, {told.language: entry.text}) for entry in found.entries],
            now,
            by=by,
            analyses={told.language: found.analysis} if found.analysis else None,
            source=standing.address,
        )
        made = document(whole(event), told)
        row = Mirrored(event=event, mirror=mirror, sent_title=made.title, sent_text=made.text, sent_marks=marks(made))
        row.as_found = True
        _take_over(row, standing, now)
        row.save()
        _discuss(event, standing)
    return event


def forget(mirror: str, now: datetime, *, by: str = "") -> int:
    """Forget where everything stands in a mirror, so that it is looked for, or made, anew. Returns how many."""
    with transaction.atomic():
        rows = Mirrored.objects.filter(mirror=mirror).exclude(place="")
        count = rows.update(place="", version="", trouble="", hint="")
        record("forum.forgotten", f"mirror/{mirror}", now, by, {"count": count})
    return count


def _still(row: Mirrored) -> Mirrored | None:
    """The row, locked; None when it is no more as it was read."""
    now = Mirrored.objects.select_for_update().select_related("event").get(pk=row.pk)
    return now if _is_same(now, row) else None


def _is_same(now: Mirrored, before: Mirrored) -> bool:
    """Whether a row still tells what it told of what stands there."""
    given = (before.place, before.version, before.title, before.text)
    return (now.place, now.version, now.title, now.text) == given


def _is_seen(now: Mirrored, standing: MirroredDocument, before: Mirrored) -> bool:
    """Whether a row has come to tell what we have just written, or the part of it that stood there at that moment."""
    is_ours = (now.place, now.text) == (standing.place, standing.text)
    return is_ours and now.title in (before.title, standing.title)


def marks(sent: Document) -> list[object]:
    """What is kept of a document's tags, and of whether it is closed."""
    return [*sent.tags, sent.closed]


def _take_over(row: Mirrored, standing: MirroredDocument, now: datetime) -> None:
    row.place, row.version, row.address = standing.place, standing.version, standing.address
    row.title, row.text = standing.title, standing.text
    row.tags, row.closed = list(standing.tags), standing.closed
    row.replies, row.checked_at, row.trouble, row.hint = standing.replies, now, "", ""


def _discuss(event: Event, standing: MirroredDocument) -> bool:
    """Tell on the event's own page where it is talked about. Whether that is another than before."""
    now = (standing.address, standing.replies)
    if (event.discussion, event.replies) == now:
        return False
    event.discussion, event.replies = now
    event.save(update_fields=["discussion", "replies"])
    return True
