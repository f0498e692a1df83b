"""A proxy on this machine of which we are not told: said once in the log, by `talaia check`, and at the desk."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.commands.check import proxy
from talaia.config import Config, SiteConfig, Tables, Text
from talaia.config.tables import Web
from talaia.forwarded import Forwarded, is_forgotten, note_file

NOW = datetime.now(UTC)
XFF = [b"host", b"x-forwarded-for"]


@pytest.mark.parametrize(
    ("client", "names", "noted"),
    [
        ("127.0.0.1", XFF, True),
        ("::1", XFF, True),
        ("192.0.2.7", XFF, False),  # anybody may write it
        ("127.0.0.1", [b"host"], False),
        ("", XFF, False),
    ],
)
def test_only_a_proxy_on_this_machine_is_noted(tmp_path: Path, client: str, names: list[bytes], noted: bool) -> None:
    Forwarded(tmp_path).look(client, names)
    assert is_forgotten(tmp_path, False, NOW) is noted


def test_it_is_said_once_in_the_log_however_many_come(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    forwarded = Forwarded(tmp_path)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            forwarded.look("127.0.0.1", XFF)
    (record,) = caplog.records
    assert "behind_proxy = true" in record.getMessage()


def test_check_says_it_until_the_proxy_is_told_of_or_none_has_come_for_a_week(tmp_path: Path) -> None:
    def said(behind_proxy: bool) -> list[str]:
        site = SiteConfig(name=Text((("", "x"),)), address="https://status.example.org")
        config = Config(Tables(site=site, web=Web(behind_proxy=behind_proxy)), None, tmp_path)
        return [mend for _, _, mend in proxy(config)]

    assert said(False) == []
    Forwarded(tmp_path).look("127.0.0.1", XFF)
    assert said(False) == ["set behind_proxy = true in [web], and restart talaia"]
    assert said(True) == []
    long_ago = (NOW - timedelta(days=8)).timestamp()
    os.utime(note_file(tmp_path), (long_ago, long_ago))
    assert said(False) == []


def test_a_home_that_cannot_be_written_stops_no_request(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("no folder")
    Forwarded(tmp_path).look("127.0.0.1", XFF)
    assert not is_forgotten(tmp_path, False, NOW)
