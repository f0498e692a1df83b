"""S1, S2, S15: time that nobody watched, services that are not listed, windows that nobody saw; reckoned by hand."""

from tests.oracle import happenings as h
from tests.oracle.days import days, figure
from tests.oracle.history import DAY, State
from tests.oracle.reckoning import reckon
from tests.oracle.stories import BLIND, DOWN, NOON, OK, PART, WORK, fails, mends, off, panel, shown, story


def test_what_nobody_watched_is_unknown_from_the_last_instant_watched() -> None:
    reckoning = reckon(story(*off(600, 4200)))
    assert shown(reckoning) == [(0, OK), (600, BLIND), (4200, OK)]
    spell = reckoning.spell("web", NOON + 700)
    assert spell is not None
    assert spell.reasons == {"not_running"}


def test_a_restart_of_three_minutes_counts_as_watched_and_one_second_more_does_not() -> None:
    assert panel(*off(600, 780)) == [(0, OK)]
    assert panel(*off(600, 781)) == [(0, OK), (600, BLIND), (781, OK)]


def test_the_gap_begins_at_what_was_written_down_as_watched() -> None:
    history = story(*off(600, 760))
    assert shown(reckon(history, {NOON + 600: NOON + 545})) == [(0, OK), (545, BLIND), (760, OK)]
    assert shown(reckon(history, {NOON + 600: NOON + 590})) == [(0, OK)]


def test_an_outage_that_began_in_a_restart_is_seen_when_talaia_looks_again() -> None:
    assert panel(h.TalaiaStops(NOON + 600), *fails(610), h.TalaiaStarts(NOON + 700)) == [(0, OK), (700, DOWN)]


def test_red_too_is_unknown_while_nobody_watched() -> None:
    assert panel(*fails(300), *off(600, 4200), *mends(4300)) == [
        (0, OK),
        (300, DOWN),
        (600, BLIND),
        (4200, DOWN),
        (4420, OK),
    ]
    mended = (*fails(300), h.TalaiaStops(NOON + 600), *mends(1000), h.TalaiaStarts(NOON + 4200))
    assert panel(*mended) == [(0, OK), (300, DOWN), (600, BLIND), (4200, OK)]


def test_a_source_that_is_away_at_the_start_leaves_it_unknown() -> None:
    away, back = (
        h.SourceTurns(NOON + 1000, "prometheus", h.Answer.SILENT),
        h.SourceTurns(NOON + 5000, "prometheus", h.Answer.WELL),
    )
    assert panel(h.TalaiaStops(NOON + 600), away, h.TalaiaStarts(NOON + 4200), back) == [
        (0, OK),
        (600, BLIND),
        (5000, OK),
    ]


def test_peoples_words_need_no_watching() -> None:
    opened = h.Opened(NOON + 300, "i", {"web": PART})
    assert panel(opened, *off(600, 4200)) == [(0, OK), (300, PART)]
    # What the signals added is not known any more.
    assert panel(opened, *fails(400), *off(600, 4200)) == [(0, OK), (300, PART), (400, DOWN), (600, PART), (4200, DOWN)]


def test_a_word_by_hand_holds_until_it_expires_though_nobody_watched() -> None:
    by_hand = h.SetByHand(NOON + 300, "web", DOWN, NOON + 1800)
    assert panel(by_hand, *off(600, 4200)) == [(0, OK), (300, DOWN), (1800, BLIND), (4200, OK)]


def test_work_in_progress_goes_on_unwatched_and_ends_at_its_hour_if_it_ends_itself() -> None:
    for itself, then in ((True, [(2400, BLIND), (4200, OK)]), (False, [])):
        plan = h.Planned(NOON + 60, "w", {"web": WORK}, NOON + 300, NOON + 2400, itself)
        assert panel(plan, *off(600, 4200)) == [(0, OK), (300, WORK), *then]


