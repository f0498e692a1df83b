"""The comparison: it is silent where all is as reckoned, and each kind of falsehood has its line."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import happenings as h
from tests.oracle.compare import agrees, difference, drive, explain
from tests.oracle.days import Headline
from tests.oracle.echo import Echo
from tests.oracle.histories import histories
from tests.oracle.history import DAY, History, State
from tests.oracle.house import Copy, House, PublishedFigure, Report, Transition
from tests.oracle.stories import DOWN, NOON, OK, fails, mends, off, story

CALM = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@CALM
@given(histories(), st.sampled_from([0, 17, 59]))
@pytest.mark.slow
def test_what_the_reckoning_itself_says_has_no_difference(history: History, early: int) -> None:
    house: House = Echo(early)
    agrees(history, house)


def example() -> tuple[History, Report]:
    opened, closed = h.Opened(NOON + 700, "i", {"web": DOWN}), h.Resolved(NOON + 1500, "i")
    happenings = (*fails(600), opened, *mends(1400), closed, *off(2000, 6000), h.OptedOut(NOON + 7000, "anna"))
    history = story(*happenings, lasts=2 * DAY)
    return history, drive(history, Echo())


def with_page(report: Report, **changes: object) -> Report:
    return replace(report, pages=[replace(report.pages[0], **changes)])  # type: ignore[arg-type]


def without_a_transition(report: Report) -> Report:
    return replace(report, transitions={**report.transitions, "web": report.transitions["web"][:-1]})


def late(report: Report) -> Report:
    moved = [replace(each, at=each.at + 10 * (each.state is DOWN)) for each in report.transitions["web"]]
    return replace(report, transitions={**report.transitions, "web": moved})


def other_reason(report: Report) -> Report:
    said = [replace(each, reasons=frozenset({"signals"})) for each in report.transitions["web"]]
    return replace(report, transitions={**report.transitions, "web": said})


def paint(report: Report) -> Report:
    published = report.pages[0].days["web"]
    painted = {day: replace(each, colour=OK) for day, each in published.items()}
    return with_page(report, days={**report.pages[0].days, "web": painted})


def lose_a_second(report: Report) -> Report:
    published = report.pages[0].days["web"]
    short = {day: replace(each, seconds={**each.seconds, OK: each.seconds[OK] - 1}) for day, each in published.items()}
    return with_page(report, days={**report.pages[0].days, "web": short})


def flatter(report: Report) -> Report:
    figures = report.pages[0].figures
    said = {period: replace(each, share=1.0) for period, each in figures["web"].items()}
    return with_page(report, figures={**figures, "web": said})


def forget_what_was_before(report: Report) -> Report:
    figures = report.pages[0].figures
    said = {
        period: PublishedFigure({**each.seconds, State.UNKNOWN: 4000}, each.share)
        for period, each in figures["web"].items()
    }
    return with_page(report, figures={**figures, "web": said})


def told_twice(report: Report) -> Report:
    return replace(report, told=[*report.told, report.told[-1]])


def told_nobody(report: Report) -> Report:
    return replace(report, told=[each for each in report.told if each.person != "berta"])


def end_told_to_a_stranger(report: Report) -> Report:
    return replace(report, told=[*report.told, Copy(NOON + 1560, "i", "resolved", "subscriber")])


@pytest.mark.parametrize(
    ("falsehood", "begins"),
    [
        (without_a_transition, "state: web must be operational"),
        (late, "state: web must be disruption (signals) and is operational () for 10 s from 2026-05-04 12:10:00+0200"),
        (other_reason, "reason: web, "),
        (lambda it: with_page(it, states={**it.pages[0].states, "web": DOWN}), "page: at "),
        (lambda it: with_page(it, headline=Headline(0, 0, 1, 0)), "headline: at "),
        (lambda it: with_page(it, cards=frozenset({"web"})), "cards: at "),
        (lambda it: with_page(it, days={}), "day: at "),
        (paint, "colour: at "),
        (lose_a_second, "day: at "),
        (flatter, "figure: at "),
        (forget_what_was_before, "figure: at "),
        (told_twice, "told: carla must get 1 × end of i (about 2026-05-04 12:26:00+0200) and got 2"),
        (told_nobody, "told: berta must get 1 × news of i (about 2026-05-04 12:12:40+0200) and got 0"),
        (end_told_to_a_stranger, "told: subscriber "),
        (lambda it: replace(it, watched={NOON + 2000: NOON + 1900}), "watched: talaia stopped at "),
        (lambda it: replace(it, pages=[]), "pages: 1 must be read and 0 are"),
    ],
)
def test_a_falsehood_is_said_in_a_line(falsehood: Callable[[Report], Report], begins: str) -> None:
    history, report = example()
    assert difference(history, report) is None
    line = difference(history, falsehood(report))
    assert line is not None
    assert line.startswith(begins)
    said = explain(history, falsehood(report))
    assert said is not None
    assert "Opened(" in said


def test_a_second_late_is_let_pass_and_five_are_not() -> None:
    history, _ = example()
    assert difference(history, drive(history, Echo(late=1))) is None
    assert (difference(history, drive(history, Echo(late=5))) or "").startswith("state: web must be disruption")


def test_transitions_to_the_same_state_are_no_difference() -> None:
    history, report = example()
    web = report.transitions["web"]
    doubled = [*web, Transition(web[-1].at + 5, web[-1].state, web[-1].reasons)]
    assert difference(history, replace(report, transitions={**report.transitions, "web": doubled})) is None
