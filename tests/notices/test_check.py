"""`talaia check` asks the mail server, and says what is wrong in one line with its mend."""

from __future__ import annotations

import pytest

from talaia.config import current
from tests.journeys.shell import Said, Shell
from tests.notices.conftest import Configure, set_up
from tests.notices.mailserver import DROP, MailServer
from tests.servers.process import free_port, release_port

pytestmark = pytest.mark.django_db


def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Said:
    monkeypatch.setenv("TALAIA_CONFIG", str(current().path))
    return Shell(capsys, monkeypatch)("check")


def test_a_server_that_answers(
    server: MailServer, configure: Configure, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(configure, server)
    assert f"ok    the mail server 127.0.0.1:{server.port} answers and lets us in" in check(capsys, monkeypatch).out
    assert server.taken == []


def test_one_that_hangs_up_or_offers_no_encryption(
    server: MailServer, configure: Configure, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up(configure, server, 'tls = "starttls"\n')
    said = check(capsys, monkeypatch)
    assert said.code == 1
    assert "FAIL  the mail server" in said.out
    assert "offers no STARTTLS" in said.out
    assert '→ write [mail] tls = "tls" or "none"' in said.out
    server.answers = lambda verb, _argument: DROP if verb == "EHLO" else None
    assert "does not answer" in check(capsys, monkeypatch).out


def test_none_at_all(
    server: MailServer, configure: Configure, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    config = set_up(configure, server)
    assert config.path
    configure(config.path.read_text().replace(f"port = {server.port}", f"port = {port}"))
    said = check(capsys, monkeypatch)
    release_port(port)
    assert f"FAIL  the mail server 127.0.0.1:{port} does not answer" in said.out
    assert "are [mail] host and port right?" in said.out
