"""What a webhook says of a service the moment people say that all is over is what the page says five seconds later."""

from __future__ import annotations

import pytest

from talaia.channels import measured_well
from talaia.events import actions as events
from talaia.events.manual_state import shown_now
from talaia.events.timeline import IncidentState
from talaia.panel.models import Service
from talaia.panel.state import State
from tests.signals.bodies import told
from tests.signals.conftest import Lab

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("over", "stands"), [(True, "operational"), (False, "disruption")])
def test_an_end_that_was_only_told_and_waits_to_be_believed_is_believed_with_a_persons_word(
    lab: Lab, over: bool, stands: str
) -> None:
    lab.come_in("told", told("firing", alertname="Down", talaia_service="wiki"))
    lab.go(5)
    events.open_incident({"ca": "Wiki"}, {"ca": "Ho mirem."}, {"wiki": State.DISRUPTION}, lab.now, by="anna")
    lab.go(30)
    if over:
        lab.come_in("told", told("resolved", alertname="Down", talaia_service="wiki"))
    lab.go(30)
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Fet."}, lab.now, by="anna")
    rows = Service.objects.filter(retired_at=None)
    said, _since = shown_now(rows, lab.now, lambda: measured_well(lab.config, lab.now))["wiki"]
    lab.go(5)
    assert (said, lab.state("wiki")) == (stands, stands)
