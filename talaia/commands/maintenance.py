"""`talaia maintenance`: plan, approve, move on, extend, postpone and cancel planned work."""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from talaia.commands import notice_scope
from talaia.commands.audience import ask
from talaia.commands.event_entries import correct_above, correct_entry, done, entry_words, mails, new_words
from talaia.commands.maintenance_options import MOVES, arguments
from talaia.commands.shared_options import (
    address,
    author,
    changed,
    local_window_time,
    read_text,
    refusing,
    tell,
    tell_all,
    tell_list,
    timed_text,
)
from talaia.config import current
from talaia.errors import UserError
from talaia.events import actions, notice_plan
from talaia.events.actions import find, mark_of
from talaia.events.formatting import known_since, told_when
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.events.windows import check
from talaia.notices.rows import possible
from talaia.panel.state import State
from talaia.site import window_change_text

__all__ = ["HELP", "arguments", "run"]

HELP = "Plan, start, complete and cancel maintenance. Times are local to the site's zone unless they carry an offset."


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        match options.action:
            case "plan":
                return begin(options, now)
            case "update":
                return write(options, now)
            case "extend":
                return extend(options, now)
            case "postpone":
                return postpone(options, now)
            case "approve":
                event = actions.approve_maintenance(options.ref, now, by=author())
                warn(event)
                return done(event, options, "is planned")
            case "withdraw":
                event = actions.withdraw_change(options.ref, now, by=author())
                return done(event, options, "stands as it was approved")
            case "edit":
                return correct(options, now)
            case "widen":
                return notice_scope.widen(Event.MAINTENANCE, options, now)
            case "list":
                return tell_list(Event.MAINTENANCE, options.all, options.json)
            case "show":
                return tell_all(find(Event.MAINTENANCE, options.ref), options.json)
            case _:
                return move(options, MOVES[options.action][0], now)


def begin(options: argparse.Namespace, now: datetime) -> int:
    language = options.language or current().site.languages[0]
    window, notices = window_of(options), notices_of(options)
    if notices is not None:
        notice_plan.read_notices(notices)  # before somebody writes a text for nothing
    impacts = changed({}, options.service)
    only_behind = notice_scope.only_behind(options, [*impacts])
    text, now = timed_text(options.file)
    if not right(options, impacts, window, notices, now):
        return 1
    with transaction.atomic():
        event = actions.plan_maintenance(
            {language: options.title.strip()},
            {language: text},
            impacts,
            window,
            now,
            by=author(),
            silence=options.silence,
            plain=options.plain,
            starts_itself=options.starts_itself is not False,
            ends_itself=options.ends_itself is True,
            notices=notices,
            needs_approval=options.propose or current().maintenance.approval,
            only_behind=only_behind,
        )
        warn(event)
        transaction.set_rollback(options.dry_run)
    if options.dry_run:
        print("nothing is planned: --dry-run", file=sys.stderr)
        return 0
    said = f"maintenance {event.ref} is planned: {address(event)}"
    if event.awaits_approval:
        said = f"maintenance {event.ref} waits for a second person: talaia maintenance approve {event.ref}"
    return tell(event, said, options.json)


def right(
    options: argparse.Namespace,
    impacts: dict[str, State],
    window: tuple[datetime, datetime],
    notices: list[str] | None,
    now: datetime,
) -> bool:
    """Say on standard error which mails go when, before anything is done, and ask at a terminal. Whether to go on."""
    wanted = notice_plan.default_notices(impacts.values()) if notices is None else notice_plan.read_notices(notices)
    starts, ends = options.starts_itself is not False, options.ends_itself is True
    check(*window, now)
    if options.propose or current().maintenance.approval:
        print("nobody is told before a second person approves it; approved now, this would be:", file=sys.stderr)
    for said in told_when(
        notice_plan.lines(wanted, window, now, starts_itself=starts, ends_itself=ends), current().site.tz
    ):
        print(said, file=sys.stderr)
    if not possible():
        print("nothing leaves the house: talaia.toml has neither [mail] sender nor a [[chat]]", file=sys.stderr)
    if options.dry_run or options.yes or options.json or not sys.stdin.isatty():
        return True
    if not ask("Plan it?"):
        print("nothing is planned", file=sys.stderr)
        return False
    return True


