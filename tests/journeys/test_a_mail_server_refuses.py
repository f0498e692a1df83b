"""What a real Postfix says at once, and what it sends back later: who is told no more, and what operators see."""

from __future__ import annotations

import json
import os
import smtplib
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from talaia.notices import tokens
from tests.audience.ledger import CONFIG
from tests.notices.killing import migrate
from tests.notices.mailserver import MailServer
from tests.notices.reports import in_parts, lf, report
from tests.product import ROOT, Talaia
from tests.servers.postfix import Postfix
from tests.servers.process import Process, free_port, release_port, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.skipif(os.geteuid() != 0, reason="Postfix needs root")]
MAIL = """
[mail]
sender = "Estat <estat@example.org>"
bounces = "torna@example.org"
hard_bounces = 1
port = {port}
hold = "0s"
"""
# Who it is to, and what their own mail server says of it; nothing: it takes it.
SAID = {
    "anna": "550 5.1.1 <anna@example.net>: Recipient address rejected: User unknown in local recipient table",
    "bernat": "552 5.2.2 <bernat@example.net>: Mailbox is full",
    "carla": "550 5.7.23 <carla@example.net>: rejected due to SPF validation",
    "dora": "",
    "emma": "550 No such user",  # no status: Postfix writes 5.0.0
    "fina": "550 blocked by our own ideas of what is good",
    "gina": "",
}


@pytest.fixture
def sink() -> Iterator[MailServer]:
    def answers(verb: str, argument: str) -> str | None:
        return SAID[argument.partition("<")[2].partition("@")[0]] or None if verb == "RCPT" else None

    with MailServer(answers) as running:
        yield running


def set_up(home: Path, port: int) -> Talaia:
    talaia = Talaia(home, (ROOT / "tests" / "talaia.toml").read_text() + CONFIG + MAIL.format(port=port))
    migrate(talaia)
    for name in SAID:
        talaia.run("audience", "add", f"{name}@example.net", "--name", name)
    return talaia


def open_incident(talaia: Talaia) -> None:
    talaia.run("incident", "open", "--title", "Tall", "--service", "links=disruption", text="Ho mirem.\n")


def asked(talaia: Talaia, words: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(talaia.home / "talaia.db", timeout=30) as database:
        return database.execute(words).fetchall()


def came(postfix: Postfix) -> int:
    """How many mails Postfix has handed over, to the sink or to us."""
    return postfix.process.output().count("status=sent (250")


def off(talaia: Talaia) -> set[str]:
    people = json.loads(talaia.run("audience", "list", "--json"))
    return {one["address"].partition("@")[0] for one in people if one["standing"] != "on"}


def test_a_relay_that_does_not_know_us_is_told_to_operators_and_costs_nobody_their_mails(
    tmp_path: Path, sink: MailServer
) -> None:
    strict = {
        "mynetworks": "192.0.2.1/32",
        "relay_domains": "",
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_recipient_restrictions": "",
    }
    with Postfix({}, sink.port, more=strict) as postfix:
        talaia = set_up(tmp_path, postfix.port)
        with talaia:
            talaia.started()
            open_incident(talaia)
            notice = "select state, sent, error from talaia_notice"
            wait_until(
                lambda: [one[0] for one in asked(talaia, notice)] == ["stuck"], 60, "the mail to be stuck", talaia
            )
            [(_state, sent, error)] = asked(talaia, notice)
            assert sent == 0
            assert "Relay access denied" in error and "example.net" not in error
            # Marked after doing: the notice is stuck a moment before its delivery is parked.
            parked = "select count(*) from talaia_delivery where state = 'parked'"
            wait_until(lambda: asked(talaia, parked) == [(1,)], 20, "its delivery to be parked", talaia)
            assert asked(talaia, "select count(*) from talaia_bounce") == [(0,)]
            assert off(talaia) == set()
    assert sink.taken == []


def test_what_postfix_sends_back_costs_only_those_their_mails_who_are_not_there(
    tmp_path: Path, sink: MailServer
) -> None:
    port = free_port()
    with Postfix({"example.org": f"lmtp:inet:127.0.0.1:{port}"}, sink.port) as postfix:
        talaia = set_up(tmp_path, postfix.port)
        command = [sys.executable, "-m", "talaia", "bounce", "--lmtp", f"127.0.0.1:{port}"]
        with talaia, Process(command, tmp_path / "lmtp.log", folder=ROOT, environment=talaia.environment) as door:
            talaia.started()
            wait_until(lambda: "listening" in door.output(), 20, "the listener", door)
            open_incident(talaia)
            wait_until(
                lambda: asked(talaia, "select state from talaia_notice")[:1] == [("sent",)], 60, "all sent", talaia
            )
            wait_until(lambda: came(postfix) >= len(SAID), 60, "all reports to have come", postfix, door)
            wait_until(lambda: off(talaia) == {"anna", "emma"}, 30, "who is not there", postfix, door)
            assert sorted(one.to for one in sink.taken) == ["dora@example.net", "gina@example.net"]
            blame = asked(talaia, "select status from talaia_bounce where ours = 1 order by status")
            assert [words[0][:6] for words in blame] == ["5.0.0 ", "5.7.23"]
            assert not any("@" in words[0] for words in blame)
            # Dora passes on what she once got, to the address at which it came: a mail about a report is none.
            secret = (tmp_path / "secret-key").read_text().strip().encode()
            back = tokens.return_path(secret, "torna@example.org", f"r{list(SAID).index('dora') + 1:012}")
            right = report(back, "5.1.1", who="dora@example.net")
            text = "Content-Type: text/plain\n\nMireu.\n"
            forwarded = in_parts(back, text, f"Content-Type: message/rfc822\n\n{lf(right)}")
            before = came(postfix)
            with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as link:
                link.sendmail("dora@example.net", [back], forwarded)
            wait_until(lambda: came(postfix) > before, 60, "the forwarded report", postfix, door)
            assert off(talaia) == {"anna", "emma"}
            with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30) as link:
                link.sendmail("", [back], right)  # the same, when it is the mail itself
            wait_until(lambda: off(talaia) == {"anna", "dora", "emma"}, 30, "the report itself", postfix, door)
            assert door.stop(10) == 0
    release_port(port)
