"""S6, S7, S11, S12, S13 and the count of connections, reckoned by hand."""

from tests.oracle import happenings as h
from tests.oracle.history import Reference, Service, SmallHouse, Source, Threshold
from tests.oracle.reckoning import reckon
from tests.oracle.stories import (
    BLIND,
    DOWN,
    EIGHT,
    HOUSE,
    NOON,
    OK,
    PART,
    SLOW,
    fails,
    links_fail,
    links_mend,
    mends,
    panel,
    shown,
    story,
)


def test_worse_is_shown_at_once_and_better_after_two_minutes() -> None:
    assert panel(*fails(600), *mends(900)) == [(0, OK), (600, DOWN), (1020, OK)]


def test_a_relapse_within_the_hold_starts_it_again() -> None:
    story_of = (*fails(600), *mends(700), *fails(790, "again"), *mends(800, "again"))
    assert panel(*story_of) == [(0, OK), (600, DOWN), (920, OK)]


def test_an_alert_that_gets_worse_turns_the_colour_at_once_and_a_milder_one_after_the_hold() -> None:
    worse = h.Fires(NOON + 700, "worse", "web", DOWN)
    assert panel(*fails(600, "slow", SLOW), worse, h.Ends(NOON + 1000, "worse")) == [
        (0, OK),
        (600, SLOW),
        (700, DOWN),
        (1120, SLOW),
    ]


def test_worse_waits_for_its_hold_where_there_is_one() -> None:
    patient = SmallHouse((Service("web", hold_worse=60),))
    brief = story(*fails(600), *mends(650), *fails(2000, "long"), house=patient)
    assert shown(reckon(brief)) == [(0, OK), (2060, DOWN)]
    spell = reckon(brief).spell("web", NOON + 2030)
    assert spell
    assert spell.reasons == frozenset()


def test_an_alert_that_ends_while_the_sample_still_fails_is_no_recovery() -> None:
    end, good = h.Ends(NOON + 700, "down"), h.Sample(NOON + 1000, "web", h.Reading.GOOD)
    assert panel(*fails(600), end, good) == [(0, OK), (600, DOWN), (1120, OK)]


def test_a_failing_sample_without_an_alert_changes_nothing() -> None:
    assert panel(h.Sample(NOON + 600, "web", h.Reading.BAD), h.Sample(NOON + 650, "web", h.Reading.GOOD)) == [(0, OK)]


def test_ten_rounds_of_60_s_down_and_150_s_up_are_one_trouble_that_is_unstable() -> None:
    rounds: list[h.Happening] = []
    for number in range(10):
        start = 600 + number * 210
        rounds += [*fails(start, f"a{number}"), *mends(start + 60, f"a{number}")]
    reckoning = reckon(story(*rounds))
    # Down at 600, up 660, green 780; down at 810: a relapse. The last repair, at 2550, must last ten minutes.
    assert shown(reckoning) == [(0, OK), (600, DOWN), (780, OK), (810, DOWN), (3150, OK)]
    first = reckoning.spell("web", NOON + 700)
    assert first is not None
    assert "unstable" not in first.reasons
    spell = reckoning.spell("web", NOON + 2600)
    assert spell is not None
    assert spell.reasons == {"signals", "unstable", "held"}


def test_trouble_that_comes_back_after_the_time_is_a_new_one() -> None:
    # Green again at 780; ten minutes later (1380) and a bit.
    assert panel(*fails(600), *mends(660), *fails(1390, "b"), *mends(1450, "b"))[-2:] == [(1390, DOWN), (1570, OK)]
    assert panel(*fails(600), *mends(660), *fails(1370, "b"), *mends(1430, "b"))[-2:] == [(1370, DOWN), (2030, OK)]


def test_without_unstable_within_nothing_is_damped() -> None:
    rough = SmallHouse((Service("web", unstable_within=0),))
    twice = story(*fails(600), *mends(660), *fails(800, "b"), *mends(860, "b"), house=rough)
    assert shown(reckon(twice)) == [(0, OK), (600, DOWN), (780, OK), (800, DOWN), (980, OK)]


def test_a_sysadmins_silence_leaves_the_state_and_adds_that_it_is_worked_on() -> None:
    reckoning = reckon(story(*fails(600), h.Silenced(NOON + 700, "down"), *mends(900)))
    assert shown(reckoning) == [(0, OK), (600, DOWN), (1020, OK)]
    spell = reckoning.spell("web", NOON + 800)
    assert spell is not None
    assert "silenced" in spell.reasons


def test_our_own_fault_of_a_check_is_unknown_and_never_trouble() -> None:
    gone, good = h.Sample(NOON + 600, "shop", h.Reading.GONE), h.Sample(NOON + 1200, "shop", h.Reading.GOOD)
    assert panel(gone, good, service="shop") == [(0, OK), (690, BLIND), (1200, OK)]


def test_a_failing_check_is_trouble_of_its_impact() -> None:
    bad, good = h.Sample(NOON + 600, "shop", h.Reading.BAD), h.Sample(NOON + 660, "shop", h.Reading.GOOD)
    assert panel(bad, good, service="shop") == [(0, OK), (600, DOWN), (780, OK)]


def test_late_news_of_an_ended_alert_changes_nothing() -> None:
    assert panel(*fails(600), *mends(900), h.LateNews(NOON + 1300, "down")) == [(0, OK), (600, DOWN), (1020, OK)]


