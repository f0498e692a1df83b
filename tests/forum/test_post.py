"""What stands of an event where the history is mirrored: whole, the same for the same rows, and never too long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.events.published import EventLink
from talaia.forum.escape import settled
from talaia.forum.merge import sections
from talaia.forum.post import LONGEST, document, written_title
from talaia.panel.state import State
from tests.forum.stories import BEGAN, HOUSE, MADRID, STORY, WORK, entry, house, touched

WHOLE = """\
[Incidència 2026-014](https://status.example.org/incidents/2026-014/): aquest tema segueix la seva pàgina. \
El que hi corregiu arriba a l’equip tècnic com a proposta.

## Resum

- **Estat:** Resolta
- **Inici:** 3 d’octubre del 2026, 04:12
- **Final:** 3 d’octubre del 2026, 06:12
- **Causa:** un cable tallat per unes obres

## Serveis afectats

- Connexions: Interrupció parcial
- Web: Sense afectació

## Cronologia [#](https://status.example.org/incidents/2026-014/#timeline)

### [En investigació] 3 d’octubre del 2026, 04:32 [#u1](https://status.example.org/incidents/2026-014/#u1)

No hi ha connexió a Sants. Ho mirem.

### [Causa identificada] 3 d’octubre del 2026, 04:52 [#u2](https://status.example.org/incidents/2026-014/#u2)

Han tallat un cable al carrer Major.

### [Resolta] 3 d’octubre del 2026, 05:12 [#u3](https://status.example.org/incidents/2026-014/#u3)

El cable està refet.

## Anàlisi [#](https://status.example.org/incidents/2026-014/#analysis)

#### Què va passar

Una excavadora va tallar el cable.

##### Què farem

- un segon camí"""


def test_one_that_was_merged_says_where_it_goes_on_and_never_that_it_is_resolved() -> None:
    found = document(
        replace(STORY, merged_into=EventLink("incident", "2026-015", (("ca", "Un altre"),)), entries=STORY.entries[:2]),
        HOUSE,
    )
    assert "- **Estat:** Continua a 2026-015\n- **Inici:**" in found.text
    assert "Resolta" not in found.text
    assert "Final" not in found.text
    assert found.tags == ("incidència",)


def test_the_entry_with_which_it_was_merged_does_not_say_that_it_is_over() -> None:
    """It is a reply of its own, and all that whoever watches the topic is told."""
    last = replace(STORY.entries[-1], state="resolved")
    story = replace(STORY, merged_into=EventLink("incident", "2026-015", (("ca", "Un altre"),)))
    found = document(replace(story, entries=(*STORY.entries[:1], last)), HOUSE)
    assert f"[#u{last.number}]" in found.text
    assert "### [Continua a 2026-015] " in found.text
    assert "Resolta" not in found.text


def test_an_incident_is_told_whole() -> None:
    found = document(STORY, HOUSE)
    assert found.text == WHOLE
    assert found.title == "[2026-10-03] Tall de fibra a Sants (2026-014)"
    assert (found.key, found.closed, found.tags) == ("incident/2026-014", True, ("incidència", "resolta"))
    assert (found.impact, found.touched) == ("partial", ("Connexions", "Web"))


def test_work_that_began_before_its_hour_says_when() -> None:
    begun = replace(WORK, state="in_progress", started_at=BEGAN - timedelta(minutes=29))
    assert "07:12 (3 h)\n- **Inici:** 3 d’octubre del 2026, 03:43" in document(begun, HOUSE).text
    assert "Inici" not in document(replace(begun, started_at=BEGAN), HOUSE).text


def test_a_maintenance_says_its_window_and_what_to_expect() -> None:
    found = document(WORK, HOUSE)
    assert found.title == "[2026-10-03] Manteniment: Canvi d’encaminador (2026-003)"
    assert "- **Finestra:** dissabte, 3 d’octubre del 2026, de 04:12 a 07:12 (3 h)" in found.text
    assert "## Què es notarà\n\n- Connexions: Aturat" in found.text
    stop = document(replace(WORK, touched=(touched("Connexions", State.DISRUPTION),)), HOUSE)
    assert "- Connexions: Aturat" in stop.text
    assert found.impact == stop.impact == "maintenance"  # elsewhere too what is planned is no trouble
    assert not found.closed


@pytest.mark.parametrize(("language", "word"), [("es", "Incidencia 2026-014"), ("en", "Incident 2026-014")])
def test_it_is_told_in_the_language_of_the_site(language: str, word: str) -> None:
    text = document(STORY, house(language)).text
    assert text.startswith(f"[{word}](https://status.example.org/{language}/incidents/2026-014/)")
    assert {"es": "[Resuelta]", "en": "[Resolved]"}[language] in text


def test_its_sections_are_found_by_their_addresses() -> None:
    found = list(sections(WHOLE))
    assert found == ["head", "resum", "serveis afectats", "timeline", "u1", "u2", "u3", "analysis"]


@pytest.mark.parametrize(
    ("title", "stands"),
    [
        ("SANTS", "[2026-10-03] Incidència: SANTS (2026-014)"),
        ("a  b\nc", "[2026-10-03] a b c (2026-014)"),
        ("x" * 300, f"[2026-10-03] {'x' * 225}… (2026-014)"),
    ],
)
def test_a_title_is_one_that_a_forum_takes(title: str, stands: str) -> None:
    found = document(replace(STORY, titles=(("ca", title),)), HOUSE).title
    assert found == stands
    assert len(found) <= 255


def test_the_title_of_an_event_is_found_again_in_that_of_its_topic() -> None:
    assert (
        written_title("[2026-10-03] Tall de fibra a Sants (2026-014)", "incident", "2026-014")
        == "Tall de fibra a Sants"
    )
    assert written_title("Tall a Sants", "incident", "2026-014") == "Tall a Sants"


def test_what_has_no_room_is_left_out_where_it_is_oldest_and_it_is_said() -> None:
    many = tuple(entry(n, text=f"{n}: " + "una paraula rere l’altra " * 40) for n in range(1, 61))
    text = document(replace(STORY, entries=many), HOUSE).text
    assert len(text) <= LONGEST
    assert "[Les paraules d’aquesta entrada són a la pàgina](https://status.example.org/incidents/2026-014/#u1)" in text
    assert "una paraula rere l’altra" in sections(text)["u60"]
    assert "una paraula rere l’altra" not in sections(text)["u1"]


def test_a_long_analysis_goes_on_on_the_page() -> None:
    text = document(replace(STORY, analyses=(("ca", "\n\n".join(["paraula " * 60] * 200)),)), HOUSE).text
    assert len(text) <= LONGEST
    assert text.endswith(
        "[Continua a la pàgina](https://status.example.org/incidents/2026-014/#analysis), ja que aquí no hi cap."
    )


@given(
    st.lists(st.text(max_size=3000), max_size=120),
    st.text(max_size=40_000),
    st.text(min_size=1, max_size=400),
)
@settings(max_examples=40, deadline=None)
def test_nothing_is_ever_too_long_nor_told_in_two_ways(texts: list[str], analysis: str, title: str) -> None:
    entries = tuple(entry(n, text=text or "x", minutes=n) for n, text in enumerate(texts, 1))
    story = replace(STORY, entries=entries, analyses=(("ca", analysis),) if analysis else (), titles=(("ca", title),))
    found = document(story, HOUSE)
    assert len(found.text) <= LONGEST
    assert found == document(story, HOUSE)
    assert found.text == settled(found.text)
    shown = [name for name in sections(found.text) if name[:1] == "u" and name[1:].isdigit()]
    assert shown == [f"u{n}" for n in range(len(texts) + 1 - len(shown), len(texts) + 1)]


def test_the_day_of_a_title_is_the_one_people_lived_in() -> None:
    late = BEGAN.replace(hour=23)
    assert document(replace(STORY, started_at=late), HOUSE).title.startswith("[2026-10-04]")
    moved = replace(WORK, window=(BEGAN + timedelta(days=7), BEGAN + timedelta(days=8)))
    assert document(moved, HOUSE).title.startswith("[2026-10-10]")
    assert MADRID.key == "Europe/Madrid"


def test_work_that_is_called_off_is_so_since_that_was_said_and_not_since_it_was_to_begin() -> None:
    said = (*WORK.entries, entry(2, "cancelled", "No es fa.", minutes=-600))
    off = replace(WORK, state="cancelled", ended_at=BEGAN, entries=said)
    assert "- **Cancel·lat:** 2 d’octubre del 2026, 18:12" in document(off, HOUSE).text
    assert document(off, HOUSE).ended == said[-1].at
    assert "Què es notarà" in document(WORK, HOUSE).text and "Què es notarà" not in document(off, HOUSE).text


def test_of_work_that_is_done_it_says_what_had_been_announced() -> None:
    done = replace(
        WORK, state="completed", ended_at=BEGAN, entries=(*WORK.entries, entry(2, "completed", "Fet.", minutes=9))
    )
    assert "## Què s’havia anunciat" in document(done, HOUSE).text and "Què es notarà" not in document(done, HOUSE).text
