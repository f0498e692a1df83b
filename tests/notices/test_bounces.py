"""Mails that come back: whose they were, when an address counts as gone, and by which doors they come in."""

from __future__ import annotations

import io
import json
import smtplib
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError

from talaia import cli
from talaia.api.lmtp import LmtpServer
from talaia.audience.mailing import readers
from talaia.audience.models import Recipient
from talaia.config import current
from talaia.notices import tokens
from talaia.notices.bounce_counts import came_back
from talaia.notices.bounces import Returned, read
from talaia.notices.models import Bounce
from talaia.notices.smtp_replies import Meaning
from talaia.outbox.models import Fact
from tests.audience.ledger import CONFIG
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.killing import migrate
from tests.notices.mailserver import MailServer
from tests.notices.reports import report
from tests.product import ROOT, Talaia
from tests.servers.process import Process, free_port, release_port, wait_until

SECRET = b"a secret"
KEY = "r000000000007"
BACK = tokens.return_path(SECRET, "torna@example.org", KEY)


@pytest.mark.parametrize(
    ("status", "action", "meaning"),
    [
        ("5.1.1", "failed", Meaning.GONE),
        ("5.1.10", "failed", Meaning.GONE),
        ("5.2.1 (disabled)", "failed", Meaning.GONE),
        ("5.4.4", "failed", Meaning.GONE),
        ("5.0.0", "failed", Meaning.UNCLEAR),  # nobody says
        ("5.2.2", "failed", Meaning.LATER),  # full
        ("5.7.1", "failed", Meaning.OURS),  # a policy
        ("5.6.0", "failed", Meaning.OURS),
        ("4.4.1", "delayed", None),
        ("5.1.1", "delayed", None),
        ("2.0.0", "relayed", None),
    ],
)
def test_who_is_gone_and_who_is_only_not_at_home(status: str, action: str, meaning: Meaning | None) -> None:
    found = read(report(BACK, status, action=action), SECRET)
    assert found == Returned(KEY, meaning, status if meaning else "")


def test_of_the_words_of_a_report_nothing_is_kept_that_no_database_keeps() -> None:
    found = read(report(BACK, "5.1.1", "smtp; 550 5.1.1 no\0body \x1b[31mhere"), SECRET)
    assert found is not None
    assert found.status == "5.1.1 550 5.1.1 nobody here"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 500,
        f"To: {BACK}\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\n5.1.1 I am in 5.1.1\r\n".encode(),
        f"To: {BACK}\r\nContent-Type: message/delivery-status\r\n\r\n".encode(),
        f"To: {BACK}\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n--x\r\n--x--".encode(),
        report(BACK, "5.1.1")[:300],
    ],
)
def test_what_is_no_report_never_costs_anybody_their_mails(content: bytes) -> None:
    found = read(content, SECRET, BACK)
    assert found == Returned(KEY)


def test_a_return_path_of_somebody_else_is_believed_by_nobody() -> None:
    for wrong in ("torna@example.org", BACK.replace("7=", "8="), tokens.return_path(b"x", "torna@example.org", KEY)):
        assert read(report(wrong, "5.1.1"), SECRET) is None
    assert read(report(BACK, "5.1.1"), SECRET, "other@example.org") is None  # the envelope has the last word
    assert read(report("x@example.org", "5.1.1"), SECRET, BACK.upper()) is not None  # some servers shout


def test_parts_in_parts_without_end_are_no_report_and_no_failure() -> None:
    nested = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(3000))
    head = f"To: {BACK}\r\n".encode()
    assert read(head + nested, SECRET) == read(nested, SECRET, BACK) == Returned(KEY)
    assert read(nested, SECRET) is None


@pytest.mark.django_db(transaction=True)
def test_after_so_many_days_an_address_gets_no_more_and_many_in_a_day_count_once(house: House) -> None:
    house.server.answers = lambda verb, argument: "550 5.1.1 no" if verb == "RCPT" and "anna" in argument else None
    for day in range(3):
        for _twice in range(2):
            house.open()
            house.work().later(minutes=2).work()
        counted = Recipient.objects.get(address="anna@example.net").standing
        assert counted == ("bounced" if day == 2 else "on")
        house.later(days=1)
    house.server.taken.clear()
    house.open()
    house.work().later(minutes=2).work()
    assert house.server.to() == ["bernat@example.net", "carla@example.net"]
    assert Fact.objects.filter(kind="audience.bounced").count() == 1
    assert not Bounce.objects.exclude(recipient__startswith=Bounce.PAST).exists()  # whoever comes back begins anew


