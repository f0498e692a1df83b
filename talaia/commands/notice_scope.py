"""`--only-behind`: mails only to the people behind something, and how many those are."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

from talaia.audience import mailing
from talaia.commands.shared_options import author, tell
from talaia.config import current
from talaia.errors import UserError
from talaia.events.actions import find, tell_everybody
from talaia.events.timeline import NotPossible
from talaia.notices.sender import everybody_only, the_list
from talaia.notices.values import Segment


def argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--only-behind",
        nargs="?",
        const="",
        metavar="CONNECTIONS",
        help="mails only to the people behind its services, or behind these connections (ref01,ref02); "
        "how many is said first (default: everybody)",
    )


def only_behind(options: argparse.Namespace, services: Sequence[str]) -> list[str] | None:
    """As events keep it; says on standard error how many that are. Raises Refused where mails go to everybody."""
    if options.only_behind is None:
        return None
    refuse()
    ids = [one.strip() for one in options.only_behind.split(",") if one.strip()]
    known = {one.id for one in current().tables.connections}
    if unknown := [one for one in ids if one not in known]:
        raise NotPossible(f"talaia.toml has no connection {unknown[0]!r}")
    print(f"mails go {counted([] if ids else services, ids)}", file=sys.stderr)
    return ids


def widen(kind: str, options: argparse.Namespace, now: datetime) -> int:
    """`widen REF`: from now on everybody; how many those are is said first, and done only with `--yes`."""
    event = find(kind, options.ref)
    count = mailing.how_many()
    if event.only_behind is not None and not options.yes:
        raise UserError(f"mails about {event.ref} would go to all {count} who are told; say --yes if they shall")
    widened = tell_everybody(kind, event.ref, now, by=author())
    said = (
        f"mails about {event.ref} go to all {count}" if widened else f"mails about {event.ref} go to everybody already"
    )
    return tell(event, said, options.json)


def refuse() -> None:
    """Raises Refused where mails can go only to everybody, and says why."""
    config = current()
    match everybody_only(config):
        case "list":
            everybody = the_list(config)
            assert everybody
            raise UserError(
                f"mails go by the list {everybody.address}, to everybody on it; "
                "only mails straight to each address can go to some"
            )
        case "no_mail":
            raise UserError("no mail leaves the house: [mail] has no sender")
        case "unknown":
            raise UserError(
                "nobody knows who is behind what: [audience] has neither [[audience.behind]] nor a column connection"
            )


def counted(services: Sequence[str], connections: Sequence[str]) -> str:
    """To how many."""
    where = mailing.behind(current(), Segment(tuple(services), tuple(connections)))
    assert where
    found, unplaced = mailing.how_many_behind(where)
    if where.everybody:
        return f"to everybody ({found}): of one of these services it is not said who is behind it"
    more = f"; of {unplaced} more the export does not say where they are connected" if unplaced else ""
    return f"to {found} behind {', '.join((*services, *connections))}{more}"
