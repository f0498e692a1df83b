"""What a person decides about a mail, twice or late: two taps, an old page, two people; no hold is skipped by it."""

from __future__ import annotations

import pytest

from talaia.events import actions as events
from talaia.events.timeline import NotPossible, Overtaken
from talaia.notices import actions
from talaia.notices.actions import turn_of
from talaia.notices.models import Notice, NoticeRecipient
from talaia.outbox.models import Fact
from talaia.panel.state import State
from tests.notices.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)


def notice() -> Notice:
    return Notice.objects.get()


def facts(kind: str) -> int:
    return Fact.objects.filter(kind=kind).exclude(by="").count()


@pytest.mark.parametrize("first", ["withheld", "taken_back"])
@pytest.mark.parametrize("later", [0, 1])
def test_send_pressed_twice_waits_for_the_hold_as_pressed_once(house: House, first: str, later: int) -> None:
    house.open(State.DEGRADED if first == "withheld" else State.DISRUPTION)
    house.work()
    if first == "taken_back":
        actions.take_back(notice().pk, house.now, by="anna")
    assert notice().state == first
    for _ in range(2):
        actions.send(notice().pk, house.now, by="anna")
        house.later(seconds=later).work()
        assert house.server.taken == []
    assert facts("notice.held") == 1
    house.later(minutes=1).work()
    assert len(house.server.taken) == 3


def test_an_old_page_sends_nothing_that_was_taken_back_since(house: House) -> None:
    house.open(State.DEGRADED)
    house.work()
    seen = turn_of(notice())
    actions.send(notice().pk, house.now, by="anna", seen=seen)
    actions.take_back(notice().pk, house.now, by="berta", seen=turn_of(notice()))
    with pytest.raises(Overtaken):
        actions.send(notice().pk, house.now, by="anna", seen=seen)
    assert notice().state == Notice.TAKEN_BACK


def test_what_is_held_goes_at_once_once(house: House) -> None:
    house.open()
    house.work()
    seen = turn_of(notice())
    for _ in range(2):
        actions.send_now(notice().pk, house.now, by="anna", seen=seen)
    assert facts("notice.held") == 1
    house.work()
    assert len(house.server.taken) == 3
    actions.send_now(notice().pk, house.now, by="anna", seen=seen)
    assert house.work().server.taken[3:] == []


def test_what_is_not_held_cannot_go_at_once(house: House) -> None:
    house.open(State.DEGRADED)
    house.work()
    with pytest.raises(NotPossible):
        actions.send_now(notice().pk, house.now, by="anna")


def test_while_it_is_being_sent_it_cannot_be_taken_back(house: House) -> None:
    house.open()
    house.work().later(minutes=1)
    actions.begin(notice().pk, house.now)
    assert notice().state == Notice.SENDING
    with pytest.raises(NotPossible):
        actions.take_back(notice().pk, house.now, by="anna")
    assert notice().state == Notice.SENDING and facts("notice.taken_back") == 0


def test_copies_that_were_refused_are_tried_once_more_by_two_taps(house: House) -> None:
    house.server.answers = lambda verb, argument: "550 5.1.1 nobody" if verb == "RCPT" and "anna" in argument else None
    house.open()
    house.work().later(minutes=1).work()
    seen = turn_of(notice())
    actions.try_again(notice().pk, house.now, by="anna", seen=seen)
    house.work()
    assert (notice().state, NoticeRecipient.objects.get(state=NoticeRecipient.REFUSED).tries) == (Notice.SENT, 2)
    with pytest.raises(Overtaken):
        actions.try_again(notice().pk, house.now, by="anna", seen=seen)
    assert facts("notice.resumed") == 1


def test_given_up_twice_is_given_up_once(house: House) -> None:
    house.open()
    house.work().later(minutes=1)
    actions.begin(notice().pk, house.now)
    for _ in range(2):
        actions.give_up(notice().pk, house.now, by="anna")
    assert (notice().state, facts("notice.given_up")) == (Notice.GIVEN_UP, 1)


def test_a_correction_in_the_hold_is_no_other_turn(house: House) -> None:
    """Who reads the page of before may still take it back, or have it go."""
    event = house.open()
    house.work()
    seen = turn_of(notice())
    events.edit_event("incident", event.ref, house.later(seconds=20).now, by="anna", titles={"ca": "Sense xarxa"})
    house.work()
    actions.take_back(notice().pk, house.now, by="anna", seen=seen)
    assert notice().state == Notice.TAKEN_BACK