def test_a_window_that_nobody_saw_stays_scheduled_and_tells_nobody_by_itself() -> None:
    plan = h.Planned(NOON + 60, "w", {"web": WORK}, NOON + 1200, NOON + 2400, ends_itself=False)
    reckoning = reckon(story(plan, *off(600, 4200)))
    assert shown(reckoning) == [(0, OK), (600, BLIND), (4200, OK)]
    assert [each.kind for each in reckoning.sent] == ["advance"]


def test_a_window_that_is_still_open_at_the_start_begins_then() -> None:
    plan = h.Planned(NOON + 60, "w", {"web": WORK}, NOON + 1200, NOON + 6000)
    assert panel(plan, *off(600, 4200)) == [(0, OK), (600, BLIND), (4200, WORK)]


def test_what_is_not_listed_is_not_counted() -> None:
    out, back = h.Retired(NOON + DAY, "web"), h.Returned(NOON + 4 * DAY, "web")
    reckoning = reckon(story(*fails(DAY - 600), out, *mends(2 * DAY), back, lasts=5 * DAY))
    spells, now = reckoning.spells["web"], NOON + 5 * DAY
    assert [(each.start - NOON, each.end - NOON, each.state) for each in spells] == [
        (0, DAY - 600, OK),
        (DAY - 600, DAY, DOWN),
        (4 * DAY, 5 * DAY, OK),
    ]
    counted = {str(day.day): dict(day.seconds) for day in days(spells, now)}
    assert counted == {
        "2026-05-04": {OK: 43200},
        "2026-05-05": {OK: 43200 - 600, DOWN: 600},
        "2026-05-08": {OK: 43200},
        "2026-05-09": {OK: 43200},
    }
    assert figure(spells, 7, now).seconds == {OK: DAY + 43200 - 600, DOWN: 600, BLIND: 2 * DAY + 43200}


def test_on_its_return_nothing_is_remembered_of_before() -> None:
    gone = h.Retired(NOON + 700, "web"), *mends(800), h.Returned(NOON + 900, "web")
    assert panel(*fails(600), *gone, *fails(950, "b"), *mends(960, "b"))[-2:] == [(950, DOWN), (1080, OK)]


def test_what_comes_back_while_its_source_is_silent_was_not_measured_since_it_went() -> None:
    silent = h.SourceTurns(NOON + 897, "prometheus", h.Answer.SILENT)
    found = panel(h.Retired(NOON + 600, "web"), silent, h.Returned(NOON + 900, "web"))
    assert found == [(0, OK), (900, BLIND)]
    back = h.SourceTurns(NOON + 930, "prometheus", h.Answer.WELL)
    assert panel(h.Retired(NOON + 600, "web"), silent, h.Returned(NOON + 900, "web"), back)[-1] == (930, OK)


def test_a_rename_changes_nothing() -> None:
    assert panel(*fails(600), h.Renamed(NOON + 700, "web", "site"), *mends(900)) == [(0, OK), (600, DOWN), (1020, OK)]


def test_what_could_not_be_read_is_no_better_known_when_nothing_answers() -> None:
    turned = (
        h.SourceTurns(NOON + 600, "prometheus", h.Answer.UNREADABLE),
        h.SourceTurns(NOON + 900, "prometheus", h.Answer.SILENT),
        h.SourceTurns(NOON + 930, "prometheus", h.Answer.WELL),
    )
    assert panel(*turned) == [(0, OK), (690, BLIND), (930, OK)]


def test_every_state_has_its_word() -> None:
    assert [str(state) for state in State] == [
        "operational", "degraded", "partial", "disruption", "maintenance", "unknown",
    ]  # fmt: skip


def test_what_was_said_after_the_last_heartbeat_is_taken_back() -> None:
    history = story(*fails(570), *off(600, 4200))
    assert shown(reckon(history, {NOON + 600: NOON + 545})) == [(0, OK), (545, BLIND), (4200, DOWN)]
