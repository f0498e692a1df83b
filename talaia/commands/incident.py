"""`talaia incident`: all that the desk does with incidents, also when no browser reaches the desk."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from django.utils import timezone

from talaia.commands import notice_scope
from talaia.commands.event_entries import (
    correct_above,
    correct_entry,
    done,
    entry_of,
    entry_words,
    impacts_of,
    mails,
    moment,
    new_words,
)
from talaia.commands.incident_options import arguments
from talaia.commands.shared_options import (
    author,
    changed,
    read_text,
    refusing,
    tell_all,
    tell_list,
    timed_text,
)
from talaia.config import current
from talaia.desk.incidents.resolve_confirmation import before_resolving
from talaia.desk.suggestions.suggest import Suggestion
from talaia.desk.suggestions.views import suggestions
from talaia.errors import UserError
from talaia.events import next_update
from talaia.events.actions import (
    edit_update,
    find,
    mark_of,
    merge_incident,
    open_incident,
    update_incident,
)
from talaia.events.formatting import local
from talaia.events.merging import merged_words, reopening_words
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, fingerprint
from talaia.localization.texts import in_language, words
from talaia.site import snapshot

__all__ = ["HELP", "arguments", "run"]
HELP = "Open, update, correct and resolve incidents. Texts are Markdown, from standard input or a file."


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        match options.action:
            case "open" if options.suggestion:
                return publish(options, now)
            case "open":
                return begin(options, now)
            case "update":
                return go_on(options, options.state, now)
            case "resolve":
                return go_on(options, IncidentState.RESOLVED, now)
            case "reopen":
                return reopen(options, now)
            case "correct":
                return reword(options, now)
            case "edit":
                return correct(options, now)
            case "merge":
                return merge(options, now)
            case "widen":
                return notice_scope.widen(Event.INCIDENT, options, now)
            case "list":
                return tell_list(Event.INCIDENT, options.all, options.json)
            case "suggest":
                return suggest(options.json, now)
            case _:
                return tell_all(find(Event.INCIDENT, options.ref), options.json)


def begin(options: argparse.Namespace, now: datetime) -> int:
    site = current().site
    language = options.language or site.languages[0]
    next_update.parse(options.next, now, site.tz)  # before somebody writes a text for nothing
    began, impacts = moment(options.began), changed({}, options.service)
    only_behind = notice_scope.only_behind(options, [*impacts])
    text, now = timed_text(options.file)
    event = open_incident(
        {language: options.title.strip(), **dict(options.title_in)},
        {language: text, **dict(options.text_in)},
        impacts,
        now,
        by=author(),
        state=IncidentState(options.state),
        started_at=began,
        next_update_at=next_update.parse(options.next, now, site.tz),
        plain=options.plain,
        tell=mails(options),
        only_behind=only_behind,
    )
    return done(event, options, "is open")


def suggest(as_json: bool, now: datetime) -> int:
    """Print what the desk would draft now."""
    found = suggestions(snapshot.front(now), now)
    if as_json:
        print(json.dumps([_as_json(one) for one in found], ensure_ascii=False, indent=2))
        return 0
    first = current().site.languages[0]
    for one in found:
        impacts = ", ".join(f"{slug}={state}" for slug, state in one.impacts.items())
        print(f"{one.mark}  {local(one.since, current().site.tz)}  {impacts}")
        print(f"    {in_language(words(one.words.titles), first).text}")
        print(f"    {in_language(words(one.words.texts), first).text}")
    if not found:
        print("nothing to suggest: all is well, or somebody has spoken of it")
    return 0


def publish(options: argparse.Namespace, now: datetime) -> int:
    """Open the incident that was suggested, if that is still how things are."""
    promised = next_update.parse(options.next, now, current().site.tz)
    found = next((one for one in suggestions(snapshot.front(now), now) if one.mark == options.suggestion), None)
    if found is None:
        raise UserError(
            f"there is no suggestion {options.suggestion} now; `talaia incident suggest` prints those of now"
        )
    impacts = changed(found.impacts, options.service)
    event = open_incident(
        found.words.titles,
        found.words.texts,
        impacts,
        now,
        by=author(),
        state=IncidentState(options.state),
        started_at=moment(options.began) or found.since,
        next_update_at=promised,
        only_if_untold=True,
        tell=mails(options),
        only_behind=notice_scope.only_behind(options, [*impacts]),
    )
    return done(event, options, "is open")


def go_on(options: argparse.Namespace, state: str | None, now: datetime) -> int:
    known = find(Event.INCIDENT, options.ref)
    if state == IncidentState.RESOLVED and known.ended_at is None and not options.anyway:
        doubts = before_resolving({*impacts_of(known), *(slug for slug, _level in options.service)}, now)
        if doubts:
            raise UserError(f"{' '.join(doubts.lines)} Resolve it all the same with --anyway")
    at, ended = moment(getattr(options, "at", None)), moment(getattr(options, "ended", None))
    event, entry, now = entry_words(Event.INCIDENT, options, now)
    causes = dict(getattr(options, "cause_in", ()))
    if cause := getattr(options, "cause", None):
        causes[options.language or event.language] = cause.strip()
    update = update_incident(
        event.ref,
        IncidentState(state or event.state),
        entry.pop("texts"),
        now,
        at=at,
        ended_at=ended,
        causes=event.causes | causes if causes else None,
        **entry,
    )
    return done(event, options, f"is {update.state}", update.number)


def reopen(options: argparse.Namespace, now: datetime) -> int:
    event = find(Event.INCIDENT, options.ref)
    if event.ended_at is None:
        raise UserError(f"{event.ref} is open; `talaia incident update {event.ref}` adds to it")
    return go_on(options, options.state, now)


def reword(options: argparse.Namespace, now: datetime) -> int:
    at = moment(options.at)
    entry = entry_of(find(Event.INCIDENT, options.ref), options.entry)
    texts = dict(options.text_in)
    if options.file or (at is None and not texts):
        texts[options.language or entry.language] = read_text(options.file or "-")
    edit_update(
        Event.INCIDENT,
        options.ref,
        entry.number,
        entry.texts | texts,
        now,
        by=author(),
        at=at,
        seen=fingerprint(entry.texts),
    )
    event = find(Event.INCIDENT, options.ref)
    return done(event, options, "is corrected", entry.number)


def correct(options: argparse.Namespace, now: datetime) -> int:
    above = (options.title, options.began, options.ended, options.cause)
    if options.entry is None and above == (None,) * 4 and not options.service:
        raise UserError(
            "say what to correct: --entry N, --title T, --service SLUG=IMPACT, --began, --ended or --cause LINE"
        )
    began, ended = moment(options.began), moment(options.ended)
    words_of_entry = new_words(find(Event.INCIDENT, options.ref), options)
    event = find(Event.INCIDENT, options.ref)
    causes = None
    if options.cause is not None:
        causes = event.causes | {options.language or event.language: options.cause.strip()}
    correct_above(event, options, now, started_at=began, ended_at=ended, causes=causes)
    if words_of_entry:
        correct_entry(event, options, *words_of_entry, now)
    return done(event, options, "is corrected", options.entry)


def merge(options: argparse.Namespace, now: datetime) -> int:
    site = current().site
    into = find(Event.INCIDENT, options.into)
    event = find(Event.INCIDENT, options.ref)
    saw = mark_of(event)
    texts = merged_words(into.ref, site.languages, site.address)
    if options.file:
        texts = {options.language or event.language: read_text(options.file)}
    update = merge_incident(
        event.ref,
        into.ref,
        texts,
        now,
        by=author(),
        move_services=False if options.keep_services else None,
        reopen=reopening_words(event.ref, site.languages, site.address) if options.reopen else None,
        seen=saw,
    )
    return done(event, options, f"is a duplicate of {into.ref}", update.number)


def _as_json(one: Suggestion) -> dict[str, Any]:
    return {
        "mark": one.mark,
        "kind": one.kind,
        "since": one.since.isoformat(),
        "services": one.impacts,
        "titles": one.words.titles,
        "texts": one.words.texts,
    }
