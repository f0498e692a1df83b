"""What people write back: who is answered, with what, how often; and every machine that is not."""

from __future__ import annotations

import io
import json
import smtplib
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from hypothesis import example, given
from hypothesis import strategies as st

from talaia import cli
from talaia.api import inbound_mail
from talaia.api.lmtp import LmtpServer
from talaia.commands.bounce import take_over
from talaia.events import actions as events
from talaia.events.timeline import MaintenanceState
from talaia.notices.headers import verbatim
from talaia.notices.models import Reply
from talaia.notices.replies import actions as replies
from talaia.notices.replies.present import present
from talaia.notices.replies.read import NoReply, ReplyRequest, read
from talaia.notices.replies.write import Present, ReplyLinks, mail
from talaia.outbox.models import Delivery, Fact
from talaia.panel.state import State
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.letters import SENDER
from tests.notices.mailserver import MailServer

OURS = ["estat@example.org", "respostes@example.org", "torna@example.org"]
HEAD = (
    "From: Anna <anna@example.net>\nTo: respostes@example.org\nSubject: Re: [Problem]\nMessage-ID: <a1@example.net>\n"
)
REPORT = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n'

UGLY: list[tuple[str, str | None, str, str]] = [
    # what it is, the sender of the envelope, further headers, what is said (empty: it is answered)
    ("a person", "anna@example.net", "", ""),
    ("a person who says so", "anna@example.net", "Auto-Submitted: no\n", ""),
    ("a person who says so at length", "anna@example.net", "Auto-Submitted: No ; owner-email=x@y.example\n", ""),
    ("a person with an extension", "anna+estat@example.net", "", ""),
    ("Return-Path is believed where the server says nothing", None, "Return-Path: <anna@example.net>\n", ""),
    ("it says nothing, and there is none", None, "", "nowhere|mail server"),
    ("an empty Return-Path", None, "Return-Path: <>\n", "mail server"),
    ("a bounce", "", "", "mail server"),
    ("a bounce as Postfix names it", "MAILER-DAEMON", "", "mail server"),
    ("a bounce of a server with a name", "MAILER-DAEMON@mx.example.net", "", "mail server"),
    ("postmaster", "Postmaster@example.net", "", "machine"),
    ("noreply", "no-reply@example.net", "", "machine"),
    ("noreply, written together", "NoReply+17@example.net", "", "machine"),
    ("the bounces of a list", "avisos-bounces@lists.example.net", "", "machine"),
    ("the bounces of a list, by VERP", "avisos-bounces+anna=example.net@lists.example.net", "", "machine"),
    ("the requests of a list", "avisos-request@lists.example.net", "", "machine"),
    ("an owner of old lists", "owner-avisos@lists.example.net", "", "machine"),
    ("a holiday", "anna@example.net", "Auto-Submitted: auto-replied (vacation)\n", "Auto-Submitted"),
    ("a holiday in capitals", "anna@example.net", "AUTO-SUBMITTED: Auto-Replied\n", "Auto-Submitted"),
    ("a notice like ours", "anna@example.net", "Auto-Submitted: auto-generated\n", "Auto-Submitted"),
    ("two that disagree", "anna@example.net", "Auto-Submitted: no\nAuto-Submitted: auto-replied\n", "Auto-Submitted"),
    ("a folded one", "anna@example.net", "Auto-Submitted:\n auto-replied\n", "Auto-Submitted"),
    ("an empty one", "anna@example.net", "Auto-Submitted:\n", "Auto-Submitted"),
    ("bulk", "anna@example.net", "Precedence: bulk\n", "bulk"),
    ("a list", "anna@example.net", "Precedence: LIST\n", "bulk"),
    ("junk", "anna@example.net", "Precedence: junk\n", "bulk"),
    ("first class", "anna@example.net", "Precedence: first-class\n", ""),
    ("through a list", "anna@example.net", "List-Id: <x.lists.example.net>\n", "List-"),
    ("a newsletter", "anna@example.net", "list-unsubscribe: <https://x.example/>\n", "List-"),
    (
        "an Exchange that asks for none",
        "anna@example.net",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply\n",
        "Suppress",
    ),
    ("an Exchange that does not", "anna@example.net", "X-Auto-Response-Suppress: None\n", ""),
    ("an old autoresponder", "anna@example.net", "X-Autoreply: yes\n", "X-Autoreply"),
    ("a person at Proton", "anna@example.net", "Feedback-ID: 28592537:user:proton\n", ""),
    ("a person at Proton, before", "anna@example.net", "Feedback-Id: abc==:Ext:ProtonMail\n", ""),
    ("a person at Fastmail", "anna@example.net", "Feedback-ID: iab3e480c:Fastmail\n", ""),
    ("a person at Zoho", "anna@example.net", "Feedback-ID: rr08:zu08:\n rf08:ZohoMail\n", ""),
    ("a person at QQ", "anna@example.net", "Feedback-ID: webmail:example.net:bgforeign:bgforeign11\n", ""),
    ("a person with a program, through QQ", "anna@example.net", "Feedback-ID: esmtpsz:example.net:qyb:qyb8a-1\n", ""),
    ("a service that sends in bulk", "anna@example.net", "Feedback-ID: 1.eu-west-1.x=:AmazonSES\n", "Feedback-ID"),
    ("a campaign", "anna@example.net", "Feedback-ID: 510616m:proton:news:Sender\n", "Feedback-ID"),
    ("two that disagree about it", "a@example.net", "Feedback-ID: i1:Fastmail\nFeedback-ID: x\n", "Feedback-ID"),
    ("a vacation by its program", "anna@example.net", "X-Mailer: Vacation 1.0\n", "X-Mailer"),
    ("a person with a program", "anna@example.net", "X-Mailer: Apple Mail (2.3826)\n", ""),
    ("a Domino", "anna@example.net", "X-Autogenerated: Reply\n", "X-Autogenerated"),
    ("another autoresponder", "anna@example.net", "X-Mail-Autoreply: yes\n", "X-Mail-Autoreply"),
    ("another holiday", "anna@example.net", "X-Vacation: yes\n", "X-Vacation"),
    ("bulk in other words", "anna@example.net", "X-Precedence: bulk\n", "bulk"),
    ("a rule of an Exchange", "a@example.net", "X-MS-Exchange-Inbox-Rules-Loop: a@example.net\n", "Inbox-Rules-Loop"),
    ("an autoresponder's own mark", "anna@example.net", "Delivered-To: Autoresponder\n", "Delivered-To"),
    ("a person's own mailbox", "anna@example.net", "Delivered-To: respostes@example.org\n", ""),
    ("a person who passes on by SRS", "SRS0=ab12=XY=example.net=nova@fwd.example.com", "", ""),
    ("a person behind BATV", "prvs=1234567890=nova2@example.net", "", ""),
    ("a loop", "anna@example.net", "X-Loop: anna@example.net\n", "X-Loop"),
    ("spam", "anna@example.net", "X-Spam-Flag: YES\n", "spam"),
    ("a report from a person's address", "anna@example.net", REPORT, "report"),
    ("a person who passes on a report", "a@example.net", 'Content-Type: multipart/mixed; boundary="b"\n', ""),
    ("a receipt", "anna@example.net", "Content-Type: message/disposition-notification\n", "report"),
    ("ourselves", "estat@example.org", "", "ourselves"),
    ("our return path", "Torna+r000000000001=0123456789ab@Example.org", "", "ourselves"),
    ("a forged From of ours is nothing: the envelope counts", "anna@example.net", "From: estat@example.org\n", ""),
    ("no domain", "anna", "", "nowhere"),
    ("a domain without a dot", "anna@localhost", "", "nowhere"),
    ("two addresses", "anna@example.net,bernat@example.net", "", "nowhere"),
    ("a line end", "anna@example.net\nBcc: x@example.net", "", "nowhere"),
    ("quoted", '"anna puig"@example.net', "", "nowhere"),
    ("an encoded word", "=?utf-8?q?_=0D=0ABcc=3Ax=00?=@evil.example", "", "nowhere"),
    ("the beginning of one", "a=?utf-8?q?@evil.example", "", "nowhere"),
    ("a question", "what=that?@example.net", "", ""),
    ("letters beyond ASCII", "añña@example.net", "", "nowhere"),
    ("very long", "a" * 300 + "@example.net", "", "nowhere"),
]


