"""`talaia service`: what a person says of a service in place of the signals, and what it is called."""

from __future__ import annotations

import argparse
from datetime import datetime

from django.utils import timezone

from talaia.commands.renaming import rename
from talaia.commands.shared_options import author, language_argument, local_window_time, refusing
from talaia.config import current, sanitize
from talaia.events.next_update import DELAY, parse
from talaia.panel.by_hand import actions as hand
from talaia.panel.override import STATES
from talaia.panel.state import State

HELP = "Say by hand how a service is, until when and why; give it another slug."


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    setting = verbs.add_parser("set", help="its state until a time; then the monitoring speaks again by itself")
    setting.add_argument("slug", metavar="SLUG")
    states = [state.value for state in STATES]
    setting.add_argument("state", metavar="STATE", choices=states, help=", ".join(states))
    setting.add_argument(
        "--until", required=True, metavar="WHEN", help="30m, 6h, 3d or 2026-05-04T10:00 (local); at most 31 days away"
    )
    setting.add_argument("--reason", required=True, metavar="WORDS", help="one line that everybody reads on the page")
    language_argument(setting)

    taking = verbs.add_parser("take-back", help="the monitoring speaks for it again")
    taking.add_argument("slug", metavar="SLUG")

    renaming = verbs.add_parser(
        "rename", help="it has another slug in talaia.toml: history, choices, codes and old addresses stay its own"
    )
    renaming.add_argument("old", metavar="OLD")
    renaming.add_argument("new", metavar="NEW")


def run(options: argparse.Namespace) -> int:
    now = timezone.now()
    with refusing():
        if options.action == "set":
            return say(options, now)
        if options.action == "rename":
            return call(options, now)
        taken = hand.take_back(options.slug, author(), now)
    print(f"{options.slug}: the monitoring speaks again" if taken else f"{options.slug}: nothing was set by hand")
    return 0


def say(options: argparse.Namespace, now: datetime) -> int:
    site = current().site
    delay = parse(options.until, now, site.tz) if DELAY.fullmatch(options.until.strip()) else None
    until = delay or local_window_time(options.until)
    why = {options.language or site.languages[0]: " ".join(sanitize.line(options.reason).split())}
    hand.set_by_hand(options.slug, State(options.state), until, why, author(), now)
    print(f"{options.slug}: {options.state} by hand until {until.astimezone(site.tz):%Y-%m-%d %H:%M}")
    return 0


def call(options: argparse.Namespace, now: datetime) -> int:
    old, new = options.old, options.new
    moved = rename(current(), old, new, author(), now)
    if moved is None:
        print(f"{old} is called {new} already")
        return 0
    choices = f"the choice of {_count(moved.choices, 'person')}"
    print(f"{old} is {new} now, with {_count(moved.days, 'day')}, {_count(moved.events, 'event')} and {choices}")
    print(
        "If talaia runs, have it read the file: systemctl reload talaia. "
        f'Alerts and metrics that carry talaia_service="{old}" mean nothing now: write "{new}" there, too.'
    )
    return 0


def _count(number: int, what: str) -> str:
    many = {"person": "people"}.get(what, f"{what}s")
    return f"{number:,} {what if number == 1 else many}"
