"""S5 and S8: what people say, and how it goes with the signals, reckoned by hand."""

import pytest

from tests.oracle import happenings as h
from tests.oracle.history import State
from tests.oracle.reckoning import reckon
from tests.oracle.stories import BLIND, DOWN, NOON, OK, PART, SLOW, WORK, fails, mends, panel, shown, story


def plan(starts: int = 1200, ends: int = 3000, level: State = WORK, itself: bool = False) -> h.Planned:
    return h.Planned(NOON + 300, "work", {"web": level}, NOON + starts, NOON + ends, itself)


def test_a_word_set_by_hand_comes_before_everything_until_it_expires() -> None:
    by_hand = h.SetByHand(NOON + 700, "web", OK, NOON + 1900)
    assert panel(*fails(600), by_hand) == [(0, OK), (600, DOWN), (700, OK), (1900, DOWN)]
    assert panel(*fails(600), by_hand, h.TakenBackByHand(NOON + 800, "web"))[-1] == (800, DOWN)


def test_the_worse_of_an_incident_and_the_signals_is_shown() -> None:
    opened, closed = h.Opened(NOON + 300, "i", {"web": PART}), h.Resolved(NOON + 5000, "i")
    assert panel(opened, *fails(600), *mends(900), closed) == [
        (0, OK),
        (300, PART),
        (600, DOWN),
        (1020, PART),
        (5000, OK),
    ]
    assert panel(opened, *fails(600, impact=SLOW), closed) == [(0, OK), (300, PART), (5000, SLOW)]


def test_where_signals_and_incident_are_equal_the_incident_is_the_reason() -> None:
    reckoning = reckon(story(h.Opened(NOON + 300, "i", {"web": DOWN}), *fails(600)))
    spell = reckoning.spell("web", NOON + 700)
    assert spell is not None
    assert spell.reasons == {"incident"}


@pytest.mark.parametrize("announced", [WORK, DOWN])
def test_work_that_stops_the_service_hides_nothing_worse(announced: State) -> None:
    assert panel(plan(level=announced), *fails(1500), h.Ended(NOON + 4000, "work")) == [
        (0, OK),
        (1200, WORK),
        (4000, DOWN),
    ]


@pytest.mark.parametrize("announced", [OK, SLOW, PART])
def test_what_is_worse_than_announced_shows_as_what_it_is_with_both_reasons(announced: State) -> None:
    reckoning = reckon(story(plan(level=announced), *fails(1500), *mends(2000), h.Ended(NOON + 4000, "work")))
    assert shown(reckoning) == [(0, OK), (1200, WORK), (1500, DOWN), (2120, WORK), (4000, OK)]
    spell = reckoning.spell("web", NOON + 1600)
    assert spell is not None
    assert spell.reasons == {"maintenance", "signals"}


def test_what_was_announced_is_maintenance() -> None:
    assert panel(plan(level=PART), *fails(1500, impact=PART), lasts=2500) == [(0, OK), (1200, WORK)]


def test_while_nothing_is_known_during_work_it_is_maintenance() -> None:
    away = h.SourceTurns(NOON + 1500, "prometheus", h.Answer.SILENT)
    assert panel(plan(itself=True), away) == [(0, OK), (1200, WORK), (3000, BLIND)]


def test_work_lasts_until_somebody_ends_it_or_its_hour_where_it_ends_itself() -> None:
    assert panel(plan()) == [(0, OK), (1200, WORK)]
    assert panel(plan(itself=True)) == [(0, OK), (1200, WORK), (3000, OK)]
    assert panel(plan(itself=True), h.Extended(NOON + 2000, "work", NOON + 4200)) == [(0, OK), (1200, WORK), (4200, OK)]
    assert panel(plan(), h.Cancelled(NOON + 900, "work")) == [(0, OK)]
    assert panel(plan(), h.Moved(NOON + 900, "work", NOON + 2400, NOON + 3000)) == [(0, OK), (2400, WORK)]
    assert panel(plan(), h.Started(NOON + 900, "work"), h.Ended(NOON + 1100, "work")) == [
        (0, OK),
        (900, WORK),
        (1100, OK),
    ]


