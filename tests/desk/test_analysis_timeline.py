"""The first draft of an analysis: what is known stands in it, and what a person wrote is never touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as some

from talaia.desk.analyses.timeline import Moment, TroubleSummary, daytime, document, gaps, lines, refreshed
from talaia.events.published import PublishedEvent
from talaia.localization.dates import Dates
from talaia.panel.state import State

MADRID = ZoneInfo("Europe/Madrid")
BEGAN = datetime(2026, 10, 3, 1, 12, tzinfo=UTC)
EVENT = PublishedEvent(
    "incident",
    "2026-003",
    (("ca", "Fibra tallada"), ("en", "Fibre cut")),
    "resolved",
    BEGAN,
    BEGAN + timedelta(hours=8),
)
ENGLISH = Dates("en", MADRID)
NAMES = ["Cronologia", "Cronología", "Chronology"]


def at(minutes: int) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def test_the_document_has_every_section_with_what_is_known() -> None:
    trouble = TroubleSummary("Connections", State.PARTIAL, ((BEGAN, BEGAN + timedelta(hours=8)),))
    with translation.override("en"):
        text = document(EVENT, [trouble], [Moment(at(5), "Second"), Moment(at(0), "First")], ENGLISH)
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        f"## {name}" for name in ("Summary", "Impact", "Chronology", "Cause", "What we changed", "What remains")
    ]
    assert "Fibre cut. It began on 3 October 2026, 03:12 and ended on 3 October 2026, 11:12: it lasted 8\xa0h." in text
    assert "| Connections | Partial disruption | 8\xa0h (28800\xa0s) | 3\xa0h 12\xa0min (11520\xa0s) |" in text
    assert text.index("- **3 October, 03:12** First") < text.index("- **3 October, 03:17** Second")
    assert gaps(text) == 5


@pytest.mark.parametrize(("language", "heading"), [("ca", "## Cronologia"), ("es", "## Cronología")])
def test_the_document_is_in_the_language_it_is_written_in(language: str, heading: str) -> None:
    with translation.override(language):
        text = document(EVENT, [], [Moment(at(0), "x")], Dates(language, MADRID))
    assert heading in text
    assert ("3 d’octubre, 03:12" if language == "ca" else "3 de octubre, 03:12") in text


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-10-03T01:00", "2026-10-03T08:00", 2),  # 3:00 to 10:00 in Madrid
        ("2026-10-02T18:00", "2026-10-03T08:00", 4),  # over the night
        ("2026-10-25T00:00", "2026-10-25T23:00", 14),  # the day of twenty-five hours
        ("2026-10-02T21:00", "2026-10-03T05:00", 0),
        ("2026-10-01T00:00", "2026-10-04T00:00", 42),
    ],
)
def test_the_hours_of_the_day_are_those_of_the_clocks(start: str, end: str, hours: int) -> None:
    spell = tuple(datetime.fromisoformat(f"{one}+00:00") for one in (start, end))
    assert daytime([(spell[0], spell[1])], MADRID) == hours * 3600


WRITTEN = """## Resum

Les meves paraules.

## Cronologia

- **3 October, 03:12** Amb les meves paraules.
  I encara més.
- una línia sense hora
- **3 October, 03:40** Darrera

## Causa

…
"""


def test_a_refreshed_chronology_gets_what_is_missing_at_its_time_and_nothing_else_changes() -> None:
    found = refreshed(
        WRITTEN,
        [Moment(at(0), "First"), Moment(at(10), "New"), Moment(at(28), "Last"), Moment(at(99), "End")],
        ENGLISH,
        NAMES,
    )
    assert found.splitlines() == [
        *WRITTEN.splitlines()[:8],
        "- **3 October, 03:22** New",
        *WRITTEN.splitlines()[8:10],
        "- **3 October, 04:51** End",
        *WRITTEN.splitlines()[10:],
    ]


def test_without_a_chronology_one_is_added_at_the_end() -> None:
    with translation.override("en"):
        found = refreshed("Only this.", [Moment(at(0), "First")], ENGLISH, NAMES)
    assert found == "Only this.\n\n## Chronology\n\n- **3 October, 03:12** First\n"


moments = some.lists(
    some.builds(Moment, some.integers(0, 400).map(at), some.sampled_from(["One", "Two", "Three"])), max_size=8
)
texts = some.lists(
    some.sampled_from(["## Chronology", "## Cause", "Words", "", "- item", "- **3 October, 03:12** mine"]), max_size=9
).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(texts, moments, moments)
def test_whatever_was_written_stays_in_its_order_and_a_second_refresh_adds_nothing(
    text: str, first: list[Moment], more: list[Moment]
) -> None:
    with translation.override("en"):
        once = refreshed(text, first, ENGLISH, NAMES)
        twice = refreshed(once, [*first, *more], ENGLISH, NAMES)
        assert refreshed(twice, [*first, *more], ENGLISH, NAMES) == twice
        assert all(line[: line.index("**", 4)] in twice for line in lines([*first, *more], ENGLISH))
    left = iter(twice.splitlines())
    assert all(row in left for row in text.rstrip("\n").splitlines())
