"""What `talaia maintenance` takes."""

from __future__ import annotations

import argparse

from talaia.commands import notice_scope
from talaia.commands.shared_options import (
    json_argument,
    language_argument,
    service_argument,
    text_arguments,
)
from talaia.config import sanitize
from talaia.events import next_update, notice_plan
from talaia.events.timeline import MaintenanceState

MOVES = {
    "start": (MaintenanceState.IN_PROGRESS, "it begins (by itself with its window, unless planned --by-hand)"),
    "complete": (MaintenanceState.COMPLETED, "it is over (somebody says so, unless planned with --ends-by-clock)"),
    "cancel": (MaintenanceState.CANCELLED, "it will not take place"),
}


NEXT = "when the next update is promised: 30m, 2h, 2026-05-04T10:00 (local) or none"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    planning = verbs.add_parser("plan", help="announce it; the reason is read from standard input or a file")
    planning.add_argument("--title", required=True, type=sanitize.line)
    window_arguments(planning)
    arrangement_arguments(planning)
    notice_scope.argument(planning)
    planning.add_argument("--propose", action="store_true", help="not public until a second person approves it")
    planning.add_argument("--dry-run", action="store_true", help="say which mails would go when, and plan nothing")
    planning.add_argument("--yes", action="store_true", help="do not ask at a terminal whether that is right")
    service_argument(planning, "LEVEL")
    text_arguments(planning, "-")

    updating = with_ref(verbs.add_parser("update", help="add an entry to the timeline"))
    updating.add_argument("--next", default=next_update.NONE, metavar="WHEN", help=NEXT)
    service_argument(updating, "LEVEL")
    text_arguments(updating, "-")

    moving = [with_ref(verbs.add_parser(name, help=text)) for name, (_, text) in MOVES.items()]
    for verb in moving:
        text_arguments(verb, None)

    extending = with_ref(verbs.add_parser("extend", help="its window ends later; the timeline says so"))
    extending.add_argument("--to", dest="end", required=True, metavar="TIME", help="such as 2026-05-04T23:00")
    postponing = with_ref(verbs.add_parser("postpone", help="another window; the timeline says so, its address stays"))
    window_arguments(postponing)
    for verb in (extending, postponing):
        verb.add_argument("--file", metavar="F", help="why; - is standard input (default: no more than the times)")
        language_argument(verb)

    approving = with_ref(
        verbs.add_parser("approve", help="as the second person: it is planned and public, or its change is made")
    )
    withdrawing = with_ref(verbs.add_parser("withdraw", help="drop the change that waits for a second person"))

    editing = with_ref(
        verbs.add_parser("edit", help="correct its words or services, or how it starts, ends and is told")
    )
    editing.add_argument("--entry", type=int, metavar="N", help="the number in #uN; the new text is read")
    editing.add_argument("--title", type=sanitize.line, help="a new title")
    editing.add_argument("--file", metavar="F", default="-", help="the entry's new text (default: standard input)")
    arrangement_arguments(editing)
    editing.add_argument("--no-silence", dest="silence", action="store_false", help="let Alertmanager speak")
    editing.set_defaults(silence=None)
    service_argument(editing, "LEVEL")
    language_argument(editing)

    widening = with_ref(verbs.add_parser("widen", help="its mails go to everybody from now on"))
    widening.add_argument("--yes", action="store_true", help="yes, to as many as was said")
    listing = verbs.add_parser("list", help="what is planned or in progress")
    listing.add_argument("--all", action="store_true", help="also what is over")

    showing = with_ref(verbs.add_parser("show", help="one maintenance with its timeline and what is told when"))

    for verb in (updating, *moving):
        verb.add_argument("--mail", choices=["yes", "no"], help="whether mails go out (default: as the rule says)")

    verbs_of_one = (approving, withdrawing, editing, widening, listing, showing)
    for verb in (planning, updating, *moving, extending, postponing, *verbs_of_one):
        json_argument(verb)


def with_ref(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("ref", metavar="REF", help="such as 2026-003")
    return parser


def window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help="such as 2026-05-04T23:00")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME")


def arrangement_arguments(parser: argparse.ArgumentParser) -> None:
    starting = parser.add_mutually_exclusive_group()
    starting.add_argument("--by-clock", dest="starts_itself", action="store_true", help="it starts with its window")
    starting.add_argument("--by-hand", dest="starts_itself", action="store_false", help="a person starts it")
    ending = parser.add_mutually_exclusive_group()
    ending.add_argument("--ends-by-clock", dest="ends_itself", action="store_true", help="it ends with its window")
    ending.add_argument(
        "--ends-by-hand", dest="ends_itself", action="store_false", help="a person says that it is over"
    )
    telling = parser.add_mutually_exclusive_group()
    telling.add_argument(
        "--notices",
        metavar="CODES",
        help=f"what is told when, such as 24h,start ({', '.join(notice_plan.PlanNotice)}; "
        "default: all of them where a partial or whole disruption is expected, else none)",
    )
    telling.add_argument("--no-notice", action="store_true", help="nobody is written to")
    parser.add_argument("--silence", action="store_true", help="ask Alertmanager to be quiet meanwhile")
    parser.set_defaults(starts_itself=None, ends_itself=None)
