"""`talaia incident`: open, update, correct and resolve incidents, also when no browser reaches the desk."""

from __future__ import annotations

import argparse
from datetime import datetime

from django.utils import timezone

from talaia.commands.writing import (
    address,
    author,
    changed,
    json_argument,
    language_argument,
    read_text,
    refusing,
    service_argument,
    tell,
    tell_all,
    tell_list,
    text_arguments,
)
from talaia.config import current
from talaia.events import promise
from talaia.events.actions import edit_event, edit_update, find, mark_of, open_incident, update_incident
from talaia.events.models import Event, Update
from talaia.events.timeline import IncidentState, fingerprint
from talaia.panel.state import State
from talaia.refusal import Refused

HELP = "Open, update, correct and resolve incidents. Texts are Markdown, from standard input or a file."

OPEN_STATES = [state.value for state in IncidentState if state is not IncidentState.RESOLVED]
NEXT = "when the next update is promised: 30m, 2h, 2026-05-04T10:00 (local) or none"


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    opening = actions.add_parser("open", help="tell everybody that something is wrong")
    opening.add_argument("--title", required=True)
    opening.add_argument("--state", choices=OPEN_STATES, default=IncidentState.INVESTIGATING.value)
    opening.add_argument("--next", default=promise.NONE, metavar="WHEN", help=NEXT)
    service_argument(opening, "IMPACT")
    text_arguments(opening, "-")

    updating = actions.add_parser("update", help="add an entry to the timeline")
    updating.add_argument("ref", metavar="REF", help="such as 2026-003")
    updating.add_argument("--state", choices=[state.value for state in IncidentState], help="default: as it is")
    updating.add_argument("--next", default=promise.NONE, metavar="WHEN", help=NEXT)
    service_argument(updating, "IMPACT")
    text_arguments(updating, "-")

    resolving = actions.add_parser("resolve", help="say that it is over, and what it was")
    resolving.add_argument("ref", metavar="REF")
    service_argument(resolving, "IMPACT")
    text_arguments(resolving, "-")

    editing = actions.add_parser("edit", help="correct an entry, the title or the services; addresses stay")
    editing.add_argument("ref", metavar="REF")
    editing.add_argument("--entry", type=int, metavar="N", help="the number in #uN; the new text is read")
    editing.add_argument("--title", help="a new title")
    editing.add_argument("--file", metavar="F", default="-", help="the entry's new text (default: standard input)")
    service_argument(editing, "IMPACT")
    language_argument(editing)

    listing = actions.add_parser("list", help="what is open")
    listing.add_argument("--all", action="store_true", help="also what is over")

    showing = actions.add_parser("show", help="one incident with its timeline")
    showing.add_argument("ref", metavar="REF")

    for action in (opening, updating, resolving, editing, listing, showing):
        json_argument(action)


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        match options.action:
            case "open":
                return begin(options, now)
            case "update":
                return go_on(options, options.state, now)
            case "resolve":
                return go_on(options, IncidentState.RESOLVED, now)
            case "edit":
                return correct(options, now)
            case "list":
                return tell_list(Event.INCIDENT, options.all, options.json)
            case _:
                return tell_all(find(Event.INCIDENT, options.ref), options.json)


def begin(options: argparse.Namespace, now: datetime) -> int:
    site = current().site
    language = options.language or site.languages[0]
    promised = promise.parse(options.next, now, site.tz)
    event = open_incident(
        {language: options.title.strip()},
        {language: read_text(options.file)},
        changed({}, options.service),
        now,
        by=author(),
        state=IncidentState(options.state),
        next_update_at=promised,
        plain=options.plain,
    )
    return tell(event, f"incident {event.ref} is open: {address(event)}", options.json)


def go_on(options: argparse.Namespace, state: str | None, now: datetime) -> int:
    find(Event.INCIDENT, options.ref)  # before somebody writes a text for nothing
    promised = promise.parse(getattr(options, "next", promise.NONE), now, current().site.tz)
    text = read_text(options.file)
    event = find(Event.INCIDENT, options.ref)
    saw = mark_of(event)
    update = update_incident(
        event.ref,
        IncidentState(state or event.state),
        {options.language or language_of(event): text},
        now,
        by=author(),
        impacts=changed(impacts_of(event), options.service) if options.service else None,
        next_update_at=promised,
        plain=options.plain,
        seen=saw,
    )
    return tell(event, f"incident {event.ref} is {update.state}: {address(event, update.number)}", options.json)


def correct(options: argparse.Namespace, now: datetime) -> int:
    if options.entry is None and options.title is None and not options.service:
        raise Refused("say what to correct: --entry N, --title T or --service SLUG=IMPACT")
    entry = entry_of(find(Event.INCIDENT, options.ref), options.entry)
    text = read_text(options.file) if entry else ""
    event = find(Event.INCIDENT, options.ref)
    saw, language = mark_of(event), options.language or language_of(event)
    if options.title is not None or options.service:
        edit_event(
            Event.INCIDENT,
            event.ref,
            now,
            by=author(),
            titles=event.titles | {language: options.title.strip()} if options.title is not None else None,
            impacts=changed(impacts_of(event), options.service) if options.service else None,
            seen=saw,
        )
    if entry:
        texts = entry.texts | {language: text}
        edit_update(Event.INCIDENT, event.ref, entry.number, texts, now, by=author(), seen=fingerprint(entry.texts))
    return tell(event, f"incident {event.ref} is corrected: {address(event, options.entry)}", options.json)


def entry_of(event: Event, number: int | None) -> Update | None:
    if number is None:
        return None
    entry = event.updates.filter(number=number).first()
    if entry is None:
        raise Refused(f"{event.ref} has no entry {number}; `talaia incident show {event.ref}` prints them")
    return entry


def impacts_of(event: Event) -> dict[str, State]:
    return {impact.service_id: State(impact.state) for impact in event.impacts.all()}


def language_of(event: Event) -> str:
    """The language in which the incident was opened."""
    return event.language
