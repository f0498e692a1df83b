"""Somebody answers one of our mails, through a real Postfix: by its pipe, and by its LMTP."""

from __future__ import annotations

import os
import pwd
import smtplib
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.notices.mailserver import MailServer, Taken
from tests.product import ROOT, Talaia
from tests.servers.postfix import Postfix
from tests.servers.process import Process, free_port, release_port, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root")]
MAIL = """
[mail]
sender = "Estat <estat@example.org>"
reply_to = "respostes@example.org"
bounces = "torna@example.org"
answer = true
port = {port}
hold = "0s"
"""


@pytest.fixture
def sink() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


@pytest.fixture
def talaia() -> Iterator[Talaia]:
    """Its folder belongs to who runs the pipe, as Postfix runs nothing as root."""
    with tempfile.TemporaryDirectory(prefix="talaia-answers-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)
        yield Talaia(home, "")


def letter(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    given = {"From": "Anna <anna@example.net>", "To": "respostes@example.org", "Subject": "Re: [Problem]", **headers}
    for name, value in given.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("It does not work!\n")
    return mail


def write(postfix: Postfix, mail: EmailMessage, sender: str = "anna@example.net") -> None:
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as link:
        link.send_message(mail, sender, ["respostes@example.org"])


def answers(sink: MailServer) -> list[Taken]:
    return [one for one in sink.taken if one.mail["Auto-Submitted"] == "auto-replied"]


def life(talaia: Talaia, postfix: Postfix, sink: MailServer) -> None:
    """Machines write first, then a person: when the person is answered, the machines were not."""
    write(postfix, letter(Auto_Submitted="auto-replied (vacation)"), "bernat@example.net")
    write(postfix, letter(Precedence="bulk"), "carla@example.net")
    write(postfix, letter(Content_Type="text/plain"), "")
    write(postfix, letter(Message_ID="<m1@example.net>"))
    write(postfix, letter(Message_ID="<m2@example.net>"))
    wait_until(lambda: answers(sink), 60, "the answer", postfix, talaia)
    large = letter()
    large.set_content("Much is to be said. \n" * 500_000)  # 10 MB
    write(postfix, large, "dora@example.net")
    wait_until(lambda: len(answers(sink)) == 2, 60, "the answer to a large one", postfix, talaia)
    first, second = answers(sink)
    assert (first.to, second.to) == ("anna@example.net", "dora@example.net")
    assert first.mail["In-Reply-To"] in ("<m1@example.net>", "<m2@example.net>")
    assert "https://status.example.org/" in first.text
    # What we sent comes back to us from a machine that means well.
    write(postfix, first.mail, "emma@example.net")
    write(postfix, letter(), "fina@example.net")
    wait_until(lambda: len(answers(sink)) == 3, 60, "the answer to the last", postfix, talaia)
    assert answers(sink)[2].to == "fina@example.net"
    assert all(one.to != "bernat@example.net" for one in sink.taken)


def interpreter() -> str:
    """The words with which any account can run this very Python; where ours is in a closed home, Debian's."""
    reachable = all(path.stat().st_mode & 0o001 for path in Path(sys.executable).resolve().parents)
    if reachable:
        return sys.executable
    debian, version = Path("/usr/bin/python3"), f"python{sys.version_info.major}.{sys.version_info.minor}"
    if debian.resolve().name != version:
        pytest.skip(f"no other account can reach {sys.executable}, and Debian has no {version}")
    return f"PYTHONPATH={sysconfig.get_path('purelib')} {debian}"


def test_by_a_pipe(talaia: Talaia, sink: MailServer) -> None:
    program = talaia.home / "answer"
    environment = " ".join(f"{name}={value}" for name, value in talaia.environment.items())
    program.write_text(f'#!/bin/sh\ncd {ROOT}\nexec env {environment} {interpreter()} -m talaia answer "$@"\n')
    program.chmod(0o755)
    with Postfix({"respostes@example.org": "answer:"}, sink.port, program) as postfix:
        config = (ROOT / "tests" / "talaia.toml").read_text() + MAIL.format(port=postfix.port)
        (talaia.home / "talaia.toml").write_text(config)
        nobody = pwd.getpwnam("nobody")
        os.chown(talaia.home, nobody.pw_uid, nobody.pw_gid)
        with talaia:
            talaia.started()
            for path in talaia.home.iterdir():
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
            life(talaia, postfix, sink)


def test_by_lmtp_with_the_one_listener(talaia: Talaia, sink: MailServer) -> None:
    port = free_port()
    with Postfix({"respostes@example.org": f"lmtp:inet:127.0.0.1:{port}"}, sink.port) as postfix:
        config = (ROOT / "tests" / "talaia.toml").read_text() + MAIL.format(port=postfix.port)
        (talaia.home / "talaia.toml").write_text(config)
        with talaia:
            talaia.started()
            command = [sys.executable, "-m", "talaia", "bounce", "--lmtp", f"127.0.0.1:{port}"]
            with Process(command, talaia.home / "lmtp.log", folder=ROOT, environment=talaia.environment) as door:
                wait_until(lambda: "listening" in door.output(), 20, "the listener", door)
                life(talaia, postfix, sink)
    release_port(port)
