"""Topics that people wrote by themselves are read as incidents: titles, days, hours, states, and all their words."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.forum.post import document
from talaia.forum.topic_parser import ParsedTopic, read, whole
from tests.forum.stories import HOUSE, STORY

MADRID = ZoneInfo("Europe/Madrid")
TOUCHED = datetime(2023, 6, 1, 10, 0, tzinfo=UTC)


def told(found: ParsedTopic) -> list[tuple[str, str, str]]:
    return [(e.state.value, f"{e.at.astimezone(MADRID):%Y-%m-%d %H:%M}", e.text) for e in found.entries]


CATALAN = """\
Vam tenir un tall de fibra a Sants.

**Cronologia**

- 10:05 [Investigant] No hi ha connexió a Sants.
- 10:40 [Identificat] Han tallat un cable.
  Ho ha confirmat l'operador.
- 23:50 [Monitoritzant] Torna a funcionar.
- 00:30 [Resolt] Tot bé.

## Anàlisi

Una excavadora.
"""


def test_the_bracket_form_in_catalan() -> None:
    found = read("[2023-05-12] Tall de fibra a Sants", CATALAN, TOUCHED, MADRID)
    assert found.title == "Tall de fibra a Sants"
    assert told(found) == [
        ("investigating", "2023-05-12 10:05", "No hi ha connexió a Sants."),
        ("identified", "2023-05-12 10:40", "Han tallat un cable.\n  Ho ha confirmat l'operador."),
        ("monitoring", "2023-05-12 23:50", "Torna a funcionar."),
        ("resolved", "2023-05-13 00:30", "Tot bé."),
    ]
    assert found.analysis == "Vam tenir un tall de fibra a Sants.\n\nUna excavadora."
    assert found.dated
    assert found.is_over


@pytest.mark.parametrize(
    ("line", "state", "at", "text"),
    [
        ("[Investigando] 12/05/2023 10:05 – Sin conexión", "investigating", "2023-05-12 10:05", "Sin conexión"),
        ("**[Identificado]** 10.05 h Un cable", "identified", "2023-05-20 10:05", "Un cable"),
        ("2023-05-13 11h: [Monitorizando] Vuelve", "monitoring", "2023-05-13 11:00", "Vuelve"),
        ("[Resolved] 14 May 2023, 09:00: fixed", "resolved", "2023-05-14 09:00", "fixed"),
        ("[Resolt] el 3 d’octubre a les 10:05 tot bé", "resolved", "2023-10-03 10:05", "el  a les 10:05 tot bé"),
        ("\\[Resolt\\] tot bé", "resolved", "2023-05-20 00:00", "tot bé"),
        ("### [En observació] 3 de maig del 2023, 05:12", "monitoring", "2023-05-03 05:12", "—"),
        ("[Causa identificada] a les 09:30 un cable", "identified", "2023-05-20 09:30", "un cable"),
    ],
)
def test_one_entry_in_each_spelling(line: str, state: str, at: str, text: str) -> None:
    found = read("2023-05-20: Avaria", line, TOUCHED, MADRID)
    assert told(found) == [(state, at, text)]
    assert found.title == "Avaria"


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("[2023-05-12] Tall de fibra (2023-004)", "Tall de fibra"),
        ("Incidència 12/05/2023: sense correu", "Sense correu"),
        ("INCIDENT 2023-05-12 - web caigut", "Web caigut"),
        ("2023-05-12", "2023-05-12"),
        ("Sense correu [resolt]", "Sense correu [resolt"),
    ],
)
def test_a_title_loses_its_day_and_its_reference(title: str, said: str) -> None:
    assert read(title, "[Resolt] 10:00 fet", TOUCHED, MADRID).title == said


def test_what_we_wrote_ourselves_is_read_again() -> None:
    wanted = document(STORY, HOUSE)
    found = read(wanted.title, wanted.text, TOUCHED, MADRID)
    assert found.title == STORY.titles[0][1]
    assert [(e.state, e.at, e.text) for e in found.entries] == [(e.state, e.at, e.texts[0][1]) for e in STORY.entries]
    assert "Una excavadora va tallar el cable." in found.analysis


def test_a_topic_without_entries_is_one_entry_when_that_is_wanted() -> None:
    assert read("Xat", "Hola a tothom", TOUCHED, MADRID).entries == ()
    found = whole("Caiguda del 2023-05-12", "Va caure tot.\n\nJa va.", TOUCHED, MADRID)
    assert told(found) == [("resolved", "2023-05-12 12:00", "Va caure tot.\n\nJa va.")]
    assert not whole("Xat", "Hola", TOUCHED, MADRID).dated


@given(st.text(max_size=60), st.text(max_size=300), st.booleans())
@settings(max_examples=300, deadline=None)
def test_whatever_people_wrote_is_read_without_a_stumble_and_in_order(title: str, text: str, more: bool) -> None:
    found = read(title, f"{text}\n[Resolt] {text}" if more else text, TOUCHED, MADRID)
    times = [entry.at for entry in found.entries]
    assert times == sorted(times)
    assert all(entry.text for entry in found.entries)
    whole(title, text, TOUCHED, MADRID)
