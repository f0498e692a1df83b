"""Wishes of people that cannot be written into the database now: kept in files, and taken up once it answers.

A wish is on the disk before it is acknowledged. Each person has one file, their last word; it goes away after the wish
is in the database, so that a kill in between only has it taken up twice, which is harmless.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import Error as DatabaseError
from django.db import connection

log = logging.getLogger(__name__)

STOP, AGAIN = "stop", "again"
NAME = re.compile(r"r[0-9]{1,20}")
Wish = Callable[[str, datetime], None]
"""`wish(key, now)`: safe to repeat. Raises django.db.Error where it could not be done."""


def folder(home: Path) -> Path:
    return home / "aside"


def put(home: Path, key: str, wish: str, now: datetime) -> None:
    """Keep a wish; when this returns, it survives a power cut. Raises OSError where it cannot be kept."""
    place = folder(home)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place / f".{key}-{secrets.token_hex(4)}"
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump({"wish": wish, "at": now.isoformat()}, file)
            file.flush()
            os.fsync(file.fileno())
        with _alone(home):
            draft.replace(place / key)
    finally:
        draft.unlink(missing_ok=True)
    for one in (place, place.parent):
        to_disk(one)


def waiting(home: Path) -> set[str]:
    """The keys of those who wish to be told no more, and of whom the database does not know that yet."""
    try:
        names = {name for name in os.listdir(folder(home)) if NAME.fullmatch(name)}  # noqa: PTH208 - asked for each page
    except FileNotFoundError:
        return set()
    return {name for name in names if _read(folder(home) / name) == STOP}


@contextmanager
def settled(home: Path, key: str) -> Iterator[None]:
    """What is done and committed in here about `key` is later than what was put aside, and takes its place."""
    if not (folder(home) / key).exists():
        yield
        return
    with _alone(home):
        yield
        (folder(home) / key).unlink(missing_ok=True)


def take_up(home: Path, wishes: Mapping[str, Wish], now: datetime) -> int:
    """Do what was put aside. Returns how many; what the database still does not take stays."""
    place, done = folder(home), 0
    if not place.exists():
        return 0
    for name in sorted(name for name in os.listdir(place) if NAME.fullmatch(name)):  # noqa: PTH208
        with _alone(home):
            wish = _read(place / name)
            if wish is None:
                continue  # somebody has taken it up meanwhile
            try:
                wishes.get(wish, wishes[STOP])(name, now)
            except DatabaseError:
                connection.close()
                break  # still away: the next look
            (place / name).unlink(missing_ok=True)
            done += 1
    if done:
        log.info("took up %s wishes that were put aside while the database was away", done)
    return done


def _read(file: Path) -> str | None:
    """What is wished; a file that cannot be read was written by nobody but us, and means what most of them mean."""
    try:
        return str(json.loads(file.read_text())["wish"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return STOP


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    lock = os.open(folder(home) / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
