"""`talaia forum`: the forum in which the history lives."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable

from django.utils import timezone

from talaia.commands.forum_history import make_anew, take_over
from talaia.config import current
from talaia.forum.discourse.client import DiscourseClient
from talaia.forum.discourse.rate_limit import BY_HAND
from talaia.forum.discourse.self_test import trial
from talaia.forum.discourse.setup import SetupFinding, looks, mirror_of
from talaia.forum.discourse.topics import Discourse
from talaia.forum.registry import put_away
from talaia.outbox.errors import OutsideError

HELP = "The forum in which the history lives: look whether it is ready, take over what is there, make all anew."
MARKS = {True: "ok  ", False: "FAIL", None: "look"}


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    taking = commands.add_parser("import", help="topics that are there already become history; repeatable")
    taking.add_argument("--all", action="store_true", help="topics without entries such as [Resolved], too")
    taking.add_argument("--dry-run", action="store_true", help="only tell what would be taken over")
    making = commands.add_parser("rebuild", help="bring everything there to what the rows say; may be cut off")
    making.add_argument("--forget", action="store_true", help="first forget where everything stands: for another forum")
    commands.add_parser("setup", help="version, key, category, limits, webhook: what to change where; writes nothing")


def run(options: argparse.Namespace) -> int:
    match options.action:
        case "setup":
            return set_up()
        case "import":
            verb = take_over
        case _:
            verb = make_anew
    try:
        return verb(options)
    finally:
        put_away()


def set_up() -> int:
    """Print each look, as soon as it is had; 1 when something must be changed."""
    config = current()
    try:
        mirror = mirror_of(config)
        client = DiscourseClient(mirror, config, timezone.now, time.sleep, BY_HAND)
        try:
            return print_findings(looks(mirror, config, client))
        finally:
            client.close()
    except OutsideError as fault:
        return print_findings([SetupFinding(False, str(fault), fault.hint)])


def try_out() -> int:
    """`talaia check --forum`: print each step; 1 when one failed."""
    config = current()
    try:
        mirror = mirror_of(config)
        forum = Discourse(mirror, config, timezone.now, time.sleep, BY_HAND)
        try:
            return print_findings(trial(mirror, forum, timezone.now()))
        finally:
            forum.close()
    except OutsideError as fault:
        return print_findings([SetupFinding(False, str(fault), fault.hint)])


def print_findings(found: Iterable[SetupFinding]) -> int:
    failed = False
    for look in found:
        print(f"{MARKS[look.well]}  {look.what}" + (f"\n      → {look.mend}" if look.mend else ""), flush=True)
        failed |= look.well is False
    return int(failed)
