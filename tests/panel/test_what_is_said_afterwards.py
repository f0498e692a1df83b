"""What people say of a time before they said it: since when it is shown, and which hours of which day it counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from talaia.events import actions as events
from talaia.events.manual_state import declared, shown_now
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.localization import dates
from talaia.notices.webhooks.rows import _component
from talaia.panel.actions import judge_service, roll_up
from talaia.panel.by_hand.actions import set_by_hand
from talaia.panel.catalogue import CatalogueService, Heading
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Day, Service, Transition
from talaia.panel.renaming.actions import forget_row, move_history
from talaia.panel.rollup import due_days
from talaia.panel.shown import show
from talaia.panel.state import Reason, State
from talaia.site import pages, snapshot
from tests.pages import story

ZONE = ZoneInfo("Europe/Madrid")
WORDS = {"ca": "No va"}
pytestmark = pytest.mark.django_db


def at(hour: float, day: int = 4) -> datetime:
    return datetime(2026, 5, day, tzinfo=ZONE).astimezone(UTC) + timedelta(hours=hour)


def judged(now: datetime, state: State = State.OPERATIONAL) -> None:
    """As the watch does it, while the signals say `state`."""
    for row in Service.objects.all():
        computed = Computed(state, Reason())
        judge_service(row.slug, computed, show(declared([row])[row.slug], computed, now), now)


def opened(began: datetime, now: datetime, impact: State = State.DISRUPTION) -> Event:
    event = events.open_incident(WORDS, WORDS, {"web": impact}, now, started_at=began)
    judged(now)
    return event


def history() -> list[tuple[float, str]]:
    """The hours of the fourth of May at which it turned, and into what."""
    found: list[tuple[float, str]] = []
    for row in Transition.objects.order_by("at", "pk"):
        if not found or found[-1][1] != row.to_state:
            found.append(((row.at - at(0)) / timedelta(hours=1), row.to_state))
    return found


def web() -> Service:
    return Service.objects.get(pk="web")


def store(now: datetime) -> None:
    for one in due_days(now, ZONE):
        roll_up(one.slug, one.day, one.seconds, now, one.filled)


@pytest.fixture(autouse=True)
def panel() -> None:
    list_services([Heading("g", {"": "G"}, (CatalogueService("web", {"": "Web"}, {}),))], at(0))
    judged(at(1))


def test_a_backdated_incident_has_one_since_and_counts_from_there() -> None:
    opened(at(14), at(18))
    assert web().began == web().since == at(14)
    assert history() == [(1, "operational"), (14, "disruption")]
    judged(at(18.5))
    assert web().began == at(14) and history()[-1] == (14, "disruption")


def test_programs_are_told_the_same_since_as_people_by_status_json_and_by_webhooks() -> None:
    judged(at(14), State.DISRUPTION)
    judged(at(15))
    opened(at(12), at(18), State.PARTIAL)
    assert (web().began, web().since) == (at(12), at(15))  # what is shown turned to it at three, between both
    made = json.loads(pages.front(snapshot.front(at(18.1)), story.HOUSE)["status.json"])
    assert [one["since"] for one in made["services"] if one["slug"] == "web"] == [dates.utc(at(12))]
    assert _component(web(), {}, "ca").since == at(12)
    assert _component(web(), shown_now([web()], at(18.1)), "ca").since == at(12)


def test_days_that_are_summed_up_are_summed_up_again() -> None:
    store(at(1, day=6))
    assert Day.objects.get(day="2026-05-05").seconds == {"operational": 86_400}
    opened(at(14), at(2, day=6))
    store(at(3, day=6))
    assert Day.objects.get(day="2026-05-04").seconds == {
        "unknown": 3_600,
        "operational": 13 * 3_600,
        "disruption": 36_000,
    }
    assert Day.objects.get(day="2026-05-05").seconds == {"disruption": 86_400}


def test_it_reaches_back_as_far_as_the_service_was_listed_and_over_what_is_unknown() -> None:
    opened(at(-30), at(18))
    assert history() == [(0, "disruption")]
    assert Transition.objects.order_by("at").values_list("from_state", flat=True).first() == "unknown"


def test_what_was_worse_or_maintenance_or_said_by_hand_stays() -> None:
    judged(at(4), State.DISRUPTION)
    judged(at(5))
    work = events.plan_maintenance(WORDS, WORDS, {"web": State.MAINTENANCE}, (at(6), at(7)), at(2))
    Event.objects.filter(pk=work.pk).update(state="in_progress")
    judged(at(6))
    Event.objects.filter(pk=work.pk).update(state="completed", ended_at=at(7))
    judged(at(7))
    set_by_hand("web", State.OPERATIONAL, at(9), {"ca": "El fem anar"}, "", at(8))
    judged(at(8))
    judged(at(9))
    opened(at(3), at(18), State.PARTIAL)
    assert history() == [
        (1, "operational"),
        (3, "partial"),
        (4, "disruption"),
        (5, "partial"),
        (6, "maintenance"),
        (7, "partial"),
        (8, "operational"),
        (9, "partial"),
    ]
    assert web().began == at(3)  # since when people say so


def test_a_corrected_beginning_moves_what_is_counted_both_ways_also_once_it_is_over() -> None:
    event = opened(at(14), at(18))
    events.edit_event("incident", event.ref, at(18.5), started_at=at(16))
    assert web().began == at(16) and history() == [(1, "operational"), (16, "disruption")]
    events.edit_event("incident", event.ref, at(18.6), started_at=at(12))
    assert web().began == at(12) and history() == [(1, "operational"), (12, "disruption")]
    events.update_incident(event.ref, IncidentState.RESOLVED, WORDS, at(20))
    judged(at(20))
    events.edit_event("incident", event.ref, at(21), started_at=at(13))
    assert history() == [(1, "operational"), (13, "disruption"), (20, "operational")]
    events.edit_event("incident", event.ref, at(22), started_at=at(11))
    assert history() == [(1, "operational"), (11, "disruption"), (20, "operational")]
    assert web().state == State.OPERATIONAL and web().since == at(20)


def test_what_is_opened_again_was_over_in_between_and_lasts_since_it_goes_on() -> None:
    event = opened(at(14), at(14))
    events.update_incident(event.ref, IncidentState.RESOLVED, WORDS, at(15))
    judged(at(15))
    events.update_incident(event.ref, IncidentState.INVESTIGATING, WORDS, at(17))
    judged(at(17))
    assert web().began == at(17)
    assert history() == [(1, "operational"), (14, "disruption"), (15, "operational"), (17, "disruption")]


def test_a_level_that_a_later_entry_says_is_so_since_that_entry() -> None:
    event = opened(at(14), at(16), State.PARTIAL)
    events.update_incident(event.ref, IncidentState.IDENTIFIED, WORDS, at(17), impacts={"web": State.DISRUPTION})
    judged(at(17))
    assert web().began == at(17)
    assert history() == [(1, "operational"), (14, "partial"), (17, "disruption")]
    events.edit_event("incident", event.ref, at(18), started_at=at(15))
    assert history() == [(1, "operational"), (15, "partial"), (17, "disruption")]
    events.edit_event("incident", event.ref, at(18), started_at=at(13))
    assert history() == [(1, "operational"), (13, "partial"), (17, "disruption")]


def test_what_was_corrected_to_another_service_counts_for_that_one_alone() -> None:
    event = opened(at(14), at(18))
    events.edit_event("incident", event.ref, at(18.5), impacts={})
    judged(at(18.5))
    assert history() == [(1, "operational")]
    assert web().state == State.OPERATIONAL


def test_an_incident_that_is_written_down_when_all_is_over_counts() -> None:
    event = events.open_incident(WORDS, WORDS, {"web": State.PARTIAL}, at(18), started_at=at(14))
    events.update_incident(event.ref, IncidentState.RESOLVED, WORDS, at(18), ended_at=at(16))
    judged(at(18))
    assert history() == [(1, "operational"), (14, "partial"), (16, "operational")]
    assert (web().state, web().since) == (State.OPERATIONAL, at(16))


def test_what_is_said_of_the_past_lasts_until_people_say_that_it_ended() -> None:
    """What was shown while it was open stays: nobody knows any more what the signals would have said."""
    event = opened(at(8), at(18))
    events.update_incident(event.ref, IncidentState.RESOLVED, WORDS, at(18.5), ended_at=at(12))
    judged(at(18.5))
    shown = [(18, "disruption"), (18.5, "operational")]
    assert history() == [(1, "operational"), (8, "disruption"), (12, "operational"), *shown]
    events.edit_event("incident", event.ref, at(19), ended_at=at(10))
    assert history() == [(1, "operational"), (8, "disruption"), (10, "operational"), *shown]
    events.edit_event("incident", event.ref, at(19), ended_at=at(13))
    assert history() == [(1, "operational"), (8, "disruption"), (13, "operational"), *shown]
    events.edit_event("incident", event.ref, at(19), started_at=at(9))
    assert history() == [(1, "operational"), (9, "disruption"), (13, "operational"), *shown]


def test_an_end_that_is_corrected_moves_what_is_counted_after_it_was_closed_both_ways() -> None:
    event = opened(at(14), at(14))
    events.update_incident(event.ref, IncidentState.RESOLVED, WORDS, at(18))
    judged(at(18))
    for end, shown in ((19, 19), (18.5, 18.5), (20, 20), (17, 18)):
        events.edit_event("incident", event.ref, at(21), ended_at=at(end))
        assert history() == [(1, "operational"), (14, "disruption"), (shown, "operational")]


@pytest.mark.parametrize("older_first", [True, False])
def test_what_two_incidents_say_alike_is_so_since_the_earlier_of_them_also_once_they_are_one(older_first: bool) -> None:
    first = opened(at(8) if older_first else at(15), at(18), State.PARTIAL)
    second = opened(at(15) if older_first else at(8), at(18), State.PARTIAL)
    assert web().began == web().since == at(8)
    events.merge_incident(first.ref, second.ref, WORDS, at(19))
    judged(at(19))
    assert (web().began, history()) == (at(8), [(1, "operational"), (8, "partial")])


def test_what_was_no_part_after_all_is_so_since_it_is_counted() -> None:
    """It never was over: the one that it had become part of said so meanwhile."""
    other = opened(at(8), at(18), State.PARTIAL)
    event = opened(at(15), at(18))
    events.merge_incident(event.ref, other.ref, WORDS, at(19))
    judged(at(19))
    events.update_incident(event.ref, IncidentState.INVESTIGATING, WORDS, at(20))
    events.update_incident(other.ref, IncidentState.RESOLVED, WORDS, at(21))
    judged(at(21))
    assert (web().reason["ref"], web().began, history()[-1]) == (event.ref, at(15), (15, "disruption"))


def test_what_the_signals_saw_before_people_said_the_same_is_so_since_then_also_once_they_see_it_no_more() -> None:
    judged(at(10), State.PARTIAL)
    event = events.open_incident(WORDS, WORDS, {"web": State.PARTIAL}, at(18), started_at=at(11))
    judged(at(18), State.PARTIAL)
    judged(at(19))
    assert (web().reason["ref"], web().began, history()) == (event.ref, at(10), [(1, "operational"), (10, "partial")])


def test_of_two_that_say_it_otherwise_the_worse_is_so_since_it_says_so() -> None:
    older = opened(at(8), at(18), State.DEGRADED)
    worse = opened(at(15), at(18), State.PARTIAL)
    events.merge_incident(older.ref, worse.ref, WORDS, at(19))
    judged(at(19))
    assert (web().began, history()) == (at(15), [(1, "operational"), (8, "degraded"), (15, "partial")])


def test_hours_that_were_set_by_hand_stay_those_of_a_service_that_was_renamed() -> None:
    set_by_hand("web", State.OPERATIONAL, at(9), {"ca": "El fem anar"}, "", at(8))
    judged(at(8))
    judged(at(9))
    list_services([Heading("g", {"": "G"}, (CatalogueService("site", {"": "Web"}, {}),))], at(10))
    with transaction.atomic():
        move_history("web", "site", at(10))
        forget_row("web", "site", "", at(10), {})
    judged(at(10))
    events.open_incident(WORDS, WORDS, {"site": State.PARTIAL}, at(18), started_at=at(3))
    assert [one for one in history() if one[0] < 10] == [
        (1, "operational"),
        (3, "partial"),
        (8, "operational"),
        (9, "partial"),
    ]
