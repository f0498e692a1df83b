"""`talaia check` asks the mail server, and says what is wrong in one line with its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from talaia.config import current
from talaia.notices.mail_server import client
from talaia.outbox.errors import PermanentError
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


def test_a_password_that_cannot_be_sent_or_read(
    server: MailServer,
    configure: Configure,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    server.extensions = ("here", "AUTH PLAIN")
    server.answers = lambda verb, _argument: "535 5.7.8 no" if verb == "AUTH" else None
    (tmp_path / "password").write_text("contraseña")
    config = set_up(configure, server, 'username = "talaia"\npassword_file = "password"\n')
    said = check(capsys, monkeypatch)
    assert said.code == 1
    assert "FAIL " in said.out and "holds letters beyond ASCII" in said.out
    for password, words in (("contraseña".encode(), "letters beyond ASCII"), (b"contrase\xf1a", "does not let us in")):
        (tmp_path / "password").write_bytes(password)
        with client(config) as sending, pytest.raises(PermanentError, match=words):
            sending.send("estat@example.org", "anna@example.net", b"Subject: x\r\n\r\n")


def test_a_sender_that_cannot_be_written_is_a_fault_that_lasts(server: MailServer, configure: Configure) -> None:
    with client(set_up(configure, server)) as sending, pytest.raises(PermanentError, match="letters beyond ASCII"):
        sending.send("estat@exàmple.cat", "anna@example.net", b"Subject: x\r\n\r\n")


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