@pytest.mark.parametrize(("sender", "headers", "said"), [one[1:] for one in UGLY], ids=[one[0] for one in UGLY])
def test_people_are_answered_and_machines_never(sender: str | None, headers: str, said: str) -> None:
    for ends in ("\n", "\r\n"):
        found = read(f"{headers}{HEAD}\nIt does not work!\n".replace("\n", ends).encode(), sender, OURS)
        if said:
            assert isinstance(found, NoReply)
            assert any(word in found.why for word in said.split("|")), found.why
        else:
            assert isinstance(found, ReplyRequest)
            assert found.message_id == "<a1@example.net>"


@pytest.mark.parametrize(
    ("content", "message_id"),
    [
        (b"", ""),
        (b"\n\nno head at all", ""),
        (b"From anna Mon May  4 2026\nSubject: x\n\nx", ""),
        (b"\xff\xfe\x00\x01 : \x00\nSubject \n\n\x00", ""),
        (b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n", ""),
        (b"Message-ID: <a b@c>\n\n", ""),
        (b"Message-ID: <a@b>\r\n Bcc: x@example.net\n\n", ""),
        (b"Message-ID: <" + b"a" * 400 + b"@b>\n\n", ""),
        (b"Message-ID: =?utf-8?q?<a@b>?=\n\n", ""),
        (b"Message-ID: <" + b"a" * 200 + b"@" + b"b" * 200 + b">\n\n", ""),  # longer than our tables
        (b"Message-ID: <a@b.example>\n\n" + b"Auto-Submitted: auto-replied\n", "<a@b.example>"),  # a body says nothing
        (b"X: " + b"y" * 10_000_000 + b"\n\n", ""),
        (b"X: y\n" * 100_000, ""),
    ],
)
def test_a_broken_head_is_still_a_person(content: bytes, message_id: str) -> None:
    assert read(content, "anna@example.net", OURS) == ReplyRequest("anna@example.net", message_id)


def test_an_answer_stays_in_the_thread_of_a_mail_with_a_very_long_message_id() -> None:
    theirs = f"<DB9PR08MB6873C1A2B3C4D5E6F7A8B9C0D1E2{'F' * 150}@DB9PR08MB6873.eurprd08.prod.outlook.com>"
    made = mail(
        Present(at=NOW),
        SENDER,
        ReplyLinks(),
        ["ca"],
        to="anna@example.net",
        message_id="<a@b>",
        answers=theirs,
    )
    lines = made.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert f"In-Reply-To: {theirs}" in lines and f"References: {theirs}" in lines
    with pytest.raises(ValueError, match="In-Reply-To"):
        verbatim("In-Reply-To", "<a@b>\r\nBcc: x@example.net")


@given(st.text(st.sampled_from('=?_.ab0DAutf-8q:,@<>"\\ '), min_size=1, max_size=64))
@example("=?utf-8?q?_=0D=0ABcc=3Ax=00?=")
@example("=?utf-8?b?DQpCY2M6IHhAeS56?=")
def test_to_whomever_it_goes_an_answer_has_that_one_recipient_and_no_header_of_theirs(local: str) -> None:
    found = read(HEAD.encode(), f"{local}@example.net", OURS)
    if isinstance(found, ReplyRequest):
        made = mail(Present(at=NOW), SENDER, ReplyLinks(), ["ca"], to=found.address, message_id="<a@b>", answers="")
        lines = made.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        assert lines.count(f"To: {found.address}") == 1
        assert not [line for line in lines if line.startswith(("Bcc", "Cc"))]


@given(st.binary(max_size=400), st.none() | st.text(max_size=60))
def test_nothing_that_anybody_writes_makes_it_fail_or_breaks_out_of_a_header(
    content: bytes, sender: str | None
) -> None:
    found = read(content, sender, OURS)
    if isinstance(found, ReplyRequest):
        assert found.address.isprintable() and " " not in found.address and found.address.count("@") == 1
        assert found.message_id.isprintable() and " " not in found.message_id


ANSWERED = "answer = true\n"


@pytest.fixture
def asked(house: House, configure: Configure, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house that answers."""
    set_up(configure, house.server, ANSWERED)
    monkeypatch.setattr("talaia.api.inbound_mail.timezone.now", lambda: house.now)
    return house


pytestmark = pytest.mark.django_db(transaction=True)
MAIL = f"{HEAD}\nIt does not work!\n".encode()


def test_who_writes_is_led_to_what_is_known_and_to_the_page(asked: House) -> None:
    asked.open()
    window = (NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2))
    events.plan_maintenance(
        {"ca": "Canvi del router"}, {"ca": "El canviem."}, {"website": State.DEGRADED}, window, NOW, by="anna"
    )
    assert inbound_mail.take_reply(MAIL, "anna@example.net") == ""
    asked.work()
    [taken] = [one for one in asked.server.taken if one.mail["Auto-Submitted"] == "auto-replied"]
    assert (taken.return_path, taken.to, taken.mail["In-Reply-To"]) == ("", "anna@example.net", "<a1@example.net>")
    assert taken.mail["To"] == "anna@example.net"
    text = taken.text
    assert "Això és una resposta automàtica" in text and "This is an automatic" not in text  # her language is known
    assert "https://status.example.org/incidents/2026-001/" in text and "Sense connexió" in text
    assert "https://status.example.org/maintenance/2026-001/" in text and "Canvi del router" in text
    assert "\nhttps://status.example.org/\n" in text
    assert not Reply.objects.exclude(address="", message_id="").exists()


MIRROR = """
[mirror]
kind = "discourse"
address = "https://agora.example.org"
key_file = "forum-key"
user = "talaia"
category = 12
"""


@pytest.mark.parametrize(("mirror", "led"), [("", False), (MIRROR, True)], ids=["no forum", "forum"])
def test_the_answer_leads_to_the_forum_where_there_is_one(
    house: House, configure: Configure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: str, led: bool
) -> None:
    (tmp_path / "forum-key").write_text("not a secret")
    set_up(configure, house.server, ANSWERED + mirror)
    monkeypatch.setattr("talaia.api.inbound_mail.timezone.now", lambda: house.now)
    assert inbound_mail.take_reply(MAIL, "anna@example.net") == ""
    house.work()
    [taken] = house.server.taken
    assert ("https://agora.example.org" in taken.text) is led


def test_an_answer_tells_the_hours_of_work_as_they_are(asked: House) -> None:
    window = (asked.now + timedelta(hours=1), asked.now + timedelta(hours=3))
    event = events.plan_maintenance(
        {"ca": "Router"}, {"ca": "Canvi."}, {"links": State.MAINTENANCE}, window, asked.now, by="b"
    )
    early = asked.later(minutes=31).now
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {"ca": "Ja hi som."}, early, by="b")
    (told,) = present(asked.later(minutes=5).now).working
    assert told.window == (early, window[1])


def test_a_stranger_is_answered_in_every_language_and_once_a_day(asked: House) -> None:
    for _ in range(3):
        inbound_mail.take_reply(MAIL, "Nova@Example.net")
        inbound_mail.take_reply(MAIL, "nova@example.net")
        asked.work()
    [taken] = asked.server.taken
    for words in ("resposta automàtica", "respuesta automática", "automatic answer"):
        assert words in taken.text
    asked.later(hours=24)
    assert inbound_mail.take_reply(MAIL, "nova@example.net") == ""
    asked.work()
    assert len(asked.server.by_id()) == 2
    asked.later(hours=24)
    assert replies.forget(asked.now) == 1
    assert not Reply.objects.exists()


def test_our_own_answer_written_back_to_us_is_not_answered(asked: House) -> None:
    inbound_mail.take_reply(MAIL, "anna@example.net")
    asked.work()
    [taken] = asked.server.taken
    assert "Auto-Submitted" in inbound_mail.take_reply(taken.content, "someone@example.net")


def test_no_word_and_no_address_of_theirs_is_kept_nor_told(asked: House) -> None:
    inbound_mail.take_reply(MAIL.replace(b"It does", b"My secret"), "anna@example.net")
    [row] = Reply.objects.all()
    assert "anna" not in row.digest and row.address == "anna@example.net"
    asked.work()
    told = json.dumps([*Fact.objects.values("kind", "subject", "data", "by").filter(kind__startswith="reply")])
    assert "anna@" not in told and "secret" not in told and told.count("reply.") == 2
    assert Reply.objects.get().address == ""


def test_a_server_that_is_away_is_tried_again_and_one_that_refuses_is_not(asked: House) -> None:
    asked.server.answers = lambda verb, _: "451 not now" if verb == "RCPT" else None
    inbound_mail.take_reply(MAIL, "anna@example.net")
    asked.work()
    assert "451" in Delivery.objects.get(channel="letters").error
    assert "anna@" not in Delivery.objects.get(channel="letters").error
    asked.server.answers = lambda verb, _: "550 5.1.1 nobody" if verb == "RCPT" else None
    asked.later(minutes=10).work()
    assert Fact.objects.get(kind="reply.over").data == {"outcome": "refused"}
    assert asked.parked() == [] and Reply.objects.get().address == ""


def test_who_was_answered_while_the_database_takes_no_row_is_not_answered_again(
    asked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talaia.outbox.held_outcomes.PAUSE", 0.01)
    refusals = [OperationalError("attempt to write a readonly database")] * 2

    def refuse(execute: Callable[..., object], sql: str, *given: object) -> object:
        if sql.startswith('UPDATE "talaia_reply"') and refusals:
            raise refusals.pop()
        return execute(sql, *given)

    inbound_mail.take_reply(MAIL, "anna@example.net")
    with connection.execute_wrapper(refuse):
        for _ in range(3):
            asked.work().later(minutes=11)
    assert not refusals
    assert asked.server.to() == ["anna@example.net"]


def test_an_answer_that_comes_too_late_is_none(asked: House) -> None:
    inbound_mail.take_reply(MAIL, "anna@example.net")
    asked.later(hours=13).work()
    assert asked.server.taken == [] and Reply.objects.get().address == ""


def test_a_flood_of_forged_senders_brings_no_flood_of_answers(asked: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.notices.replies.actions.MOST", 5)
    said = [inbound_mail.take_reply(MAIL, f"x{n}@example.net") for n in range(8)]
    assert said[:5] == [""] * 5 and all(said[5:])


@pytest.mark.parametrize("sender", ["--from=anna@example.net", None])
def test_a_pipe_takes_all_of_a_very_large_mail(
    asked: House, monkeypatch: pytest.MonkeyPatch, capsys: Any, sender: str | None
) -> None:
    class Input:
        buffer = io.BytesIO(MAIL + b"x" * 10_000_000)

    monkeypatch.setattr(sys, "stdin", Input())
    monkeypatch.setattr("talaia.cli.set_up", lambda **_given: None)
    if sender is None:
        monkeypatch.setenv("SENDER", "anna@example.net")
    assert cli.main(["answer", *([sender] if sender else [])]) == 0
    assert capsys.readouterr().out == "it is answered\n"
    assert Input.buffer.read() == b""
    assert Reply.objects.count() == 1


def test_a_mail_server_keeps_the_mail_when_we_cannot_take_it(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("talaia.cli.set_up", lambda **_given: None)
    assert cli.main(["answer"]) == 75
    assert "answer is not true" in capsys.readouterr().err


def test_one_listener_takes_what_came_back_and_what_is_written_back(asked: House) -> None:
    door = LmtpServer(("127.0.0.1", 0), inbound_mail.known, take_over)
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with smtplib.LMTP("127.0.0.1", door.server_address[1], timeout=30) as link:
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            link.sendmail("anna@example.net", ["altres@example.org"], MAIL)
        link.sendmail("anna@example.net", ["Suport@Example.org"], MAIL + b"x\r\n" * 1_000_000)
        link.sendmail("", ["suport@example.org"], MAIL)
    door.shutdown()
    door.server_close()
    asked.work()
    assert asked.server.to() == ["anna@example.net"]


def test_the_letters_name_an_address_that_nobody_reads_as_no_place_for_questions(
    house: House, configure: Configure, server: MailServer
) -> None:
    house.open()
    house.work().later(minutes=2).work()
    assert "suport@example.org" in house.server.taken[0].text
    set_up(configure, server, ANSWERED)
    house.server.taken.clear()
    house.open(text="Una altra.")
    house.work().later(minutes=2).work()
    assert "suport@example.org" not in house.server.taken[0].text
    assert house.server.taken[0].mail["Reply-To"] == "suport@example.org"


def test_an_answer_that_is_refused_because_of_us_is_tried_again(asked: House) -> None:
    said = iter(["550 relay not permitted"])
    asked.server.answers = lambda verb, _argument: next(said, None) if verb == "RCPT" else None
    assert inbound_mail.take_reply(f"{HEAD}\n".encode(), "anna@example.net") == ""
    asked.work()
    assert asked.server.taken == []
    asked.later(minutes=10).work()
    assert asked.server.to() == ["anna@example.net"]
