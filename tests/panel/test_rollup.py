"""Which finished days are due, from the rows; storing them is done in the test as the clock does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from talaia.panel.actions import backfill, judge_service, list_services, roll_up
from talaia.panel.catalogue import Entry, Heading
from talaia.panel.models import Day
from talaia.panel.rollup import due_days
from talaia.panel.state import Computed, Reason, Shown, State

MADRID = ZoneInfo("Europe/Madrid")
pytestmark = pytest.mark.django_db


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=MADRID).astimezone(UTC)  # type: ignore[arg-type,misc]


def panel(*slugs: str, at: datetime) -> None:
    entries = tuple(Entry(slug, {"": slug}, {}) for slug in slugs)
    list_services([Heading("g", {"": "G"}, entries)], at)


def show(slug: str, state: State, at: datetime) -> None:
    judge_service(slug, Computed(state, Reason()), Shown(state, Reason()), at)


def store(now: datetime) -> int:
    due = due_days(now, MADRID)
    for slug, day, seconds in due:
        roll_up(slug, day, seconds, now)
    return len(due)


def test_a_service_begins_with_the_day_on_which_it_came_and_only_finished_days_are_due() -> None:
    panel("web", at=local(2026, 5, 3, 10))
    show("web", State.OPERATIONAL, local(2026, 5, 3, 12))
    show("web", State.DISRUPTION, local(2026, 5, 4, 23))
    found = due_days(local(2026, 5, 5, 9), MADRID)
    assert [(slug, day) for slug, day, _ in found] == [("web", date(2026, 5, 3)), ("web", date(2026, 5, 4))]
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
    days = {day for slug, day, _ in due_days(local(2026, 5, 6, 1), MADRID) if slug == "chat"}
    assert days == {date(2026, 5, 1), date(2026, 5, 2)}


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


def test_a_day_that_was_stored_before_its_past_was_written_down_is_stored_again_with_it() -> None:
    panel("web", "chat", at=local(2026, 5, 1, 0))
    for slug in ("web", "chat"):
        show(slug, State.OPERATIONAL, local(2026, 5, 1, 0))
    now = local(2026, 5, 4, 0, 1)
    assert store(now) == 6
    trouble = (local(2026, 5, 2, 23), State.DISRUPTION, Reason())
    backfill("web", [trouble, (local(2026, 5, 3, 1), State.OPERATIONAL, Reason())], now)
    assert [(slug, day.day) for slug, day, _ in due_days(now, MADRID)] == [("web", 2), ("web", 3)]
    store(now)
    assert Day.objects.get(service="web", day="2026-05-01").seconds == {"operational": 86_400}
    assert Day.objects.get(service="web", day="2026-05-02").seconds == {"operational": 82_800, "disruption": 3_600}
    assert Day.objects.get(service="web", day="2026-05-03").seconds == {"operational": 82_800, "disruption": 3_600}
    assert Day.objects.filter(service="chat").count() == 3
