"""Which mails about planned work arrive when: short notice, more time, an unseen window, mail that comes later."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from talaia.config import current
from talaia.events import actions as events
from talaia.events.formatting import plan_lines
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.notices import actions
from talaia.notices.models import Notice
from talaia.notices.values import NoticeStory
from talaia.panel.state import State
from talaia.server.scheduler import Clock
from tests.notices.conftest import NOW, Configure, House

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
WEEK = 7 * 24 * HOUR


def plan(house: House, ahead: timedelta, lasts: timedelta = 2 * HOUR) -> Event:
    window = (house.now + ahead, house.now + ahead + lasts)
    titles, texts = {"ca": "Canvi de router"}, {"ca": "Dos talls."}
    event = events.plan_maintenance(titles, texts, {"links": State.MAINTENANCE}, window, house.now, by="anna")
    house.work()
    return event


def until(house: House, end: datetime, step: timedelta = 5 * timedelta(minutes=1)) -> None:
    """Time passes, and the product's clock with it."""
    while house.now < end:
        house.now = min(house.now + step, end)
        Clock(current, lambda: house.now).step(house.now)
        house.work()


def told(house: House) -> list[str]:
    """The kinds that have left the house, in their order."""
    return [kind for kind, state, _ in house.notices() if state == "sent"]


@pytest.mark.parametrize(
    ("ahead", "before_it_begins"),
    [
        (WEEK, ["advance", "reminder", "reminder"]),
        (WEEK - HOUR, ["advance", "reminder", "reminder"]),
        (10 * HOUR, ["advance", "reminder"]),
        (HOUR / 3, ["advance"]),
    ],
)
def test_short_notice_is_told_at_once_and_the_rest_by_its_plan(
    house: House, ahead: timedelta, before_it_begins: list[str]
) -> None:
    event = plan(house, ahead)
    assert event.window_start
    house.work()
    until(house, NOW + 5 * timedelta(minutes=1))
    assert told(house) == ["advance"]
    until(house, event.window_start - timedelta(minutes=1), HOUR / 2)
    assert told(house) == before_it_begins
    until(house, event.window_start + 5 * timedelta(minutes=1))
    assert told(house) == [*before_it_begins, "start"]


def test_of_work_that_begins_within_the_hold_people_hear_that_it_has_begun(house: House) -> None:
    event = plan(house, timedelta(seconds=30))
    house.work()
    until(house, NOW + HOUR / 4, timedelta(seconds=30))
    assert told(house) == ["start"]
    assert event.ref in house.server.taken[0].mail["Subject"]


def test_short_notice_that_is_taken_back_stays_so_and_the_next_hour_is_told(house: House) -> None:
    event = plan(house, 10 * HOUR)
    house.work()
    actions.take_back(Notice.objects.get().pk, house.now, by="anna")
    events.edit_event("maintenance", event.ref, house.now, titles={"ca": "Canvi del router"})
    until(house, NOW + 9 * HOUR, HOUR / 2)
    assert house.server.taken == []
    until(house, NOW + 9.75 * HOUR)
    assert told(house) == ["advance"]


def test_a_move_to_short_notice_is_told_once_as_a_move(house: House) -> None:
    event = plan(house, 26 * HOUR)
    until(house, NOW + 3 * HOUR, HOUR / 2)
    assert told(house) == ["advance", "reminder"]
    window = (house.now + 5 * HOUR, house.now + 6 * HOUR)
    events.postpone_maintenance(event.ref, window, {"ca": "Abans."}, house.now, by="anna")
    until(house, house.now + 4 * HOUR, HOUR / 2)
    assert told(house) == ["advance", "reminder", "changed"]


def test_of_a_window_that_passed_unseen_nobody_hears_by_itself_and_then_its_end(house: House) -> None:
    event = plan(house, 25 * HOUR)
    until(house, NOW + 2 * HOUR, HOUR / 2)
    before = len(house.server.taken)
    house.later(days=3)  # the machine was off
    until(house, house.now + HOUR)
    event.refresh_from_db()
    assert (event.state, len(house.server.taken)) == ("scheduled", before)
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, house.now, by="anna")
    until(house, house.now + HOUR)
    assert told(house) == ["advance", "reminder", "end"]
    assert not house.parked()
    event.refresh_from_db()
    assert "start" not in [line.notice for line in plan_lines(event)]  # nor is it said that they heard it begin


def test_more_time_while_it_runs_is_told_to_those_who_were_told_the_old_end(house: House) -> None:
    event = plan(house, 26 * HOUR)
    until(house, NOW + 26.25 * HOUR, HOUR / 4)
    assert told(house)[-1] == "start"
    end = NOW + 31 * HOUR
    for hours in (0, 1):  # and once more, when that was too short
        events.extend_maintenance(event.ref, end + hours * HOUR, {"ca": "Ens cal més estona."}, house.now, by="anna")
        until(house, house.now + HOUR / 2)
    assert told(house)[-3:] == ["start", "changed", "changed"]
    carla = [one for one in house.server.taken if one.to.startswith("carla")][-1]
    assert carla.mail["Subject"].startswith("[Takes longer]")
    assert "takes longer than we had said" in carla.text and "another time" not in carla.text
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, house.now, by="anna")
    until(house, house.now + HOUR / 4)
    assert told(house)[-1] == "end"