@pytest.fixture
def anna(db: None, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> str:
    """Her return path, where one mail that comes back is enough."""
    with MailServer() as server:
        set_up(configure, server, "hard_bounces = 1\n")
    monkeypatch.setattr("talaia.cli.set_up", lambda **_given: None)
    key = next(reader.key for reader in readers() if reader.address.startswith("anna"))
    return tokens.return_path(settings.SECRET_KEY.encode(), str(current().mail.bounces), key)


def standing() -> str:
    return Recipient.objects.get(address="anna@example.net").standing


def bounce(*arguments: str) -> int:
    return cli.main(["bounce", *arguments])


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    class Input:
        buffer = io.BytesIO(content)

    monkeypatch.setattr(sys, "stdin", Input())


def test_one_from_standard_input(anna: str, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    stdin(monkeypatch, report("strange@example.org", "5.1.1"))
    assert bounce() == 0
    assert "nothing was counted" in capsys.readouterr().out
    assert standing() == "on"
    stdin(monkeypatch, report("strange@example.org", "5.1.1"))
    assert bounce("--to", anna) == 0
    assert standing() == "bounced"


def test_a_mail_server_keeps_a_report_that_we_cannot_count_now(anna: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_to: str, _content: bytes) -> bool:
        raise OperationalError("the database is away")

    monkeypatch.setattr("talaia.commands.bounce.take_returned", away)
    stdin(monkeypatch, report(anna, "5.1.1"))
    assert bounce() == 75  # EX_TEMPFAIL; with any other failure Postfix gives the report up


def test_a_maildir_is_read_and_emptied(anna: str, tmp_path: Path, capsys: Any) -> None:
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "box" / folder).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1.a").write_bytes(report(anna, "5.1.1"))
    (tmp_path / "box" / "new" / "2.b").write_bytes(b"To: somebody\r\n\r\nhello\r\n")
    assert bounce("--maildir", str(tmp_path / "box")) == 0
    assert capsys.readouterr().out == "1 mails that came back\n"
    assert list((tmp_path / "box" / "new").iterdir()) == []
    assert standing() == "bounced"
    assert bounce("--maildir", str(tmp_path)) == 75
    assert "no Maildir" in capsys.readouterr().err


def test_lmtp_answers_for_each_recipient_and_takes_nothing_that_is_not_ours() -> None:
    taken: list[tuple[str, bytes]] = []

    def take(to: str, content: bytes, _sender: str) -> None:
        if "locked" in to:
            raise RuntimeError("the database is away")
        taken.append((to, content))

    door = LmtpServer(("127.0.0.1", 0), lambda to: to.startswith("torna+"), take)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    said = [
        ("LHLO mx.example.net", 250),
        ("DATA", 503),
        ("MAIL FROM:<>", 250),
        ("RCPT TO:<torna+a@example.org>", 250),
        ("RCPT TO:<torna+locked@example.org>", 250),
        ("RCPT TO:<other@example.org>", 550),
        ("NONSENSE", 500),
        ("DATA", 354),
    ]
    with smtplib.SMTP(timeout=10) as link:
        link.connect("127.0.0.1", door.server_address[1])
        assert [link.docmd(line)[0] for line, _ in said] == [code for _, code in said]
        link.send(b"Subject: x\r\n\r\n..dot\r\nend\r\n.\r\n")
        assert [link.getreply()[0] for _recipient in range(2)] == [250, 451]  # LMTP answers for each recipient
    door.shutdown()
    door.server_close()
    assert taken == [("torna+a@example.org", b"Subject: x\r\n\r\n.dot\r\nend\r\n")]


@pytest.mark.torture
def test_a_mail_server_hands_over_what_came_back(tmp_path: Path) -> None:
    more = '\n[mail]\nsender = "estat@example.org"\nbounces = "torna@example.org"\nhard_bounces = 1\n'
    talaia = Talaia(tmp_path, (ROOT / "tests" / "talaia.toml").read_text() + CONFIG + more)
    migrate(talaia)
    talaia.run("audience", "add", "anna@example.net", "--name", "Anna")
    port = free_port()
    command = [sys.executable, "-m", "talaia", "bounce", "--lmtp", f"127.0.0.1:{port}"]
    door = Process(command, tmp_path / "lmtp.log", folder=ROOT, environment=talaia.environment)
    wait_until(lambda: "listening" in door.log_tail(), 20, "the door for what comes back", door)
    secret = (tmp_path / "secret-key").read_text().strip().encode()
    back = tokens.return_path(secret, "torna@example.org", f"r{1:012}")
    with smtplib.LMTP("127.0.0.1", port) as link:
        link.sendmail("", [back], report(back, "5.1.1"))
    [anna] = json.loads(talaia.run("audience", "list", "--json"))
    assert (anna["address"], anna["standing"]) == ("anna@example.net", "bounced")
    assert door.stop(10) == 0
    release_port(port)


@pytest.mark.django_db
@pytest.mark.parametrize("ours", [True, False])
def test_mails_that_came_back_are_shown_to_operators_for_three_days(ours: bool) -> None:
    for number in range(5):  # nobody was written to: so many are too many
        Bounce.objects.create(recipient=f"r{number}", day=NOW.date(), at=NOW, status="550 no", ours=ours)
    for later, shown in ((timedelta(days=3) - timedelta(seconds=1), [5]), (timedelta(days=3), [])):
        assert [one.count for one in came_back(NOW + later, lambda key: ("", ()))] == shown
