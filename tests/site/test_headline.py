"""The sentence at the top: the first thing that a worried reader sees."""

from __future__ import annotations

import pytest
from django.utils import translation

from talaia.panel.state import State
from talaia.site.headline import headline
from tests.pages import story


@pytest.mark.parametrize(
    ("name", "state", "sentence", "services"),
    [
        ("well", State.OPERATIONAL, "Everything works normally", 0),
        ("coming", State.OPERATIONAL, "Everything works normally", 0),
        ("incident", State.DISRUPTION, "2 services have problems", 2),
        ("long-name", State.DISRUPTION, "One service is down", 1),
        ("signals-only", State.PARTIAL, "One service has problems", 1),
        ("maintenance", State.MAINTENANCE, "One service is under maintenance", 1),
        ("silent", State.UNKNOWN, "We do not know right now how the services are", 0),
        ("watching", State.OPERATIONAL, "The services work; we keep watching after an incident", 0),
        ("empty", State.UNKNOWN, "No services are listed here yet", 0),
        ("three-hundred", State.PARTIAL, "2 services have problems", 2),
    ],
)
def test_the_headline(name: str, state: State, sentence: str, services: int) -> None:
    with translation.override("en"):
        found = headline(story.FRONTS[name])
    assert (found.state, found.sentence, len(found.services)) == (state, sentence, services)


def test_the_worst_service_is_named_first() -> None:
    found = headline(story.FRONTS["incident"])
    assert [service.slug for service in found.services] == ["links", "transit"]


def test_where_no_person_has_spoken_yet_the_reader_is_told_what_to_expect() -> None:
    with translation.override("en"):
        assert "Our monitoring has noticed it" in headline(story.FRONTS["signals-only"]).note
        assert headline(story.FRONTS["incident"]).note == ""


def test_a_service_without_data_never_makes_everything_work_normally() -> None:
    with translation.override("ca"):
        one = headline(story.front(story.panel(story.service("chat", State.UNKNOWN))))
        two = headline(
            story.front(story.panel(story.service("chat", State.UNKNOWN), story.service("dns", State.UNKNOWN)))
        )
    assert (one.state, one.sentence) == (State.UNKNOWN, "No sabem com està un servei")
    assert two.sentence == "No sabem com estan 2 serveis"


def test_an_incident_says_that_there_is_trouble_before_its_services_show_it() -> None:
    with translation.override("ca"):
        found = headline(story.front(incidents=(story.CUT,)))
    assert (found.state, found.sentence) == (State.DISRUPTION, "Hi ha una incidència oberta")
