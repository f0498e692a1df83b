"""One table says how often people hear of an incident: the forms begin with it, and `/about/` promises it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from talaia.config import Config, current
from talaia.events import next_update
from talaia.panel.state import State
from talaia.site.about import texts

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("levels", "usual"),
    [
        ([State.DISRUPTION, State.DEGRADED], "30m"),
        ([State.PARTIAL], "1h"),
        ([State.DEGRADED, State.PARTIAL], "1h"),
        ([State.DEGRADED], "2h"),
        ([State.MAINTENANCE], "1h"),
        ([State.OPERATIONAL], "30m"),
        ([], "30m"),
    ],
)
def test_the_worst_impact_says_when_the_next_word_comes(levels: list[State], usual: str) -> None:
    assert next_update.usual(levels) == usual


def test_of_an_impact_that_nobody_has_said_the_soonest_is_promised() -> None:
    zone = ZoneInfo("Europe/Madrid")
    at = {state: next_update.parse(usual, NOW, zone) for state, usual in next_update.USUAL.items()}
    soonest = min(value for value in at.values() if value)
    assert next_update.parse(next_update.usual([]), NOW, zone) == soonest
    assert soonest - NOW == timedelta(minutes=30)


@pytest.mark.parametrize("language", ["ca", "es", "en"])
def test_how_we_communicate_says_what_the_forms_promise(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> str:
        return texts(current())[language]

    with translation.override(language):
        assert next_update.how_often(State.DISRUPTION) in said()
        assert next_update.how_often(State.PARTIAL) in said()
    monkeypatch.setattr(next_update, "USUAL", {**next_update.USUAL, State.DISRUPTION: "2h"})
    with translation.override(language):
        assert next_update.how_often(State.DISRUPTION) in said()
    assert "{" not in said()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("7d", {"ca": "amb 7 dies d’antelació", "es": "con 7 días de antelación", "en": "announced 7 days ahead"}),
        ("1d", {"ca": "amb 1 dia d’antelació", "es": "con 1 día de antelación", "en": "announced 1 day ahead"}),
        (
            "36h",
            {"ca": "amb 36 hores d’antelació", "es": "con 36 horas de antelación", "en": "announced 36 hours ahead"},
        ),
        ("90m", {"ca": "amb 1 h 30 min d’ant", "es": "con 1 h 30 min de ant", "en": "announced 1 h 30 min ahead"}),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_how_we_communicate_announces_work_as_early_as_the_house_has_it(
    written: str, said: dict[str, str], configure: Callable[[str], Config]
) -> None:
    site = '[site]\nname = "Exemple"\naddress = "https://status.example.org"\n'
    found = texts(configure(site + f'[maintenance]\nnotice = "{written}"\n'))
    for language, words in said.items():
        assert words in found[language].replace("\xa0", " "), language
