"""The secrets that talaia.toml names, so that none of them is ever written into the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from talaia import config as configuration
from talaia.config import Config

PUBLIC = ("ca_file", "known_hosts_file")
SHORTEST = 6  # characters: a shorter one would be found in innocent words
_read: tuple[Config | None, tuple[str, ...]] = (None, ())


def secrets() -> tuple[str, ...]:
    """Those of the configuration in force, the longest first; read once, as long as it is. Never raises."""
    global _read
    config = configuration._current
    if config is not _read[0]:
        found = set(_secrets(config)) if config else set()
        _read = config, tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))
    return _read[1]


def _secrets(config: Config) -> Iterator[str]:
    for file in secret_files(config.tables):
        yield from _parts(_content(config.beside(file)))
    yield from _parts(config.tables.database.url or "")
    if config.path:
        yield _content(config.home / "secret-key")


def secret_files(table: object) -> Iterator[str]:
    """The files that a table of talaia.toml, or any in it, names for a secret."""
    if isinstance(table, tuple):
        for one in table:
            yield from secret_files(one)
    elif isinstance(table, msgspec.Struct):
        for field in msgspec.structs.fields(table):
            value = getattr(table, field.name)
            if isinstance(value, str) and field.name.endswith("_file") and field.name not in PUBLIC:
                yield value
            else:
                yield from secret_files(value)


def _content(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeError):
        return ""


def _parts(secret: str) -> Iterator[str]:
    """A whole secret, each line of it, and of an address the password and what stands in its path."""
    for line in secret.splitlines():
        yield line.strip()
        yield line.strip().partition(" ")[2]  # a header: `Bearer …`
        try:
            address = urlsplit(line.strip())
            if address.scheme and address.netloc:
                yield from (address.password or "", unquote(address.password or ""))
                yield from (part for part in address.path.split("/") if len(part) >= 2 * SHORTEST)
        except ValueError:
            continue
