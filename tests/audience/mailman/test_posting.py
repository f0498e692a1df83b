"""A letter through a real Mailman: everybody gets it, once, whatever was done twice and whoever did not answer."""

from __future__ import annotations

import pytest

from talaia.audience.mailman import queues
from talaia.audience.mailman.posting import post
from talaia.audience.mailman.watch import MailmanWatch
from talaia.audience.models import ExportCheck, ListPost
from talaia.outbox.errors import PermanentError, TemporaryError
from talaia.outbox.models import Fact
from tests.audience.mailman.conftest import Listed
from tests.audience.mailman.letters import SENDER, letter, now
from tests.servers.process import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
PEOPLE = [f"p{n}@example.com" for n in range(12)]
ONCE = dict.fromkeys(PEOPLE, 1)


def arrived(listed: Listed, message_id: str) -> dict[str, int]:
    listed.core.at_rest()
    return listed.core.sink.copies(message_id)


def test_everybody_gets_a_letter_once_however_often_it_is_posted(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    name = f"<2026-001.u1.{listed.id}@status.example.org>"
    for _ in range(3):
        post(listed.client, letter(name, "Els enllaços de Vic no van: ho mirem. " * 30), name, now)
    assert arrived(listed, name) == ONCE
    (mail, *_) = [mail for mail in listed.core.sink.mails if mail.message["Message-ID"] == name]
    message = mail.message
    body = message.get_body(("plain",))
    assert body
    assert "Els enllaços de Vic no van: ho mirem." in body.get_content()
    assert message["Subject"] == "Incidència: els enllaços de Vic"
    assert (message["From"], message["Precedence"]) == (f"Estat <{SENDER}>", "list")
    assert f"{listed.name.partition('@')[0]}-leave@" in message["List-Unsubscribe"]
    assert message["List-Unsubscribe-Post"] is None
    assert Fact.objects.filter(kind="audience.posted").count() == 1


def test_what_was_given_to_mailman_twice_goes_out_once(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    name = f"<2026-002.u1.{listed.id}@status.example.org>"
    for _ in range(2):
        listed.core.ask("POST", "queues/in", list_id=listed.id, text=letter(name).decode())
    listed.core.at_rest()
    assert len(listed.core.ask("GET", f"lists/{listed.id}/held")["entries"]) == 2
    post(listed.client, letter(name), name, now)
    assert arrived(listed, name) == ONCE
    assert not listed.core.ask("GET", f"lists/{listed.id}/held").get("entries")


def test_one_that_turns_up_when_the_letter_is_out_is_thrown_away(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    name = f"<2026-003.u1.{listed.id}@status.example.org>"
    post(listed.client, letter(name), name, now)
    listed.core.ask("POST", "queues/in", list_id=listed.id, text=letter(name).decode())
    listed.core.at_rest()
    # Its number may be that of the first one. Killed before "sent" was written, talaia still knows them apart.
    ListPost.objects.filter(message_id=name[1:-1]).update(state="held")
    post(listed.client, letter(name), name, now)
    assert queues.tidy(listed.client) == 0
    assert arrived(listed, name) == ONCE


def test_a_letter_is_not_given_to_a_list_that_would_not_hold_it(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    name = f"<2026-004.u1.{listed.id}@status.example.org>"
    listed.set(default_nonmember_action="accept")
    with pytest.raises(PermanentError, match="default_nonmember_action: accept, must be hold"):
        post(listed.client, letter(name), name, now)
    listed.set(default_nonmember_action="hold")
    fields = {"list_id": listed.id, "subscriber": SENDER, "role": "nonmember"}
    listed.core.ask("POST", "members", **fields)
    (found,) = listed.core.ask("POST", "members/find", **fields)["entries"]
    listed.core.ask("PATCH", f"members/{found['member_id']}", moderation_action="accept")
    with pytest.raises(PermanentError, match="does not hold what the sender of our letters writes"):
        post(listed.client, letter(name), name, now)
    assert arrived(listed, name) == {}
    listed.core.ask("PATCH", f"members/{found['member_id']}", moderation_action="hold")
    post(listed.client, letter(name), name, now)
    assert arrived(listed, name) == ONCE


def test_a_password_in_the_letter_does_not_let_it_by(listed: Listed) -> None:
    listed.core.fill(listed.name, PEOPLE)
    listed.set(moderator_password="s3cret")
    name = f"<2026-005.u1.{listed.id}@status.example.org>"
    post(listed.client, letter(name, Approved="s3cret"), name, now)
    assert arrived(listed, name) == ONCE


def test_while_the_next_mail_server_is_away_the_letter_waits_and_we_are_told(listed: Listed) -> None:
    core = listed.core
    core.fill(listed.name, PEOPLE)
    name = f"<2026-006.u1.{listed.id}@status.example.org>"
    watch = MailmanWatch(lambda: listed.config, now)

    def told() -> bool:
        # Mailman takes it out of the queue for a moment each time when it tries again.
        watch.looked = None
        watch.step(now())
        return "Mailman's queue retry" in ExportCheck.objects.get(export=listed.name).error.get("text", "")

    watch.step(now())
    assert ExportCheck.objects.get(export=listed.name).error == {}
    core.sink.stop()
    try:
        post(listed.client, letter(name), name, now)
        wait_until(told, 20, "the look sees that it waits")
    finally:
        core.sink.start()
    wait_until(lambda: core.sink.copies(name) == ONCE, 30, "everybody has it")
    core.at_rest()
    for _ in range(2):
        watch.looked = None
        watch.step(now())
    kinds = Fact.objects.filter(kind__startswith="audience.list_").order_by("pk").values_list("kind", flat=True)
    assert [*kinds] == ["audience.list_troubled", "audience.list_well"]
    assert core.sink.copies(name) == ONCE


def test_a_mailman_that_freezes_and_dies_in_the_middle_sends_it_once(listed: Listed) -> None:
    core = listed.core
    core.fill(listed.name, PEOPLE)
    name = f"<2026-007.u1.{listed.id}@status.example.org>"
    core.kill9()
    # A connection that was kept open is cut, a new one is refused.
    with pytest.raises(TemporaryError, match=r"is not reached|does not answer"):
        post(listed.client, letter(name), name, now)
    core.start()
    listed.client.timeout = 0.5
    core.freeze()
    try:
        with pytest.raises(TemporaryError, match="does not answer"):
            post(listed.client, letter(name), name, now)
    finally:
        core.thaw()
        listed.client.timeout = 10
    post(listed.client, letter(name), name, now)
    assert arrived(listed, name) == ONCE
