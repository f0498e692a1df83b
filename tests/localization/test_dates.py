"""Dates as people write them, in the three languages, around midnight, new year and the change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from talaia.localization.dates import Dates, length, short, utc

ZONE = ZoneInfo("Europe/Madrid")
CA, ES, EN = (Dates(language, ZONE) for language in ("ca", "es", "en"))
NOW = datetime(2026, 11, 23, 10, 45, tzinfo=ZONE)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("day", "ca", "es", "en"),
    [
        (date(2026, 10, 3), "3 d’octubre del 2026", "3 de octubre de 2026", "3 October 2026"),
        (date(2026, 4, 1), "1 d’abril del 2026", "1 de abril de 2026", "1 April 2026"),
        (date(2026, 8, 11), "11 d’agost del 2026", "11 de agosto de 2026", "11 August 2026"),
        (date(2026, 3, 8), "8 de març del 2026", "8 de marzo de 2026", "8 March 2026"),
    ],
)
def test_a_day(day: date, ca: str, es: str, en: str) -> None:
    assert (CA.day(day), ES.day(day), EN.day(day)) == (ca, es, en)


@pytest.mark.parametrize(
    ("at", "ca", "es", "en"),
    [
        (local(2026, 11, 23, 3, 12), "des de les 03:12", "desde las 03:12", "since 03:12"),
        (local(2026, 11, 23, 1, 12), "des de la 01:12", "desde la 01:12", "since 01:12"),
        (local(2026, 11, 23, 0, 0), "des de les 00:00", "desde las 00:00", "since 00:00"),
        (
            local(2026, 11, 22, 23, 59),
            "des del 22 de novembre a les 23:59",
            "desde el 22 de noviembre a las 23:59",
            "since 22 November at 23:59",
        ),
        (
            local(2026, 10, 1, 1, 5),
            "des de l’1 d’octubre a la 01:05",
            "desde el 1 de octubre a la 01:05",
            "since 1 October at 01:05",
        ),
        (
            local(2026, 9, 11, 8, 0),
            "des de l’11 de setembre a les 08:00",
            "desde el 11 de septiembre a las 08:00",
            "since 11 September at 08:00",
        ),
        (
            local(2025, 12, 31, 23, 0),
            "des del 31 de desembre del 2025 a les 23:00",
            "desde el 31 de diciembre de 2025 a las 23:00",
            "since 31 December 2025 at 23:00",
        ),
    ],
)
def test_since(at: datetime, ca: str, es: str, en: str) -> None:
    assert (CA.since(at, NOW), ES.since(at, NOW), EN.since(at, NOW)) == (ca, es, en)


def test_before() -> None:
    tomorrow = local(2026, 11, 24, 9, 0)
    assert CA.before(tomorrow, NOW) == "abans del 24 de novembre a les 09:00"
    assert ES.before(tomorrow, NOW) == "antes del 24 de noviembre a las 09:00"
    assert EN.before(tomorrow, NOW) == "before 24 November at 09:00"
    assert CA.before(local(2026, 12, 1, 9, 0), NOW) == "abans de l’1 de desembre a les 09:00"


def test_until() -> None:
    tomorrow, one = local(2026, 11, 24, 9, 0), local(2026, 11, 23, 1, 5)
    assert (CA.until(one, NOW), ES.until(one, NOW)) == ("fins a la 01:05", "hasta la 01:05")
    assert CA.until(tomorrow, NOW) == "fins al 24 de novembre a les 09:00"
    assert ES.until(tomorrow, NOW) == "hasta el 24 de noviembre a las 09:00"
    assert EN.until(tomorrow, NOW) == "until 24 November at 09:00"
    assert CA.until(local(2026, 12, 1, 9, 0), NOW) == "fins a l’1 de desembre a les 09:00"


def test_without_a_now_everything_is_said_in_full() -> None:
    assert CA.since(NOW, None) == "des del 23 de novembre del 2026 a les 10:45"
    assert CA.at(NOW, None) == "23 de novembre del 2026, 10:45"


def test_the_day_is_left_out_of_today_and_the_year_of_this_year() -> None:
    assert CA.at(local(2026, 11, 23, 3, 12), NOW) == "03:12"
    assert CA.at(local(2026, 11, 2, 3, 12), NOW) == "2 de novembre, 03:12"
    assert CA.at(local(2025, 11, 2, 3, 12), NOW) == "2 de novembre del 2025, 03:12"


def test_at_a_time() -> None:
    assert [c.at_time(local(2026, 1, 1, 1, 30)) for c in (CA, ES, EN)] == ["a la 01:30", "a la 01:30", "at 01:30"]
    assert CA.at_time(NOW) == "a les 10:45"


def test_the_hour_that_october_has_twice_names_its_zone() -> None:
    assert CA.time(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == "02:30 CEST"
    assert CA.time(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "02:30 CET"
    assert CA.time(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)) == "03:30"
    assert CA.time(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == "03:00"


def test_a_window() -> None:
    start = local(2026, 10, 3, 23, 0)
    assert CA.window(start, local(2026, 10, 3, 23, 30)) == "dissabte, 3 d’octubre del 2026, 23:00–23:30"
    assert CA.window(start, local(2026, 10, 4, 1, 0)) == (
        "dissabte, 3 d’octubre del 2026, 23:00 – diumenge, 4 d’octubre del 2026, 01:00"
    )


def test_a_period() -> None:
    assert CA.period(date(2026, 8, 26), date(2026, 11, 23)) == "26 d’agost – 23 de novembre del 2026"
    assert CA.period(date(2025, 12, 30), date(2026, 1, 2)) == "30 de desembre del 2025 – 2 de gener del 2026"
    assert CA.period(date(2026, 1, 2), date(2026, 1, 2)) == "2 de gener del 2026"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "< 1 min"),
        (59.9, "< 1 min"),
        (60, "1 min"),
        (3600, "1 h"),
        (5100, "1 h 25 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (3 * 86_400 + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_a_length(seconds: float, text: str) -> None:
    assert length(seconds).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("share", "ca", "en"),
    [(1, "100 %", "100%"), (0.99999, "99,99 %", "99.99%"), (0.987, "98,70 %", "98.70%"), (0, "0,00 %", "0.00%")],
)
def test_a_percentage_is_cut_and_never_rounded_up(share: float, ca: str, en: str) -> None:
    assert (CA.percent(share).replace("\xa0", " "), EN.percent(share)) == (ca, en)


def test_an_instant_for_machines_is_in_utc() -> None:
    assert utc(local(2026, 10, 3, 3, 12)) == "2026-10-03T01:12:00Z"


@pytest.mark.parametrize(("seconds", "text"), [(30, "30 s"), (59, "59 s"), (60, "1 min"), (120, "2 min")])
def test_what_is_waited_for_is_told_in_seconds_below_a_minute(seconds: float, text: str) -> None:
    assert short(seconds).replace("\xa0", " ") == text
