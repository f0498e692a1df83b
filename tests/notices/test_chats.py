"""Notices in chats: what they say, when, once each; that one which fails holds up no other; and no secret."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from talaia.config import current
from talaia.desk.people.roles import Role
from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.notices import actions
from talaia.notices.chat import client as chats
from talaia.notices.chat.write import message
from talaia.notices.models import Notice
from talaia.notices.samples import STORIES
from talaia.notices.sender import letterhead
from talaia.outbox.errors import TemporaryError
from talaia.outbox.models import Delivery, Fact
from talaia.server.scheduler import Clock
from tests.desk.conftest import member
from tests.notices.conftest import Configure, House, set_up
from tests.notices.letters import about
from tests.notices.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "s3cr3t-t0k3n"


@pytest.fixture
def room(house: House, there: Receiver, configure: Configure, tmp_path: Path) -> House:
    """Two chats beside the mails: one in the first language, one in English that wants beginnings and ends."""
    (tmp_path / "one").write_text(f"json://127.0.0.1:{there.port}/one/{SECRET}\n")
    (tmp_path / "two").write_text(f"json://127.0.0.1:{there.port}/two/{SECRET}\n")
    set_up(configure, house.server, CHATS)
    return house


CHATS = """
[[chat]]
name = "one"
url_file = "one"
[[chat]]
name = "two"
url_file = "two"
language = "en"
notices = ["problem", "resolved"]
"""


def said(there: Receiver, path: str) -> list[tuple[str, str]]:
    return [(one.json()["title"], one.json()["message"]) for one in there.requests if one.path.startswith(path)]


def resolve(house: House) -> None:
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Ja funciona."}, house.now, by="anna")


def test_each_chat_gets_each_notice_once_when_the_mail_goes_and_not_before(room: House, there: Receiver) -> None:
    room.open()
    room.work()
    assert there.requests == []  # it is held, and can be taken back
    room.later(minutes=1).work().work()
    [(title, text)] = said(there, "/one")
    assert title == "[Problema] Sense connexió (2026-001)"
    assert text.splitlines() == [
        "Connexions: Interrupció greu",
        "En investigació.",
        "https://status.example.org/incidents/2026-001/#u1",
    ]
    [(title, text)] = said(there, "/two")
    assert title.startswith("[Problem]") and text.endswith("https://status.example.org/en/incidents/2026-001/#u1")
    resolve(room)
    room.later(minutes=2).work().later(minutes=5).work()
    assert [len(said(there, path)) for path in ("/one", "/two")] == [2, 2]
    assert said(there, "/one")[1][1].endswith("/#u2")
    assert len(room.server.taken) == 6  # and everybody their mails


def test_what_is_taken_back_is_said_nowhere(room: House, there: Receiver) -> None:
    room.open()
    room.work()
    actions.take_back(Notice.objects.get().pk, room.now, by="anna")
    room.later(minutes=5).work()
    assert there.requests == []


def test_without_mail_notices_are_drawn_up_for_chats_alone(
    room: House, there: Receiver, configure: Configure, tmp_path: Path
) -> None:
    config = (tmp_path / "talaia.toml").read_text()
    start, end = config.index("[mail]"), config.index("[[chat]]")
    configure(config[:start] + config[end:])
    room.open()
    room.work().later(minutes=1).work()
    assert len(said(there, "/one")) == 1
    assert room.server.taken == []
    assert room.notices() == [("problem", "sent", "")]


@pytest.mark.parametrize(("status", "parked"), [(500, False), (503, False), (429, False), (401, True), (404, True)])
def test_a_chat_that_fails_holds_up_no_other_and_no_mail(
    room: House, there: Receiver, status: int, parked: bool
) -> None:
    there.answer = lambda handler: handler.say(status if handler.path.startswith("/one") else 200)
    room.open()
    room.work().later(minutes=1).work()
    assert len(said(there, "/two")) == 1 and len(room.server.taken) == 3
    mine = Delivery.objects.get(channel="chat", target__startswith="one/")
    assert mine.state == (Delivery.PARKED if parked else Delivery.READY)
    assert str(status) in mine.error and "one" in mine.hint
    there.answer = lambda handler: handler.say(200)
    room.later(minutes=10).work()
    assert len(said(there, "/one")) == (1 if parked else 2)


def test_a_chat_never_hears_the_end_before_the_beginning(room: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(503)
    room.open()
    room.work().later(minutes=1).work()
    resolve(room)
    room.work().later(minutes=1).work()
    there.requests.clear()
    there.answer = lambda handler: handler.say(200)
    for _ in range(3):
        room.later(minutes=5).work()
    assert [title.partition("]")[0] for title, _ in said(there, "/one")] == ["[Problema", "[Resolta"]


def test_a_chat_sends_us_nowhere_else(room: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(302, Location=f"http://127.0.0.1:{there.port}/elsewhere")
    room.open()
    room.work().later(minutes=1).work()
    assert not said(there, "/elsewhere")
    assert all("302" in error for error in room.parked()) and len(room.parked()) == 2


def test_a_chat_that_never_stops_answering_is_ended(room: House, there: Receiver) -> None:
    there.answer = there.endless
    with pytest.raises(TemporaryError, match="did not answer within 3 s"):
        chats.say(current().tables.chat[0], current(), "x", "y", patience=3)


@pytest.mark.parametrize("content", ["nonsense", "json://127.0.0.1:9/a json://127.0.0.1:9/b", "a\nb"])
def test_what_is_no_address_is_said_without_repeating_it(room: House, tmp_path: Path, content: str) -> None:
    (tmp_path / "one").write_text(content)
    room.open()
    room.work().later(minutes=1).work()
    [error] = room.parked()
    assert error == "chat one: that is no address of Apprise"


def test_the_secret_is_in_no_row_no_log_and_no_page(
    room: House, there: Receiver, caplog: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    there.answer = lambda handler: handler.say(403, f"wrong token {SECRET}".encode())
    room.open()
    room.work().later(minutes=1).work()
    told = json.dumps([*Delivery.objects.values("target", "error", "hint"), *Fact.objects.values("data")], default=str)
    assert "403" in told and SECRET not in told and SECRET not in caplog.text
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    desk = Client(headers={"accept-language": "en"})
    desk.force_login(member("anna", Role.OPERATOR, email="anna@example.org"))
    page = desk.get(f"/desk/mails/{Notice.objects.get().pk}/").content.decode()
    assert SECRET not in page
    assert "refuses us (403)" in page and "Try again" in page


def test_a_matrix_room_gets_it_as_matrix_wants_it(room: House, there: Receiver, tmp_path: Path) -> None:
    def matrix(handler: Any) -> None:
        joined = {"access_token": "t", "user_id": "@bot:x", "room_id": "!r:x", "home_server": "x", "event_id": "$1"}
        handler.say(200, json.dumps(joined).encode(), Content_Type="application/json")

    there.answer = matrix
    (tmp_path / "one").write_text(f"matrix://{quote(SECRET)}@127.0.0.1:{there.port}/!room:example.org?v=3&discovery=no")
    room.open()
    room.work().later(minutes=1).work()
    sent = [one for one in there.requests if "/send/m.room.message" in one.path]
    assert sent and "https://status.example.org/incidents/2026-001/#u1" in sent[0].json()["body"]


def test_no_news_is_said_a_day_late(room: House, there: Receiver) -> None:
    there.answer = lambda handler: handler.say(503)
    room.open()
    room.work().later(minutes=1).work()
    there.requests.clear()
    room.later(hours=25).work()
    assert there.requests == [] and len(room.parked()) == 2


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_every_kind_is_short_and_ends_with_its_address(room: House, name: str, language: str) -> None:
    title, text = message(STORIES[name], letterhead(current()), language)
    assert len(title) + len(text) < 480 and "\n" not in title
    assert text.splitlines()[-1].startswith("https://status.example.org/") and "#u" in text.splitlines()[-1]


def test_long_titles_and_many_services_are_shortened(room: House) -> None:
    story = STORIES["problem"]
    many = tuple(story.event.touched[0] for _ in range(40))
    title, text = message(about(story, titles=(("ca", "y" * 900),), touched=many), letterhead(current()), "ca")
    assert len(title) == 150 and title.endswith("… (2026-014)")
    assert "+3" in text.splitlines()[0] and len(text) < 400


@pytest.mark.parametrize(
    ("by_hand", "days", "asked"),
    [
        (False, 3, "Its window has passed while talaia was not running. Was it done?"),
        (True, 1, "Its window has begun. Say when the work begins, or postpone it."),
    ],
)
def test_operators_are_asked_in_their_chat_what_only_they_know(
    room: House, there: Receiver, configure: Configure, by_hand: bool, days: int, asked: str
) -> None:
    set_up(configure, room.server, CHATS.replace('language = "en"', 'language = "en"\noperators = true'))
    window = (room.now + timedelta(days=1), room.now + timedelta(days=1, hours=1))
    event = events.plan_maintenance(
        {"ca": "Bateries"}, {"ca": "x"}, {}, window, room.now, by="anna", starts_itself=not by_hand
    )
    room.work().later(days=days).work()
    for _ in range(3):
        Clock(current, lambda: room.now).step(room.now)
        room.later(minutes=1).work()
    [(title, text)] = said(there, "/two")
    assert title == f"[For operators] Bateries ({event.ref})"
    assert asked in text and f"https://status.example.org/desk/maintenance/{event.ref}/" in text
    assert said(there, "/one") == [] and room.server.taken == []


def test_what_is_answered_meanwhile_is_asked_no_more(room: House, there: Receiver, configure: Configure) -> None:
    set_up(configure, room.server, CHATS.replace('language = "en"', 'language = "en"\noperators = true'))
    window = (room.now + timedelta(hours=1), room.now + timedelta(hours=2))
    event = events.plan_maintenance({"ca": "Bateries"}, {"ca": "x"}, {}, window, room.now, by="anna")
    room.work().later(days=1)
    Clock(current, lambda: room.now).step(room.now)
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, room.now, by="anna")
    room.work()
    assert there.requests == []
