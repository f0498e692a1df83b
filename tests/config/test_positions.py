"""The line of everything in a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from talaia.config.positions import Path as Place
from talaia.config.positions import Positions, path_text

TEXT = '''\
top = 1
[site]  # a comment with [brackets] = and "quotes
name = { ca = "Web", es = "[[x]]" }
text = """
[not.a.table]
fake = "key"
"""
after = \'\'\'one line\'\'\'
dotted.key.here = 2
[a.b]
'''

NESTED = """\
[[services]]
slug = "a"
alerts = [
  # first
  { match = 'x="[y]"', impact = "partial" },
  { match = '''
z''' },
]
[services.evidence]
source = "p"

[[services]]
  [[services.alerts]]
  match = "one"
  [[services.alerts]]
  match = "two"
"quoted key" = [[1, 2],
  [3]]
"""


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        (TEXT, ("top",), 1),
        (TEXT, ("site",), 2),
        (TEXT, ("site", "name", "es"), 3),
        (TEXT, ("site", "text"), 4),
        (TEXT, ("site", "after"), 8),
        (TEXT, ("site", "dotted", "key", "here"), 9),
        (TEXT, ("a", "b"), 10),
        (NESTED, ("services", 0, "alerts", 0, "impact"), 5),
        (NESTED, ("services", 0, "alerts", 1), 6),
        (NESTED, ("services", 0, "alerts", 1, "match"), 6),
        (NESTED, ("services", 0, "evidence", "source"), 10),
        (NESTED, ("services", 1), 12),
        (NESTED, ("services", 1, "alerts", 1, "match"), 16),
        (NESTED, ("services", 1, "alerts", 1, "quoted key", 1, 0), 18),
    ],
)
def test_a_place_is_found_on_its_line(text: str, place: Place, line: int) -> None:
    assert Positions(text).line(place) == line


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    assert Positions(NESTED).line(("services", 0, "evidence", "query", 3)) == 9
    assert Positions(NESTED).line(("nothing",)) == 0


def test_a_key_inside_a_text_of_many_lines_is_none() -> None:
    assert ("site", "fake") not in Positions(TEXT).lines
    assert ("not",) not in Positions(TEXT).lines


def test_places_are_written_as_people_count() -> None:
    assert path_text(("services", 3, "alerts", 0, "match")) == "services[4].alerts[1].match"


def paths(value: Any, path: Place = ()) -> Iterator[Place]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


STRINGS = """\
a = ""
b = ''
c = \"\"\"\"\"\"
d = ''''''
e = \"\"\"x\\\"\"\" = "y\"\"\"\"\"
f = '''a''b'''''
g = "\\"# = ["
h = '\\'
i = [ '\\', "]", '''
]''', 1979-05-27T07:32:00Z, -inf, 0x1F, { j = true, k = [] } ] # end
"l.m" . n = 1
"""


@pytest.mark.parametrize(
    "text", [TEXT, NESTED, STRINGS, Path("tests/talaia.toml").read_text()], ids=["text", "nested", "strings", "tests"]
)
def test_every_path_that_tomllib_sees_has_a_place_and_no_other(text: str) -> None:
    assert set(Positions(text).lines) == set(paths(tomllib.loads(text)))
