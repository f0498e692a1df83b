"""What is over is listed by how bad it was, and not by how it was at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.reading import whole
from talaia.events.timeline import IncidentState
from talaia.forum.post import document
from talaia.panel.catalogue import CatalogueService, Heading
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.site import pages, snapshot
from tests.forum.stories import HOUSE as FORUM
from tests.pages import story

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
WORDS = {"ca": "No va"}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def services() -> None:
    of = [CatalogueService(slug, {"": slug.title()}, {}) for slug in ("web", "mail")]
    list_services([Heading("g", {"": "G"}, tuple(of))], NOW - timedelta(hours=1))


def after(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def test_one_that_got_better_before_it_ended_is_listed_by_its_worst() -> None:
    ref = events.open_incident(WORDS, WORDS, {"web": State.DISRUPTION}, NOW).ref
    events.update_incident(ref, IncidentState.MONITORING, WORDS, after(1), impacts={"web": State.DEGRADED})
    assert snapshot.front(after(2)).incidents[0].impact is State.DEGRADED  # while it is open, as it is
    events.update_incident(ref, IncidentState.RESOLVED, WORDS, after(3))
    (over,) = snapshot.front(after(60)).resolved
    assert (over.impact, over.touched[0].state) == (State.DISRUPTION, State.DEGRADED)
    assert document(whole(Event.objects.get(kind=Event.INCIDENT)), FORUM).impact == "disruption"
    listed = pages.front(snapshot.front(after(60)), story.HOUSE)["index.html"].decode()
    assert "Interrupció greu · " in listed and "Rendiment degradat · " not in listed


def test_a_level_that_was_said_by_mistake_is_not_its_worst() -> None:
    ref = events.open_incident(WORDS, WORDS, {"web": State.DISRUPTION}, NOW).ref
    events.edit_event(Event.INCIDENT, ref, after(1), impacts={"web": State.DEGRADED})
    events.update_incident(ref, IncidentState.RESOLVED, WORDS, after(3))
    assert snapshot.front(after(60)).resolved[0].impact is State.DEGRADED


def test_what_became_part_of_another_brings_how_bad_it_was() -> None:
    first = events.open_incident(WORDS, WORDS, {"web": State.DISRUPTION}, NOW).ref
    second = events.open_incident(WORDS, WORDS, {"web": State.DEGRADED}, NOW).ref
    events.update_incident(first, IncidentState.MONITORING, WORDS, after(1), impacts={"web": State.DEGRADED})
    events.merge_incident(first, second, WORDS, after(2))
    events.update_incident(second, IncidentState.RESOLVED, WORDS, after(3))
    found = snapshot.event("incident", second, after(60))
    assert found and found.impact is State.DISRUPTION
