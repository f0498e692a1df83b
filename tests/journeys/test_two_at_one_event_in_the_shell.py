"""What a colleague changes while a command of the shell reads is not overwritten by it."""

from __future__ import annotations

import pytest

from talaia.commands import event_entries
from talaia.events.models import Event, Impact
from talaia.panel.state import State
from tests.journeys.shell import Shell
from tests.journeys.test_an_incident_from_the_shell import REF, plan_soon
from tests.journeys.test_an_incident_from_the_shell import talaia as talaia


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["incident", "maintenance"])
@pytest.mark.parametrize("verb", ["update", "edit"])
def test_a_service_that_is_added_just_after_ours_were_read_stays(
    talaia: Shell, monkeypatch: pytest.MonkeyPatch, command: str, verb: str
) -> None:
    if command == "incident":
        assert talaia("incident", "open", "--title", "T", "--service", "chat=disruption", text="Ho mirem.").code == 0
    else:
        assert plan_soon(talaia).code == 0
    read = event_entries.impacts_of

    def read_and_overtaken(event: Event) -> dict[str, State]:
        found = read(event)
        Impact.objects.get_or_create(event=event, service_id="video", defaults={"state": "partial"})
        return found

    monkeypatch.setattr(event_entries, "impacts_of", read_and_overtaken)
    said = talaia(command, verb, REF, "--service", "chat=degraded", text="Un cable.")
    assert said.code == 1 and "somebody else has written meanwhile" in said.err
    assert Impact.objects.filter(service_id="video").exists()
