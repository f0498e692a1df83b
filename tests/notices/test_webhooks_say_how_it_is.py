"""Whoever takes only the entries of events learns from each how its services are, and not from the one after it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from talaia.events import actions as events
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.panel.models import Service
from talaia.panel.state import State
from tests.notices.conftest import NOW, Configure, House, set_up
from tests.notices.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)
HOOK = '\n[[webhook]]\nname = "billing"\nurl = "http://127.0.0.1:{}/"\nsecret_file = "secret"\nservices = false\n'


@pytest.fixture
def told(house: House, there: Receiver, configure: Configure, tmp_path: Path) -> House:
    (tmp_path / "secret").write_text("a secret that is long enough\n")
    set_up(configure, house.server, HOOK.format(there.port))
    Service.objects.update(state="operational", computed_state="operational", since=NOW - timedelta(days=1))
    return house


def last(there: Receiver) -> tuple[str, str, dict[str, str]]:
    """How the event stands, the page, and each service, in the body that came last."""
    told = there.requests[-1].json()
    components = {one["name"]: one["status"] for one in told["incident"]["components"]}
    return told["incident"]["status"], told["page"]["status_indicator"], components


def judged(**states: str) -> None:
    """As the watch stores it a moment later."""
    for slug, state in states.items():
        Service.objects.filter(slug=slug).update(state=state)


def test_an_entry_is_told_with_its_services_as_it_says_they_are(told: House, there: Receiver) -> None:
    told.open(State.DISRUPTION)
    told.work()
    assert last(there) == ("investigating", "critical", {"Connexions": "major_outage"})
    judged(links="disruption")
    level = {"links": State.DISRUPTION, "video": State.PARTIAL}
    state = IncidentState.IDENTIFIED
    events.update_incident("2026-001", state, {"ca": "És la fibra."}, told.now, by="anna", impacts=level)
    told.work()
    assert last(there)[2] == {"Videoconferència": "partial_outage", "Connexions": "major_outage"}
    judged(video="partial")
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    assert last(there) == ("resolved", "none", {"Videoconferència": "operational", "Connexions": "operational"})
    assert there.requests[-1].json()["incident"]["components"][0]["created_at"] == "2026-05-04T01:12:00.000Z"


def test_an_end_is_told_with_a_service_that_is_held_and_measured_well(told: House, there: Receiver) -> None:
    told.open(State.DISRUPTION)
    Service.objects.filter(slug="links").update(
        state="disruption", computed_state="disruption", candidate_state="operational", trouble_since=NOW
    )
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    assert last(there) == ("resolved", "none", {"Connexions": "operational"})


def test_an_end_is_told_with_a_service_that_fails_still(told: House, there: Receiver) -> None:
    told.open(State.PARTIAL)
    judged(links="disruption")
    Service.objects.filter(slug="links").update(computed_state="disruption")
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    assert last(there) == ("resolved", "critical", {"Connexions": "major_outage"})


def test_work_is_told_with_its_services_in_maintenance_and_out_of_it(told: House, there: Receiver) -> None:
    window = (NOW + timedelta(minutes=1), NOW + timedelta(hours=2))
    titles, texts = {"ca": "Canvi"}, {"ca": "El canviem."}
    ref = events.plan_maintenance(titles, texts, {"links": State.DISRUPTION}, window, NOW, by="anna").ref
    told.work()
    assert last(there) == ("scheduled", "none", {"Connexions": "operational"})
    told.later(minutes=2)
    events.update_maintenance(ref, MaintenanceState.IN_PROGRESS, {"ca": "Comencem."}, told.now, by="anna")
    told.work()
    assert last(there) == ("in_progress", "none", {"Connexions": "under_maintenance"})
    judged(links="maintenance")
    events.update_maintenance(ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    assert last(there) == ("completed", "none", {"Connexions": "operational"})


def test_an_end_is_told_with_a_service_that_got_better_in_steps_and_is_measured_well(
    told: House, there: Receiver
) -> None:
    told.open(State.DISRUPTION)
    steps = {"candidate_state": "partial", "candidate_then": [["operational", NOW.isoformat()]]}
    Service.objects.filter(slug="links").update(
        state="disruption", computed_state="disruption", trouble_since=NOW, **steps
    )
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, told.now, by="anna")
    told.work()
    assert last(there) == ("resolved", "none", {"Connexions": "operational"})


def test_a_service_is_told_as_failing_since_it_was_measured_where_that_was_before_people_said_so(
    told: House, there: Receiver
) -> None:
    failed = NOW - timedelta(minutes=40)
    Service.objects.filter(slug="links").update(
        state="disruption", computed_state="disruption", since=failed, computed_since=failed
    )
    told.open(State.DISRUPTION)
    told.work()
    [one] = there.requests[-1].json()["incident"]["components"]
    assert (one["status"], one["created_at"]) == ("major_outage", "2026-05-04T00:32:00.000Z")
