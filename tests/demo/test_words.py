"""What the demo says in the terminal: in the reader's language, with commands that the reader can type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from talaia.demo.words import Scene, language, servers, typed, welcome

SCENE = Scene(
    base="http://127.0.0.1:8123",
    open_incident="2026-025",
    told_incident="2026-022",
    maintenance="2026-002",
    person="operadora",
    password="secret",
    command="talaia demo",
    option=" --port 8123",
)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "ca_ES.UTF-8"}, "ca"),
        ({"LANG": "ca_ES@valencia"}, "ca"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ca_ES.UTF-8", "LC_MESSAGES": "es_ES.UTF-8"}, "es"),
        ({"LANG": "ca_ES.UTF-8", "LC_MESSAGES": "es_ES.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "fr:ca:en"}, "ca"),
        ({"LANG": "C", "LANGUAGE": "ca"}, "en"),  # the C locale translates nothing
        ({"LANG": "ca_ES.UTF-8", "LC_ALL": ""}, "ca"),
    ],
)
def test_the_terminal_says_in_which_language(environment: Mapping[str, str], wanted: str) -> None:
    assert language(environment) == wanted


@pytest.mark.parametrize(
    ("program", "found", "wanted"),
    [
        (".venv/bin/talaia", None, ".venv/bin/talaia"),
        ("/srv/talaia/.venv/bin/talaia", None, ".venv/bin/talaia"),
        ("/opt/talaia/bin/talaia", None, "/opt/talaia/bin/talaia"),
        ("/usr/bin/talaia", "/usr/bin/talaia", "talaia"),
        ("/srv/talaia/.venv/bin/talaia", "/usr/bin/talaia", ".venv/bin/talaia"),
    ],
)
def test_commands_are_printed_as_the_reader_would_type_them(program: str, found: str | None, wanted: str) -> None:
    assert typed([program, "demo"], Path("/srv/talaia"), found) == wanted


def test_a_module_is_run_again_as_a_module() -> None:
    assert typed(["/x/talaia/__main__.py", "demo"], Path("/x"), None).endswith(" -m talaia")


@pytest.mark.parametrize("code", ["ca", "es", "en"])
def test_the_welcome_says_where_to_look_how_to_get_in_and_what_to_try(code: str) -> None:
    said = welcome(SCENE, code)
    for path in ("/", "/incidents/2026-025/", "/incidents/2026-022/", "/maintenance/2026-002/", "/history/", "/desk/"):
        assert f"http://127.0.0.1:8123{path}\n" in said
    assert "operadora  secret" in said
    assert "  talaia demo break meet --port 8123\n" in said
    assert "Ctrl-C" in said
    assert max(map(len, said.splitlines())) <= 100


def test_the_welcome_is_translated() -> None:
    assert len({welcome(SCENE, code) for code in ("ca", "es", "en")}) == 3


def test_each_server_has_a_line_with_its_state() -> None:
    assert servers({"meet": False, "website": True}, "en") == "meet     broken\nwebsite  works"
