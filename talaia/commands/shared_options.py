"""What `talaia incident` and `talaia maintenance` share: how texts, services and times are given and told."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.utils import timezone, translation

from talaia.config import current, sanitize
from talaia.errors import UserError
from talaia.events.formatting import as_json, line, lines
from talaia.events.models import Event
from talaia.events.published import path_of
from talaia.events.timeline import NotPossible
from talaia.events.windows import instant, one_instant
from talaia.panel.state import State

LEVELS = (State.OPERATIONAL, State.DEGRADED, State.PARTIAL, State.DISRUPTION)


def text_arguments(parser: argparse.ArgumentParser, file: str | None) -> None:
    """--file, --language, --plain. `file`: where the text is read when none is given (None: no text is needed)."""
    otherwise = "standard input" if file else "no text"
    parser.add_argument(
        "--file", metavar="F", default=file, help=f"the text; - is standard input (default: {otherwise})"
    )
    parser.add_argument("--plain", action="store_true", help="plain text: shown as written (default: Markdown)")
    language_argument(parser)


def language_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--language", choices=current().site.languages, help="of the text (default: that of the title)")


def service_argument(parser: argparse.ArgumentParser, word: str) -> None:
    parser.add_argument(
        "--service",
        metavar=f"SLUG={word}",
        action="append",
        default=[],
        type=service_and_level,
        help=f"{', '.join(LEVELS)}, or none to take it off; may be given again",
    )


def json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def service_and_level(written: str) -> tuple[str, State | None]:
    """`chat=degraded` → ("chat", State.DEGRADED), `chat=none` → ("chat", None)."""
    slug, equals, level = written.partition("=")
    if not equals or level not in (*LEVELS, "none"):
        raise argparse.ArgumentTypeError(f"{written!r}: write it as chat=degraded ({', '.join(LEVELS)}, none)")
    return slug, None if level == "none" else State(level)


def changed(before: Mapping[str, State], changes: Iterable[tuple[str, State | None]]) -> dict[str, State]:
    """The impacts after `changes`; a service that they do not name stays as it is."""
    after = {**before, **dict(changes)}
    return {slug: level for slug, level in after.items() if level is not None}


def read_text(file: str) -> str:
    """The text in `file`, or what comes by standard input. Raises Refused."""
    try:
        if file == "-":
            if sys.stdin.isatty():
                print("Write the text; Ctrl-D on a line of its own ends it.", file=sys.stderr)
            text = sys.stdin.read()
        else:
            text = Path(file).read_text(encoding="utf-8")
        text.encode()  # what is typed may hold half a letter, which Python lets by where the locale is C
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeError:
        what = "standard input" if file == "-" else file
        raise UserError(f"{what} is not UTF-8; write or save it in that encoding") from None
    if not text.strip():
        raise UserError("the text is empty; write it to standard input, or name a file with --file")
    return sanitize.lines(text.replace("\r\n", "\n")).strip()


def timed_text(file: str) -> tuple[str, datetime]:
    """The text, and when it was there: somebody may have typed it for a while. Raises Refused."""
    return read_text(file), timezone.now()


def local_time(written: str) -> datetime:
    """`2026-05-04T10:00` in the site's zone, or with an offset. Raises Refused."""
    try:
        return instant(datetime.fromisoformat(written), current().site.tz)
    except (ValueError, OverflowError):
        raise UserError(f"{written!r} is no time; write it as 2026-05-04T10:00") from None


def local_window_time(written: str) -> datetime:
    """The same for a window: an hour that is there twice must be given with its offset. Raises Refused, NotPossible."""
    try:
        return one_instant(datetime.fromisoformat(written), current().site.tz)
    except (ValueError, OverflowError):
        raise UserError(f"{written!r} is no time; write it as 2026-05-04T10:00") from None


def author() -> str:
    """Who sits at this shell: the account, and under sudo the one that called it."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return "shell"


def address(event: Event, number: int | None = None) -> str:
    """Where everybody can read it."""
    return current().site.address.rstrip("/") + path_of(event.kind, event.ref, number)


def tell(event: Event, said: str, as_json_too: bool) -> int:
    """Say what was done: one line for people, or the event as JSON."""
    event.refresh_from_db()
    print(json.dumps(as_json(event), ensure_ascii=False, indent=2) if as_json_too else said)
    return 0


def tell_list(kind: str, everything: bool, as_json_too: bool) -> int:
    """Print what is not over, or everything, newest first."""
    events = Event.objects.filter(kind=kind).order_by("-started_at", "-number")
    if not everything:
        events = events.filter(ended_at=None)
    if as_json_too:
        print(json.dumps([as_json(event) for event in events], ensure_ascii=False, indent=2))
        return 0
    for event in events:
        print(line(event, current().site.languages[0], current().site.tz))
    if not events:
        print(f"no {kind} at all" if everything else f"no {kind} that is not over; --all prints the others too")
    return 0


def tell_all(event: Event, as_json_too: bool) -> int:
    """Print an event with its whole timeline."""
    site = current().site
    return tell(event, "\n".join(lines(event, site.languages[0], site.tz)), as_json_too)


@contextmanager
def refusing() -> Iterator[None]:
    """What the timeline does not allow becomes Refused, in English as the rest of the command line."""
    with translation.override("en"):
        try:
            yield
        except NotPossible as error:
            raise UserError(str(error)) from None
