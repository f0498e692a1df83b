"""Which finished days are due, from the rows; storing them is done in the test as the clock does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from talaia.panel.actions import backfill, judge_service, leave_unwatched, roll_up
from talaia.panel.catalogue import CatalogueService, Heading
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Day, Listing, Service, Transition
from talaia.panel.monitoring_gaps import unjudged
from talaia.panel.rollup import due_days, is_listed, listings
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State

MADRID = ZoneInfo("Europe/Madrid")
pytestmark = pytest.mark.django_db


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=MADRID).astimezone(UTC)  # type: ignore[arg-type,misc]


def panel(*slugs: str, at: datetime) -> None:
    entries = tuple(CatalogueService(slug, {"": slug}, {}) for slug in slugs)
    list_services([Heading("g", {"": "G"}, entries)], at)


def show(slug: str, state: State, at: datetime) -> None:
    judge_service(slug, Computed(state, Reason()), ShownState(state, Reason()), at)


def store(now: datetime) -> int:
    due = due_days(now, MADRID)
    for one in due:
        roll_up(one.slug, one.day, one.seconds, now, one.filled)
    return len(due)


def test_a_service_begins_with_the_day_on_which_it_came_and_only_finished_days_are_due() -> None:
    panel("web", at=local(2026, 5, 3, 10))
    show("web", State.OPERATIONAL, local(2026, 5, 3, 12))
    show("web", State.DISRUPTION, local(2026, 5, 4, 23))
    found = due_days(local(2026, 5, 5, 9), MADRID)
    assert [(one.slug, one.day) for one in found] == [("web", date(2026, 5, 3)), ("web", date(2026, 5, 4))]
    assert found[0].seconds == {"unknown": 43_200, "operational": 43_200}
    assert found[1].seconds == {"operational": 82_800, "disruption": 3_600}


def test_what_is_stored_is_not_due_again_and_the_next_night_only_the_next_day_is() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    assert (
        store(
            local(
                2026,
                5,
                4,
                0,
            )
        )
        == 6
    )
    assert store(local(2026, 5, 4, 23)) == 0
    assert store(local(2026, 5, 5, 1)) == 2
    assert Day.objects.get(service="web", day="2026-05-04").seconds == {"operational": 86_400}


def test_the_oldest_days_of_all_services_are_due_first() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    found = [(one.day.day, one.slug) for one in due_days(local(2026, 5, 3, 9), MADRID)]
    assert found == [(1, "chat"), (1, "web"), (2, "chat"), (2, "web")]


def test_what_one_service_was_is_read_from_its_own_first_day_on_whatever_is_due_of_others() -> None:
    panel("chat", at=local(2026, 5, 1, 0))
    show("chat", State.OPERATIONAL, local(2026, 5, 1, 0))
    show("chat", State.DISRUPTION, local(2026, 5, 1, 12))
    panel("web", "chat", at=local(2026, 5, 3, 0))
    show("chat", State.OPERATIONAL, local(2026, 5, 3, 12))
    found = {one.day.day: one.seconds for one in due_days(local(2026, 5, 4, 9), MADRID) if one.slug == "chat"}
    half = 12 * 3_600
    assert found == {
        1: {"operational": half, "disruption": half},
        2: {"disruption": 2 * half},
        3: {"operational": half, "disruption": half},
    }


def test_a_service_that_came_back_and_left_at_the_same_instant_has_no_day_of_that() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 10))
    panel("chat", at=local(2026, 5, 2, 0))
    for slugs in (["web", "chat"], ["chat"]):
        panel(*slugs, at=local(2026, 5, 5, 10))
    assert [one.day.day for one in due_days(local(2026, 5, 7, 9), MADRID) if one.slug == "web"] == [1]


def test_a_listing_that_was_written_down_later_counts_in_its_order() -> None:
    panel("web", "chat", at=local(2026, 5, 6, 0))
    row = Listing.objects.get(service="web")
    Listing.objects.create(service=row.service, since=local(2026, 5, 1, 0), until=local(2026, 5, 3, 0))
    assert listings(["web"])["web"] == ((local(2026, 5, 1, 0), local(2026, 5, 3, 0)), (local(2026, 5, 6, 0), None))
    days = [one.day.day for one in due_days(local(2026, 5, 8, 9), MADRID) if one.slug == "web"]
    assert days == [1, 2, 6, 7]


def test_a_state_that_came_before_the_day_goes_on_in_it() -> None:
    panel("web", at=local(2026, 5, 1, 0))
    show("web", State.DEGRADED, local(2026, 5, 1, 0))
    store(local(2026, 5, 2, 1))
    assert store(local(2026, 5, 4, 1)) == 2
    assert Day.objects.get(service="web", day="2026-05-03").seconds == {"degraded": 86_400}


def test_a_service_that_never_changed_has_only_days_without_data() -> None:
    panel("web", at=local(2026, 5, 1, 12))
    found = due_days(local(2026, 5, 3, 0), MADRID)
    assert [entry.seconds for entry in found] == [{"unknown": 86_400}, {"unknown": 86_400}]


def test_a_retired_service_has_no_days_after_the_one_on_which_it_left() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    panel("web", at=local(2026, 5, 2, 12))
    days = {one.day for one in due_days(local(2026, 5, 6, 1), MADRID) if one.slug == "chat"}
    assert days == {date(2026, 5, 1), date(2026, 5, 2)}


def test_the_day_on_which_a_service_leaves_is_not_finished_before_its_midnight() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    panel("web", at=local(2026, 5, 2, 12))
    for now, last in ((local(2026, 5, 2, 13), 1), (local(2026, 5, 2, 23, 59), 1), (local(2026, 5, 3, 0), 2)):
        assert max(one.day for one in due_days(now, MADRID) if one.slug == "chat") == date(2026, 5, last)


def test_a_finished_day_on_which_the_clocks_changed_has_its_length() -> None:
    panel("web", at=local(2026, 10, 24, 0))
    show("web", State.OPERATIONAL, local(2026, 10, 24, 0))
    store(local(2026, 10, 26, 1))
    assert Day.objects.get(service="web", day="2026-10-25").seconds == {"operational": 25 * 3600}


def test_nothing_due_costs_two_queries(django_assert_num_queries: Any) -> None:
    panel(*(f"s{n}" for n in range(20)), at=local(2026, 5, 1, 0))
    store(local(2026, 5, 2, 1))
    with django_assert_num_queries(2):
        assert due_days(local(2026, 5, 2, 2), MADRID) == []


def test_after_a_very_long_pause_not_more_than_a_year_is_made_up_for() -> None:
    panel("web", at=local(2020, 1, 1, 0))
    assert len(due_days(local(2026, 5, 2, 1), MADRID)) == 400
    assert due_days(local(2026, 5, 2, 1), MADRID)[-1].day == date(2026, 5, 1)
    assert timedelta(days=400) == date(2026, 5, 2) - due_days(local(2026, 5, 2, 1), MADRID)[0].day


@pytest.mark.parametrize(
    ("day", "listed"),
    [(30, False), (1, True), (2, True), (3, False), (4, False), (5, True), (6, True), (20, True)],
)
def test_a_day_on_which_it_was_listed_at_any_time_is_one_of_its_days(day: int, listed: bool) -> None:
    first = (local(2026, 5, 1, 22), local(2026, 5, 3, 0))  # it left at midnight: of the third nothing is its
    spans = [first, (local(2026, 5, 5, 23, 59), None)]
    at = date(2026, 4, day) if day == 30 else date(2026, 5, day)
    assert is_listed(at, spans, MADRID) is listed
    assert is_listed(at, [*spans[1:], first], MADRID) is listed
    assert not is_listed(at, [], MADRID)


def leave(slug: str, at: datetime, now: datetime) -> int:
    """Nobody watched the service since `at`; the transition that says so."""
    unwatched = ShownState(State.UNKNOWN, unjudged(at).reason)
    leave_unwatched(slug, [(at, unwatched)], unjudged(at), now)
    return Transition.objects.filter(service=slug).latest("pk").pk


def stored(slug: str = "web") -> dict[str, dict[str, int]]:
    return {f"{row.day:%d}": row.seconds for row in Day.objects.filter(service=slug).order_by("day")}


def test_a_day_that_was_stored_before_its_past_was_written_down_is_stored_again_with_it() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    for slug in ("web", "chat"):
        show(slug, State.OPERATIONAL, local(2026, 5, 1, 0))
    now = local(2026, 5, 4, 0, 1)
    assert store(now) == 6
    gap = leave("web", local(2026, 5, 2, 12), now)
    assert [(one.slug, one.day.day) for one in due_days(now, MADRID)] == [("web", 2), ("web", 3)]
    store(now)
    assert stored() == {
        "01": {"operational": 86_400},
        "02": {"operational": 43_200, "unknown": 43_200},
        "03": {"unknown": 86_400},
    }
    show("web", State.OPERATIONAL, now)
    filled = {"filled": True}
    told = [
        (local(2026, 5, 2, 12), State.OPERATIONAL, Reason("", filled)),
        (local(2026, 5, 2, 23), State.DISRUPTION, Reason("", filled)),
        (local(2026, 5, 3, 1), State.OPERATIONAL, Reason("", filled)),
        (local(2026, 5, 3, 20), State.UNKNOWN, Reason("not_running", {"asked": True})),
    ]
    backfill(gap, told, now)
    store(now)
    assert stored() == {
        "01": {"operational": 86_400},
        "02": {"operational": 82_800, "disruption": 3_600},
        "03": {"operational": 19 * 3_600, "disruption": 3_600, "unknown": 4 * 3_600},
    }
    assert list(Day.objects.filter(service="web").order_by("day").values_list("filled", flat=True)) == [
        0,
        43_200,
        72_000,
    ]
    assert Day.objects.filter(service="chat").count() == 3


def test_what_is_told_afterwards_is_told_once_and_the_state_is_since_its_beginning() -> None:
    panel("web", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    gap = leave("web", local(2026, 5, 1, 10), local(2026, 5, 1, 12))
    told = [
        (local(2026, 5, 1, 10), State.OPERATIONAL, Reason("", {"filled": True})),
        (local(2026, 5, 1, 11), State.DISRUPTION, Reason("", {"filled": True})),
    ]
    backfill(gap, told, local(2026, 5, 1, 12))
    assert Transition.objects.count() == 2, "nobody has judged it since: it is not over"
    show("web", State.DISRUPTION, local(2026, 5, 1, 12))
    for _ in range(2):
        backfill(gap, told, local(2026, 5, 1, 12))
    rows = Transition.objects.order_by("at", "pk").values_list("from_state", "to_state")
    assert list(rows) == [
        ("unknown", "operational"),
        ("operational", "operational"),
        ("operational", "disruption"),
        ("disruption", "disruption"),
    ]
    assert Service.objects.get(pk="web").since == local(2026, 5, 1, 11)


def test_filled_seconds_of_a_night_that_began_the_day_before_are_still_marked() -> None:
    """The day of the return is stored at its own midnight, long after the days before it."""
    panel("web", "chat", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    show("chat", State.OPERATIONAL, local(2026, 5, 1, 0))
    gap = leave("web", local(2026, 5, 1, 20), local(2026, 5, 2, 8))
    show("web", State.OPERATIONAL, local(2026, 5, 2, 8))
    show("chat", State.DEGRADED, local(2026, 5, 1, 22))  # what another one was last says nothing of this one
    backfill(gap, [(local(2026, 5, 1, 20), State.OPERATIONAL, Reason("", {"filled": True}))], local(2026, 5, 2, 8))
    store(local(2026, 5, 2, 9))
    store(local(2026, 5, 3, 1))
    filled = Day.objects.order_by("service", "day").values_list("service", "filled")
    assert list(filled) == [("chat", 0), ("chat", 0), ("web", 4 * 3_600), ("web", 8 * 3_600)]


@pytest.mark.parametrize("last", [State.OPERATIONAL, State.DISRUPTION])
def test_a_service_that_left_and_came_back_counts_nothing_of_the_days_between(last: State) -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    show("web", last, local(2026, 5, 2, 12))
    store(local(2026, 5, 3, 0, 5))
    panel("chat", at=local(2026, 5, 3, 10))
    store(local(2026, 5, 4, 0, 5))
    store(local(2026, 5, 12, 0, 5))
    panel("web", "chat", at=local(2026, 5, 12, 10))
    row = Service.objects.get(pk="web")
    assert (row.state, row.reason["code"], row.computed_state) == ("unknown", "never_measured", "unknown")
    show("web", State.OPERATIONAL, local(2026, 5, 12, 11))
    store(local(2026, 5, 13, 0, 5))
    assert {day: stored()[day] for day in stored() if day >= "03"} == {
        "03": {last.value: 10 * 3_600},
        "12": {"unknown": 3_600, "operational": 13 * 3_600},
    }


def test_a_service_that_came_back_today_is_not_due_again_each_minute(django_assert_num_queries: Any) -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    panel("chat", at=local(2026, 5, 3, 0))
    panel("web", "chat", at=local(2026, 5, 6, 9))
    store(local(2026, 5, 6, 10))
    assert list(stored()) == ["01", "02"]
    with django_assert_num_queries(2):
        assert due_days(local(2026, 5, 6, 11), MADRID) == []


def test_nothing_is_counted_after_a_service_left_whatever_is_judged_later() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    show("web", State.DISRUPTION, local(2026, 5, 1, 0))
    panel("chat", at=local(2026, 5, 1, 12))
    show("web", State.OPERATIONAL, local(2026, 5, 2, 9))  # by a watch that has not seen that it left
    store(local(2026, 5, 4, 1))
    assert stored() == {"01": {"disruption": 43_200}}
    assert Service.objects.get(pk="web").state == "disruption"


def test_a_day_that_was_stored_a_moment_too_early_is_stored_again() -> None:
    panel("web", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    store(local(2026, 5, 3, 0, 0, 1))
    show("web", State.DISRUPTION, local(2026, 5, 2, 23, 59, 50))  # judged before midnight, written after it
    store(local(2026, 5, 3, 0, 1))
    assert stored()["02"] == {"operational": 86_390, "disruption": 10}


def test_a_clock_that_is_set_back_does_not_bring_the_history_into_disorder() -> None:
    panel("web", at=local(2026, 5, 1, 0))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 0))
    show("web", State.DISRUPTION, local(2026, 5, 1, 12))
    show("web", State.OPERATIONAL, local(2026, 5, 1, 13))
    show("web", State.DISRUPTION, local(2026, 5, 1, 11, 30))  # the clock went back two hours
    show("web", State.OPERATIONAL, local(2026, 5, 1, 14))
    show("web", State.DISRUPTION, local(2026, 5, 1, 23))
    store(local(2026, 5, 2, 1))
    assert stored() == {"01": {"operational": 21 * 3_600, "disruption": 3 * 3_600}}
    rows = list(Transition.objects.order_by("at", "pk"))
    assert all(one.to_state == other.from_state for one, other in pairwise(rows))
