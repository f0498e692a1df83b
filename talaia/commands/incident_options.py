"""What `talaia incident …` can be told: its actions and their options."""

from __future__ import annotations

import argparse
from typing import Any

from talaia.commands import notice_scope
from talaia.commands.shared_options import json_argument, language_argument, read_text, service_argument, text_arguments
from talaia.config import current, sanitize
from talaia.errors import UserError
from talaia.events import next_update
from talaia.events.timeline import IncidentState

OPEN_STATES = [state.value for state in IncidentState if state is not IncidentState.RESOLVED]
WHEN = ": 2026-05-04T10:00 (local; default: now)"
OTHERWISE = ": 2026-05-04T10:00 (local; default: as it is)"
NEXT = "when the next update is promised: 30m, 2h, 2026-05-04T10:00 (local) or none"


def in_a_language(written: str) -> tuple[str, str]:
    """`es=Sin servicio` → ("es", "Sin servicio"); `es=@file` is the text in a file."""
    code, equals, words = written.partition("=")
    if not equals or code not in current().site.languages or not words.strip():
        languages = ", ".join(current().site.languages)
        raise argparse.ArgumentTypeError(f"{written!r}: write it as es=WORDS or es=@FILE ({languages})")
    if not words.startswith("@"):
        return code, sanitize.lines(words).strip()
    try:
        return code, read_text(words[1:])
    except UserError as refusal:
        raise argparse.ArgumentTypeError(str(refusal)) from None


IN: dict[str, Any] = {
    "metavar": "LANGUAGE=WORDS",
    "action": "append",
    "default": [],
    "type": in_a_language,
    "help": "the same in another language; LANGUAGE=@FILE reads a file; may be given again",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    opening = actions.add_parser("open", help="tell everybody that something is wrong")
    wording = opening.add_mutually_exclusive_group(required=True)
    wording.add_argument("--title", type=sanitize.line)
    wording.add_argument("--suggestion", metavar="MARK", help="as `talaia incident suggest` drafted it")
    opening.add_argument("--state", choices=OPEN_STATES, default=IncidentState.INVESTIGATING.value)
    opening.add_argument("--began", metavar="WHEN", help=f"when the trouble began{WHEN}")
    opening.add_argument("--next", default=next_update.NONE, metavar="WHEN", help=NEXT)
    opening.add_argument("--title-in", **IN)
    service_argument(opening, "IMPACT")
    text_arguments(opening, "-")
    opening.add_argument("--text-in", **IN)
    notice_scope.argument(opening)

    updating = actions.add_parser("update", help="add an entry to the timeline")
    updating.add_argument("ref", metavar="REF", help="such as 2026-003")
    updating.add_argument("--state", choices=[state.value for state in IncidentState], help="default: as it is")
    updating.add_argument("--at", metavar="WHEN", help=f"when it was so{WHEN}")
    updating.add_argument("--next", default=next_update.NONE, metavar="WHEN", help=NEXT)
    service_argument(updating, "IMPACT")
    text_arguments(updating, "-")
    updating.add_argument("--text-in", **IN)

    resolving = actions.add_parser("resolve", help="say that it is over, and what it was")
    resolving.add_argument("ref", metavar="REF")
    resolving.add_argument("--ended", metavar="WHEN", help=f"when the trouble ended{WHEN}")
    resolving.add_argument("--cause", metavar="LINE", type=sanitize.lines, help="what it was, in one line")
    resolving.add_argument("--cause-in", **IN)
    service_argument(resolving, "IMPACT")
    text_arguments(resolving, "-")
    resolving.add_argument("--text-in", **IN)

    reopening = actions.add_parser("reopen", help="it is not over: open it again with a new entry")
    reopening.add_argument("ref", metavar="REF")
    reopening.add_argument("--state", choices=OPEN_STATES, default=IncidentState.INVESTIGATING.value)
    reopening.add_argument("--next", default=next_update.NONE, metavar="WHEN", help=NEXT)
    service_argument(reopening, "IMPACT")
    text_arguments(reopening, "-")
    reopening.add_argument("--text-in", **IN)

    correcting = actions.add_parser("correct", help="other words, or another time, for an entry; its address stays")
    correcting.add_argument("ref", metavar="REF")
    correcting.add_argument("entry", type=int, metavar="N", help="the number in #uN")
    correcting.add_argument("--at", metavar="WHEN", help=f"when it was so{WHEN}; then only --file changes the text")
    correcting.add_argument("--file", metavar="F", help="the new text; - is standard input (default)")
    correcting.add_argument("--text-in", **IN)
    language_argument(correcting)

    editing = actions.add_parser("edit", help="correct the title, the services, the times, the cause, an entry")
    editing.add_argument("ref", metavar="REF")
    editing.add_argument("--entry", type=int, metavar="N", help="the number in #uN; the new text is read")
    editing.add_argument("--title", type=sanitize.line, help="a new title")
    editing.add_argument("--began", metavar="WHEN", help=f"when it began{OTHERWISE}")
    editing.add_argument("--ended", metavar="WHEN", help=f"when it ended{OTHERWISE}")
    editing.add_argument("--cause", metavar="LINE", type=sanitize.lines, help="what it was, in one line")
    editing.add_argument("--file", metavar="F", default="-", help="the entry's new text (default: standard input)")
    service_argument(editing, "IMPACT")
    language_argument(editing)

    widening = actions.add_parser("widen", help="its mails go to everybody from now on, and no longer to some only")
    widening.add_argument("ref", metavar="REF")
    widening.add_argument("--yes", action="store_true", help="yes, to as many as was said")

    merging = actions.add_parser("merge", help="say that REF is a duplicate: it ends, and its services move")
    merging.add_argument("ref", metavar="REF")
    merging.add_argument("into", metavar="OTHER", help="the incident in which one goes on writing")
    merging.add_argument("--keep-services", action="store_true", help="do not give its services to the other")
    merging.add_argument("--reopen", action="store_true", help="where OTHER is over: open it again, as it is not")
    merging.add_argument("--file", metavar="F", help="the last entry (default: a line that names the other)")
    language_argument(merging)

    for action in (updating, resolving):
        action.add_argument(
            "--anyway", action="store_true", help="resolve it although the monitoring still sees trouble"
        )

    for action in (opening, updating, resolving, reopening):
        action.add_argument("--mail", choices=["yes", "no"], help="whether mails go out (default: as the rule says)")

    listing = actions.add_parser("list", help="what is open")
    listing.add_argument("--all", action="store_true", help="also what is over")

    showing = actions.add_parser("show", help="one incident with its timeline")
    showing.add_argument("ref", metavar="REF")

    suggesting = actions.add_parser("suggest", help="incidents drafted from what nobody has explained")

    every = (opening, updating, resolving, reopening, correcting, editing, widening, merging, listing, showing)
    for action in (*every, suggesting):
        json_argument(action)
