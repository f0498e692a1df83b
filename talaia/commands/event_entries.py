"""What `talaia incident` and `talaia maintenance` do alike with an event: find, write, correct, tell."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from talaia.commands.shared_options import address, author, changed, local_time, read_text, tell, timed_text
from talaia.config import current
from talaia.errors import UserError
from talaia.events import next_update
from talaia.events.actions import edit_event, edit_update, find, mark_of
from talaia.events.models import Event, Update
from talaia.events.timeline import fingerprint
from talaia.panel.state import State


def mails(options: argparse.Namespace) -> bool | None:
    """Whether mails go out; None: as the rule says."""
    return {"yes": True, "no": False}.get(options.mail)


def moment(given: str | None) -> datetime | None:
    return local_time(given) if given else None


def impacts_of(event: Event) -> dict[str, State]:
    return {impact.service_id: State(impact.state) for impact in event.impacts.all()}


def entry_of(event: Event, number: int) -> Update:
    """Raises UserError where it has none."""
    entry = event.updates.filter(number=number).first()
    if entry is None:
        raise UserError(f"{event.ref} has no entry {number}; `talaia {event.kind} show {event.ref}` prints them")
    return entry


def entry_words(kind: str, options: argparse.Namespace, now: datetime) -> tuple[Event, dict[str, Any], datetime]:
    """The event, what an entry with the text that is read says of it, and when the text was there.

    What is wrong is said before somebody writes a text for nothing.
    """
    find(kind, options.ref)
    zone, next_word = current().site.tz, getattr(options, "next", next_update.NONE)
    next_update.parse(next_word, now, zone)
    text, now = timed_text(options.file)
    event = find(kind, options.ref)
    seen = mark_of(event)  # before its impacts are read: what changes in between is not overwritten
    given: dict[str, Any] = {
        "texts": {options.language or event.language: text, **dict(getattr(options, "text_in", ()))},
        "by": author(),
        "impacts": changed(impacts_of(event), options.service) if options.service else None,
        "next_update_at": next_update.parse(next_word, now, zone),
        "plain": options.plain,
        "seen": seen,
        "tell": mails(options),
    }
    return event, given, now


def correct_above(event: Event, options: argparse.Namespace, now: datetime, **more: Any) -> None:
    """Other words or levels than those that stand above the timeline, where any were given. `more`: of incidents."""
    if options.title is None and not options.service and not any(value is not None for value in more.values()):
        return
    seen = mark_of(event)  # as in entry_words
    titles = event.titles | {options.language or event.language: (options.title or "").strip()}
    edit_event(
        event.kind,
        event.ref,
        now,
        by=author(),
        titles=titles if options.title is not None else None,
        impacts=changed(impacts_of(event), options.service) if options.service else None,
        seen=seen,
        **more,
    )


def new_words(event: Event, options: argparse.Namespace) -> tuple[Update, str] | None:
    """The entry that was named, as it stood before its new text was written, and that text; None: none was named."""
    return (entry_of(event, options.entry), read_text(options.file)) if options.entry is not None else None


def correct_entry(event: Event, options: argparse.Namespace, entry: Update, text: str, now: datetime) -> None:
    """Other words for an entry, unless somebody else has corrected it meanwhile."""
    texts, seen = entry.texts | {options.language or event.language: text}, fingerprint(entry.texts)
    edit_update(event.kind, event.ref, entry.number, texts, now, by=author(), seen=seen)


def done(event: Event, options: argparse.Namespace, what: str, number: int | None = None) -> int:
    """Say what became of it, and where everybody can read it."""
    return tell(event, f"{event.kind} {event.ref} {what}: {address(event, number)}", options.json)