def test_a_silent_prometheus_makes_red_and_green_unknown_after_stale_after() -> None:
    away, back = (
        h.SourceTurns(NOON + 1000, "prometheus", h.Answer.SILENT),
        h.SourceTurns(NOON + 2000, "prometheus", h.Answer.WELL),
    )
    assert panel(away, back) == [(0, OK), (1090, BLIND), (2000, OK)]
    assert panel(*fails(600), away, back) == [(0, OK), (600, DOWN), (1090, BLIND), (2000, DOWN)]
    assert panel(away, back, service="shop") == [(0, OK)]


def test_what_was_fresh_in_the_last_answer_counts_as_long_as_that_answer() -> None:
    gone, silent = h.Sample(NOON + 600, "web", h.Reading.GONE), h.SourceTurns(NOON + 680, "prometheus", h.Answer.SILENT)
    assert panel(gone, silent) == [(0, OK), (770, BLIND)]
    assert panel(gone) == [(0, OK), (690, BLIND)]


def test_a_silent_alertmanager_changes_nothing() -> None:
    assert panel(h.SourceTurns(NOON + 600, "alertmanager", h.Answer.SILENT)) == [(0, OK)]


def test_what_cannot_be_read_leaves_red_red_and_makes_green_unknown() -> None:
    storm, calm = (
        h.SourceTurns(NOON + 1000, "prometheus", h.Answer.UNREADABLE),
        h.SourceTurns(NOON + 2000, "prometheus", h.Answer.WELL),
    )
    assert panel(storm, calm) == [(0, OK), (1090, BLIND), (2000, OK)]
    reckoning = reckon(story(*fails(600), storm, calm, *mends(2100)))
    assert shown(reckoning) == [(0, OK), (600, DOWN), (2220, OK)]
    spell = reckoning.spell("web", NOON + 1500)
    assert spell is not None
    assert "unreadable" in spell.reasons


def test_connections_are_counted_among_the_measured_ones() -> None:
    # Of 8: one down is degraded, 2 are 25 % (partial), 4 are 50 %, 5 are 62.5 % (disruption from 60 %).
    steps = [*links_fail(600, "c1"), *links_fail(700, "c2"), *links_fail(800, "c3", "c4"), *links_fail(900, "c5")]
    assert panel(*steps, *links_mend(1000, *EIGHT[:5]), service="links") == [
        (0, OK),
        (600, SLOW),
        (700, PART),
        (900, DOWN),
        (1120, OK),
    ]


def test_below_half_measured_the_connections_say_nothing() -> None:
    gone = [h.Sample(NOON + 600, "links", h.Reading.GONE, each) for each in EIGHT[:4]]
    fifth = h.Sample(NOON + 900, "links", h.Reading.GONE, "c5")
    assert panel(*gone, service="links") == [(0, OK)]
    assert panel(*gone, fifth, service="links") == [(0, OK), (990, BLIND)]


def test_of_few_measured_connections_one_is_a_larger_share() -> None:
    # Four of eight measured; one of four down is 25 %: partial, where one of eight would be degraded.
    gone = [h.Sample(NOON + 600, "links", h.Reading.GONE, each) for each in EIGHT[:4]]
    assert panel(*gone, *links_fail(900, "c8"), service="links") == [(0, OK), (900, PART)]


def test_thresholds_are_those_of_the_house() -> None:
    reference = Reference(EIGHT, degraded=Threshold(2), partial=Threshold(50, share=True), disruption=Threshold(7))
    own = SmallHouse((Service("links", reference=reference),), people=HOUSE.people)
    steps = [
        *links_fail(600, "c1"),
        *links_fail(700, "c2"),
        *links_fail(800, "c3", "c4"),
        *links_fail(900, *EIGHT[4:7]),
    ]
    assert shown(reckon(story(*steps, house=own)), "links") == [(0, OK), (700, SLOW), (800, PART), (900, DOWN)]


def test_our_own_fault_can_count_at_once() -> None:
    strict = SmallHouse((Service("shop", source="checks"),), (Source("prometheus"), Source("checks", stale_after=0)))
    gone = story(h.Sample(NOON + 600, "shop", h.Reading.GONE), house=strict)
    assert shown(reckon(gone), "shop") == [(0, OK), (600, BLIND)]


def test_red_and_then_our_own_fault_is_unknown_too() -> None:
    gone = h.Sample(NOON + 700, "shop", h.Reading.GONE)
    bad = h.Sample(NOON + 600, "shop", h.Reading.BAD)
    assert panel(bad, gone, service="shop") == [(0, OK), (600, DOWN), (790, BLIND)]


def test_an_alert_counts_as_measured_without_a_sample() -> None:
    gone = h.Sample(NOON + 600, "web", h.Reading.GONE)
    fires, ends = h.Fires(NOON + 900, "a", "web", PART), h.Ends(NOON + 1500, "a")
    assert panel(gone, fires, ends) == [(0, OK), (690, BLIND), (900, PART), (1500, BLIND)]


def test_unknown_and_the_same_trouble_again_is_no_relapse() -> None:
    away, back = (
        h.SourceTurns(NOON + 700, "prometheus", h.Answer.SILENT),
        h.SourceTurns(NOON + 900, "prometheus", h.Answer.WELL),
    )
    assert panel(*fails(600), away, back, *mends(1000))[-2:] == [(900, DOWN), (1120, OK)]


def test_unknown_forgets_that_it_was_unstable() -> None:
    twice = *fails(600), *mends(660), *fails(800, "b")
    blind = h.Sample(NOON + 1000, "web", h.Reading.GONE), h.Ends(NOON + 1100, "b")
    again = *fails(1200, "c"), *mends(1300, "c")
    assert panel(*twice, *blind, *again) == [
        (0, OK),
        (600, DOWN),
        (780, OK),
        (800, DOWN),
        (1100, BLIND),
        (1200, DOWN),
        (1420, OK),
    ]
