"""A real Mailman: what setup makes of a list, what people who write to it get, and what check says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from talaia.audience.mailman import apply_settings
from tests.audience.mailman.conftest import Listed
from tests.journeys.shell import Said, Shell

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
Run = Callable[..., Said]


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, unset: Listed) -> Run:
    monkeypatch.setenv("TALAIA_CONFIG", str(unset.config.path))
    return Shell(capsys, monkeypatch)


def test_setup_makes_the_list_and_check_finds_it_right(unset: Listed, shell: Run) -> None:
    said = shell("audience", "setup", "--dry-run")
    assert (said.code, said.out) == (0, f"{unset.name}: is to be made\n")
    assert f"FAIL  Mailman 3.3.10 answers and has no list {unset.name}" in shell("check").out
    assert shell("audience", "setup").code == 0
    assert f"ok    Mailman 3.3.10 answers and has the list {unset.name}" in shell("check").out
    again = shell("audience", "setup")
    assert (again.code, again.out) == (0, f"{unset.name}: every setting is right\n")


def test_what_somebody_else_set_is_found_and_set_right_again(listed: Listed, shell: Run) -> None:
    listed.set(default_member_action="accept", subject_prefix="[Status] ", autoresponse_postings_text="Hello")
    said = shell("check")
    assert said.code == 1
    assert f"FAIL  list {listed.name}: default_member_action: accept, must be hold" in said.out
    assert f"FAIL  list {listed.name}: subject_prefix: [Status] , must be empty" in said.out
    assert f"FAIL  list {listed.name}: autoresponse_postings_text: not our answer" in said.out
    assert shell("audience", "setup").code == 0
    assert "FAIL  list" not in shell("check").out
    assert listed.setting("default_member_action") == "hold"


def test_a_sender_with_a_rule_of_their_own_is_found_and_set_right(listed: Listed, shell: Run) -> None:
    fields = {"list_id": listed.id, "subscriber": "incidents@status.example.org", "role": "nonmember"}
    listed.core.ask("POST", "members", **fields)
    (found,) = listed.core.ask("POST", "members/find", **fields)["entries"]
    listed.core.ask("PATCH", f"members/{found['member_id']}", moderation_action="accept")
    assert "1 senders have a rule of their own" in shell("check").out
    assert shell("audience", "setup").code == 0
    assert apply_settings.read_settings(listed.client, listed.config.site).right


@pytest.mark.parametrize("who", ["member@example.com", "stranger@example.com"])
@pytest.mark.parametrize("to", ["", "-owner"])
def test_whoever_writes_is_told_where_to_look_and_reaches_nobody(listed: Listed, who: str, to: str) -> None:
    listed.core.fill(listed.name, ["member@example.com", "other@example.com"])
    before = len(listed.core.sink.mails)
    name, _, host = listed.name.partition("@")
    listed.core.mail(who, f"{name}{to}@{host}")
    listed.core.at_rest()
    (answer,) = listed.core.sink.mails[before:]
    assert answer.recipients == (who,)
    text = " ".join(answer.message.get_content().split())
    assert "https://status.example.org/" in text
    for words in ("Ningú no llegeix", "Nadie lee", "Nobody reads what is written to this address"):
        assert words in text
    assert "?" not in text
    assert not listed.core.ask("GET", f"lists/{listed.id}/held").get("entries")
    listed.core.mail(who, f"{name}{to}@{host}")
    listed.core.at_rest()
    assert len(listed.core.sink.mails) == before + 1  # once a day


def test_whoever_asks_for_help_is_told_how_to_leave(listed: Listed) -> None:
    before = len(listed.core.sink.mails)
    listed.core.mail("anna@example.com", listed.name.replace("@", "-request@"), subject="help")
    listed.core.at_rest()
    texts = [mail.message.get_content() for mail in listed.core.sink.mails[before:]]
    assert any(listed.name.replace("@", "-leave@") in text and "Ningú" not in text for text in texts)
