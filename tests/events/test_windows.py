"""Windows on both sides of the clock changes, over midnight, new year and leap day, in words and in true hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from talaia.config.languages import KNOWN, Grammar, LanguageRow
from talaia.events.timeline import NotPossible
from talaia.events.windows import check, instant, one_instant, readings
from talaia.localization.dates import Dates

MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


# start and end as somebody types them, the true length in hours, and the window as people read it.
WINDOWS = [
    ("2026-05-04T10:00", "2026-05-04T12:00", 2, "dilluns, 4 de maig del 2026, de 10:00 a 12:00 (2 h)"),
    ("2026-05-04T23:00", "2026-05-05T03:00", 4, "dilluns, 4 de maig del 2026, de 23:00 a 03:00 de l’endemà (4 h)"),
    # March: the night of the 28th to the 29th has an hour less.
    ("2026-03-28T23:00", "2026-03-29T03:00", 3, "dissabte, 28 de març del 2026, de 23:00 a 03:00 de l’endemà (3 h)"),
    ("2026-03-29T01:30", "2026-03-29T03:30", 1, "diumenge, 29 de març del 2026, de 01:30 a 03:30 (1 h)"),
    ("2026-03-29T03:00", "2026-03-29T05:00", 2, "diumenge, 29 de març del 2026, de 03:00 a 05:00 (2 h)"),
    # October: the night of the 24th to the 25th has an hour more.
    ("2026-10-24T23:00", "2026-10-25T03:00", 5, "dissabte, 24 d’octubre del 2026, de 23:00 a 03:00 de l’endemà (5 h)"),
    ("2026-10-25T01:00", "2026-10-25T04:00", 4, "diumenge, 25 d’octubre del 2026, de 01:00 a 04:00 (4 h)"),
    (
        "2026-10-25T02:30+02:00",
        "2026-10-25T02:30+01:00",
        1,
        "diumenge, 25 d’octubre del 2026, de 02:30 CEST a 02:30 CET (1 h)",
    ),
    # New year and leap day.
    ("2026-12-31T23:00", "2027-01-01T02:00", 3, "dijous, 31 de desembre del 2026, de 23:00 a 02:00 de l’endemà (3 h)"),
    ("2028-02-28T22:00", "2028-02-29T01:00", 3, "dilluns, 28 de febrer del 2028, de 22:00 a 01:00 de l’endemà (3 h)"),
    ("2028-02-29T22:00", "2028-03-01T02:00", 4, "dimarts, 29 de febrer del 2028, de 22:00 a 02:00 de l’endemà (4 h)"),
    ("2028-03-01T10:15", "2028-03-01T11:45", 1.5, "dimecres, 1 de març del 2028, de 10:15 a 11:45 (1 h 30 min)"),
    # Longer than a night: both ends in full.
    (
        "2026-05-04T10:00",
        "2026-05-06T12:00",
        50,
        "dilluns, 4 de maig del 2026, 10:00 – dimecres, 6 de maig del 2026, 12:00 (2 d 2 h)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "hours", "words"), WINDOWS)
def test_a_window_has_its_true_length_and_reads_as_people_say_it(
    start: str, end: str, hours: float, words: str
) -> None:
    first, last = (one_instant(datetime.fromisoformat(text), MADRID) for text in (start, end))
    check(first, last)
    assert last - first == timedelta(hours=hours)
    assert Dates("ca", MADRID).span(first, last).replace("\xa0", " ") == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ca", "dissabte, 24 d’octubre del 2026, de 23:00 a 03:00 de l’endemà (5 h)"),
        ("es", "sábado, 24 de octubre de 2026, de 23:00 a 03:00 del día siguiente (5 h)"),
        ("en", "Saturday, 24 October 2026, from 23:00 to 03:00 the next day (5 h)"),
        ("fr", "samedi 24 octobre 2026, 23:00 – dimanche 25 octobre 2026, 03:00 (5 h)"),  # a row without a grammar
    ],
)
def test_each_language_says_it_its_own_way(language: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "fr", LanguageRow("Français", "fr", Grammar(), ()))
    start, end = datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC)
    assert Dates(language, MADRID).span(start, end).replace("\xa0", " ") == words


@pytest.mark.parametrize(
    ("local", "found"),
    [
        ("2026-03-29T01:59", ["00:59"]),
        ("2026-03-29T02:00", []),
        ("2026-03-29T02:59", []),
        ("2026-03-29T03:00", ["01:00"]),
        ("2026-10-25T01:59", ["23:59"]),
        ("2026-10-25T02:00", ["00:00", "01:00"]),
        ("2026-10-25T02:59", ["00:59", "01:59"]),
        ("2026-10-25T03:00", ["02:00"]),
    ],
)
def test_a_local_time_means_no_instant_one_or_two(local: str, found: list[str]) -> None:
    assert [f"{at:%H:%M}" for at in readings(datetime.fromisoformat(local), MADRID)] == found


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2026-03-29T02:30", "does not exist in Europe/Madrid"),
        ("2026-10-25T02:30", "2026-10-25T02:30+02:00 / 2026-10-25T02:30+01:00"),
        ("0206-05-04T10:00", "206"),
        ("9999-12-31T23:59", "9999"),
    ],
)
def test_nobody_guesses_what_a_time_may_mean(local: str, said: str) -> None:
    with pytest.raises(NotPossible) as refusal:
        one_instant(datetime.fromisoformat(local), MADRID)
    assert said in str(refusal.value)


@pytest.mark.parametrize("local", ["0206-05-04T10:00", "0206-05-04T10:00+02:00", "2206-05-04T10:00"])
def test_no_time_is_in_a_year_that_was_mistyped(local: str) -> None:
    with pytest.raises(NotPossible, match="206"):
        instant(datetime.fromisoformat(local), MADRID)


@pytest.mark.parametrize(
    ("start", "end", "now", "said"),
    [(0, 0, None, "ends before"), (1, 0, None, "ends before"), (0, 1, 1, "passed"), (0, 1, 2, "passed")],
)
def test_a_window_has_a_length_and_has_not_passed(start: int, end: int, now: int | None, said: str) -> None:
    noon = datetime(2026, 5, 4, 12, tzinfo=UTC)
    hours = [noon + timedelta(hours=n) for n in (start, end)]
    with pytest.raises(NotPossible, match=said):
        check(hours[0], hours[1], None if now is None else noon + timedelta(hours=now))
    check(noon, noon + timedelta(hours=1), noon + timedelta(minutes=59))
