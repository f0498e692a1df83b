"""What a second person has approved is changed by nobody alone: the change waits, and what was approved stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.config import current
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState, NotPossible, Overtaken
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.server.scheduler import Clock

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = 7 * 24 * HOUR
WINDOW = (NOW + WEEK, NOW + WEEK + HOUR)
LATER = (NOW + 4 * WEEK, NOW + 4 * WEEK + HOUR)


@pytest.fixture
def approved() -> Event:
    list_services(headings(current()), NOW)
    asked = ({"ca": "Canvi"}, {"ca": "Canviem."}, {"chat": State.DEGRADED}, WINDOW, NOW)
    event = actions.plan_maintenance(*asked, by="anna", needs_approval=True, notices=["24h"])
    return actions.approve_maintenance(event.ref, NOW, by="berta")


def postpone(ref: str, by: str) -> object:
    return actions.postpone_maintenance(ref, LATER, {"ca": "Més tard."}, NOW, by=by)


def extend(ref: str, by: str) -> object:
    return actions.extend_maintenance(ref, WINDOW[1] + HOUR, {"ca": "Més estona."}, NOW, by=by)


def other_levels(ref: str, by: str) -> object:
    return actions.edit_event("maintenance", ref, NOW, by=by, impacts={"chat": State.DISRUPTION})


def other_levels_with_an_entry(ref: str, by: str) -> object:
    here, levels = MaintenanceState.SCHEDULED, {"chat": State.DISRUPTION}
    return actions.update_maintenance(ref, here, {"ca": "Serà pitjor."}, NOW, by=by, impacts=levels)


def tell_nobody(ref: str, by: str) -> object:
    return actions.arrange_maintenance(ref, NOW, by=by, notices=[])


def silence(ref: str, by: str) -> object:
    return actions.arrange_maintenance(ref, NOW, by=by, silence=True)


CHANGES = [postpone, extend, other_levels, other_levels_with_an_entry, tell_nobody, silence]


def plan_of(ref: str) -> dict[str, Any]:
    event = actions.find("maintenance", ref)
    levels = dict(event.impacts.values_list("service_id", "state"))
    return {
        "window": (event.window_start, event.window_end),
        "levels": levels,
        "told": event.notices,
        "silence": event.silence,
    }


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("by", ["anna", "berta", "carla"])
def test_a_change_waits_for_somebody_else_than_who_proposed_it(
    approved: Event, change: Callable[[str, str], object], by: str
) -> None:
    before = plan_of(approved.ref)
    change(approved.ref, by)
    assert plan_of(approved.ref) == before
    with pytest.raises(NotPossible):
        actions.approve_maintenance(approved.ref, NOW, by=by)
    assert plan_of(approved.ref) == before
    other = "anna" if by != "anna" else "berta"
    actions.approve_maintenance(approved.ref, NOW, by=other)
    after = plan_of(approved.ref)
    assert sum(before[part] != after[part] for part in before) == 1
    event = actions.find("maintenance", approved.ref)
    assert (event.proposed, event.approved_by, event.changed_by) == (None, other, by)
    assert Fact.objects.latest("pk").data["approved_by"] == other


@pytest.mark.parametrize(
    ("change", "kind", "after"),
    [
        (postpone, "postponed", {}),
        (extend, "extended", {}),
        (other_levels, "edited", {"impacts": {"chat": "disruption"}}),
        (silence, "arranged", {"silence": True}),
    ],
)
def test_the_fact_of_a_change_that_was_approved_is_of_its_kind(
    approved: Event, change: Callable[[str, str], object], kind: str, after: dict[str, Any]
) -> None:
    change(approved.ref, "anna")
    actions.approve_maintenance(approved.ref, NOW, by="berta")
    fact = Fact.objects.latest("pk")
    assert (fact.kind, fact.data["after"]) == (f"maintenance.{kind}", after)


@pytest.mark.parametrize("change", [postpone, extend])
def test_the_same_form_twice_proposes_once(approved: Event, change: Callable[[str, str], object]) -> None:
    for _ in range(2):
        assert change(approved.ref, "anna") is None
    assert Fact.objects.filter(kind="maintenance.change_proposed").count() == 1


def test_who_approves_must_have_seen_the_change_that_is_there(approved: Event) -> None:
    postpone(approved.ref, "anna")
    seen = actions.mark_of(actions.find("maintenance", approved.ref))
    other_levels(approved.ref, "anna")
    with pytest.raises(Overtaken):
        actions.approve_maintenance(approved.ref, NOW, by="berta", seen=seen)


def test_two_changes_wait_and_are_made_together(approved: Event) -> None:
    postpone(approved.ref, "anna")
    other_levels(approved.ref, "anna")
    actions.approve_maintenance(approved.ref, NOW, by="berta")
    after = plan_of(approved.ref)
    assert (after["window"], after["levels"]) == (LATER, {"chat": "disruption"})
    assert actions.find("maintenance", approved.ref).started_at == LATER[0]
    fact = Fact.objects.latest("pk")
    assert (fact.kind, fact.data["before"]) == ("maintenance.postponed", [at.isoformat() for at in WINDOW])


def test_a_change_that_is_dropped_leaves_what_was_approved(approved: Event) -> None:
    before = plan_of(approved.ref)
    postpone(approved.ref, "anna")
    for _ in range(2):
        actions.withdraw_change(approved.ref, NOW, by="anna")
    assert plan_of(approved.ref) == before
    assert Fact.objects.filter(kind="maintenance.change_dropped").count() == 1


def test_work_of_which_a_change_waits_is_not_begun_by_the_clock_nor_as_if_nothing_had_happened(
    approved: Event,
) -> None:
    postpone(approved.ref, "anna")
    Clock(current, lambda: WINDOW[0]).step(WINDOW[0])
    assert actions.find("maintenance", approved.ref).state == "scheduled"
    assert Fact.objects.filter(kind="maintenance.not_begun").count() == 1
    actions.withdraw_change(approved.ref, WINDOW[0] + HOUR / 2, by="anna")
    Clock(current, lambda: WINDOW[0]).step(WINDOW[0] + HOUR / 2)
    assert actions.find("maintenance", approved.ref).state == "scheduled"  # a person begins it


@pytest.mark.parametrize("decide", [actions.approve_maintenance, actions.withdraw_change])
@pytest.mark.parametrize(("early", "begins"), [(timedelta(0), False), (timedelta(seconds=1), True)])
def test_work_whose_hour_came_while_a_change_waited_is_begun_by_a_person(
    approved: Event, decide: Callable[..., object], early: timedelta, begins: bool
) -> None:
    other_levels(approved.ref, "anna")
    decide(approved.ref, WINDOW[0] - early, by="berta")
    Clock(current, lambda: WINDOW[0]).step(WINDOW[0])
    assert (actions.find("maintenance", approved.ref).state == "in_progress") is begins


def test_what_a_person_says_at_work_waits_for_nobody(approved: Event) -> None:
    actions.update_maintenance(approved.ref, MaintenanceState.IN_PROGRESS, {}, WINDOW[0], by="anna")
    update = actions.extend_maintenance(approved.ref, LATER[1], {"ca": "Més."}, WINDOW[0], by="anna")
    assert update is not None and plan_of(approved.ref)["window"][1] == LATER[1]
    other_levels(approved.ref, "anna")
    assert plan_of(approved.ref)["levels"] == {"chat": "disruption"}


def test_what_nobody_had_to_approve_is_changed_at_once() -> None:
    list_services(headings(current()), NOW)
    asked = ({"ca": "Canvi"}, {"ca": "Canviem."}, {"chat": State.DEGRADED}, WINDOW, NOW)
    event = actions.plan_maintenance(*asked, by="anna")
    assert postpone(event.ref, "anna") is not None
    assert plan_of(event.ref)["window"] == LATER


@pytest.fixture
def waiting() -> Event:
    list_services(headings(current()), NOW)
    asked = ({"ca": "Canvi"}, {"ca": "Canviem."}, {"chat": State.DEGRADED}, WINDOW, NOW)
    return actions.plan_maintenance(*asked, by="anna", needs_approval=True, notices=["24h"])


def ends_by_the_clock(ref: str, by: str) -> object:
    return actions.arrange_maintenance(ref, NOW, by=by, ends_itself=True)


@pytest.mark.parametrize("change", [*CHANGES, ends_by_the_clock])
def test_nobody_who_wrote_any_part_of_it_says_the_first_yes(
    waiting: Event, change: Callable[[str, str], object]
) -> None:
    change(waiting.ref, "berta")
    for by in ("anna", "berta", ""):
        with pytest.raises(NotPossible):
            actions.approve_maintenance(waiting.ref, NOW, by=by)
    assert actions.approve_maintenance(waiting.ref, NOW, by="carla").approved_by == "carla"


def test_of_several_who_changed_it_before_the_first_yes_none_says_it(waiting: Event) -> None:
    postpone(waiting.ref, "berta")
    silence(waiting.ref, "carla")
    for by in ("anna", "berta", "carla"):
        with pytest.raises(NotPossible):
            actions.approve_maintenance(waiting.ref, NOW, by=by)
    assert actions.approve_maintenance(waiting.ref, NOW, by="dora").approved_by == "dora"


@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("then", CHANGES)
def test_nobody_who_wrote_any_part_of_a_change_approves_it(
    approved: Event, first: Callable[[str, str], object], then: Callable[[str, str], object]
) -> None:
    first(approved.ref, "anna")
    then(approved.ref, "carla")
    before = plan_of(approved.ref)
    for by in ("anna", "carla"):
        with pytest.raises(NotPossible):
            actions.approve_maintenance(approved.ref, NOW, by=by)
    assert plan_of(approved.ref) == before
    actions.approve_maintenance(approved.ref, NOW, by="berta")
    assert Fact.objects.latest("pk").data["authors"] == ["anna", "carla"]


def test_who_wrote_what_was_dropped_or_approved_may_approve_what_others_write_then(approved: Event) -> None:
    postpone(approved.ref, "anna")
    actions.withdraw_change(approved.ref, NOW, by="carla")
    tell_nobody(approved.ref, "carla")
    assert actions.approve_maintenance(approved.ref, NOW, by="anna").approved_by == "anna"
    silence(approved.ref, "berta")
    assert actions.approve_maintenance(approved.ref, NOW, by="carla").approved_by == "carla"


@pytest.mark.parametrize("levels", [None, {"chat": State.DISRUPTION}, {"chat": State.DEGRADED}])
def test_approved_work_is_not_begun_before_its_window_by_one_alone(
    approved: Event, levels: dict[str, State] | None
) -> None:
    begin = MaintenanceState.IN_PROGRESS
    with pytest.raises(NotPossible):
        actions.update_maintenance(approved.ref, begin, {}, WINDOW[0] - HOUR / 60, by="anna", impacts=levels)
    assert actions.find("maintenance", approved.ref).state == "scheduled"
    soon = (NOW, WINDOW[1])
    actions.postpone_maintenance(approved.ref, soon, {"ca": "Abans."}, NOW, by="anna")
    actions.approve_maintenance(approved.ref, NOW, by="carla")
    actions.update_maintenance(approved.ref, begin, {}, NOW, by="anna")
    assert actions.find("maintenance", approved.ref).state == "in_progress"


def test_work_begins_with_the_levels_that_were_approved(approved: Event) -> None:
    begin, heavier = MaintenanceState.IN_PROGRESS, {"chat": State.DISRUPTION}
    before = plan_of(approved.ref)
    with pytest.raises(NotPossible):
        actions.update_maintenance(approved.ref, begin, {}, WINDOW[0], by="anna", impacts=heavier)
    assert plan_of(approved.ref) == before
    actions.update_maintenance(approved.ref, begin, {}, WINDOW[0], by="anna", impacts={"chat": State.DEGRADED})
    assert actions.find("maintenance", approved.ref).state == "in_progress"


def test_what_nobody_had_to_approve_begins_when_a_person_says_so() -> None:
    list_services(headings(current()), NOW)
    asked = ({"ca": "Canvi"}, {"ca": "Canviem."}, {"chat": State.DEGRADED}, WINDOW, NOW)
    event = actions.plan_maintenance(*asked, by="anna")
    actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, NOW, impacts={"chat": State.DISRUPTION})
    assert plan_of(event.ref)["levels"] == {"chat": "disruption"}


def both_at_once(ref: str) -> object:
    return actions.arrange_maintenance(ref, NOW, by="anna", starts_itself=False, notices=[])


def title_and_levels(ref: str) -> object:
    levels = {"chat": State.DISRUPTION}
    return actions.edit_event("maintenance", ref, NOW, by="anna", titles={"ca": "Nou"}, impacts=levels)


@pytest.mark.parametrize("act", [both_at_once, title_and_levels, lambda ref: other_levels_with_an_entry(ref, "anna")])
def test_what_changes_one_part_and_has_another_wait_is_one_fact(approved: Event, act: Callable[[str], object]) -> None:
    facts = Fact.objects.count()
    act(approved.ref)
    event = actions.find("maintenance", approved.ref)
    assert event.proposed is not None and Fact.objects.count() == facts + 1
    assert Fact.objects.latest("pk").data["proposed"] == {k: v for k, v in event.proposed.items() if k != "by"}
