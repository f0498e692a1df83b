"""Label matchers as Prometheus and Alertmanager write them: `=`, `!=`, `=~`, `!~`; patterns are fully anchored.

Both ways of Alertmanager are read: the older one (`job=web`, any other backslash stays, so that patterns need not
double theirs) and names in UTF-8, quoted or not (`"service.name"="web"`, `Àrea="Port"`). Patterns mean what RE2 makes
of them, as there; what RE2 does not know is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

QUOTED = r'"((?:[^"\\]|\\.)*)"'
# What Alertmanager keeps for itself stands in no name without quotes.
NAME = re.compile(rf"\s*(?:{QUOTED}|([^\s{{}}!=~,\\\"'`]+))\s*", re.DOTALL)
OPERATOR = re.compile(r"(=~|!~|!=|=)\s*")
# An operator that goes on, as in `job == web`, is no value: Alertmanager's older way reads one that nothing has.
VALUE = re.compile(rf"(?:{QUOTED}\s*|(?![=~!])([^\"'`,]*)(?=,|$))", re.DOTALL)
PLAIN = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")

ESCAPE = re.compile(r"\\(.)", re.DOTALL)
UNESCAPED = {'"': '"', "\\": "\\", "n": "\n"}
# In a quoted name, as Go reads it.
CODED = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
LETTERS = {**UNESCAPED, "a": "\a", "b": "\b", "f": "\f", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class Matcher:
    """One condition on one label. A label that is not there counts as empty, as in Prometheus."""

    name: str
    op: str
    value: str

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """A pattern that cannot be read (of a silence that others made) accepts nothing, whichever its operator."""
        value = labels.get(self.name, "")
        if self.op in ("=", "!="):
            return (value == self.value) is (self.op == "=")
        try:
            found = pattern(self.value).fullmatch(value)
        except ValueError:
            return False
        return (found is not None) is (self.op == "=~")

    def __str__(self) -> str:
        name = self.name if PLAIN.fullmatch(self.name) else _quoted(self.name)
        return f"{name}{self.op}{_quoted(self.value)}"


@dataclass(frozen=True)
class Matchers:
    """Conditions that must all hold."""

    all: tuple[Matcher, ...]

    def accept(self, labels: Mapping[str, str]) -> bool:
        return all(matcher.accepts(labels) for matcher in self.all)

    def __str__(self) -> str:
        return ", ".join(map(str, self.all))

    @classmethod
    def from_toml(cls, value: object) -> Matchers:
        """`'alertname="Down", job=~"web.*"'`; raises ValueError with what would be right."""
        if not isinstance(value, str):
            raise ValueError("""matchers are one text, for example 'alertname="WebDown", job=~"web.*"'""")
        text = unicodedata.normalize("NFC", value.strip())  # as labels are read
        text = text[1:-1].strip() if text.startswith("{") and text.endswith("}") else text
        found, position = [], 0
        while position < len(text):
            matcher, position = _one(text, position)
            found.append(matcher)
            if position < len(text):
                if text[position] != ",":
                    raise ValueError(f"expected a comma before {text[position:]!r}")
                position += 1
        if not found:
            raise ValueError("at least one matcher is needed: none would match every alert")
        return cls(tuple(found))


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """`text` as RE2 reads it. Raises ValueError."""
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        said = error.args[0] if error.args else b""
        raise ValueError(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None


def _one(text: str, position: int) -> tuple[Matcher, int]:
    """The matcher that begins at `position`, and where it ends."""
    wrong = f'cannot read {text[position:]!r}; write name="value", name!="value", =~ or !~'
    name = NAME.match(text, position)
    operator = OPERATOR.match(text, name.end()) if name else None
    value = VALUE.match(text, operator.end()) if operator else None
    if name is None or operator is None or value is None:
        raise ValueError(wrong)
    label = name[2] if name[1] is None else _decoded(name[1])
    if not label:
        raise ValueError(f"{text[position:]!r} begins with a label without a name")
    raw = value[2].strip() if value[1] is None else value[1]
    raw = ESCAPE.sub(lambda escape: UNESCAPED.get(escape[1], escape[0]), raw)
    if "~" in operator[1]:
        try:
            pattern(raw)
        except ValueError as error:
            raise ValueError(f"{raw!r} is no regular expression as RE2 reads them: {error}") from None
    return Matcher(label, operator[1], raw), value.end()


def _decoded(text: str) -> str:
    def letter(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code is None:
            return LETTERS.get(found[4], found[0])
        return chr(int(code, 16)) if int(code, 16) < 0x110000 else found[0]

    return CODED.sub(letter, text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
