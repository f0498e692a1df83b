"""What was written into the public folder: a small file beside it, with a digest of every page and its variants.

A page is noted before it is put in its place, together with what stood there until then: so a kill in between is told
from somebody else's hand. The file is of this machine, as the folder is; where it is lost, all pages are made anew.
"""

from __future__ import annotations

import errno
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 5.0  # seconds for others that write it
AT_ONCE = 500  # names in a query
LENGTH = 16  # bytes of a digest
EARLIER = 4  # versions of a page that are known of beside the latest
TABLES = """
CREATE TABLE IF NOT EXISTS page (name TEXT PRIMARY KEY, digests BLOB, before BLOB, seen TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS look (id INTEGER PRIMARY KEY CHECK (id = 1), said TEXT);
"""


@dataclass(frozen=True)
class Noted:
    """A page as it was written. `digests`: of the page and its variants, one after the other; `before`: earlier ones.

    `seen`: how its files looked from outside when their content was last found to be right; empty: not yet.
    """

    name: str
    digests: bytes
    before: bytes
    seen: str

    def fits(self, found: Sequence[bytes]) -> bool:
        return b"".join(found) == self.digests

    def was_interrupted(self, found: Sequence[bytes]) -> bool:
        """Whether each file is of this version or of an earlier one: a writer was killed, and nobody else was here."""
        every = self.digests + self.before
        width = LENGTH * len(found)
        return all(
            digest in (every[at + n * LENGTH : at + (n + 1) * LENGTH] for at in range(0, len(every), width))
            for n, digest in enumerate(found)
        )


def digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=LENGTH).digest()


@dataclass(frozen=True)
class Manifest:
    """Raises OSError where it cannot be read or written."""

    path: Path

    def exists(self) -> bool:
        return self.path.exists()

    def note(self, pages: Mapping[str, bytes]) -> None:
        """These pages are about to be put in their places, with these digests."""
        with self._open() as database:
            known = {one.name: one for one in _rows(database, list(pages))}
            database.executemany(
                "INSERT OR REPLACE INTO page VALUES (?, ?, ?, '')",
                [(name, digests, _earlier(known.get(name), digests)) for name, digests in pages.items()],
            )

    def forget(self, names: Iterable[str]) -> None:
        with self._open() as database:
            database.executemany("DELETE FROM page WHERE name = ?", [(name,) for name in names])

    def right(self, seen: Mapping[str, str]) -> None:
        """These pages were found to be right; how their files look from outside."""
        with self._open() as database:
            database.executemany(
                "UPDATE page SET seen = ?, before = x'' WHERE name = ?", [(look, name) for name, look in seen.items()]
            )

    def unknown(self, names: Iterable[str]) -> set[str]:
        """Those of `names` that were never noted."""
        wanted = list(names)
        with self._open() as database:
            return set(wanted) - {one.name for one in _rows(database, wanted)}

    def of(self, names: Iterable[str]) -> list[Noted]:
        with self._open() as database:
            return list(_rows(database, list(names)))

    def after(self, name: str, count: int) -> list[Noted]:
        """The next pages in the order of their names."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM page WHERE name > ? ORDER BY name LIMIT ?", [name, count])
            return [Noted(*row) for row in rows]

    def at_the_top(self, tops: Sequence[str]) -> list[Noted]:
        """The pages in the folder itself and in these folders of it, not deeper."""
        found = []
        with self._open() as database:
            for top in ("", *tops):
                rows = database.execute(
                    "SELECT * FROM page WHERE name >= ? AND name < ? AND instr(substr(name, ?), '/') = 0",
                    [f"{top}/" if top else "", f"{top}0" if top else "\U0010ffff", len(top) + 2 if top else 1],
                )
                found += [Noted(*row) for row in rows]
        return found

    def say(self, said: str) -> None:
        """What the last look has found, for whoever asks."""
        with self._open() as database:
            database.execute("INSERT OR REPLACE INTO look VALUES (1, ?)", [said])

    def said(self) -> str:
        if not self.exists():
            return ""
        with self._open() as database:
            row = database.execute("SELECT said FROM look").fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # No fsync: a power cut may cost the file, and then all pages are made anew.
            with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as database:
                database.execute("PRAGMA synchronous=OFF")
                database.execute("PRAGMA journal_mode=PERSIST")
                database.executescript(TABLES)
                with database:
                    yield database
        except sqlite3.OperationalError as error:
            code = errno.ENOSPC if "full" in str(error) else errno.EIO
            raise OSError(code, str(error), str(self.path)) from error
        except sqlite3.DatabaseError as error:  # torn by a power cut
            self.path.unlink(missing_ok=True)
            raise OSError(errno.EIO, f"{error}; it is begun anew", str(self.path)) from error


def _rows(database: sqlite3.Connection, names: Sequence[str]) -> Iterator[Noted]:
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from (Noted(*row) for row in database.execute(f"SELECT * FROM page WHERE name IN ({marks})", some))  # noqa: S608


def _earlier(known: Noted | None, digests: bytes) -> bytes:
    if known is None:
        return b""
    return (known.digests + known.before)[: EARLIER * len(digests)]
