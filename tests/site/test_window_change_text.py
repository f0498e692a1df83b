"""What the timeline says when work is moved, in every language, with what a person adds in one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.site import window_change_text

BEGIN = datetime(2026, 11, 30, 8, 41, tzinfo=UTC)
WINDOW = (BEGIN, BEGIN + timedelta(minutes=30))
MADRID = ZoneInfo("Europe/Madrid")


def test_what_a_person_adds_in_one_language_is_marked_in_the_others() -> None:
    end = WINDOW[1] + timedelta(hours=1)
    texts = window_change_text.extended(WINDOW, end, ("ca", "es", "en"), MADRID, {"ca": "Ens cal una hora més."})
    assert texts["ca"].endswith("\n\nEns cal una hora més.")
    assert texts["es"].endswith("\n\nEns cal una hora més. (en catalán)")
    assert texts["en"].endswith("\n\nEns cal una hora més. (in Catalan)")


def test_what_a_person_adds_in_each_language_is_not_marked() -> None:
    words = {"ca": "Plou.", "es": "Llueve.", "en": "It rains."}
    texts = window_change_text.postponed(WINDOW, WINDOW, ("ca", "es", "en"), MADRID, words)
    assert {language: text.rpartition("\n\n")[2] for language, text in texts.items()} == words


def test_nothing_is_added_where_nobody_wrote_anything() -> None:
    texts = window_change_text.extended(WINDOW, WINDOW[1] + timedelta(hours=1), ("ca", "en"), MADRID, {})
    assert not any("(" in text or "\n" in text for text in texts.values())
