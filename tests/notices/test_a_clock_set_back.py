"""A clock that is set back by hours holds no mail for hours: holds, tries after a fault, parts, the cap of an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest

from talaia.audience.actions import add
from talaia.events import actions as events
from talaia.events.timeline import IncidentState
from talaia.notices.models import Notice, NoticeRecipient
from talaia.notices.send_batch import has_come
from tests.notices.conftest import MINUTE, NOW, Configure, House, set_up

pytestmark = pytest.mark.django_db(transaction=True)


def minutes(house: House, count: int) -> None:
    for _ in range(count):
        house.later(minutes=1).work()


@pytest.mark.parametrize("back", [timedelta(hours=3), timedelta(days=40), 2 * MINUTE, timedelta(seconds=30)])
@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=50)])
def test_a_notice_that_is_held_goes_within_some_minutes_all_the_same(
    house: House, back: timedelta, after: timedelta
) -> None:
    house.open()
    house.work()
    house.now += after
    house.work()
    house.now -= back
    minutes(house, 5)
    assert house.notices() == [("problem", "sent", "")]
    assert len(house.server.taken) == 3


def test_set_back_before_its_hold_is_looked_at_it_goes_as_well(house: House) -> None:
    house.open()
    house.now -= timedelta(hours=3)
    minutes(house, 5)
    assert len(house.server.taken) == 3


def test_corrections_after_the_clock_was_set_back_do_not_hold_it_for_hours(house: House) -> None:
    event = house.open()
    house.work()
    house.now -= timedelta(hours=3)
    events.edit_update("incident", event.ref, 1, {"ca": "Ara ben escrit."}, house.now)
    minutes(house, 8)
    assert len(house.server.taken) == 3 and "ben escrit" in house.server.taken[0].text


def test_a_copy_that_was_put_off_has_its_turn(house: House) -> None:
    house.server.answers = lambda verb, what: "450 4.2.0 later" if verb == "RCPT" and "bernat" in what else None
    house.open()
    house.work()
    minutes(house, 6)
    house.server.answers = lambda _verb, _what: None
    house.now -= timedelta(hours=3)
    minutes(house, 62)
    assert len(house.server.taken) == 3
    assert house.notices() == [("problem", "sent", "")]


def test_copies_that_were_put_off_are_not_tried_before_they_are_due(house: House) -> None:
    asked: list[str] = []

    def answers(verb: str, what: str) -> str | None:
        if verb == "RCPT" and ("bernat" in what or "dora" in what):
            asked.append("bernat" if "bernat" in what else "dora")
            return "450 4.2.0 later"
        return None

    house.server.answers = answers
    house.open()
    house.work()
    minutes(house, 1)
    add("dora@example.net", "", house.now)  # has her first turn when he has his second
    minutes(house, 1)
    assert sorted(asked) == ["bernat", "bernat", "dora"]
    minutes(house, 1)  # hers is due after a minute, his after two
    assert sorted(asked) == ["bernat", "bernat", "dora", "dora"]
    minutes(house, 1)
    assert sorted(asked) == ["bernat", "bernat", "bernat", "dora", "dora"]
    assert len(house.server.taken) == 2


@pytest.mark.parametrize(
    ("after", "come"),
    [(timedelta(0), False), (2 * MINUTE - timedelta(seconds=1), False), (2 * MINUTE, True), (-3 * MINUTE, True)],
)
def test_when_a_copy_that_was_put_off_has_its_turn(after: timedelta, come: bool) -> None:
    put_off = NoticeRecipient(state=NoticeRecipient.AGAIN, at=NOW, due=NOW + 2 * MINUTE)
    assert has_come(put_off, NOW + after) == come
    assert has_come(NoticeRecipient(state=NoticeRecipient.AGAIN, at=NOW, due=None), NOW + after)


def test_what_went_by_a_clock_that_was_ahead_is_not_counted_into_the_hour_of_the_cap(
    house: House, configure: Configure
) -> None:
    set_up(configure, house.server, "updates = true\ncap = 1\n")
    event = house.open()
    house.work()
    minutes(house, 2)
    house.now -= timedelta(hours=3)
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És un disc."}, house.now)
    minutes(house, 5)
    assert house.notices()[-1] == ("update", "sent", "")


def test_what_was_held_longer_by_a_correction_is_not_lost_when_its_first_hour_comes(house: House) -> None:
    event = house.open()
    house.work().later(seconds=50)
    events.edit_update("incident", event.ref, 1, {"ca": "Més."}, house.now)
    house.work().later(seconds=20).work()
    assert Notice.objects.get().state == Notice.HELD
    house.now -= timedelta(seconds=30)
    minutes(house, 3)
    assert len(house.server.taken) == 3
