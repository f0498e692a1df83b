"""Compares the public folder with what was written there, and makes anew what somebody else has done to it.

How the files look from outside is compared, which costs next to nothing; their content is read only where that differs.
What visitors see first is looked at every LOOK_EVERY, the archive bit by bit, all of it at the start and as soon as
anything is wrong. Files that we did not write are the sysadmin's, and are left alone.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from django.db import Error as DatabaseError
from django.db import connection

from talaia.config import LANGUAGES, Config
from talaia.outbox.errors import OutsideError
from talaia.outbox.monotonic import over
from talaia.site import snapshot
from talaia.site.actions import ask_for_all, note_mended
from talaia.site.folder import Folder
from talaia.site.manifest import Manifest, Noted
from talaia.site.write import make_anew, part_of

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds
SLICE = 100  # pages of the archive in one look: thirty thousand take ten minutes
TELL_EVERY = timedelta(minutes=10)  # at most so often a fact says it, however often somebody comes back
NOTE_EVERY = timedelta(seconds=10)  # that all is well
NAMED = 3  # files that are named, of all that are not as they were
TOPS = (*LANGUAGES, "static", "about", *(f"{language}/about" for language in LANGUAGES))


@dataclass(frozen=True)
class IntegrityReport:
    """What was found. `damaged`: how many pages are not as they were written; `found_at`: when it was so last."""

    at: datetime
    damaged: int = 0
    names: str = ""
    found_at: datetime | None = None


def last_look(home: Path) -> IntegrityReport | None:
    """What the last look at the public folder has found; None: nobody has looked yet, or it cannot be known."""
    try:
        told = json.loads(Folder(home / "public").manifest.said())
        found_at = datetime.fromisoformat(told["found_at"]) if told["found_at"] else None
        return IntegrityReport(datetime.fromisoformat(told["at"]), told["damaged"], told["names"], found_at)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def target_of(name: str) -> str:
    """Which target of `publish` a file belongs to; "search": any year's."""
    parts = name.split("/")
    if parts[0] in LANGUAGES and len(parts) > 1:
        parts = parts[1:]
    match parts:
        case ["incidents", ref, "index.html"]:
            return f"incident/{ref}"
        case ["maintenance", ref, "index.html"]:
            return f"maintenance/{ref}"
        case ["services", slug, "index.html"]:
            return f"service/{slug}"
        case ["services", slug, "history", *_rest]:
            return f"past/{slug}"
        case ["history", *which, "index.html"]:
            return "/".join(["history", *which])
        case ["search", _language, part] if part[:4].isdecimal():
            return f"search/{part[:4]}"
        case ["search", _list]:
            return "search"
        case ["static" | "about" | "404.html", *_rest]:
            return "assets"
        case [_page]:
            return "front"
    return "all"


def targets(names: Iterable[str]) -> Iterator[str]:
    """All that these files belong to, each once."""
    for target in dict.fromkeys(map(target_of, names)):
        if target == "search":
            yield from (f"search/{year}" for year in snapshot.years()[:1])
        else:
            yield target


def compared(config: Config) -> list[str]:
    """The pages that are not as they were written, as far as that can be seen by only looking."""
    folder = Folder(config.home / "public")
    if not folder.manifest.exists():
        return []
    found, after = [], ""
    while some := folder.manifest.after(after, SLICE):
        after = some[-1].name
        for page in some:
            if " ".join(folder.look(page.name)) != page.seen and not page.fits(folder.digests(page.name)):
                found.append(page.name)
    return found


