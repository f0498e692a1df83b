"""S3 and S4: days, colours, figures, reckoned by hand; and the colour over every mixture of a day."""

from datetime import date
from itertools import pairwise, product

import pytest

from tests.oracle.days import Spell, colour, days, figure, headline, midnight
from tests.oracle.history import DAY, HOUR, State, instant
from tests.oracle.stories import BLIND, DOWN, OK, PART, SLOW, WORK


def spells(*texts: str) -> tuple[Spell, ...]:
    """`2026-05-04 12:00 operational`, …; the last one only ends."""
    cut = [text.rsplit(" ", 1) for text in texts]
    return tuple(Spell(instant(start), instant(end), State(state)) for (start, state), (end, _) in pairwise(cut))


def test_a_day_is_cut_at_the_midnight_of_the_house() -> None:
    shown = spells("2026-05-04 22:00 operational", "2026-05-04 23:00 disruption", "2026-05-05 01:00 operational",
                   "2026-05-05 02:00 end")  # fmt: skip
    first, second = days(shown, instant("2026-05-05 02:00"))
    assert (first.seconds, first.before) == ({OK: HOUR, DOWN: HOUR}, 22 * HOUR)
    assert (second.seconds, second.before) == ({DOWN: HOUR, OK: HOUR}, 0)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-15", 24)])
def test_a_day_has_the_hours_that_its_clock_gives_it(day: str, hours: int) -> None:
    begins = instant(f"{day} 00:00")
    whole = (Spell(begins, begins + 30 * HOUR, OK),)
    assert days(whole, begins + 30 * HOUR)[0].seconds == {OK: hours * HOUR}


def test_trouble_of_a_second_paints_the_day_and_the_worst_one_wins() -> None:
    assert colour({OK: DAY - 1, SLOW: 1}) is SLOW
    assert colour({OK: DAY - 3, SLOW: 1, PART: 1, DOWN: 1}) is DOWN
    assert colour({BLIND: DAY - 1, SLOW: 1}) is SLOW


def test_five_minutes_without_data_paint_a_day_and_a_restart_does_not() -> None:
    assert colour({OK: DAY - 299, BLIND: 299}) is OK
    assert colour({OK: DAY - 300, BLIND: 300}) is BLIND
    assert colour({WORK: DAY - 300, BLIND: 300}) is BLIND
    assert colour({WORK: 10, OK: DAY - 309, BLIND: 299}) is WORK
    assert colour({BLIND: 20}) is BLIND
    assert colour({}) is None


def test_the_colour_of_every_mixture_is_one_that_the_day_had() -> None:
    for amounts in product([0, 1, 299, 300, 40000], repeat=6):
        seconds = dict(zip(State, amounts, strict=True))
        painted = colour(seconds)
        assert (painted is None) == (not any(amounts))
        if painted is not None:
            assert seconds[painted] > 0
        if painted is OK:
            assert not any(seconds[state] for state in (SLOW, PART, DOWN, WORK))


def test_the_days_before_the_first_are_no_data() -> None:
    shown = spells("2026-05-02 00:00 operational", "2026-05-04 12:00 end")
    found = figure(shown, 90, instant("2026-05-04 12:00"))
    assert found.seconds == {OK: 2 * DAY, BLIND: 88 * DAY - HOUR}  # The clocks went forward in March.
    assert found.share == 1.0
    assert figure(shown, 365, instant("2026-05-04 12:00")).seconds[BLIND] == 363 * DAY  # Back and forward: a year.
    assert figure(shown, 7, instant("2026-05-02 09:00")).seconds == {BLIND: 7 * DAY}, "today is not counted yet"


def test_maintenance_and_time_without_data_are_nobodys_uptime() -> None:
    shown = spells("2026-05-04 00:00 operational", "2026-05-04 03:00 maintenance", "2026-05-04 05:00 disruption",
                   "2026-05-04 06:00 unknown", "2026-05-04 12:00 end")  # fmt: skip
    assert figure(shown, 7, instant("2026-05-05 12:00")).share == 0.75
    assert (
        figure(spells("2026-05-04 00:00 unknown", "2026-05-04 12:00 end"), 7, instant("2026-05-05 12:00")).share is None
    )


def test_a_period_is_so_many_finished_days() -> None:
    now = instant("2026-05-07 06:00")
    shown = (
        Spell(midnight(date(2026, 4, 20)), midnight(date(2026, 5, 6)), OK),
        Spell(midnight(date(2026, 5, 6)), now, DOWN),
    )
    assert figure(shown, 7, now).seconds == {OK: 6 * DAY, DOWN: DAY}


def test_the_headline_counts_apart_what_does_not_work_and_what_works_badly() -> None:
    found = headline([OK, SLOW, PART, DOWN, DOWN, WORK, BLIND])
    assert (found.not_working, found.badly, found.unknown, found.maintenance) == (2, 2, 1, 1)
