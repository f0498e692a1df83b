from __future__ import annotations

from datetime import UTC, datetime

import pytest

from talaia.events import actions
from talaia.outbox.models import Fact

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


@pytest.mark.django_db
def test_opening_an_incident_commits_the_event_its_first_entry_and_one_fact() -> None:
    event = actions.open_incident({"ca": "Sense correu"}, {"ca": "Ho mirem."}, {}, NOW, by="anna")
    assert event.ref == "2026-001"
    assert [(u.number, u.state) for u in event.updates.all()] == [(1, "investigating")]
    assert [(f.kind, f.subject, f.by) for f in Fact.objects.all()] == [("incident.opened", "incident/2026-001", "anna")]
