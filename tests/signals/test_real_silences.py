"""A real Alertmanager follows our windows: silences come, come back after a loss, last longer, and go. No double."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.config import Config
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.signals.client import SourceClient
from talaia.signals.silence_sync import silence, windows
from tests.servers.alertmanager import Alertmanager
from tests.servers.process import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CONFIG = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
[[sources]]
id = "alertmanager"
kind = "alertmanager"
url = "{url}"
[[groups]]
id = "all"
name = "Tot"
[[services]]
slug = "web"
group = "all"
name = "Web"
evidence = {{ source = "alertmanager" }}
alerts = [{{ match = 'alertname="WebDown"' }}]
"""


class Lab:
    def __init__(self, alertmanager: Alertmanager, config: Config) -> None:
        self.alertmanager, self.config = alertmanager, config
        self.client = SourceClient(config.tables.sources[0], config)

    def look(self, now: datetime) -> None:
        """What the watch does at every poll."""
        asked = windows(now)
        assert asked is not None
        assert silence(self.client, asked, self.config, now) == []

    def ours(self, state: str = "active") -> list[dict[str, Any]]:
        return [found for found in self.alertmanager.silences(state) if "[talaia " in found["comment"]]

    def ends(self) -> set[datetime]:
        return {datetime.fromisoformat(found["endsAt"]).replace(microsecond=0) for found in self.ours()}


@pytest.fixture
def lab(configure: Callable[[str], Config]) -> Iterator[Lab]:
    with Alertmanager() as alertmanager:
        config = configure(CONFIG.format(url=alertmanager.url))
        list_services(headings(config), datetime(2026, 1, 1, tzinfo=UTC))
        lab = Lab(alertmanager, config)
        yield lab
        lab.client.close()


def planned(start: datetime, now: datetime, **more: Any) -> Event:
    window = (start, start + HOUR)
    return actions.plan_maintenance({"ca": "F"}, {"ca": "F."}, {"web": State.DISRUPTION}, window, now, **more)


def moves(event: Event, state: MaintenanceState, now: datetime) -> None:
    actions.update_maintenance(event.ref, state, {}, now)


def test_a_silence_lives_and_dies_with_its_maintenance(lab: Lab) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    foreign = lab.alertmanager.silence({"alertname": "WebDown"}, comment="Anna is at it")
    event = planned(now, now, silence=True)
    moves(event, MaintenanceState.IN_PROGRESS, now)
    lab.look(now)
    assert len(lab.ours()) == 2  # by our own label, and by the matcher of talaia.toml
    assert all(f"[talaia https://status.example.org maintenance/{event.ref} web/" in s["comment"] for s in lab.ours())
    lab.alertmanager.post_alerts({"labels": {"alertname": "X", "talaia_service": "web"}})
    wait_until(
        lambda: [a["status"]["state"] for a in lab.alertmanager.alerts()] == ["suppressed"],
        10,
        "the silence",
        lab.alertmanager,
    )
    ids = {found["id"] for found in lab.ours()}
    lab.look(now + MINUTE)
    assert {found["id"] for found in lab.ours()} == ids, "a second look changed something"

    # It loses its disk. The window in our database is the truth.
    lab.alertmanager.stop()
    shutil.rmtree(lab.alertmanager.folder / "data")
    lab.alertmanager.start()
    assert lab.ours() == []
    foreign = lab.alertmanager.silence({"alertname": "WebDown"}, comment="Anna is at it")
    lab.look(now)
    assert len(lab.ours()) == 2
    assert lab.ends() == {now + HOUR}

    actions.extend_maintenance(event.ref, now + 2 * HOUR, {"ca": "Més."}, now + MINUTE)
    lab.look(now + 2 * MINUTE)
    assert lab.ends() == {now + 2 * HOUR}
    assert len(lab.ours()) == 2

    # Nobody has said that it is over: it stays silent, half an hour at a time.
    lab.look(now + 3 * HOUR)
    assert lab.ends() == {now + 3 * HOUR + 30 * MINUTE}

    moves(event, MaintenanceState.COMPLETED, now + 3 * HOUR)
    lab.look(now + 3 * HOUR)
    assert lab.ours() == []
    assert [found["id"] for found in lab.alertmanager.silences()] == [foreign]


@pytest.mark.parametrize("how", ["cancelled", "postponed", "taken back", "ended early", "service taken off"])
def test_what_needs_no_silence_any_more_has_none(lab: Lab, how: str) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    event = planned(now + 5 * MINUTE, now, silence=True)
    lab.look(now)
    assert len(lab.ours("pending")) == 2
    match how:
        case "cancelled":
            moves(event, MaintenanceState.CANCELLED, now)
        case "postponed":
            actions.postpone_maintenance(event.ref, (now + 25 * HOUR, now + 26 * HOUR), {"ca": "Demà."}, now)
        case "taken back":
            actions.arrange_maintenance(event.ref, now, silence=False)
        case "ended early":
            moves(event, MaintenanceState.IN_PROGRESS, now)
            lab.look(now)
            assert len(lab.ours()) == 2  # from its true beginning
            moves(event, MaintenanceState.COMPLETED, now + MINUTE)
        case _:
            actions.edit_event("maintenance", event.ref, now, impacts={})
    lab.look(now + MINUTE)
    assert lab.ours() + lab.ours("pending") == []
    assert len(lab.ours("expired")) >= 2
    if how == "postponed":
        lab.look(now + 25 * HOUR - 5 * MINUTE)
        assert len(lab.ours("pending")) == 2


@pytest.mark.parametrize("more", [{"needs_approval": True, "by": "anna"}, {"starts_itself": False}])
def test_what_may_not_begin_by_itself_silences_nothing_beforehand(lab: Lab, more: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    planned(now, now, silence=True, **more)
    asked = windows(now)
    assert not asked
    if asked is not None:
        lab.look(now)
    assert lab.ours() == []
