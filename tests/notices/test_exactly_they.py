"""The end of something goes to exactly those who were told of it, whatever talaia.toml and the export say by then."""

from __future__ import annotations

import pytest
from django.test import Client

from talaia.audience.models import Recipient
from talaia.config import current
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.notices import actions
from talaia.notices.models import Notice
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from tests.journeys.shell import Shell
from tests.notices.conftest import Configure, House
from tests.notices.test_only_some import at, desk, open_incident, placed, shell, told
from tests.notices.test_what_goes import plan

__all__ = ["desk", "placed", "shell"]
pytestmark = pytest.mark.django_db


def go_on(house: House) -> list[str]:
    house.server.taken.clear()
    house.work().later(minutes=2).work()
    return sorted(told(house))


def change(configure: Configure, house: House, what: str) -> None:
    """Another talaia.toml is in force."""
    path = current().path
    assert path is not None
    text = path.read_text()
    old, new = CHANGES[what]
    assert old in text
    list_services(headings(configure(text.replace(old, new))), house.now)


def resolve(house: House, event: Event) -> None:
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, house.now, by="dora")


BEHIND = 'service = "links"\nconnections = ["Port1", "Port2"]'
CHANGES = {
    "the service is renamed": ('"links"', '"enllacos"'),
    "nobody is behind it any more": (BEHIND, 'service = "video"\nareas = ["X"]'),
    "somebody else is behind it": ('["Port1", "Port2"]', '["Port9"]'),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_talaia_toml_widens_nothing(placed: House, configure: Configure, what: str) -> None:
    event = open_incident(placed, [])
    assert go_on(placed) == ["anna"]
    change(configure, placed, what)
    words = {"ca": "Ja ho tenim."}
    events.update_incident(event.ref, IncidentState.IDENTIFIED, words, placed.now, by="dora", tell=True)
    assert go_on(placed) == ["anna"]
    resolve(placed, event)
    assert go_on(placed) == ["anna"]


@pytest.mark.parametrize("what", CHANGES)
def test_nor_does_it_before_anybody_was_told(placed: House, configure: Configure, what: str) -> None:
    event = plan(placed, ["24h", "end"], 7)
    Event.objects.filter(pk=event.pk).update(only_behind=[])
    placed.work()
    change(configure, placed, what)
    placed.later(days=6, hours=1)
    assert go_on(placed) == ["anna"]


def test_a_member_whose_connection_changes_hears_how_it_goes_on_and_ends(placed: House) -> None:
    event = open_incident(placed, ["ref01"])
    assert go_on(placed) == ["bernat"]
    Recipient.objects.filter(key__startswith="bernat").update(areas=["gràcia"])
    Recipient.objects.filter(key__startswith="carla").update(areas=["el port"])  # was not there when it began
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "Ja."}, placed.now, by="dora", tell=True)
    assert go_on(placed) == ["bernat", "carla"]
    resolve(placed, event)
    assert go_on(placed) == ["bernat", "carla"]


def test_who_joins_the_house_after_the_beginning_does_not_hear_the_end(placed: House) -> None:
    Recipient.objects.filter(key__startswith="carla").update(standing="left")
    event = open_incident(placed, None)
    assert go_on(placed) == ["anna", "bernat"]
    Recipient.objects.filter(key__startswith="carla").update(standing="on")
    resolve(placed, event)
    assert go_on(placed) == ["anna", "bernat"]


def test_who_has_left_since_does_not_either(placed: House) -> None:
    event = open_incident(placed, None)
    assert go_on(placed) == ["anna", "bernat", "carla"]
    Recipient.objects.filter(key__startswith="anna").update(standing="opted_out")
    resolve(placed, event)
    assert go_on(placed) == ["bernat", "carla"]


def test_a_last_mail_that_a_person_sends_although_nobody_was_told_goes_to_all_its_parts(placed: House) -> None:
    event = open_incident(placed, None)
    Event.objects.filter(pk=event.pk).update(quiet=True)
    placed.work()
    resolve(placed, event)
    placed.work()
    actions.send(Notice.objects.get(kind="resolved").pk, placed.now, by="dora")
    assert go_on(placed) == ["anna", "bernat", "carla"]


