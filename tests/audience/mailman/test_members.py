"""The members of a real Mailman list follow the ledger, and what people do over there is learnt."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection

from talaia.audience import actions
from talaia.audience.backend import DeliveryMode, ListOutcome
from talaia.audience.diff import RecipientEntry, RecipientStatus
from talaia.audience.list_sync import follow, hear
from talaia.audience.mailman.client import MailmanClient
from talaia.audience.mailman.roster import MailmanList
from talaia.audience.models import Recipient
from talaia.outbox.errors import PermanentError, TemporaryError
from tests.audience.mailman.conftest import Listed
from tests.audience.mailman.letters import now
from tests.audience.mailman.wire import Wire
from tests.servers.process import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
DSN = """\
From: MAILER-DAEMON@example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn-1@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; {who}
Action: failed
Status: 5.1.1

--b--
"""


def person(address: str, name: str = "") -> RecipientEntry:
    return RecipientEntry(address.lower(), address, name)


def sync(listed: Listed) -> None:
    follow(MailmanList(listed.client), listed.audience.shrink, now)


def add(*names: str) -> None:
    for name in names:
        actions.add(f"{name}@example.com", name.title(), now())


def standing(name: str) -> str:
    return Recipient.objects.get(key=f"{name}@example.com").standing


def test_who_is_told_is_on_the_list_and_gets_no_mail_of_it(listed: Listed) -> None:
    before = listed.core.sink.count
    add("anna", "berta", "carme")
    sync(listed)
    assert listed.members() == {"anna@example.com", "berta@example.com", "carme@example.com"}
    actions.opt_out("berta@example.com", now())
    sync(listed)
    sync(listed)
    assert listed.members() == {"anna@example.com", "carme@example.com"}
    listed.core.at_rest()
    assert listed.core.sink.count == before


def test_who_writes_to_the_leave_address_is_written_down_then_let_go(listed: Listed) -> None:
    add("anna", "berta")
    sync(listed)
    before = len(listed.core.sink.mails)
    listed.core.mail("anna@example.com", listed.name.replace("@", "-leave@"), subject="leave")
    roster = MailmanList(listed.client)
    wait_until(roster.leaving, 10, "the request is there")
    assert listed.members() == {"anna@example.com", "berta@example.com"}
    assert hear(roster, now) == 1
    assert (listed.members(), standing("anna"), standing("berta")) == ({"berta@example.com"}, "opted_out", "on")
    assert (hear(roster, now), list(roster.leaving())) == (0, [])
    sync(listed)
    assert listed.members() == {"berta@example.com"}
    listed.core.at_rest()
    assert len(listed.core.sink.mails) == before


def test_what_mailman_says_of_each_who_is_to_be_on_the_list(listed: Listed) -> None:
    core, roster = listed.core, MailmanList(listed.client)
    core.ask("POST", f"lists/{listed.id}/bans", email="banned@example.com")
    core.ask("POST", "members", list_id=listed.id, subscriber="asks@example.com", pre_verified="True")
    people = [
        person("Anna@Example.com", "Anna Puig"),
        person("banned@example.com"),
        person("asks@example.com"),
        person(listed.name),
    ]
    expected = {
        "anna@example.com": ListOutcome.DONE,
        "banned@example.com": ListOutcome.BARRED,
        "asks@example.com": ListOutcome.DONE,
        listed.name: ListOutcome.IMPOSSIBLE,
    }
    assert roster.subscribe(people) == expected
    again = roster.subscribe(people)
    assert [again[key] for key in ("anna@example.com", "asks@example.com")] == [ListOutcome.ALREADY] * 2
    assert roster.read().keys() == {"anna@example.com", "asks@example.com"}
    assert roster.remove(["anna@example.com", "nobody@example.com"]) == {
        "anna@example.com": ListOutcome.DONE,
        "nobody@example.com": ListOutcome.ALREADY,
    }
    assert listed.members() == {"asks@example.com"}


def test_a_list_that_is_gone_is_a_fault_and_nobody_is_marked(unset: Listed) -> None:
    add("anna")
    with pytest.raises(PermanentError):
        sync(unset)
    with pytest.raises(PermanentError, match="No such list"):
        MailmanList(unset.client).subscribe([person("anna@example.com")])
    assert standing("anna") == "on"


def test_whose_mail_comes_back_stays_on_the_list_switched_off_and_is_seen(listed: Listed) -> None:
    listed.set(bounce_score_threshold=1)
    add("anna", "berta")
    sync(listed)
    to = listed.name.replace("@", "-bounces@")
    core = listed.core
    core.lmtp_send("", to, DSN.format(to=to, who="anna@example.com"))
    roster = MailmanList(listed.client)
    wait_until(
        lambda: roster.read()["anna@example.com"].mail == DeliveryMode.BOUNCED, 30, "Mailman has switched it off"
    )
    sync(listed)
    assert (standing("anna"), standing("berta")) == ("bounced", "on")
    assert listed.members() == {"anna@example.com", "berta@example.com"}
    found = core.ask("POST", "members/find", list_id=listed.id, subscriber="anna@example.com")["entries"][0]
    core.ask("PATCH", f"members/{found['member_id']}/preferences", delivery_status="enabled")
    sync(listed)
    assert standing("anna") == "on"


def test_whose_mail_arrives_again_gets_it_from_mailman_too(listed: Listed) -> None:
    add("anna", "berta")
    sync(listed)
    core, roster = listed.core, MailmanList(listed.client)
    listed.set(bounce_score_threshold=1)
    to = listed.name.replace("@", "-bounces@")
    core.lmtp_send("", to, DSN.format(to=to, who="anna@example.com"))
    wait_until(
        lambda: roster.read()["anna@example.com"].mail == DeliveryMode.BOUNCED, 30, "Mailman has switched it off"
    )
    sync(listed)
    assert standing("anna") == "bounced"
    actions.opt_in("anna@example.com", now())
    for _ in range(2):
        sync(listed)
        assert (standing("anna"), roster.read()["anna@example.com"].mail) == ("on", DeliveryMode.ON)
    assert listed.members() == {"anna@example.com", "berta@example.com"}


def test_who_gets_nothing_by_their_own_choice_or_a_ban_is_told_apart_and_a_digest_is_set_back(listed: Listed) -> None:
    core = listed.core
    core.ask("POST", f"lists/{listed.id}/bans", email="carme@example.com")
    core.ask("POST", f"lists/{listed.id}/bans", email="^.*@banned\\.example\\.com$")
    add("anna", "berta", "carme", "dolors")
    actions.add("eva@banned.example.com", "Eva", now())
    sync(listed)
    members = {one["email"]: one["member_id"] for one in core.ask("GET", f"lists/{listed.id}/roster/member")["entries"]}
    core.ask("PATCH", f"members/{members['anna@example.com']}/preferences", delivery_status="by_user")
    core.ask("PATCH", f"members/{members['berta@example.com']}", delivery_mode="mime_digests")
    seen = MailmanList(listed.client).read(closely=True)
    assert {key: one.mail for key, one in seen.items()} == {
        "anna@example.com": DeliveryMode.PAUSED,
        "berta@example.com": DeliveryMode.DIGEST,
        "dolors@example.com": DeliveryMode.ON,
    }
    follow(MailmanList(listed.client), listed.audience.shrink, now, closely=True)
    found = dict(Recipient.objects.values_list("key", "at_list"))
    assert found == {
        "anna@example.com": "paused",
        "berta@example.com": "",
        "carme@example.com": "banned",
        "dolors@example.com": "",
        "eva@banned.example.com": "banned",
    }
    assert set(Recipient.objects.values_list("standing", flat=True)) == {"on"}
    assert MailmanList(listed.client).read(closely=True)["berta@example.com"].mail == DeliveryMode.ON


def test_an_answer_that_is_lost_is_asked_for_again(listed: Listed) -> None:
    add("anna", "berta", "carme")
    lost = iter([True, False, True, False, False, True, *[False] * 50])
    wire = Wire(lambda request: request.method != "GET" and next(lost))
    with MailmanClient(listed.client.mailman, listed.config, wire) as client:
        roster, tries = MailmanList(client), 0
        while Recipient.objects.filter(listed_at=None).exists():
            tries += 1
            with suppress(TemporaryError):
                follow(roster, listed.audience.shrink, now)
        assert 1 < tries < 10
    assert {standing(name) for name in ("anna", "berta", "carme")} == {RecipientStatus.ON}
    assert listed.members() == {"anna@example.com", "berta@example.com", "carme@example.com"}


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_the_list_up_to_date_at_once_are_not_in_each_others_way(listed: Listed) -> None:
    """As the worker and the shell are, whenever an import is applied; Mailman stumbles over that."""
    names = [f"p{n}" for n in range(40)]
    add(*names)
    told: list[str] = []

    def one() -> None:
        with MailmanClient(listed.client.mailman, listed.config, wire := Wire()) as client:
            follow(MailmanList(client), listed.audience.shrink, now)
        told.extend(wire.asked)
        connection.close()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(one) for _ in range(3)]:
            done.result()
    assert told.count("POST /3.1/members") == len(names)
    assert listed.members() == {f"{name}@example.com" for name in names}
    assert not Recipient.objects.filter(listed_at=None).exists()


def people(first: int, last: int) -> None:
    at = now() - timedelta(days=1)
    rows = [
        Recipient(
            key=f"p{n}@example.com",
            address=f"p{n}@example.com",
            standing="on",
            origin="export",
            reasons=["member"],
            first_at=at,
            since=at,
        )
        for n in range(first, last)
    ]
    Recipient.objects.bulk_create(rows, batch_size=500)


@pytest.mark.torture
def test_a_thousand_then_twenty_more_fifteen_less_and_three_who_left_by_themselves(listed: Listed) -> None:
    people(0, 1000)
    sync(listed)
    assert listed.members() == {f"p{n}@example.com" for n in range(1000)}
    before = listed.core.sink.count
    for n in (100, 101):  # by mail
        listed.core.mail(f"p{n}@example.com", listed.name.replace("@", "-leave@"), subject="leave")
    roster = MailmanList(listed.client)
    wait_until(lambda: len(roster.leaving()) == 2, 20, "two asked to leave")
    listed.client.delete(listed.client.path("member", "p102@example.com"))  # in Mailman's own pages
    people(1000, 1020)
    Recipient.objects.filter(key__in=[f"p{n}@example.com" for n in range(15)]).update(standing="left", left_at=now())
    wire = Wire()
    with MailmanClient(listed.client.mailman, listed.config, wire) as client:
        follow(MailmanList(client), listed.audience.shrink, now)
    out = {100, 101, 102}
    assert listed.members() == {f"p{n}@example.com" for n in range(15, 1020) if n not in out}
    assert {row.key for row in Recipient.objects.filter(standing="opted_out")} == {f"p{n}@example.com" for n in out}
    assert wire.asked.count("POST /3.1/members") == 20
    assert sum(one.startswith("DELETE") for one in wire.asked) == 1
    people_back = Recipient.objects.filter(key="p102@example.com", standing="on").exists()
    sync(listed)
    assert not people_back
    assert len(listed.members()) == 1002
    listed.core.at_rest()
    assert listed.core.sink.count - before <= 2


@pytest.mark.torture
def test_ten_thousand_who_do_not_change_cost_little_more_than_reading_them(listed: Listed) -> None:
    listed.core.fill(listed.name, (f"p{n}@example.com" for n in range(10_000)))
    people(0, 10_000)
    sync(listed)  # learns that they are there
    plain = ours = own = 0.0
    for _ in range(6):  # by turns, as the machine has others to serve, too
        with MailmanClient(listed.client.mailman, listed.config) as client:
            begun = time.monotonic()
            assert len(client.get(client.path("roster", "member"), long=True, fields="email").entries) == 10_000
            plain += time.monotonic() - begun
        wire = Wire()
        with MailmanClient(listed.client.mailman, listed.config, wire) as client:
            begun = time.monotonic()
            follow(MailmanList(client), listed.audience.shrink, now)
            took = time.monotonic() - begun
            ours += took
            own += took - wire.seconds
    told = f"plain read {plain / 6:.2f} s, no-change sync {ours / 6:.2f} s, of it our own part {own / 6:.2f} s"
    sys.stderr.write(f"\n{told}\n")
    assert own / 6 <= 5, told
    assert ours <= 1.3 * plain, told
