"""TOML into frozen structs, strictly: every mistake is found in one reading, with its line and what would be right.

msgspec decodes the single values; the walk over the tables is ours, as a decoder stops at the first mistake and knows
no lines.
"""

from __future__ import annotations

import difflib
import re
import tomllib
import types
import typing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

Path = tuple[str | int, ...]
S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a configuration file: where (line 0: the whole file), and what would be right."""

    line: int
    where: str
    what: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.where}: {self.what}" if self.where else f"{place}{self.what}"


class Places:
    """The line on which each key and table of a TOML text begins."""

    HEADER = re.compile(r"^\s*(\[\[|\[)\s*([A-Za-z0-9_.\-\" ]+?)\s*(\]\]|\])\s*(#.*)?$")
    KEY = re.compile(r"^\s*([A-Za-z0-9_\-\".]+)\s*=")

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        table: Path = ()
        counts: dict[Path, int] = {}
        inside = ""
        for number, line in enumerate(text.splitlines(), 1):
            if inside:
                inside = "" if inside in line else inside
                continue
            if header := self.HEADER.match(line):
                table = self._table(header[1] == "[[", header[2], counts)
                self.lines.setdefault(table, number)
            elif key := self.KEY.match(line):
                path = (*table, *(part.strip('"') for part in key[1].split(".")))
                self.lines.setdefault(path, number)
                for quotes in ('"""', "'''"):
                    if line.count(quotes) == 1:
                        inside = quotes

    @staticmethod
    def _table(is_array: bool, name: str, counts: dict[Path, int]) -> Path:
        path: Path = ()
        parts = [part.strip().strip('"') for part in name.split(".")]
        for position, part in enumerate(parts):
            path = (*path, part)
            last = position == len(parts) - 1
            if is_array and last:
                counts[path] = counts.get(path, -1) + 1
            if path in counts:
                path = (*path, counts[path])
        return path

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest table around it; 0 when nothing of it stands in the text."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 0


def written(path: Path) -> str:
    """`("services", 3, "name")` as people count: `services[4].name`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(value: object) -> timedelta:
    """ "30s", "2m", "1h30m", "7d", or a number of seconds. Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return timedelta(seconds=value)
    if isinstance(value, str) and value and not DURATION.sub("", value):
        return timedelta(seconds=sum(float(n) * UNITS[unit] for n, unit in DURATION.findall(value)))
    raise ValueError(f'{value!r} is no duration; write for example "30s", "5m", "2h" or "7d"')


class Reader:
    """Reads tables into structs and gathers all mistakes on the way."""

    def __init__(self, text: str) -> None:
        self.places = Places(text)
        self.mistakes: list[Mistake] = []

    def wrong(self, path: Path, what: str) -> None:
        self.mistakes.append(Mistake(self.places.line(path), written(path), what))

    def struct(self, kind: type[S], table: object, path: Path) -> S | None:
        """`table` as a `kind`, or None after noting every mistake in it."""
        if not isinstance(table, dict):
            self.wrong(path, f"must be a table, not {type(table).__name__}")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        hints = typing.get_type_hints(kind)
        before = len(self.mistakes)
        for key in table.keys() - fields.keys():
            near = difflib.get_close_matches(str(key), fields, 1)
            known = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(fields))}"
            self.wrong((*path, key), f"unknown key; {known}")
        values: dict[str, Any] = {}
        for key, field in fields.items():
            if key in table:
                values[field.name] = self.value(hints[field.name], table[key], (*path, key))
            elif field.required:
                self.wrong(path, f"{key!r} is missing")
        return kind(**values) if len(self.mistakes) == before else None

    def value(self, hint: Any, value: object, path: Path) -> Any:
        origin = typing.get_origin(hint)
        if origin in (types.UnionType, typing.Union):
            inner = [kind for kind in typing.get_args(hint) if kind is not type(None)]
            if len(inner) == 1:
                return self.value(inner[0], value, path)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint, value, path)
        if origin is tuple and isinstance(value, list):
            kind = typing.get_args(hint)[0]
            return tuple(self.value(kind, item, (*path, number)) for number, item in enumerate(value))
        try:
            if hint is timedelta:
                return duration(value)
            if hasattr(hint, "from_toml"):
                return hint.from_toml(value)
            return msgspec.convert(value, hint)
        except (ValueError, msgspec.ValidationError) as error:
            self.wrong(path, str(error))
            return None


def tables(text: str) -> dict[str, Any] | Mistake:
    """The tables of a TOML text, or the one mistake that keeps it from being TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        return Mistake(int(found[1]) if found else 0, "", f"this is not TOML: {error}")
