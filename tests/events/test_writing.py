"""Updates, corrections and what the facts say of them: through the actions, on the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from talaia.config import current
from talaia.events import actions
from talaia.events.models import Event, Update
from talaia.events.timeline import IncidentState, MaintenanceState, NotPossible, Overtaken, fingerprint
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 4, 1, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATES = list(IncidentState)


@pytest.fixture(autouse=True)
def services() -> None:
    list_services(headings(current()), NOW - 60 * MINUTE)


def opened(impacts: Mapping[str, State] | None = None, **more: Any) -> Event:
    return actions.open_incident({"ca": "Sense correu"}, {"ca": "Ho mirem."}, impacts or {}, NOW, **more)


def last_fact() -> Fact:
    return Fact.objects.latest("id")


def test_when_impacts_change_the_fact_names_the_services_before_and_after() -> None:
    event = opened({"chat": State.DEGRADED, "video": State.PARTIAL})
    assert last_fact().data["services"] == ["chat", "video"]
    actions.update_incident(
        event.ref, IncidentState.IDENTIFIED, {"ca": "És la web."}, NOW, impacts={"website": State.DISRUPTION}
    )
    assert last_fact().data["services"] == ["chat", "video", "website"]
    assert {impact.service_id for impact in event.impacts.all()} == {"website"}
    actions.edit_event("incident", event.ref, NOW, impacts={})
    assert last_fact().data["services"] == ["website"]
    assert not event.impacts.exists()


def test_every_fact_of_an_event_names_the_services_whose_pages_tell_of_it() -> None:
    event = opened({"chat": State.DEGRADED})
    actions.edit_update("incident", event.ref, 1, {"ca": "Ho estem mirant."}, NOW)
    actions.edit_event("incident", event.ref, NOW, titles={"ca": "Sense xat"})
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW)
    work = actions.plan_maintenance(
        {"ca": "Canvi"}, {"ca": "Canviem."}, {"chat": State.PARTIAL}, (NOW + MINUTE, NOW + 2 * MINUTE), NOW
    )
    actions.update_maintenance(work.ref, MaintenanceState.IN_PROGRESS, {}, NOW)
    facts = Fact.objects.exclude(kind="panel.listed")
    assert {fact.data["services"] == ["chat"] for fact in facts} == {True}
    assert {fact.kind for fact in facts} == {
        "incident.opened",
        "incident.corrected",
        "incident.edited",
        "incident.resolved",
        "maintenance.planned",
        "maintenance.in_progress",
    }


def test_a_form_that_is_sent_twice_opens_one_incident() -> None:
    first, second = opened(key="a"), opened(key="a")
    assert first == second
    assert Event.objects.count() == 1
    assert Fact.objects.filter(kind="incident.opened").count() == 1


def test_a_form_that_opened_an_incident_does_not_open_another_with_other_words() -> None:
    opened(key="a")
    with pytest.raises(NotPossible, match="2026-001"):
        actions.open_incident({"ca": "Sense web"}, {"ca": "Un altre."}, {}, NOW, key="a")
    assert Event.objects.count() == 1


def test_a_form_that_is_sent_twice_makes_one_update() -> None:
    event = opened()
    saw = actions.mark_of(event)
    made = [
        actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Un cable."}, at, key="a", seen=saw)
        for at in (NOW, NOW + MINUTE)
    ]
    assert made[0] == made[1]
    assert Update.objects.count() == 2
    assert Fact.objects.filter(kind="incident.updated").count() == 1


def test_a_form_that_comes_again_with_other_words_is_neither_lost_nor_written() -> None:
    event = opened()
    actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Un cable."}, NOW, key="a")
    with pytest.raises(Overtaken):
        actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Dos cables."}, NOW, key="a")
    assert Update.objects.count() == 2


def test_who_writes_without_having_seen_the_last_entry_is_told_and_nothing_changes() -> None:
    event = opened()
    saw = actions.mark_of(event)
    actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Un cable."}, NOW, seen=saw)
    with pytest.raises(Overtaken):
        actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW, seen=saw)
    event.refresh_from_db()
    assert event.state == "identified"
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW, seen=actions.mark_of(event))


def test_who_writes_without_having_seen_changed_services_or_a_new_title_is_told() -> None:
    event = opened({"chat": State.DEGRADED})
    saw = actions.mark_of(event)
    actions.edit_event("incident", event.ref, NOW, impacts={"chat": State.PARTIAL})
    with pytest.raises(Overtaken):
        actions.edit_event("incident", event.ref, NOW, titles={"ca": "Sense xat"}, seen=saw)
    saw = actions.mark_of(event)
    actions.edit_event("incident", event.ref, NOW, titles={"ca": "Sense xat"}, seen=saw)
    with pytest.raises(Overtaken):
        actions.update_incident(event.ref, IncidentState.MONITORING, {"ca": "Mirem."}, NOW, impacts={}, seen=saw)


def test_two_who_correct_one_entry_do_not_undo_each_other() -> None:
    event = opened()
    saw = fingerprint({"ca": "Ho mirem."})
    actions.edit_update("incident", event.ref, 1, {"ca": "Ho estem mirant."}, NOW, seen=saw)
    with pytest.raises(Overtaken):
        actions.edit_update("incident", event.ref, 1, {"ca": "Ja ho mirem."}, NOW, seen=saw)
    # The same correction twice is one correction.
    actions.edit_update("incident", event.ref, 1, {"ca": "Ho estem mirant."}, NOW + MINUTE, seen=saw)
    assert event.updates.get().edited_at == NOW


def test_an_edit_that_changes_nothing_is_no_fact() -> None:
    event = opened({"chat": State.DEGRADED})
    before = last_fact()
    actions.edit_event("incident", event.ref, NOW, titles={"ca": "Sense correu"}, impacts={"chat": State.DEGRADED})
    assert last_fact() == before


def test_the_fact_of_an_edit_keeps_what_was_there_before() -> None:
    event = opened({"chat": State.DEGRADED}, next_update_at=NOW + 30 * MINUTE)
    actions.edit_event(
        "incident", event.ref, NOW, titles={"ca": "Sense xat"}, impacts={}, next_update_at=NOW + 60 * MINUTE
    )
    assert last_fact().data["before"] == {
        "titles": {"ca": "Sense correu"},
        "impacts": {"chat": "degraded"},
        "next_update_at": "2026-05-04 01:32:00+00:00",
    }


def test_resolving_ends_the_promise_a_postscript_leaves_the_end_and_a_relapse_opens_again() -> None:
    event = opened(next_update_at=NOW + MINUTE)
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW + 5 * MINUTE)
    event.refresh_from_db()
    assert (event.next_update_at, event.ended_at) == (None, NOW + 5 * MINUTE)
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Era un cable."}, NOW + 9 * MINUTE)
    event.refresh_from_db()
    assert event.ended_at == NOW + 5 * MINUTE
    actions.update_incident(event.ref, IncidentState.INVESTIGATING, {"ca": "Torna a fallar."}, NOW + 10 * MINUTE)
    again = Event.objects.get()
    assert (again.ended_at, again.state) == (None, "investigating")


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda: actions.open_incident({"ca": " "}, {"ca": "x"}, {}, NOW), "title"),
        (lambda: actions.open_incident({"ca": "x"}, {"ca": "\n"}, {}, NOW), "text"),
        (lambda: actions.open_incident({"ca": "x"}, {}, {}, NOW), "text"),
        (lambda: opened(state=IncidentState.RESOLVED), "begins open"),
        (lambda: opened({"nothing": State.DEGRADED}), "“nothing”"),
        (lambda: opened({"chat": State.UNKNOWN}), "impact"),
        (lambda: opened({"chat": State.MAINTENANCE}), "impact"),
        (lambda: opened(started_at=NOW + 6 * MINUTE), "not come"),
        (lambda: actions.update_incident("2026-999", IncidentState.RESOLVED, {"ca": "x"}, NOW), "no incident 2026-999"),
        (lambda: actions.update_incident("²026-001", IncidentState.RESOLVED, {"ca": "x"}, NOW), "no reference"),
        (lambda: actions.update_incident("2026001", IncidentState.RESOLVED, {"ca": "x"}, NOW), "no reference"),
        (
            lambda: actions.update_incident(
                opened().ref, IncidentState.RESOLVED, {"ca": "x"}, NOW, at=NOW - 6 * MINUTE
            ),
            "before the incident began",
        ),
        (lambda: actions.edit_update("incident", opened().ref, 2, {"ca": "x"}, NOW), "no entry 2"),
        (lambda: actions.edit_event("incident", opened().ref, NOW, titles={}), "title"),
        (lambda: actions.plan_maintenance({"ca": "x"}, {"ca": "x"}, {}, (NOW, NOW), NOW), "ends before"),
    ],
)
def test_what_is_not_possible_is_said_in_one_line(what: Any, words: str) -> None:
    with translation.override("en"), pytest.raises(NotPossible, match=words):
        what()