class Guard:
    """`run` is the loop, `step` one look."""

    def __init__(self, config: Callable[[], Config], clock: Callable[[], datetime]) -> None:
        self.config, self.clock = config, clock
        self.after = ""  # the page of the archive that was looked at last
        self.whole = True  # all of it is to be looked at now
        self.seen: IntegrityReport | None = None
        self.said_at = float("-inf")
        self.told_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set. Nothing that is wrong with the disk or the database ends it."""
        while not stop.is_set():
            wait = LOOK_EVERY
            try:
                self.step(self.clock())
            except (OutsideError, OSError, DatabaseError) as error:
                self.say(f"the public folder cannot be looked at, or made anew: {error}")
                connection.close()
                wait = 5 * LOOK_EVERY
            except Exception:
                log.exception("the public folder is looked at again after")
                connection.close()
                wait = 30 * LOOK_EVERY
            stop.wait(wait)
        connection.close()

    def step(self, now: datetime) -> int:
        """One look. Returns how many pages were made anew. Raises Fault, OSError and django.db.Error: look again."""
        folder = Folder(self.config().home / "public")
        if not folder.manifest.exists():
            ask_for_all(now)
            folder.manifest.note({})
            return 0
        if self.seen is None:
            self.seen = last_look(self.config().home)
        wrong = self.confirmed(folder, self.examine(folder, self.due(folder.manifest)))
        if wrong and not self.whole:  # whoever was there may have been elsewhere, too
            self.whole = True
            wrong = self.confirmed(folder, self.examine(folder, self.due(folder.manifest)))
        if wrong:
            self.mend(folder, wrong, now)
        self.whole = False
        if wrong or self.seen is None or over(self.seen.at, now, NOTE_EVERY):
            self.note(folder, replace(self.seen or IntegrityReport(now), at=now, damaged=0))
        return len(wrong)

    def due(self, manifest: Manifest) -> Iterator[Noted]:
        """What is looked at now: the first pages, and the next ones of the archive."""
        yield from manifest.at_the_top(TOPS)
        while True:
            some = manifest.after(self.after, SLICE)
            self.after = some[-1].name if len(some) == SLICE else ""
            yield from some
            if not self.whole or not self.after:
                return

    def examine(self, folder: Folder, pages: Iterable[Noted]) -> dict[str, Noted]:
        """Those that are not as they were written."""
        wrong: dict[str, Noted] = {}
        right: dict[str, str] = {}
        for page in pages:
            look = " ".join(folder.look(page.name))
            if look and look == page.seen:
                continue
            if look and page.fits(folder.digests(page.name)):
                folder.open_up(page.name)
                right[page.name] = " ".join(folder.look(page.name))
            else:
                wrong[page.name] = page
        if right:
            folder.manifest.right(right)
        return wrong

    def confirmed(self, folder: Folder, suspects: dict[str, Noted]) -> dict[str, Noted]:
        """Those that are wrong also while nobody writes them."""
        found: dict[str, Noted] = {}
        for part in sorted({part_of(target_of(name)) for name in suspects}):
            names = [name for name in suspects if part_of(target_of(name)) == part]
            with folder.alone(part):
                found |= self.examine(folder, folder.manifest.of(names))
        return found

    def mend(self, folder: Folder, wrong: dict[str, Noted], now: datetime) -> None:
        others = [page.name for page in wrong.values() if not page.was_interrupted(folder.digests(page.name))]
        if others:
            named = ", ".join(others[:NAMED]) + (", …" if len(others) > NAMED else "")
            self.note(folder, IntegrityReport(now, len(others), named, now))
            self.say(
                f"{len(others)} files of the public folder are not as they were written, and are made anew: {named}"
            )
        make_anew(list(targets(wrong)), now)
        for name in self.confirmed(folder, wrong):  # nothing stands behind these any more
            folder.remove([name])
        if others and (self.told_at is None or over(self.told_at, now, TELL_EVERY)):
            self.told_at = now
            note_mended(len(others), named, now)

    def note(self, folder: Folder, seen: IntegrityReport) -> None:
        self.seen = seen
        found_at = seen.found_at.isoformat() if seen.found_at else ""
        told = {"at": seen.at.isoformat(), "damaged": seen.damaged, "names": seen.names, "found_at": found_at}
        folder.manifest.say(json.dumps(told))

    def say(self, what: str) -> None:
        """In the log, at most once a minute."""
        if time.monotonic() - self.said_at >= 60:
            self.said_at = time.monotonic()
            log.warning("%s", what)