def test_a_service_of_which_nobody_knows_who_is_behind_it_widens_nothing_until_a_person_says_so(
    placed: House, desk: Client
) -> None:
    event = open_incident(placed, [])
    assert go_on(placed) == ["anna"]
    events.update_incident(
        event.ref,
        IncidentState.IDENTIFIED,
        {"ca": "També el xat."},
        placed.now,
        by="dora",
        impacts={"links": State.DISRUPTION, "chat": State.DISRUPTION},
        tell=True,
    )
    assert go_on(placed) == ["anna"]
    page = desk.get(f"/desk/incidents/{event.ref}/").content.decode()
    assert "Mails about it go to 1 person connected there" in page
    assert "Of chat it is not known who is behind it" in page and "From now on to 3 people" in page
    desk.post(f"/desk/incidents/{event.ref}/widen")
    desk.post(f"/desk/incidents/{event.ref}/widen")
    assert "narrow" not in desk.get(f"/desk/incidents/{event.ref}/").content.decode()
    events.update_incident(event.ref, IncidentState.MONITORING, {"ca": "Gairebé."}, placed.now, by="dora", tell=True)
    assert go_on(placed) == ["anna", "bernat", "carla"]
    shown = desk.get(f"/desk/incidents/{event.ref}/").content.decode()
    assert "narrow" not in shown
    resolve(placed, event)
    assert go_on(placed) == ["anna", "bernat", "carla"]


def test_the_shell_says_the_number_before_it_widens(
    placed: House, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(current(), monkeypatch)
    event = open_incident(placed, [])
    said = shell("incident", "widen", event.ref)
    assert (said.code, said.err) == (
        1,
        f"talaia: mails about {event.ref} would go to all 3 who are told; say --yes if they shall\n",
    )
    assert shell("incident", "widen", event.ref, "--yes").out == f"mails about {event.ref} go to all 3\n"
    assert shell("incident", "widen", event.ref).out == f"mails about {event.ref} go to everybody already\n"
    resolve(placed, event)
    other = open_incident(placed, [])
    resolve(placed, other)
    assert "it is over" in shell("incident", "widen", other.ref, "--yes").err


def test_the_desk_says_to_how_many_who_were_told_the_end_goes(placed: House, desk: Client) -> None:
    event = open_incident(placed, [])
    assert go_on(placed) == ["anna"]
    resolve(placed, event)
    placed.work()
    assert "goes in a moment, to 1 person, who was told of it" in desk.get("/desk/mails/").content.decode()


def test_what_began_with_tell_nobody_stays_quiet_until_somebody_says_otherwise(placed: House) -> None:
    def open_quietly() -> Event:
        return events.open_incident({"ca": "Tall"}, {"ca": "…"}, {"links": State.DISRUPTION}, placed.now, tell=False)

    event = open_quietly()
    assert go_on(placed) == []
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És greu."}, placed.now, by="dora")
    assert go_on(placed) == []
    resolve(placed, event)
    assert go_on(placed) == []
    event = open_quietly()
    assert go_on(placed) == []
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "És greu."}, placed.now, by="dora", tell=True)
    assert go_on(placed) == ["anna", "bernat", "carla"]
    resolve(placed, event)
    assert go_on(placed) == ["anna", "bernat", "carla"]


def test_an_entry_without_a_mail_quiets_only_itself(placed: House) -> None:
    event = open_incident(placed, None)
    assert go_on(placed) == ["anna", "bernat", "carla"]
    events.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "…"}, placed.now, by="dora", tell=False)
    assert go_on(placed) == []
    resolve(placed, event)
    assert go_on(placed) == ["anna", "bernat", "carla"]


def test_the_end_of_work_goes_to_those_who_were_told_of_it(placed: House) -> None:
    event = plan(placed, ["7d", "end"], 7)
    Event.objects.filter(pk=event.pk).update(only_behind=["ref01"])
    assert go_on(placed) == ["bernat"]
    Recipient.objects.update(areas=["el port"])
    events.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "No es fa."}, placed.now, by="dora")
    assert go_on(placed) == ["bernat"]


def test_the_end_of_what_reached_nobody_goes_to_nobody(placed: House) -> None:
    event = open_incident(placed, None)
    placed.server.answers = lambda verb, _argument: "550 5.7.1 relay not permitted" if verb == "RCPT" else None
    assert go_on(placed) == []
    placed.server.answers = lambda _verb, _argument: None
    resolve(placed, event)
    assert go_on(placed) == []
