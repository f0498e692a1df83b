"""What `talaia forum` does with the history as a whole: take over what is there, make everything anew."""

from __future__ import annotations

import argparse
import sys
import time

from django.utils import timezone

from talaia.commands.shared_options import author
from talaia.config import current
from talaia.errors import UserError
from talaia.forum import actions
from talaia.forum.backend import MirrorBackend
from talaia.forum.importing import take_in
from talaia.forum.rebuild import rebuild
from talaia.forum.registry import chosen
from talaia.forum.rows import house
from talaia.forum.sync import own_name


def mirror_in_use() -> MirrorBackend:
    """The one of talaia.toml. Raises Refused."""
    mirror = chosen(current())
    if mirror is None:
        raise UserError("there is no [mirror] in talaia.toml; docs/configuration.md tells what it may hold")
    return mirror


def take_over(options: argparse.Namespace) -> int:
    """`talaia forum import`: a line for each topic, and what became of it."""
    config, mirror = current(), mirror_in_use()
    became = left = 0
    told = house(config)
    given = {"by": author(), "everything": options.all, "dry": options.dry_run}
    for topic in take_in(mirror, told, timezone.now, time.sleep, **given):
        if topic.why or topic.found is None:
            left += 1
            print(f"left    {topic.title}: {topic.why}", flush=True)
            continue
        became += 1
        found = topic.found
        days = f"{found.began.astimezone(told.zone):%Y-%m-%d %H:%M}, {len(found.entries)} entries"
        unsure = "" if found.dated else "; no day was found in it, so it stands at the day of its last word"
        print(f"{topic.ref or 'would be'}  {found.title} ({days}{unsure})", flush=True)
    done = "would be taken over" if options.dry_run else "taken over"
    print(f"{became} {done}, {left} left; what was taken over before is not listed")
    return 0


def make_anew(options: argparse.Namespace) -> int:
    """`talaia forum rebuild`: a line for each event that was written, or could not be."""
    config, mirror = current(), mirror_in_use()
    if options.forget:
        count = actions.forget(mirror.name, timezone.now(), by=author())
        print(f"forgot where {count} stand; each is looked for there before it is made")
    wrote = faults = seen = 0
    for done in rebuild(mirror, house(config), timezone.now, time.sleep, own_name(config)):
        seen += 1
        wrote += done.wrote
        if done.fault:
            faults += 1
            print(f"{done.key}: {done.fault}" + (f"; {done.hint}" if done.hint else ""), file=sys.stderr, flush=True)
        elif done.wrote:
            print(done.key, flush=True)
    print(f"{seen} events: {wrote} written, {seen - wrote - faults} were as they should be, {faults} could not be")
    return 1 if faults else 0
