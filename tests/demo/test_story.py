"""The told story holds together: order, words, services, and a year on the panel that fits it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from talaia.config import read
from talaia.demo import folder
from talaia.demo.history import REFERENCE_CONNECTIONS, YEAR, Turn, turns
from talaia.demo.story import Happening, story, tales
from talaia.events.timeline import (
    IncidentState,
    MaintenanceState,
    next_incident_state,
    next_maintenance_state,
)
from talaia.panel.state import TROUBLE, State

ZONE = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 30, 9, 41, 23, 500, tzinfo=UTC)  # the night before, the clocks went forward
TOLD = story(NOW, ZONE)
OPEN = [told for told in TOLD if told.kind == "incident" and told.ended is None]
COMING = [told for told in TOLD if told.kind == "maintenance" and told.ended is None]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    """Slug of each service of the demo → is it kept by hand. That this reads is a test of the configuration."""
    file = tmp_path_factory.mktemp("demo") / "talaia.toml"
    file.write_text(folder.configuration("127.0.0.1", 8000, dict.fromkeys(folder.kinds(), 9)))
    return {service.slug: service.kept_by_hand for service in read(file).tables.services}


@pytest.fixture(scope="module")
def year(services: dict[str, bool]) -> list[Turn]:
    return list(turns(services, TOLD, {told.name: "2026-001" for told in TOLD}, NOW))


def test_there_is_a_year_of_it() -> None:
    past = [told for told in TOLD if told.kind == "incident" and told.ended]
    assert len(past) >= 25
    assert timedelta(days=330) < NOW - past[0].began < YEAR
    assert len(OPEN) == len(COMING) == 1
    assert sum(bool(told.analyses) for told in past) >= 7


def test_the_open_one_has_three_entries_and_promises_the_next() -> None:
    [told] = OPEN
    assert len(told.entries) == 3
    assert told.promised
    assert timedelta(0) < told.promised - NOW < timedelta(hours=1)


def test_work_is_planned_for_the_third_day() -> None:
    [told] = COMING
    assert told.window
    assert (told.window[0].astimezone(ZONE).date() - NOW.astimezone(ZONE).date()).days == 3


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)
def test_a_timeline_goes_forward_in_possible_steps(told: Happening, services: dict[str, bool]) -> None:
    assert told.impacts.keys() <= services.keys()
    assert all(earlier.at < later.at for earlier, later in itertools.pairwise(told.entries))
    assert told.entries[-1].at < NOW
    states = [entry.state for entry in told.entries]
    for before, after in itertools.pairwise(states):
        if told.kind == "incident":
            next_incident_state(IncidentState(before), IncidentState(after))
        else:
            next_maintenance_state(MaintenanceState(before), MaintenanceState(after))
    assert (told.ended is not None) == (states[-1] in ("resolved", "completed"))


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)
def test_the_words_are_there_in_the_same_languages_from_title_to_last_entry(told: Happening) -> None:
    languages = list(told.titles)
    assert languages[0] == "ca"
    for texts in (entry.texts for entry in told.entries):
        assert list(texts) == languages
    assert told.analyses.keys() <= set(languages)
    assert all(len(title) <= 80 for title in told.titles.values())


def test_a_good_part_is_told_in_all_three_languages() -> None:
    assert sum(list(told.titles) == ["ca", "es", "en"] for told in TOLD) >= 12


def words() -> Iterable[str]:
    for tale in tales().values():
        for text in [tale.titles, *(update.texts for update in tale.updates), *([tale.analyses] * bool(tale.analyses))]:
            yield from (said for _, said in text.words) if text else ()


def test_the_words_are_typographic_and_name_no_real_place_on_the_net() -> None:
    for said in words():
        prose = said.split("```")[0]
        assert "'" not in prose, said
        assert "..." not in prose, said
        assert not any("  " in line for line in prose.splitlines() if "|" not in line), said
        assert "@" not in prose, said


@settings(max_examples=25, deadline=None)  # each reads all the files
@given(some.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=some.just(UTC)))  # noqa: DTZ001
def test_at_whatever_moment_it_is_told_it_is_in_order(now: datetime) -> None:
    for told in story(now, ZONE):
        assert told.entries[-1].at < now
        assert all(earlier.at < later.at for earlier, later in itertools.pairwise(told.entries))
        if told.ended is None and told.window:
            assert told.window[0] > now
        if told.kind == "incident":
            assert told.began <= told.entries[0].at < now


def test_the_same_moment_gives_the_same_year(services: dict[str, bool], year: list[Turn]) -> None:
    refs = {told.name: "2026-001" for told in TOLD}
    assert list(turns(services, story(NOW, ZONE), refs, NOW)) == year


def test_every_service_turns_from_where_it_was(services: dict[str, bool], year: list[Turn]) -> None:
    for slug in services:
        mine = [turn for turn in year if turn.service == slug]
        assert mine[0].before is State.UNKNOWN
        assert mine[0].at <= NOW - YEAR
        assert all(earlier.after is later.before for earlier, later in itertools.pairwise(mine))
        assert all(earlier.at < later.at for earlier, later in itertools.pairwise(mine))
        assert all(turn.before is not turn.after for turn in mine)
        assert mine[-1].at < NOW


def shown(year: list[Turn], slug: str, at: datetime) -> State:
    return [turn.after for turn in year if turn.service == slug and turn.at <= at][-1]


@pytest.mark.parametrize("told", [told for told in TOLD if told not in COMING], ids=lambda told: told.name)
def test_the_panel_showed_what_the_timeline_tells(told: Happening, year: list[Turn]) -> None:
    for slug, impact in told.impacts.items():
        at = told.entries[1 if told.kind == "maintenance" else 0].at + timedelta(seconds=1)
        expected = State.MAINTENANCE if told.kind == "maintenance" else State(impact)
        assert shown(year, slug, at) is expected
        if told.ended:
            assert shown(year, slug, told.ended + timedelta(seconds=1)) not in (expected, State.MAINTENANCE)


def test_all_is_well_now_but_for_what_is_open(services: dict[str, bool], year: list[Turn]) -> None:
    troubled = {slug for slug in services if shown(year, slug, NOW) in TROUBLE}
    assert troubled == set(OPEN[0].impacts)
    assert all(shown(year, slug, NOW) is State.OPERATIONAL for slug in services.keys() - troubled)


def test_the_year_has_hours_without_data_but_none_for_what_is_kept_by_hand(
    services: dict[str, bool], year: list[Turn]
) -> None:
    for slug, by_hand in services.items():
        silent = [turn for turn in year if turn.service == slug and turn.after is State.UNKNOWN]
        assert bool(silent) is not by_hand


def test_the_open_incident_is_what_the_broken_servers_make(year: list[Turn]) -> None:
    counted = [name for name in folder.BROKEN if name != "VexLab60"]
    last = [turn for turn in year if turn.service == "links"][-1]
    assert last.reason.values == {"down": len(counted), "of": REFERENCE_CONNECTIONS}
    assert set(counted) <= folder.kinds().keys()
    assert all(name in OPEN[0].entries[0].texts["ca"] for name in counted)
