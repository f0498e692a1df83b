"""An incident said that it was over and the monitoring sees it fail: every page on which somebody lands says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from talaia.events import actions as events
from talaia.events.timeline import IncidentState
from talaia.outbox.models import Fact
from talaia.panel.actions import judge_service
from talaia.panel.catalogue import CatalogueService, Heading
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.reactions import consequences
from talaia.site import pages, snapshot
from tests.pages import story

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Madrid")
DOWN = Reason("check", {"what": "down"})
WORDS = {"ca": "No va"}
SAID = "la monitorització encara hi veu la fallada"
pytestmark = pytest.mark.django_db


def shown(state: State, minutes: int) -> None:
    reason = DOWN if state is State.DISRUPTION else Reason()
    judge_service("web", Computed(state, reason), ShownState(state, reason), NOW + timedelta(minutes=minutes))


def texts(ref: str) -> tuple[str, str]:
    """The page of the service, and the one of the incident."""
    later = NOW + timedelta(minutes=30)
    own, event = snapshot.service("web", later, ZONE), snapshot.event("incident", ref, later)
    assert own and event
    of_event = pages.event(event, story.HOUSE, snapshot.failing(event))[f"incidents/{ref}/index.html"]
    return pages.service(own, story.HOUSE)["services/web/index.html"].decode(), of_event.decode()


def test_the_pages_of_the_service_and_of_the_incident_say_that_it_is_seen_to_fail_until_it_is_well() -> None:
    list_services([Heading("g", {"": "G"}, (CatalogueService("web", {"": "Web"}, {}),))], NOW - timedelta(hours=1))
    shown(State.DISRUPTION, 0)
    ref = events.open_incident(WORDS, WORDS, {"web": State.DISRUPTION}, NOW + timedelta(minutes=1)).ref
    assert not any(SAID in page for page in texts(ref))
    events.update_incident(ref, IncidentState.RESOLVED, WORDS, NOW + timedelta(minutes=9))
    shown(State.DISRUPTION, 10)
    of_service, of_event = texts(ref)
    assert SAID in of_service and SAID in of_event
    shown(State.OPERATIONAL, 15)
    fact = Fact.objects.filter(kind="service.changed").latest("pk")
    assert ("site", f"incident/{ref}") in [(order.channel, order.target) for order in consequences(fact)]
    assert not any(SAID in page for page in texts(ref))


def test_what_goes_on_in_an_open_incident_is_not_among_the_resolved() -> None:
    first, second = (events.open_incident(WORDS, WORDS, {}, NOW).ref for _ in range(2))
    events.merge_incident(first, second, WORDS, NOW)
    assert snapshot.front(NOW).resolved == ()
    events.update_incident(second, IncidentState.RESOLVED, WORDS, NOW)
    assert [event.ref for event in snapshot.front(NOW).resolved] == [second, first]
