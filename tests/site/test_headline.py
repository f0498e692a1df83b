"""The sentence at the top: the first thing that a worried reader sees."""

from __future__ import annotations

from dataclasses import replace

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
        ("incident", State.DISRUPTION, "One service is down and one works badly", 2),
        ("long-name", State.DISRUPTION, "One service is down", 1),
        ("signals-only", State.PARTIAL, "One service works badly", 1),
        ("maintenance", State.MAINTENANCE, "One service is under maintenance", 1),
        ("silent", State.UNKNOWN, "We do not know right now how the services are", 0),
        ("watching", State.OPERATIONAL, "The services work; we keep watching after an incident", 0),
        ("empty", State.UNKNOWN, "No services are listed here yet", 0),
        ("three-hundred", State.PARTIAL, "2 services work badly", 2),
    ],
)
def test_the_headline(name: str, state: State, sentence: str, services: int) -> None:
    with translation.override("en"):
        found = headline(story.FRONTS[name])
    assert (found.state, found.sentence, len(found.services)) == (state, sentence, services)


X, P, D = State.DISRUPTION, State.PARTIAL, State.DEGRADED


@pytest.mark.parametrize(
    ("states", "ca", "es", "en"),
    [
        ([X], "Un servei no funciona", "Un servicio no funciona", "One service is down"),
        ([X, X], "2 serveis no funcionen", "2 servicios no funcionan", "2 services are down"),
        ([D], "Un servei funciona malament", "Un servicio funciona mal", "One service works badly"),
        ([P, D], "2 serveis funcionen malament", "2 servicios funcionan mal", "2 services work badly"),
        (
            [X, D],
            "Un servei no funciona i un altre funciona malament",
            "Un servicio no funciona y otro funciona mal",
            "One service is down and one works badly",
        ),
        (
            [P, X, D, X],
            "2 serveis no funcionen i 2 funcionen malament",
            "2 servicios no funcionan y 2 funcionan mal",
            "2 services are down and 2 work badly",
        ),
    ],
)
def test_what_does_not_work_is_counted_apart_from_what_works_badly(
    states: list[State], ca: str, es: str, en: str
) -> None:
    slugs = ("chat", "video", "phone", "web")
    front = story.front(story.panel(*(story.service(slug, state) for slug, state in zip(slugs, states, strict=False))))
    for language, sentence in (("ca", ca), ("es", es), ("en", en)):
        with translation.override(language):
            assert headline(front).sentence == sentence


def test_the_worst_service_is_named_first() -> None:
    found = headline(story.FRONTS["incident"])
    assert [service.slug for service in found.services] == ["links", "transit"]


def test_a_service_without_data_never_makes_everything_work_normally() -> None:
    with translation.override("ca"):
        one = headline(story.front(story.panel(story.service("chat", State.UNKNOWN))))
        two = headline(
            story.front(story.panel(story.service("chat", State.UNKNOWN), story.service("dns", State.UNKNOWN)))
        )
    assert (one.state, one.sentence) == (State.UNKNOWN, "No sabem com està un servei")
    assert two.sentence == "No sabem com estan 2 serveis"


def test_only_where_every_open_incident_is_watched_it_is_said_that_we_keep_watching() -> None:
    [watched] = story.FRONTS["watching"].incidents
    looked_into = replace(watched, ref="2026-015", state="identified")
    with translation.override("en"):
        found = [
            headline(story.front(incidents=events)).sentence
            for events in ((watched, watched), (watched, looked_into), (looked_into, watched))
        ]
    assert found == [
        "The services work; we keep watching after an incident",
        "There is an open incident; the services work",
        "There is an open incident; the services work",
    ]


def test_while_a_service_is_worked_on_it_is_not_said_that_the_services_work() -> None:
    groups = story.panel(story.service("chat", State.MAINTENANCE))
    with translation.override("en"):
        found = headline(story.front(groups, incidents=story.FRONTS["watching"].incidents))
    assert (found.state, found.sentence) == (State.MAINTENANCE, "One service is under maintenance")
    assert [service.slug for service in found.services] == ["chat"]


def test_an_open_incident_is_told_also_where_no_service_is_listed_yet() -> None:
    with translation.override("en"):
        found = headline(story.front((), incidents=(story.CUT,)))
    assert (found.state, found.sentence) == (State.DISRUPTION, "There is an open incident")


def test_an_incident_says_that_there_is_trouble_before_its_services_show_it() -> None:
    with translation.override("ca"):
        found = headline(story.front(incidents=(story.CUT,)))
    assert (found.state, found.sentence) == (State.DISRUPTION, "Hi ha una incidència oberta")
