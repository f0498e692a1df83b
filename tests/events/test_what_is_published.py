"""What an event, as it may be known outside, says of itself: each limit from both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from talaia.events.anchors import fresh
from talaia.events.published import EventLink, PublishedEntry, PublishedEvent, TouchedService, path_of
from talaia.panel.state import State

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
MINUTE, HOUR, SECOND = timedelta(minutes=1), timedelta(hours=1), timedelta(seconds=1)
WINDOW = (NOW, NOW + 2 * HOUR)
BROKEN = PublishedEvent("incident", "2026-001", (("ca", "Avaria"),), "investigating", NOW)
WORK = PublishedEvent("maintenance", "2026-002", (("ca", "Feina"),), "in_progress", NOW, window=WINDOW)


def touching(event: PublishedEvent, *states: State) -> PublishedEvent:
    return replace(event, touched=tuple(TouchedService(f"s{n}", (), state) for n, state in enumerate(states)))


def said(number: int, state: str) -> PublishedEntry:
    return PublishedEntry(number, state, NOW + number * MINUTE, (("ca", "Ho mirem."),))


def test_its_address_is_that_of_its_kind_and_of_its_entry() -> None:
    assert path_of("incident", "2026-014") == "/incidents/2026-014/"
    assert path_of("maintenance", "2026-014", 3) == "/maintenance/2026-014/#u3"
    assert (BROKEN.path, WORK.path) == ("/incidents/2026-001/", "/maintenance/2026-002/")
    assert EventLink("incident", "2026-001", ()).path == BROKEN.path
    assert (BROKEN.key, WORK.key) == ("incident/2026-001", "maintenance/2026-002")
    assert BROKEN.is_incident and not WORK.is_incident


def test_machines_know_a_service_by_its_first_name() -> None:
    one = TouchedService("fibre", (), State.DEGRADED)
    assert (one.code_name, one.path) == ("fibre", "/services/fibre/")
    assert replace(one, first_slug="links").code_name == "links"


def test_the_addresses_inside_of_texts_are_those_of_the_language_that_is_shown() -> None:
    texts = (("ca", "## Què\n\nu\n\n## Més\n\nv"), ("es", "## Qué\n\nu"))
    anchors = fresh(dict(texts), "ca")
    entry = replace(said(3, "investigating"), texts=texts, anchors=anchors)
    event = replace(BROKEN, analyses=texts, anchors=anchors)
    assert entry.anchor == "u3"
    for language, shown in (("ca", "ca"), ("es", "es"), ("en", "ca")):
        assert entry.names(language) == anchors.names(shown, "u3-")
        assert event.names(language) == anchors.names(shown, "a")
    assert anchors.names("ca", "a") != anchors.names("es", "a")


@pytest.mark.parametrize(
    ("states", "since"),
    [
        ([], None),
        (["investigating"], 1),
        (["investigating", "investigating"], 1),
        (["identified", "investigating", "investigating"], 2),
        (["investigating", "identified"], None),  # the entry that says how it stands is not among them
    ],
)
def test_it_stands_as_it_does_since_the_entry_that_said_so_first(states: list[str], since: int | None) -> None:
    event = replace(BROKEN, entries=tuple(said(number, state) for number, state in enumerate(states, 1)))
    assert event.stood_since == (NOW + since * MINUTE if since else None)


def test_since_when_it_stands_so_is_not_known_where_what_came_before_may_have_said_so_too() -> None:
    assert replace(BROKEN, entries=(said(2, "investigating"), said(3, "investigating"))).stood_since is None


def test_its_impact_is_the_worst_and_what_is_over_or_was_announced_is_calm() -> None:
    event = touching(BROKEN, State.DEGRADED, State.DISRUPTION)
    assert (event.impact, event.sign, event.icon) == (State.DISRUPTION, State.DISRUPTION, "disruption.svg")
    assert replace(event, state="resolved").icon == "operational.svg"
    assert BROKEN.sign is None and touching(BROKEN, State.DEGRADED).icon == "degraded.svg"
    work = touching(WORK, State.DISRUPTION)
    assert (work.sign, work.icon) == (State.MAINTENANCE, "maintenance.svg")
    assert replace(work, state="cancelled").icon == replace(work, state="completed").icon == "operational.svg"
    assert [replace(WORK, state=state).ended for state in ("scheduled", "in_progress", "completed", "cancelled")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_the_hours_of_work_are_the_planned_ones_until_it_is_begun_early_or_over() -> None:
    start, end = WINDOW
    assert BROKEN.hours is None and not BROKEN.early and replace(WORK, window=None).hours is None
    early = replace(WORK, started_at=start - HOUR)
    assert early.hours == (start - HOUR, end)
    assert replace(WORK, started_at=start + HOUR).hours == WINDOW
    for state in ("scheduled", "cancelled"):
        assert replace(early, state=state, ended_at=start).hours == WINDOW
    done = replace(WORK, state="completed", started_at=start + MINUTE, ended_at=start + HOUR)
    assert done.hours == (start + MINUTE, start + HOUR)
    assert replace(done, ended_at=done.started_at).hours == WINDOW, "no hours at all were those"


def test_work_is_early_from_more_than_a_minute_before_its_window_on() -> None:
    begun = [replace(WORK, started_at=NOW - before) for before in (-HOUR, MINUTE, MINUTE + SECOND)]
    assert [one.early for one in begun] == [False, False, True]
    assert not replace(begun[-1], state="scheduled").early


def test_it_lasts_from_its_beginning_to_its_end() -> None:
    assert (BROKEN.lasted, BROKEN.seconds, BROKEN.over_at) == (None, 0, None)
    over = replace(BROKEN, state="resolved", ended_at=NOW + HOUR)
    assert (over.lasted, over.seconds, over.over_at) == (3600, 3600, NOW + HOUR)
    off = replace(WORK, state="cancelled", ended_at=NOW + HOUR, entries=(said(1, "scheduled"), said(2, "cancelled")))
    assert off.over_at == NOW + 2 * MINUTE


def test_an_incident_that_is_over_did_the_worst_that_was_ever_said_of_it_and_nothing_else_did() -> None:
    touched = (TouchedService("fibre", (), State.DEGRADED, worst=State.DISRUPTION),)
    assert touched[0].at_worst is State.DISRUPTION
    assert TouchedService("fibre", (), State.DEGRADED).at_worst is State.DEGRADED
    lasting, work = replace(BROKEN, touched=touched), replace(WORK, touched=touched)
    assert (lasting.impact, replace(lasting, state="resolved").impact) == (State.DEGRADED, State.DISRUPTION)
    assert (work.impact, replace(work, state="completed").impact) == (State.DEGRADED, State.DEGRADED)
