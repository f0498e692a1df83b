"""Label matchers as Prometheus and Alertmanager write them: `=`, `!=`, `=~`, `!~`; patterns are fully anchored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MATCHER = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*')

# Alertmanager's escapes; any other backslash stays, so that patterns need not double theirs.
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
UNESCAPED = {'"': '"', "\\": "\\", "n": "\n"}


@dataclass(frozen=True)
class Matcher:
    """One condition on one label. A label that is not there counts as empty, as in Prometheus."""

    name: str
    op: str
    value: str

    def accepts(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.name, "")
        same = re.fullmatch(self.value, value) is not None if self.op in ("=~", "!~") else value == self.value
        return same if self.op in ("=", "=~") else not same

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.op}"{escaped}"'


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
        text = value.strip()
        text = text[1:-1] if text.startswith("{") and text.endswith("}") else text
        found, position = [], 0
        while position < len(text):
            match = MATCHER.match(text, position)
            if match is None:
                raise ValueError(f'cannot read {text[position:]!r}; write name="value", name!="value", =~ or !~')
            raw = ESCAPE.sub(lambda escape: UNESCAPED.get(escape[1], escape[0]), match[3])
            if match[2] in ("=~", "!~"):
                try:
                    re.compile(raw)
                except re.error as error:
                    raise ValueError(f"{raw!r} is no regular expression: {error}") from None
            found.append(Matcher(match[1], match[2], raw))
            position = match.end()
            if position < len(text):
                if text[position] != ",":
                    raise ValueError(f"expected a comma before {text[position:]!r}")
                position += 1
        if not found:
            raise ValueError("at least one matcher is needed: none would match every alert")
        return cls(tuple(found))