def write(options: argparse.Namespace, now: datetime) -> int:
    event, entry, now = entry_words(Event.MAINTENANCE, options, now)
    update = actions.update_maintenance(event.ref, MaintenanceState(event.state), entry.pop("texts"), now, **entry)
    assert update is not None  # it has words
    return done(event, options, f"is {update.state}", update.number)


def move(options: argparse.Namespace, state: MaintenanceState, now: datetime) -> int:
    event = find(Event.MAINTENANCE, options.ref)
    texts = {}
    if options.file:
        texts[options.language or event.language], now = timed_text(options.file)
    actions.update_maintenance(event.ref, state, texts, now, by=author(), plain=options.plain, tell=mails(options))
    return done(event, options, f"is {state.value}")


def extend(options: argparse.Namespace, now: datetime) -> int:
    event, end = find(Event.MAINTENANCE, options.ref), local_window_time(options.end)
    assert event.window_start
    assert event.window_end
    site, words = current().site, why(options, event)
    texts = window_change_text.extended((event.window_start, event.window_end), end, site.languages, site.tz, words)
    update = actions.extend_maintenance(event.ref, end, texts, now, by=author(), seen=mark_of(event))
    if update is None:
        return waits(event, options)
    return done(event, options, "ends later", update.number)


def postpone(options: argparse.Namespace, now: datetime) -> int:
    event, window = find(Event.MAINTENANCE, options.ref), window_of(options)
    assert event.window_start
    assert event.window_end
    site, words = current().site, why(options, event)
    texts = window_change_text.postponed((event.window_start, event.window_end), window, site.languages, site.tz, words)
    update = actions.postpone_maintenance(event.ref, window, texts, now, by=author(), seen=mark_of(event))
    if update is None:
        return waits(event, options)
    event.refresh_from_db()
    warn(event)
    return done(event, options, "is postponed", update.number)


def correct(options: argparse.Namespace, now: datetime) -> int:
    arranged: dict[str, Any] = {
        "starts_itself": options.starts_itself,
        "ends_itself": options.ends_itself,
        "notices": notices_of(options),
        "silence": options.silence,
    }
    rearranged = any(value is not None for value in arranged.values())
    if options.entry is None and options.title is None and not options.service and not rearranged:
        raise UserError(
            "say what to change: --entry N, --title T, --service SLUG=LEVEL, --notices, --by-hand, --silence …"
        )
    event = find(Event.MAINTENANCE, options.ref)
    words_of_entry = new_words(event, options)
    correct_above(event, options, now)
    if rearranged:
        actions.arrange_maintenance(event.ref, now, by=author(), **arranged)
    if words_of_entry:
        correct_entry(event, options, *words_of_entry, now)
    event.refresh_from_db()
    at_once = (options.title, options.starts_itself, options.ends_itself, options.entry) != (None,) * 4
    second = options.service or (arranged["notices"], arranged["silence"]) != (None, None)
    said = f"maintenance {event.ref} is changed: {address(event, options.entry)}"
    if event.proposed is not None and second:
        if not at_once:
            return waits(event, options)
        said += f"; the rest waits for a second person: talaia maintenance approve {event.ref}"
    return tell(event, said, options.json)


def waits(event: Event, options: argparse.Namespace) -> int:
    said = f"the change of maintenance {event.ref} waits for a second person: talaia maintenance approve {event.ref}"
    return tell(event, said, options.json)


def window_of(options: argparse.Namespace) -> tuple[datetime, datetime]:
    return local_window_time(options.start), local_window_time(options.end)


def notices_of(options: argparse.Namespace) -> list[str] | None:
    """The codes that were given; None: as it is, or as the rule says."""
    if options.no_notice:
        return []
    return None if options.notices is None else [code.strip() for code in options.notices.split(",") if code.strip()]


def why(options: argparse.Namespace, event: Event) -> dict[str, str]:
    return {options.language or event.language: read_text(options.file)} if options.file else {}


def warn(event: Event) -> None:
    """Say on standard error what is against the house's rule; it was done all the same."""
    assert event.window_start
    levels = [State(level) for level in event.impacts.values_list("state", flat=True)]
    minimum = current().maintenance.notice
    for words in notice_plan.warnings(event.notices, levels, event.window_start, known_since(event), minimum):
        print(f"warning: {words}", file=sys.stderr)
