"""`talaia maintenance`: plan, start, complete and cancel planned work."""

from __future__ import annotations

import argparse
from datetime import datetime

from django.utils import timezone

from talaia.commands.writing import (
    address,
    author,
    changed,
    json_argument,
    local_time,
    read_text,
    refusing,
    service_argument,
    tell,
    tell_all,
    tell_list,
    text_arguments,
)
from talaia.config import current
from talaia.events.actions import find, plan_maintenance, update_maintenance
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState

HELP = "Plan, start, complete and cancel maintenance. Times are local to the site's zone unless they carry an offset."

MOVES = {
    "start": (MaintenanceState.IN_PROGRESS, "it begins (by itself it begins with its window)"),
    "complete": (MaintenanceState.COMPLETED, "it is over (by itself it ends with its window)"),
    "cancel": (MaintenanceState.CANCELLED, "it will not take place"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    planning = actions.add_parser("plan", help="announce it; the reason is read from standard input or a file")
    planning.add_argument("--title", required=True)
    planning.add_argument("--from", dest="start", required=True, metavar="TIME", help="such as 2026-05-04T23:00")
    planning.add_argument("--to", dest="end", required=True, metavar="TIME")
    planning.add_argument("--silence", action="store_true", help="ask Alertmanager to be quiet meanwhile")
    service_argument(planning, "LEVEL")
    text_arguments(planning, "-")
    json_argument(planning)

    for name, (_, help) in MOVES.items():
        moving = actions.add_parser(name, help=help)
        moving.add_argument("ref", metavar="REF", help="such as 2026-003")
        text_arguments(moving, None)
        json_argument(moving)

    listing = actions.add_parser("list", help="what is planned or in progress")
    listing.add_argument("--all", action="store_true", help="also what is over")
    json_argument(listing)

    showing = actions.add_parser("show", help="one maintenance with its timeline")
    showing.add_argument("ref", metavar="REF")
    json_argument(showing)


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        match options.action:
            case "plan":
                return plan(options, now)
            case "list":
                return tell_list(Event.MAINTENANCE, options.all, options.json)
            case "show":
                return tell_all(find(Event.MAINTENANCE, options.ref), options.json)
            case _:
                return move(options, MOVES[options.action][0], now)


def plan(options: argparse.Namespace, now: datetime) -> int:
    language = options.language or current().site.languages[0]
    window = (local_time(options.start), local_time(options.end))
    event = plan_maintenance(
        {language: options.title.strip()},
        {language: read_text(options.file)},
        changed({}, options.service),
        window,
        now,
        by=author(),
        silence=options.silence,
        plain=options.plain,
    )
    return tell(event, f"maintenance {event.ref} is planned: {address(event)}", options.json)


def move(options: argparse.Namespace, state: MaintenanceState, now: datetime) -> int:
    event = find(Event.MAINTENANCE, options.ref)
    language = options.language or event.language
    texts = {language: read_text(options.file)} if options.file else {}
    update_maintenance(event.ref, state, texts, now, by=author(), plain=options.plain)
    return tell(event, f"maintenance {event.ref} is {state.value}: {address(event)}", options.json)
