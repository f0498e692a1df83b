"""A mail or a chat that goes late promises nothing for an hour that has passed, and none promises a further mail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from talaia.desk.mails.notice_overview import story_of
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.notices.models import Notice
from talaia.panel.state import State
from tests.notices.conftest import MINUTE, Configure, House, set_up
from tests.notices.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
PROMISED = "We will write again on the page before"


def promising(house: House, after: timedelta) -> Event:
    said = {"ca": "Ho mirem."}
    return events.open_incident(
        said, said, {"links": State.DISRUPTION}, house.now, by="anna", next_update_at=house.now + after
    )


@pytest.mark.parametrize(("late", "promised"), [(2, True), (45, False)])
def test_a_mail_that_waited_for_its_server_promises_nothing_for_an_hour_that_has_passed(
    house: House, late: int, promised: bool
) -> None:
    promising(house, 30 * MINUTE)
    house.work()
    away = True
    house.server.answers = lambda verb, _argument: "451 4.3.2 later" if away and verb == "RCPT" else None
    house.later(minutes=1).work()
    assert house.server.taken == []
    away = False
    house.later(minutes=late).work()
    carla = next(taken for taken in house.server.taken if taken.to.startswith("carla"))
    assert (PROMISED in carla.text) is promised and "There is no need to report it" in carla.text


def test_a_mail_that_is_drawn_up_late_is_shown_at_the_desk_as_it_will_go(house: House) -> None:
    promising(house, MINUTE / 2)
    house.work()
    notice = Notice.objects.get()
    assert story_of(notice, house.now).event.next_update_at
    assert story_of(notice, house.now + MINUTE).event.next_update_at is None
    house.later(minutes=1).work()
    assert len(house.server.taken) == 3 and not any(
        "4 de maig" in t.text.partition("Estem")[2] for t in house.server.taken
    )


def test_a_chat_that_was_away_promises_nothing_for_an_hour_that_has_passed(
    house: House, configure: Configure, tmp_path: Path
) -> None:
    with Receiver() as there:
        (tmp_path / "chat").write_text(f"json://127.0.0.1:{there.port}/room")
        set_up(configure, house.server, f'[[chat]]\nname = "room"\nurl_file = "{tmp_path / "chat"}"\nlanguage = "en"\n')
        promising(house, 30 * MINUTE)
        house.work()
        there.answer = lambda handler: handler.say(503)
        house.later(minutes=1).work()
        there.answer = lambda handler: handler.say(200)
        house.later(minutes=45).work()
        first, last = there.requests[0].json()["message"], there.requests[-1].json()["message"]
        assert PROMISED in first and PROMISED not in last
