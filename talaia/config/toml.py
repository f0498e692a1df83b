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
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from talaia.config.positions import Path, Positions, path_text

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


DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)
CURLY = re.compile(r"[“”„‘’«»]")
YES_OR_NO = re.compile(r"=\s*(True|TRUE|False|FALSE|[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)\s*$")
BARE = re.compile(r"=\s*[^\W\d_][^\"'\[\]{}]*$")  # a text without quotation marks
BEGINS = re.compile(r"\s*(?:(\[[^\]]+\]+)|([\w.\"' -]+?)\s*=)")
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def duration(value: object) -> timedelta:
    """ "30s", "2m", "1h30m", "7d", or a number of seconds. Raises ValueError."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return timedelta(seconds=value)
        if isinstance(value, str) and value and not DURATION.sub("", value):
            return timedelta(seconds=sum(float(n) * UNITS[unit] for n, unit in DURATION.findall(value)))
    except OverflowError:
        raise ValueError(f"{value!r} is longer than anybody will wait") from None
    raise ValueError(f'{value!r} is no duration; write for example "30s", "5m", "2h" or "7d"')


class TomlReader:
    """Reads tables into structs and gathers all mistakes on the way."""

    def __init__(self, text: str) -> None:
        self.places = Positions(text)
        self.mistakes: list[Mistake] = []

    def wrong(self, path: Path, what: str) -> None:
        self.mistakes.append(Mistake(self.places.line(path), path_text(path), what))

    def struct(self, kind: type[S], table: object, path: Path) -> S | None:
        """`table` as a `kind`, or None after noting every mistake in it."""
        if not isinstance(table, dict):
            hint = "; write one [brackets] for it, not two" if isinstance(table, list) else ""
            self.wrong(path, f"must be a table, not {named(table)}{hint}")
            return None
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        hints = typing.get_type_hints(kind)
        before = len(self.mistakes)
        for key in sorted(table.keys() - fields.keys()):
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
        """`value` as the type that `hint` asks for, or None after noting what is wrong with it."""
        origin = typing.get_origin(hint)
        if origin in (types.UnionType, typing.Union):
            inner = [kind for kind in typing.get_args(hint) if kind is not type(None)]
            if len(inner) == 1:
                return self.value(inner[0], value, path)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint, value, path)
        if origin is tuple:
            kind = typing.get_args(hint)[0]
            if isinstance(value, list):
                return tuple(self.value(kind, item, (*path, number)) for number, item in enumerate(value))
            is_table = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
            right = f"; write [[{'.'.join(map(str, path))}]], with two brackets" if is_table else ", such as [ … ]"
            self.wrong(path, f"must be a list{right}")
            return None
        try:
            if hint is timedelta:
                return duration(value)
            if hasattr(hint, "from_toml"):
                return hint.from_toml(value)
            if origin is typing.Literal:
                return one_of(typing.get_args(hint), value)
            if hint is str and isinstance(value, str) and not str(path[-1]).endswith("_file"):
                # One letter, one form: labels, exports and what people type are compared with it.
                value = unicodedata.normalize("NFC", value)
            if hint in KINDS and type(value) is not hint:
                raise ValueError(f"must be {KINDS[hint]}, not {named(value)}")
            return msgspec.convert(value, hint)
        except (ValueError, msgspec.ValidationError) as error:
            self.wrong(path, str(error))
            return None


def named(value: object) -> str:
    """The kind of a TOML value in the words of KINDS, with the value where it is short."""
    if isinstance(value, list | dict):
        return KINDS[type(value)]
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def one_of(allowed: tuple[object, ...], value: object) -> object:
    """`value` if it is allowed. Raises ValueError with what is allowed, and the nearest of it."""
    if value in allowed:
        return value
    near = difflib.get_close_matches(str(value), map(str, allowed), 1)
    guess = f'; did you mean "{near[0]}"?' if near else ""
    raise ValueError(f"{named(value)} is not possible here: {', '.join(map(str, allowed))}{guess}")


def tables(text: str) -> dict[str, Any] | Mistake:
    """The tables of a TOML text, or the one mistake that keeps it from being TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        if "overwrite" in str(error) and (named := key_above(text, line)):
            line, key = named
            return Mistake(
                line, "", f"this is not TOML: {key} stands twice, or is a value and a table: keep one of the two"
            )
        what = re.sub(r" \(at .*\)$", "", str(error))
        return Mistake(line, "", f"this is not TOML: {what}{hint(text, line)}")


def hint(text: str, line: int) -> str:
    """What people write for what TOML wants, where it stands on that line."""
    written = "".join(text.splitlines()[line - 1 : line]).partition("#")[0]
    if CURLY.search(written):
        return '; quotation marks are straight: "…"'
    if found := YES_OR_NO.search(written):
        return f"; write {'true' if found[1].lower() in ('true', 'yes', 'on') else 'false'}"
    return '; texts stand in quotation marks: "…"' if BARE.search(written) else ""


def key_above(text: str, line: int) -> tuple[int, str] | None:
    """The nearest line, from that one upwards, on which a key or a table begins, and its name."""
    lines = text.splitlines()[:line]
    for number in range(len(lines), 0, -1):
        if found := BEGINS.match(lines[number - 1]):
            return number, found[1] or found[2].strip()
    return None
