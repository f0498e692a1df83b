"""Two incidents at one service: whoever reads that the one is solved reads that the other is not."""

from __future__ import annotations

import pytest

from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.panel.state import State
from tests.notices.conftest import House
from tests.notices.mailserver import MailServer

pytestmark = pytest.mark.django_db(transaction=True)
SAID = {
    "anna@example.net": "Continua oberta una altra incidència: 2026-002 (Va lent).",
    "bernat@example.net": "Sigue abierta otra incidencia: 2026-002 (Va lent).",
    "carla@example.net": "Another incident goes on: 2026-002 (Va lent).",
}


def also(
    house: House, slug: str, state: State = State.PARTIAL, tell: bool | None = None, behind: list[str] | None = None
) -> Event:
    titles, texts = {"ca": "Va lent"}, {"ca": "Ho mirem."}
    return events.open_incident(titles, texts, {slug: state}, house.now, by="anna", tell=tell, only_behind=behind)


def the_end(house: House, server: MailServer) -> dict[str, str]:
    """Address → what they read of the end of the first one."""
    events.update_incident("2026-001", IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    before = len(server.taken)
    house.work().later(minutes=2).work()
    return {str(one.mail["To"]): one.text for one in server.taken[before:]}


def test_the_end_of_one_says_that_the_other_goes_on(house: House, server: MailServer) -> None:
    house.open()
    also(house, "links")
    house.work().later(minutes=2).work()
    read = the_end(house, server)
    assert {address: line in read[address] for address, line in SAID.items()} == dict.fromkeys(SAID, True)


@pytest.mark.parametrize(
    ("slug", "state", "tell", "behind"),
    [
        ("chat", State.DISRUPTION, None, None),
        ("links", State.OPERATIONAL, None, None),
        ("links", State.DISRUPTION, False, None),
        ("links", State.DISRUPTION, None, ["ref01"]),
    ],
    ids=["elsewhere", "well there", "nobody is told of it", "only some are told of it"],
)
def test_nothing_is_said_of_what_is_no_concern_of_theirs(
    house: House, server: MailServer, slug: str, state: State, tell: bool | None, behind: list[str] | None
) -> None:
    house.open()
    also(house, slug, state, tell, behind)
    house.work().later(minutes=2).work()
    read = the_end(house, server)
    assert len(read) == 3
    assert not [text for text in read.values() if "2026-002" in text]


def test_nothing_is_said_of_what_is_over_by_then(house: House, server: MailServer) -> None:
    house.open()
    also(house, "links")
    house.work().later(minutes=2).work()
    events.update_incident("2026-002", IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    house.work().later(minutes=2).work()
    assert not [text for text in the_end(house, server).values() if "2026-002" in text]
