"""One line when something begins, one a minute while it lasts, one when it is over, whoever met it."""

from __future__ import annotations

import logging

import pytest

from talaia.log.episodes import Episodes, length

log = logging.getLogger("talaia.test")


class Told:
    """Episodes with a clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.all = Episodes(lambda: self.now)

    def lasts(self, whom: str, forget: float = 120.0, error: Exception | None = None) -> None:
        self.all.lasts(log, "database", whom, "it is away: %s", "locked", forget=forget, error=error)

    def well(self, whom: str) -> None:
        self.all.well(log, "database", whom, "it is back")


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    caplog.set_level(logging.INFO, "talaia.test")
    return Told()


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_an_hour_of_it_is_sixty_lines_and_not_a_hundred_thousand(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    for tenth in range(36_000):
        told.now = tenth / 10
        for thread in ("watch", "clock", "worker"):
            told.lasts(thread)
    found = messages(caplog)
    assert len(found) == 60
    assert found[0] == "it is away: locked"
    assert found[1] == "it is away: locked (for 1 min, 1,801 times)"


def test_it_is_over_once_it_is_so_for_all_who_met_it(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.lasts("watch")
    told.lasts("clock")
    told.now = 5.0
    told.well("watch")
    told.well("somebody else")
    assert messages(caplog) == ["it is away: locked"]
    told.now = 70.0
    told.well("clock")
    assert messages(caplog) == ["it is back (after 1 min 10 s, 2 times)"]
    told.well("clock")
    assert messages(caplog) == []


def test_whoever_never_speaks_of_it_again_does_not_hold_it_open(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.lasts("a request")
    told.lasts("watch", forget=10.0)
    told.now = 100.0
    told.well("watch")
    told.now = 121.0
    told.well("watch")
    assert messages(caplog) == ["it is away: locked", "it is back (after 2 min 1 s, 2 times)"]


def test_what_comes_and_goes_is_two_lines_a_minute_and_the_last_one_is_true(
    told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk with a little room left takes every other row: it begins and ends every five seconds."""
    for second in range(0, 600, 5):
        told.now = float(second)
        told.lasts("watch")
        told.now += 3
        told.well("watch")
        last = messages(caplog)
        assert last == [] or last[-1].startswith("it is back"), "well is what it is now"
        if second in (5, 30):
            assert last == []
    told.now = 3_000.0
    told.lasts("watch")
    assert messages(caplog) == ["it is away: locked"], "long after, it is another one"


def test_another_trouble_soon_after_is_told_at_once(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.lasts("watch")
    told.well("watch")
    messages(caplog)
    told.all.lasts(log, "database", "watch", "it is away: %s", "full")
    assert messages(caplog) == ["it is away: full"]
    told.well("watch")
    assert messages(caplog) == ["it is back (after 0 s, 1 times)"]


def test_what_is_back_at_once_and_stays_is_told_within_a_minute(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    for second in (0, 1, 30, 61):
        told.now = float(second)
        told.lasts("watch")
        if not second:
            told.well("watch")
    away, back, again = messages(caplog)
    assert (away, back.partition(" (")[0]) == ("it is away: locked", "it is back")
    assert again == "it is away: locked (for 1 min 1 s, 4 times)"


def test_a_traceback_is_told_once(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    for minute in range(3):
        told.now = 61.0 * minute
        told.lasts("watch", error=ValueError("oh"))
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "0 s"), (40, "40 s"), (60, "1 min"), (190, "3 min 10 s"), (7500, "2 h 5 min")]
)
def test_how_long_it_lasted_is_in_words(seconds: float, words: str) -> None:
    assert length(seconds) == words
