"""Every outside system that we ask over HTTP: one that answers by drops is left in time, whichever it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from talaia.audience.client import fetch
from talaia.audience.mailman.client import MailmanClient as ListServer
from talaia.config import Audience, Columns, Config, Mailman, MirrorConfig, SiteConfig, SourceConfig, Tables, Text
from talaia.forum.discourse.client import DiscourseClient as Forum
from talaia.outbox.errors import TemporaryError
from talaia.signals.client import SourceClient as Monitoring
from talaia.signals.sources.registry import poll
from tests.signals.faulty import Drip

HEAD, CONTINUE = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"
SITE = SiteConfig(name=Text((("", "x"),)), address="https://status.example.org")
SECONDS = timedelta(seconds=0.4)
COLUMNS = Columns(address="mail")


def source(url: str, config: Config) -> None:
    poll(Monitoring(SourceConfig(id="p", kind="prometheus", url=url, timeout=SECONDS), config), [], timezone.now())


def export(url: str, config: Config) -> None:
    fetch(Audience(columns=COLUMNS, export=url, timeout=SECONDS), config)


def list_server(url: str, config: Config) -> None:
    mailman = Mailman(url=url, list="avisos@example.org", username="a", password_file="secret", timeout=SECONDS)
    ListServer(mailman, config).get("lists")


def forum(url: str, config: Config) -> None:
    mirror = MirrorConfig(kind="discourse", address=url, user="talaia", key_file="secret", timeout=SECONDS)
    Forum(mirror, config, timezone.now).get("/site.json")


@pytest.mark.parametrize("ask", [source, export, list_server, forum])
@pytest.mark.parametrize(
    "target",
    [
        Drip(HEAD + b"X-A: "),
        Drip(CONTINUE, CONTINUE),
        Drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        Drip(HEAD + b"\r\n", b" "),
    ],
)
@pytest.mark.slow
def test_whoever_answers_by_drops_is_left_in_time(
    target: Drip, ask: Callable[[str, Config], None], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    config = Config(Tables(site=SITE), tmp_path / "talaia.toml")
    begun = time.monotonic()
    with target, pytest.raises(TemporaryError, match="it takes more than"):
        ask(f"http://{target.address}", config)
    assert time.monotonic() - begun < 10 * SECONDS.total_seconds() + 3
