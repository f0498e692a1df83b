"""docs/configuration.md and the example that `talaia init` writes say what talaia/config/tables.py says, no more."""

from __future__ import annotations

import re
import tomllib
import types
import typing
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from talaia.config import Threshold, read
from talaia.config.matchers import Matchers
from talaia.config.tables import Tables, Text
from talaia.config.toml import TomlReader

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "talaia" / "config" / "example.toml").read_text()
REFERENCE = (ROOT / "docs" / "configuration.md").read_text()

DOCS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))

Row = tuple[str, str]  # kind, default


def inner(hint: Any) -> Any:
    """The type without its `| None`."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(kind for kind in typing.get_args(hint) if kind is not type(None))
    return hint


def kind(name: str, hint: Any) -> str:
    """A type in the words of the reference."""
    hint = inner(hint)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return f"list of {kind('', item)}s".replace("choices", "texts")
    if typing.get_origin(hint) is typing.Literal:
        return "choice"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return "table"
    if name.endswith("_file"):
        return "file"
    words = {Text: "words", bool: "yes or no", int: "whole number", timedelta: "duration", str: "text"}
    return (words | {Threshold: "threshold", Matchers: "matchers"})[hint]


def default(value: object) -> str:
    """A default as TOML writes it."""
    if value is msgspec.NODEFAULT:
        return "*required*"
    match value:
        case None:
            return "*none*"
        case bool():
            return f"`{str(value).lower()}`"
        case int():
            return f"`{value}`"
        case timedelta() if value.days and not value.seconds:
            return f'`"{value.days}d"`'
        case timedelta():
            seconds = int(value.total_seconds())
            if seconds and seconds % 86_400 == 0:
                return f'`"{seconds // 86400}d"`'
            written = f"{seconds // 60}m" * (seconds >= 60) + f"{seconds % 60}s" * (seconds % 60 > 0 or not seconds)
            return f'`"{written}"`'
        case Threshold():
            return f"`{value}`" if value.count else f'`"{value}"`'
        case tuple():
            return "`[" + ", ".join(f'"{item}"' for item in value) + "]`"
    return f'`"{value}"`'


def sections(struct: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, dict[str, Row]]]:
    """Every table of the configuration with its keys, `[[services.alerts]]` and `[web]` as TOML heads them."""
    hints = typing.get_type_hints(struct)
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    if path:
        yield path, {name: (kind(name, hints[name]), default(field.default)) for name, field in fields.items()}
    for name in fields:
        hint = inner(hints[name])
        is_list = typing.get_origin(hint) is tuple
        item = typing.get_args(hint)[0] if is_list else hint
        if isinstance(item, type) and issubclass(item, msgspec.Struct):
            whole = f"{path.strip('[]')}.{name}" if path else name
            yield from sections(item, f"[[{whole}]]" if is_list else f"[{whole}]")


SECTIONS = dict(sections(Tables))


def documented() -> dict[str, dict[str, Row]]:
    """The tables of docs/configuration.md."""
    found: dict[str, dict[str, Row]] = {}
    for part in re.split(r"^##+ ", REFERENCE, flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0].strip("`")
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", part, re.MULTILINE)
        found[heading] = {name: (kind.strip(), default.strip()) for name, kind, default in rows}
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_the_reference_tells_every_key_with_its_kind_and_default_and_no_other(section: str) -> None:
    assert documented()[section] == SECTIONS[section]


def test_the_reference_tells_of_no_table_that_there_is_not() -> None:
    assert documented().keys() == SECTIONS.keys()


def test_the_examples_of_the_reference_decode() -> None:
    for section, rows in documented().items():
        for name in rows:
            row = re.search(
                rf"^##+ `{re.escape(section)}`$.*?^\| `{name}` \|[^\n]*\| ([^|\n]*)\|$", REFERENCE, re.M | re.S
            )
            assert row, (section, name)
            example = row[1].strip().strip("`")
            if example:
                struct = struct_of(section)
                reader = TomlReader(f"{name} = {example}")
                reader.value(typing.get_type_hints(struct)[name], tomllib.loads(f"x = {example}")["x"], (name,))
                assert not reader.mistakes, (section, name)


def struct_of(section: str) -> type[msgspec.Struct]:
    """The struct that `[[services.alerts]]` is read into."""
    struct: type[msgspec.Struct] = Tables
    for name in section.strip("[]").split("."):
        hint = inner(typing.get_type_hints(struct)[name])
        struct = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else hint
    return struct


def opened() -> str:
    """The example with every setting that is commented out put in force."""
    return re.sub(r"^#(?=[\w\[])", "", EXAMPLE, flags=re.MULTILINE)


def keys(text: str) -> dict[str, set[str]]:
    """The keys that a configuration sets, by table."""
    found: dict[str, set[str]] = {}

    def walk(value: dict[str, Any], struct: type[msgspec.Struct], path: str) -> None:
        hints = typing.get_type_hints(struct)
        for name, inside in value.items():
            found.setdefault(path, set()).add(name)
            hint = inner(hints[name])
            item = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else hint
            if isinstance(item, type) and issubclass(item, msgspec.Struct):
                whole = f"{path.strip('[]')}.{name}" if path else name
                for table in inside if isinstance(inside, list) else [inside]:
                    walk(table, item, f"[[{whole}]]" if isinstance(inside, list) else f"[{whole}]")

    walk(tomllib.loads(text), Tables, "")
    found.pop("")
    return found


def test_the_example_runs_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "talaia.toml").write_text(EXAMPLE)
    assert read(tmp_path / "talaia.toml").web.host_and_port == ("127.0.0.1", 8000)


def test_the_example_with_every_setting_opened_decodes() -> None:
    reader = TomlReader(opened())
    reader.struct(Tables, tomllib.loads(opened()), ())
    assert [str(mistake) for mistake in reader.mistakes] == []


def test_the_opened_example_fits_together_but_for_its_two_databases_and_list_servers_and_mirrors(
    tmp_path: Path,
) -> None:
    text = (
        opened()
        .replace('url_file = "secrets/database', '#url_file = "secrets/database')
        .replace('addresses = "', '#addresses = "')
    )
    text = text.replace('\nto = "', '\n#to = "').replace(
        "[audience.sympa]\nstale_after", "#[audience.sympa]\n#stale_after"
    )
    text = re.sub('^(repository|branch|folder|known_hosts_file) = ".*', "", text, flags=re.MULTILINE)
    (tmp_path / "secrets").mkdir()
    for file in re.findall(r'_file = "([^"]+)"', text):
        (tmp_path / file).write_text("x")
    for file in re.findall(r'"(\w+\.\w+\.md)"', text):
        (tmp_path / file).write_text("# x")
    (tmp_path / "talaia.toml").write_text(text)
    assert read(tmp_path / "talaia.toml").source("prometheus")


def test_every_key_stands_in_the_example() -> None:
    assert keys(opened()) == {section: set(rows) for section, rows in SECTIONS.items()}


def test_what_is_commented_out_as_a_default_is_the_default() -> None:
    """`#refresh = "1m"` promises that nothing changes when the "#" goes."""
    examples = {"about", "secret_key_file", "url", "url_file", "username", "password_file", "token_file", "hosts"}
    examples.add("stale_after")  # what it is without depends on `refresh`
    for section in ("[site]", "[web]"):
        block = EXAMPLE.split(f"\n{section}\n")[1].split("\n\n")[0]
        for name, value in re.findall(r"^#(\w+) = (.+)$", block, re.MULTILINE):
            if name not in examples:
                assert f"`{value}`" == SECTIONS[section][name][1], (section, name)


@pytest.mark.parametrize("name", ["README.md", "README.ca.md"])
def test_the_ten_lines_of_the_readme_are_ten_and_a_whole_configuration(name: str, tmp_path: Path) -> None:
    [block] = re.findall(r"```toml\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    assert len(block.splitlines()) == 10
    (tmp_path / "talaia.toml").write_text(block)
    assert read(tmp_path / "talaia.toml").tables.services


@pytest.mark.parametrize("name", ["README.md", "README.ca.md", "CHANGELOG.md", *DOCS])
def test_what_a_page_points_to_is_there(name: str) -> None:
    page = ROOT / name
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)|src=\"([^\"]+)\"", text):
        path = target[0] or target[1]
        if "://" not in path and not path.startswith("mailto:"):
            assert (page.parent / path).exists(), path


def test_the_reference_is_named_where_people_begin() -> None:
    assert "docs/configuration.md" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").glob("*.png")), ids=lambda path: path.stem)
def test_a_picture_is_no_larger_than_people_on_a_phone_would_want(picture: Path) -> None:
    assert picture.stat().st_size <= 200_000
