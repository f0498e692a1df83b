"""Where things stand in a TOML text: the line of every key, table and list element, so that a mistake can be found.

The text has been accepted by `tomllib` before; this only walks it again (TOML 1.0.0) and checks nothing.
"""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

BLANK = re.compile(r"[ \t\r\n]+|#[^\n]*")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
BARE = re.compile(r"[^\s,\]}#=.\[{\"']+")  # a bare key
SIMPLE = re.compile(r"[^,\]}#\n]+")  # a number, a date, true or false


class Positions:
    """`line(("services", 3, "alerts", 0, "match"))` → the line on which that stands, counted from 1."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._counted, self._line = text, 0, 0, 1
        self._tables: dict[Path, int] = {}  # lists of tables: the number of the one that is being filled
        self.lines: dict[Path, int] = {}
        table: Path = ()
        while self._more():
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest thing around it; 0 when nothing of it stands in the text."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return 0

    def _more(self) -> bool:
        """Go past blanks, line ends and comments; whether something follows."""
        while blank := BLANK.match(self._text, self._at):
            self._at = blank.end()
        return self._at < len(self._text)

    def _found(self, path: Path, at: int) -> None:
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        self.lines.setdefault(path, self._line)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise ValueError(f"not TOML at character {self._at}")
        self._at = match.end()
        return match[0]

    def _key(self) -> list[str]:
        """`a."b c".d` → its parts."""
        parts = []
        while True:
            self._more()
            quoted = self._text[self._at] in "\"'"
            raw = self._take(STRING if quoted else BARE)
            parts.append(str(tomllib.loads(f"key = {raw}")["key"]) if quoted else raw)
            self._more()
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _header(self) -> Path:
        start = self._at
        is_list = self._text.startswith("[[", start)
        self._at += 2 if is_list else 1
        path: Path = ()
        parts = self._key()
        self._at += 2 if is_list else 1
        for position, part in enumerate(parts, 1):
            path = (*path, part)
            self._found(path, start)
            if is_list and position == len(parts):
                self._tables[path] = self._tables.get(path, -1) + 1
            if path in self._tables:
                path = (*path, self._tables[path])
                self._found(path, start)
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        for part in self._key():
            table = (*table, part)
            self._found(table, start)
        self._at += 1  # the "="
        self._value(table)

    def _value(self, path: Path) -> None:
        self._more()
        match self._text[self._at]:
            case '"' | "'":
                self._take(STRING)
            case "[":
                self._inside(path, "]")
            case "{":
                self._inside(path, "}")
            case _:
                self._take(SIMPLE)

    def _inside(self, path: Path, end: str) -> None:
        self._at += 1
        number = 0
        while self._more() and not self._text.startswith(end, self._at):
            if self._text.startswith(",", self._at):
                self._at += 1
            elif end == "]":
                self._found((*path, number), self._at)
                self._value((*path, number))
                number += 1
            else:
                self._pair(path)
        self._at += 1


def path_text(path: Path) -> str:
    """`("services", 3, "name")` as people count: `services[4].name`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
