"""The public folder: which pages a target means, and writing them so that no reader ever sees a torn one.

Each file is written beside its place, brought to the disk, and renamed. Its compressed variants are finished pages too:
whichever a reader gets is whole.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import gzip
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import brotli

import talaia
from talaia.config import Config, current
from talaia.events.models import Event
from talaia.outbox.faults import Permanent, Temporary
from talaia.panel.models import Service
from talaia.site import addresses, assets, pages, snapshot
from talaia.site.actions import note_publication
from talaia.site.pages import Files
from talaia.site.values import House

log = logging.getLogger(__name__)

DRAFT = ".draft-"  # the name of a file that is not finished begins so; nobody serves it
OLD_ASSET = 86_400  # seconds for which the assets of the last version stay: pages of it may still be open
SMALL = 200  # bytes below which compressing gains nothing


def house(config: Config) -> House:
    """What every page knows, from the configuration."""
    site = config.site
    return House(
        name=site.name.words,
        address=site.address.rstrip("/"),
        languages=site.languages,
        zone=site.tz,
        version=talaia.__version__,
        links=tuple((link.text.words, link.address) for link in site.links),
        refresh=site.refresh,
    )


def publish(targets: Sequence[str], now: datetime) -> None:
    """Bring the files of `targets` to what the rows say now. Safe to repeat; only what changed is written.

    Targets: "front", "assets", "history", "history/<year>", "service/<slug>", "incident/<ref>", "maintenance/<ref>",
    "all". Raises Temporary when the folder cannot be written, Permanent for a target that there cannot be.
    """
    config = current()
    folder, begun = config.home / "public", time.monotonic()
    with _folder(folder):
        made = written = 0
        # One target at a time: what is known is written, though a later one should fail.
        for target in _expanded(targets):
            files, gone = render(target, config, now)
            for name, content in files.items():
                made += 1
                written += put(folder / name, content)
            for path in gone:
                remove(folder, path, config)
        if "assets" in targets or "all" in targets:
            sweep(folder)
    note_publication(now, time.monotonic() - begun, made, written)


def _expanded(targets: Iterable[str]) -> Iterator[str]:
    for target in dict.fromkeys(targets):
        if target != "all":
            yield target
            continue
        yield from ("assets", "front", "history")
        yield from (f"service/{slug}" for slug in Service.objects.values_list("pk", flat=True))
        yield from (f"history/{number}" for number in snapshot.years())
        yield from (f"{event.kind}/{event.ref}" for event in Event.objects.order_by("-started_at").iterator())


def render(target: str, config: Config, now: datetime) -> tuple[Files, list[str]]:
    """The files of a target, and the addresses of pages that are no more."""
    given, zone = house(config), config.site.tz
    kind, _, name = target.partition("/")
    with snapshot.one_moment():
        match kind:
            case "front":
                return {**assets.files(), **pages.front(snapshot.front(now), given)}, []
            case "assets":
                return {**assets.files(), **pages.missing(given)}, []
            case "service":
                page = snapshot.service(name, now, zone)
                return (pages.service(page, given, now), []) if page else ({}, [f"/services/{name}/"])
            case "incident" | "maintenance":
                event = snapshot.event(kind, name)
                return (pages.event(event, given), []) if event else ({}, [])
            case "history":
                return _history(name, config, given)
    raise Permanent(f"there is no page for {target!r}", "a target of another version? it can be deleted")


def _history(name: str, config: Config, given: House) -> tuple[Files, list[str]]:
    """The index with the latest year; for a year its own page as well, and those of its months when it has many."""
    years, zone = snapshot.years(), config.site.tz
    latest = snapshot.year(years[0], zone) if years else None
    files = pages.history(latest, years, given)
    if not name:
        return files, []
    number = int(name)
    value = latest if latest and latest.year == number else snapshot.year(number, zone)
    if value is None:
        return files, [f"/history/{number}/"]
    files |= pages.year(value, years, given)
    for listed in value.months if value.by_month else ():
        if month := snapshot.month(number, listed.number, zone):
            files |= pages.month(month, years, given)
    return files, []


@contextlib.contextmanager
def _folder(folder: Path) -> Iterator[None]:
    """The folder, for one writer at a time: an older snapshot must not come after a newer one."""
    with _faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _faults(folder):
            _drop_drafts(folder)
            (folder / ".writing").touch()
            yield
            (folder / ".writing").unlink()
    finally:
        os.close(lock)


@contextlib.contextmanager
def _faults(folder: Path) -> Iterator[None]:
    """What the disk refuses is Temporary, with the mend."""
    hints = {
        errno.ENOSPC: "the disk is full: make room; the pages that stand stay whole",
        errno.EDQUOT: "the quota is used up: make room; the pages that stand stay whole",
        errno.EROFS: "the disk is mounted read-only",
        errno.EACCES: "the account that runs talaia must own the folder",
        errno.EPERM: "the account that runs talaia must own the folder",
    }
    try:
        yield
    except OSError as error:
        what = f"{error.filename or folder} cannot be written: {error.strerror}"
        raise Temporary(what, hints.get(error.errno or 0, "look at the disk")) from error


def put(file: Path, content: bytes) -> bool:
    """Write a page and its compressed variants, unless it stands there already. Whether anything was written.

    The plain file comes last: that it is right means that its variants are.
    """
    try:
        if file.read_bytes() == content and all(variant.exists() for variant, _ in _variants(file, content)):
            return False
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
    for variant, squeeze in _variants(file, content):
        _replace(variant, squeeze(content))
    _replace(file, content)
    return True


def _variants(file: Path, content: bytes) -> list[tuple[Path, Callable[[bytes], bytes]]]:
    if len(content) < SMALL or file.suffix == ".png":
        return []
    return [
        (file.with_name(file.name + ".br"), lambda body: brotli.compress(body, quality=5)),
        (file.with_name(file.name + ".gz"), lambda body: gzip.compress(body, 6, mtime=0)),
    ]


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(DRAFT + file.name)
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def _drop_drafts(folder: Path) -> None:
    """What a writer that was killed left behind. It left its mark first, so that nobody need search a whole tree."""
    if (folder / ".writing").exists():
        for draft in folder.rglob(f"{DRAFT}*"):
            draft.unlink(missing_ok=True)


def remove(folder: Path, path: str, config: Config) -> None:
    """Take a page that is no more out of the folder, in every language."""
    for language in config.site.languages:
        place = folder / Path(addresses.file(addresses.localized(path, language, config.site.languages))).parent
        if place != folder:
            shutil.rmtree(place, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Assets of past versions, once no page that names them can be open any more."""
    wanted = {Path(name).name for name in assets.files()}
    for file in (folder / "static").glob("*"):
        plain = file.name.removesuffix(".br").removesuffix(".gz")
        if plain not in wanted and time.time() - file.stat().st_mtime > OLD_ASSET:
            file.unlink(missing_ok=True)
