"""How a line of the log looks: time and priority for whoever keeps it, and nothing in it that acts."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from talaia.cli import parser
from talaia.config import Config
from talaia.log import formatters, known_secrets


def record(
    message: str, level: int = logging.WARNING, name: str = "talaia.server.process", fault: bool = False
) -> logging.LogRecord:
    error = None
    if fault:
        try:
            raise ValueError("oh")
        except ValueError:
            error = sys.exc_info()
    return logging.LogRecord(name, level, __file__, 1, message, (), error)


@pytest.mark.parametrize(
    ("environment", "stderr", "chosen"),
    [
        ({}, (8, 17), "plain"),
        ({"JOURNAL_STREAM": "8:17"}, (8, 17), "journal"),
        ({"JOURNAL_STREAM": "8:18", "INVOCATION_ID": "a"}, (8, 17), "plain"),  # led into a file
        ({"JOURNAL_STREAM": "8:17"}, None, "plain"),
        ({"JOURNAL_STREAM": "8:17", "TALAIA_LOG": "json"}, (8, 17), "json"),
        ({"JOURNAL_STREAM": "8:17", "TALAIA_LOG": "plain"}, (8, 17), "plain"),
        ({"TALAIA_LOG": "journal"}, None, "journal"),
        ({"JOURNAL_STREAM": "8:17", "TALAIA_LOG": "auto"}, (8, 17), "journal"),
        ({"TALAIA_LOG": "nonsense"}, (8, 17), "plain"),
    ],
)
def test_the_form_is_what_is_asked_for_or_what_systemd_says(
    environment: dict[str, str], stderr: tuple[int, int] | None, chosen: str
) -> None:
    assert formatters.choice(environment, stderr) == chosen


def test_what_counts_is_where_our_standard_error_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TALAIA_LOG", raising=False)
    for found, chosen in [(os.fstat(2), "journal"), (tmp_path.stat(), "plain")]:
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert formatters.here() == chosen


def test_a_plain_line_begins_with_time_and_level() -> None:
    told = formatters.Plain().format(record("a source is away"))
    line = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d WARNING talaia\.server\.process: a source is away"
    assert re.fullmatch(line, told)


@pytest.mark.parametrize(
    ("level", "number"), [(logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (10, 7)]
)
def test_for_the_journal_every_line_begins_with_its_priority(level: int, number: int) -> None:
    told = formatters.Journal().format(record("one\ntwo", level, fault=True)).splitlines()
    assert told[:2] == [f"<{number}>talaia.server.process: one", f"<{number}>two"]
    assert all(line.startswith(f"<{number}>") for line in told) and told[-1] == f"<{number}>ValueError: oh"


def test_json_is_one_object_in_one_line() -> None:
    told = formatters.Json().format(record("one\ntwo", fault=True))
    assert "\n" not in told
    read = json.loads(told)
    assert (read["level"], read["logger"], read["message"]) == ("warning", "talaia.server.process", "one\ntwo")
    assert read["traceback"].endswith("ValueError: oh")


def test_a_line_of_a_stranger_is_short_and_one_line() -> None:
    told = formatters.Plain().format(
        record(f"Invalid HTTP_HOST header: 'x\ny\x1b[2J{'é' * 5000}'", name="django.security.X")
    )
    assert "\n" not in told and "\x1b" not in told
    assert len(told) < 300
    most = formatters.LONGEST // 10
    for length, said in [(most, "-" * most), (most + 1, f"{'-' * most}…")]:
        told = formatters.Plain().format(record("-" * length, name="django.request"))
        assert told.endswith(f" django.request: {said}")


def test_a_refusal_is_as_the_log_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALAIA_LOG", "plain")
    assert formatters.refusal("talaia: 100% no") == "talaia: 100% no"
    monkeypatch.setenv("TALAIA_LOG", "journal")
    assert formatters.refusal("talaia: no\nnor that") == "<3>talaia: no\n<3>nor that"
    monkeypatch.setenv("TALAIA_LOG", "json")
    assert json.loads(formatters.refusal("talaia: 100% no"))["message"] == "talaia: 100% no"


def test_what_the_files_of_secrets_hold_is_in_no_line(tmp_path: Path, configure: Callable[[str], Config]) -> None:
    (tmp_path / "url").write_text("https://hooks.example.org/services/T0000001/B0000001AAAA/XyzXyzXyz123\n")
    (tmp_path / "password").write_text("corretja blava\n")
    configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n'
        '[mail]\nsender = "estat@example.org"\nusername = "talaia"\npassword_file = "password"\n'
        '[[chat]]\nname = "sala"\nurl_file = "url"\n'
    )
    (tmp_path / "secret-key").write_text("the-key-of-the-sessions")
    assert "corretja blava" in known_secrets.secrets()
    fault = "404 for /services/T0000001/B0000001AAAA/XyzXyzXyz123; login: corretja blava; the-key-of-the-sessions"
    told = formatters.Plain().format(record(fault))
    assert told.endswith("404 for /services/T0000001/…/…; login: …; …")


@pytest.mark.parametrize("arguments", [["--log", "json", "up"], ["up", "--log", "json"], ["up", "--log=json"]])
def test_the_form_may_be_said_before_the_command_or_behind_it(arguments: list[str]) -> None:
    known_secrets, rest = parser().parse_known_args([*arguments, "--listen", "127.0.0.1:1", "--con", "x"])
    assert (known_secrets.command, known_secrets.log, known_secrets.config) == ("up", "json", None)
    assert rest == ["--listen", "127.0.0.1:1", "--con", "x"]  # what is shortened is the command's own


@pytest.mark.parametrize(
    ("written", "held", "kept"),
    [
        ("Bearer abc123def456", "abc123def456", ""),  # of a header the word behind the first
        ("https://example.org/services/T0000001AAAA", "T0000001AAAA", "services"),  # of an address what is long enough
        ("https://me:corretja%20blava@example.org/", "corretja blava", "example.org"),
        ("//example.org/services/T0000001AAAA", "//example.org/services/T0000001AAAA", "T0000001AAAA"),  # no address
        ("file:/services/T0000001AAAA", "file:/services/T0000001AAAA", "T0000001AAAA"),
        ("https://[oh/T0000001AAAA\nanother-line", "another-line", "T0000001AAAA"),  # that cannot be taken apart
    ],
)
def test_a_secret_is_known_by_what_each_of_its_lines_holds(
    written: str, held: str, kept: str, tmp_path: Path, configure: Callable[[str], Config]
) -> None:
    (tmp_path / "password").write_text(written)
    configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n'
        '[mail]\nsender = "estat@example.org"\nusername = "talaia"\npassword_file = "password"\n'
    )
    assert held in known_secrets.secrets()
    assert kept not in known_secrets.secrets()


def test_the_password_of_the_database_is_in_no_line(configure: Callable[[str], Config]) -> None:
    configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n'
        '[database]\nurl = "postgresql://talaia:corretja-blava@db.example.org/talaia"\n'
    )
    assert formatters.Plain().format(record("no role corretja-blava")).endswith("no role …")


def test_of_secrets_of_which_one_holds_another_nothing_is_left(
    tmp_path: Path, configure: Callable[[str], Config]
) -> None:
    (tmp_path / "password").write_text("\n".join("corretja"[:length] * (length - 5) for length in (8, 6, 7)))
    configure(
        '[site]\nname = "x"\naddress = "https://status.example.org"\n'
        '[mail]\nsender = "estat@example.org"\nusername = "talaia"\npassword_file = "password"\n'
    )
    assert [len(one) for one in known_secrets.secrets()] == [24, 14, 6]
    assert formatters.Plain().format(record("login: corretjacorretjacorretja")).endswith("login: …")


def test_a_traceback_of_ours_keeps_the_names_that_look_as_if_thrown_with_dice() -> None:
    try:
        raise ValueError("no row a1b2c3d4e5f6a7b8c9d0")
    except ValueError:
        fault = logging.LogRecord("talaia.server.process", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    assert "no row a1b2c3d4e5f6a7b8c9d0" in formatters.Plain().format(fault)


def test_a_line_is_cut_beyond_its_length_and_never_at_it() -> None:
    assert formatters.Plain().format(record("é" * formatters.LONGEST)).endswith(f": {'é' * formatters.LONGEST}")
    assert formatters.Plain().format(record("é" * (formatters.LONGEST + 1))).endswith(f": {'é' * formatters.LONGEST}…")
    assert '"é"' in formatters.Json().format(record("é"))