@pytest.mark.parametrize("who", ["nobody was told", "it was taken back"])
def test_more_time_is_told_to_nobody_who_was_told_nothing_or_was_not_to_hear_it(house: House, who: str) -> None:
    event = plan(house, 26 * HOUR)
    if who == "nobody was told":
        events.arrange_maintenance(event.ref, house.now, notices=[])
    until(house, NOW + 26.25 * HOUR, HOUR / 4)
    before = len(house.server.taken)
    events.extend_maintenance(event.ref, NOW + 31 * HOUR, {"ca": "Més estona."}, house.now, by="anna")
    house.work()
    for notice in Notice.objects.filter(state=Notice.HELD):
        actions.take_back(notice.pk, house.now, by="anna")
    until(house, house.now + HOUR)
    assert len(house.server.taken) == before


def test_a_step_without_words_is_no_news_and_its_mail_tells_what_somebody_wrote(
    house: House, configure: Configure
) -> None:
    path = current().path
    assert path
    configure(path.read_text().replace("[mail]\n", "[mail]\nupdates = true\n"))
    event = plan(house, 26 * HOUR)
    events.arrange_maintenance(event.ref, house.now, notices=["24h", "end"])
    until(house, NOW + 27 * HOUR, HOUR / 2)
    assert told(house) == ["advance"]  # that it begins was not to be told
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, house.now, by="anna")
    until(house, house.now + HOUR / 4)
    assert told(house) == ["advance", "end"]
    assert "Dos talls." in house.server.taken[-1].text


def test_work_that_was_planned_before_mail_was_configured_is_told_once_it_is(
    house: House, configure: Configure
) -> None:
    path = current().path
    assert path
    whole = path.read_text()
    configure(whole.partition("[mail]")[0])
    event = plan(house, 3 * 24 * HOUR)
    until(house, NOW + HOUR, HOUR / 2)
    assert house.notices() == []
    configure(whole)
    until(house, NOW + 2 * HOUR, HOUR / 2)
    assert told(house) == ["advance"]
    assert event.window_start
    until(house, event.window_start + HOUR / 4, HOUR / 4)
    assert told(house) == ["advance", "reminder", "reminder", "start"]


def test_an_incident_that_was_open_before_mail_was_configured_mails_nobody_by_itself(
    house: House, configure: Configure
) -> None:
    path = current().path
    assert path
    whole = path.read_text()
    configure(whole.partition("[mail]")[0])
    house.open()
    until(house, NOW + HOUR, HOUR / 2)
    configure(whole)
    until(house, NOW + 2 * HOUR, HOUR / 4)
    assert house.server.taken == []


@pytest.mark.parametrize("over", [MaintenanceState.COMPLETED, MaintenanceState.CANCELLED])
@pytest.mark.parametrize("words", [{}, {"ca": "Ja hi som tots."}], ids=["without-words", "with-words"])
def test_the_mail_of_an_end_without_words_tells_the_reason_and_nothing_that_was_said_meanwhile(
    house: House, over: MaintenanceState, words: dict[str, str]
) -> None:
    event = plan(house, 10 * HOUR)
    until(house, NOW + HOUR / 4)
    before = {"ca": "Ara va a poc a poc."}
    going = MaintenanceState.IN_PROGRESS if over is MaintenanceState.COMPLETED else MaintenanceState.SCHEDULED
    events.update_maintenance(event.ref, going, before, house.now, by="anna")
    until(house, house.now + HOUR / 4)
    events.update_maintenance(event.ref, over, words, house.now, by="anna")
    until(house, house.now + HOUR / 4)
    assert told(house)[-1] in ("end", "cancelled")
    last = house.server.taken[-1].mail
    body = last.get_body(("plain",))
    assert body is not None
    found = body.get_content()
    assert before["ca"] not in found
    assert words.get("ca", "Dos talls.") in found and ("Dos talls." in found) == (not words)


def test_work_that_is_called_off_before_its_new_hours_are_told_is_named_by_those_that_were(house: House) -> None:
    event = plan(house, WEEK)
    house.later(minutes=2).work()
    assert event.window_start
    assert event.window_end
    moved = (event.window_start + 24 * HOUR, event.window_end + 24 * HOUR)
    events.postpone_maintenance(event.ref, moved, {"ca": "Un dia més tard."}, house.now, by="anna")
    house.work()
    events.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "No es fa."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert told(house) == ["advance", "cancelled"]
    first, last = (NoticeStory.from_json(row.story or {}) for row in Notice.objects.filter(state="sent").order_by("pk"))
    assert last.event.window == first.event.window == (event.window_start, event.window_end)
    assert (first.revision, last.revision) == (0, 1)


def test_work_that_began_late_is_told_with_the_hours_in_which_it_was(house: House) -> None:
    event = plan(house, HOUR)
    events.arrange_maintenance(event.ref, house.now, by="anna", starts_itself=False)
    house.later(hours=1, minutes=10).work()
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {"ca": "Ara."}, house.now, by="anna")
    began = house.now
    house.work().later(minutes=2).work()
    start = NoticeStory.from_json(Notice.objects.get(kind="start").story or {})
    assert start.event.hours == (event.window_start, event.window_end)
    house.later(minutes=20)
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, house.now, by="anna")
    ended = house.now
    house.work().later(minutes=2).work()
    assert NoticeStory.from_json(Notice.objects.get(kind="end").story or {}).event.hours == (began, ended)