def test_an_incident_comes_before_work() -> None:
    opened = h.Opened(NOON + 1500, "i", {"web": SLOW})
    assert panel(plan(), opened, h.Resolved(NOON + 2000, "i"), lasts=2500) == [
        (0, OK),
        (1200, WORK),
        (1500, SLOW),
        (2000, WORK),
    ]


def test_a_persons_resolved_ends_the_hold_at_once() -> None:
    told = h.Opened(NOON + 660, "i", {"web": DOWN}), *mends(900), h.Resolved(NOON + 930, "i")
    assert panel(*fails(600), *told) == [(0, OK), (600, DOWN), (930, OK)]


def test_a_persons_resolved_does_not_make_good_what_still_fails_and_is_believed_with_the_first_good_sample() -> None:
    told = h.Opened(NOON + 660, "i", {"web": DOWN}), h.Resolved(NOON + 930, "i"), *mends(1000)
    assert panel(*fails(600), *told) == [(0, OK), (600, DOWN), (1000, OK)]


def test_of_a_word_that_is_taken_back_nothing_is_left() -> None:
    told = h.Opened(NOON + 660, "i", {"web": DOWN}), h.Resolved(NOON + 930, "i"), h.Reopened(NOON + 950, "i", h.Tell.NO)
    down = h.Updated(NOON + 1200, "i"), h.Resolved(NOON + 1300, "i")
    assert panel(*fails(600), *told, *mends(1000), *down) == [(0, OK), (600, DOWN), (1300, OK)]
    others = h.Opened(NOON + 950, "j", {"web": SLOW}), *mends(1000)
    assert panel(*fails(600), *told[:2], *others) == [(0, OK), (600, DOWN), (1120, SLOW)]


def test_what_was_announced_waits_for_nothing_when_it_is_over() -> None:
    work = h.Planned(NOON + 60, "m", {"web": WORK}, NOON + 300, NOON + 1200), *fails(400), *mends(890)
    assert panel(*work, h.Ended(NOON + 900, "m")) == [(0, OK), (300, WORK), (900, OK)]
    less = h.Planned(NOON + 60, "m", {"web": SLOW}, NOON + 300, NOON + 1200), *fails(400), *mends(890)
    assert panel(*less, h.Ended(NOON + 900, "m")) == [(0, OK), (300, WORK), (400, DOWN), (1010, OK)]


def test_a_relapse_after_a_resolve_is_unstable_too() -> None:
    told = h.Opened(NOON + 660, "i", {"web": DOWN}), *mends(900), h.Resolved(NOON + 930, "i")
    assert panel(*fails(600), *told, *fails(1000, "b"), *mends(1100, "b"))[-2:] == [(1000, DOWN), (1700, OK)]


def test_a_merge_keeps_the_worst_impact_and_the_services_of_both() -> None:
    opened = h.Opened(NOON + 300, "i", {"web": SLOW}), h.Opened(NOON + 400, "j", {"web": PART, "shop": SLOW})
    merged = (*opened, h.Merged(NOON + 500, "j", "i"), h.Resolved(NOON + 900, "i"))
    assert panel(*merged) == [(0, OK), (300, SLOW), (400, PART), (900, OK)]
    assert panel(*merged, service="shop") == [(0, OK), (400, SLOW), (900, OK)]


def test_a_reopened_incident_declares_what_it_did() -> None:
    again = (
        h.Opened(NOON + 300, "i", {"web": PART}),
        h.Resolved(NOON + 900, "i"),
        h.Reopened(NOON + 1200, "i", h.Tell.NO),
    )
    assert panel(*again) == [(0, OK), (300, PART), (900, OK), (1200, PART)]


def test_trouble_that_no_incident_speaks_of_has_a_card() -> None:
    seen = reckon(story(*fails(600), h.Opened(NOON + 700, "i", {"shop": SLOW}), lasts=900)).seen[-1]
    assert seen.cards == {"web"}
    assert (seen.headline.not_working, seen.headline.badly) == (1, 1)
    covered = reckon(story(*fails(600), h.Opened(NOON + 700, "i", {"web": SLOW}), lasts=900)).seen[-1]
    assert covered.cards == set()
