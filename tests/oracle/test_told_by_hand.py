"""S9, S10, S15, S16: who is told what, reckoned by hand. Notices are held for a minute."""

from tests.oracle import happenings as h
from tests.oracle.happenings import Tell
from tests.oracle.history import DAY, HOUR, MINUTE, Person
from tests.oracle.stories import ANNA, BERTA, CARLA, DOWN, NOON, OK, PART, SLOW, WORK, off, told

ALL = "anna berta carla"


def opened(at: int = 300, tell: Tell = Tell.DEFAULT, event: str = "i", **impacts: object) -> h.Opened:
    return h.Opened(NOON + at, event, impacts or {"web": DOWN}, tell)  # type: ignore[arg-type]


def resolved(at: int = 2000, event: str = "i", tell: Tell = Tell.DEFAULT) -> h.Resolved:
    return h.Resolved(NOON + at, event, tell)


def test_a_problem_and_its_end_are_told_after_the_hold_to_everybody_it_touches() -> None:
    assert told(opened(), resolved()) == [(360, "news", ALL), (2060, "end", ALL)]
    everybody = f"{ALL} subscriber"
    assert told(opened(shop=PART), resolved()) == [(360, "news", everybody), (2060, "end", everybody)]


def test_what_is_not_serious_is_told_to_nobody_unless_somebody_says_so() -> None:
    assert told(opened(web=SLOW), resolved()) == []
    assert told(opened(tell=Tell.YES, web=SLOW), resolved()) == [(360, "news", ALL), (2060, "end", ALL)]


def test_what_was_opened_with_tell_nobody_stays_quiet_until_somebody_says_otherwise() -> None:
    assert told(opened(tell=Tell.NO), h.Updated(NOON + 600, "i", {"shop": DOWN}), resolved()) == []
    aloud = h.Updated(NOON + 600, "i", tell=Tell.YES)
    assert told(opened(tell=Tell.NO), aloud, resolved()) == [(660, "news", ALL), (2060, "end", ALL)]


def test_what_is_over_before_its_hold_is_over_goes_to_nobody() -> None:
    assert told(opened(300), resolved(340)) == []


def test_what_was_taken_back_was_told_to_nobody_and_has_no_end() -> None:
    assert told(opened(), h.TakenBack(NOON + 330, "i", "problem"), resolved()) == []


def test_the_end_goes_to_those_who_were_told_and_are_still_on_the_list() -> None:
    out, newcomer = h.OptedOut(NOON + 900, "berta"), h.Imported(NOON + 1000, (ANNA, BERTA, CARLA, Person("dora")))
    assert told(opened(), out, newcomer, resolved()) == [(360, "news", ALL), (2060, "end", "anna carla")]


def test_whose_connection_changes_is_told_the_end_all_the_same() -> None:
    some = h.Opened(NOON + 300, "i", {"links": DOWN}, Tell.DEFAULT, only_behind=True)
    moved = h.Imported(NOON + 900, (Person("anna", "c"), BERTA, Person("carla", "a")))
    assert told(some, moved, resolved()) == [(360, "news", "anna berta"), (2060, "end", "anna berta")]


def test_a_further_service_does_not_widen_the_circle() -> None:
    some = h.Opened(NOON + 300, "i", {"links": DOWN}, Tell.DEFAULT, only_behind=True)
    more = h.Updated(NOON + 900, "i", {"web": DOWN})
    assert told(some, more, resolved()) == [(360, "news", "anna berta"), (2060, "end", "anna berta")]


def test_a_subscriber_is_told_of_what_touches_a_chosen_service_and_of_its_end_after_choosing_anew() -> None:
    anew = h.Subscribed(NOON + 900, Person("subscriber", None, frozenset({"web"}), exported=False))
    assert told(opened(shop=DOWN), anew, resolved())[-1] == (2060, "end", f"{ALL} subscriber")


def test_those_told_of_a_duplicate_hear_its_end_once_by_the_other() -> None:
    merged = h.Merged(NOON + 900, "j", "i")
    quiet = opened(tell=Tell.NO), opened(400, event="j", shop=DOWN), merged, resolved()
    assert told(*quiet) == [(460, "news", f"{ALL} subscriber"), (2060, "end", f"{ALL} subscriber")]
    both = opened(), opened(400, event="j", shop=DOWN), merged, resolved()
    assert [each for each in told(*both) if each[1] == "end"] == [(2060, "end", f"{ALL} subscriber")]


def test_a_merge_in_the_hold_loses_no_mail() -> None:
    quiet = opened(tell=Tell.NO), opened(400, event="j", shop=DOWN), h.Merged(NOON + 430, "j", "i"), resolved()
    assert told(*quiet) == [(490, "news", f"{ALL} subscriber"), (2060, "end", f"{ALL} subscriber")]
    both = opened(380), opened(400, event="j", shop=DOWN), h.Merged(NOON + 430, "j", "i"), resolved()
    assert told(*both) == [(490, "news", f"{ALL} subscriber"), (2060, "end", f"{ALL} subscriber")]


def test_an_update_that_is_held_tells_of_what_is_merged_unheard_meanwhile_and_waits_for_it() -> None:
    update, other = h.Updated(NOON + 600, "i", tell=Tell.YES), opened(610, event="j", shop=DOWN)
    unheard = told(opened(), update, other, h.Merged(NOON + 640, "j", "i"), resolved(690))
    assert [(at, kind) for at, kind, _ in unheard] == [(360, "news"), (750, "end")]
    heard = told(opened(), opened(400, event="j", shop=DOWN), update, h.Merged(NOON + 640, "j", "i"), resolved(690))
    assert [(at, kind) for at, kind, _ in heard] == [(360, "news"), (460, "news"), (660, "news"), (750, "end")]


def test_what_is_written_in_the_hold_of_news_goes_in_the_same_mail() -> None:
    assert told(opened(), h.Updated(NOON + 330, "i", tell=Tell.YES)) == [(390, "news", ALL)]
    kept = h.Updated(NOON + 330, "i", tell=Tell.NO)
    assert told(opened(), kept) == []
    assert told(opened(), kept, h.Updated(NOON + 900, "i", tell=Tell.YES)) == [(960, "news", ALL)]


def test_what_becomes_serious_by_a_merge_is_told_to_who_has_not_heard() -> None:
    small, big = opened(web=SLOW), opened(500, event="j", shop=DOWN)
    merged = told(small, big, h.Merged(NOON + 900, "j", "i"), resolved())
    assert merged == [(560, "news", f"{ALL} subscriber"), (2060, "end", f"{ALL} subscriber")]
    other = opened(event="k", shop=SLOW), opened(500, event="j", web=DOWN), h.Merged(NOON + 900, "j", "k")
    assert told(*other) == [(560, "news", ALL), (960, "news", "subscriber")]


def test_a_resolve_that_is_taken_back_within_its_hold_is_told_once_at_the_true_end() -> None:
    again = h.Reopened(NOON + 2030, "i", Tell.NO)
    assert told(opened(), resolved(), again, resolved(4000)) == [(360, "news", ALL), (4060, "end", ALL)]


def test_a_quiet_second_end_is_not_told_again() -> None:
    again = h.Reopened(NOON + 2200, "i", Tell.NO)
    assert told(opened(), resolved(), again, resolved(4000)) == [(360, "news", ALL), (2060, "end", ALL)]
    aloud = h.Reopened(NOON + 2200, "i", Tell.YES)
    assert [kind for _, kind, _ in told(opened(), resolved(), aloud, resolved(4000))] == ["news", "end", "news", "end"]


def test_what_is_reopened_aloud_is_told_to_everybody_though_the_server_refused_one_of_them_the_end() -> None:
    refused = h.MailRefused(NOON + 1000, frozenset({"anna"}))
    found = told(opened(), refused, resolved(), h.Reopened(NOON + 3000, "i", Tell.YES))
    assert found == [(360, "news", ALL), (2060, "end", "berta carla"), (3060, "news", "berta carla")]


def test_who_takes_back_the_mail_of_two_incidents_takes_back_both() -> None:
    merged = h.Merged(NOON + 320, "j", "i")
    both = (opened(300), opened(310, event="j", shop=DOWN), merged)
    assert told(*both, h.TakenBack(NOON + 330, "i", "problem")) == []
    assert told(*both) != []


def test_a_notice_whose_hold_is_over_while_talaia_is_off_goes_at_the_start() -> None:
    assert told(opened(), *off(320, 1000), resolved()) == [(1000, "news", ALL), (2060, "end", ALL)]


def test_a_server_that_refuses_everybody_loses_nothing_and_counts_for_nobody() -> None:
    refused, well = h.MailRefused(NOON + 100), h.MailWell(NOON + 1500)
    assert told(refused, opened(), well, resolved()) == [(1500, "news", ALL), (2060, "end", ALL)]
    assert told(refused, opened(), resolved(1400), well) == []


def test_who_could_not_be_reached_of_the_problem_is_not_told_of_its_end() -> None:
    refused, well = h.MailRefused(NOON + 100, frozenset({"anna"})), h.MailWell(NOON + 1500)
    assert told(refused, opened(), well, resolved()) == [(360, "news", "berta carla"), (2060, "end", "berta carla")]


def work(
    lead: int, level: object = WORK, tell: Tell = Tell.DEFAULT, lasts: int = HOUR, itself: bool = True
) -> h.Planned:
    starts = NOON + 300 + lead
    return h.Planned(NOON + 300, "w", {"web": level}, starts, starts + lasts, itself, tell)  # type: ignore[dict-item]


def hours(*happenings: h.Happening, lasts: int = 12 * DAY) -> list[tuple[int, str]]:
    """When notices are made (a minute before they leave), after the planning at 300."""
    return [(at - 60 - 300, kind) for at, kind, _ in told(*happenings, lasts=lasts)]


def test_work_is_told_seven_days_a_day_and_half_an_hour_before_and_at_its_start_and_end() -> None:
    assert hours(work(8 * DAY)) == [
        (DAY, "advance"),
        (7 * DAY, "advance"),
        (8 * DAY - 30 * MINUTE, "advance"),
        (8 * DAY, "start"),
        (8 * DAY + HOUR, "end"),
    ]


def test_work_at_short_notice_is_told_at_once_and_then_as_planned() -> None:
    assert [at for at, kind in hours(work(6 * DAY + 23 * HOUR)) if kind == "advance"] == [
        0,
        5 * DAY + 23 * HOUR,
        6 * DAY + 23 * HOUR - 30 * MINUTE,
    ]
    assert [at for at, kind in hours(work(10 * HOUR)) if kind == "advance"] == [0, 10 * HOUR - 30 * MINUTE]
    assert [at for at, kind in hours(work(20 * MINUTE)) if kind == "advance"] == [0]
    assert hours(work(50)) == [(50, "start"), (50 + HOUR, "end")]


def test_work_that_disrupts_nothing_is_told_to_nobody() -> None:
    assert hours(work(10 * HOUR, SLOW)) == hours(work(10 * HOUR, OK)) == hours(work(10 * HOUR, tell=Tell.NO)) == []
    assert hours(work(10 * HOUR, SLOW, Tell.YES)) == hours(work(10 * HOUR))


def test_after_a_downtime_only_the_latest_reminder_goes() -> None:
    plan = work(8 * DAY), h.TalaiaStops(NOON + 600), h.TalaiaStarts(NOON + 300 + 7 * DAY + HOUR)
    assert [at for at, kind in hours(*plan) if kind == "advance"] == [7 * DAY + HOUR, 8 * DAY - 30 * MINUTE]


def test_cancelled_and_moved_work_is_told_to_those_who_were_told() -> None:
    assert hours(work(8 * DAY), h.Cancelled(NOON + 600, "w")) == []
    cancelled = told(work(10 * HOUR), h.OptedOut(NOON + 500, "anna"), h.Cancelled(NOON + 600, "w"))
    assert cancelled == [(360, "advance", ALL), (660, "cancelled", "berta carla")]
    moved = h.Moved(NOON + 600, "w", NOON + DAY, NOON + DAY + HOUR)
    assert [kind for _, kind in hours(work(10 * HOUR), moved)] == ["advance", "changed", "start", "end"]


def test_work_that_is_prolonged_tells_those_who_were_told_the_old_end() -> None:
    longer = h.Extended(NOON + 300 + 10 * HOUR + 600, "w", NOON + 300 + 12 * HOUR)
    assert hours(work(10 * HOUR), longer)[-3:] == [
        (10 * HOUR, "start"),
        (10 * HOUR + 600, "changed"),
        (12 * HOUR, "end"),
    ]


def test_work_that_is_over_within_the_hold_of_its_start_tells_only_the_end() -> None:
    early = h.Started(NOON + 3000, "w"), h.Ended(NOON + 3030, "w")
    assert hours(work(10 * HOUR), *early) == [(0, "advance"), (2730, "end")]


def test_mail_that_comes_back_on_three_days_switches_a_person_off() -> None:
    happenings: list[h.Happening] = [h.MailRefused(NOON + 100, frozenset({"anna"}))]
    for day in range(3):
        happenings += [opened(300 + day * DAY, event=f"i{day}"), resolved(900 + day * DAY, f"i{day}")]
    happenings += [h.MailWell(NOON + 3 * DAY), opened(3 * DAY + 300, event="last"), resolved(3 * DAY + 900, "last")]
    assert {who for _, _, who in told(*happenings, lasts=4 * DAY)} == {"berta carla"}
    again = h.OptedIn(NOON + 3 * DAY + 100, "anna")
    sorted_again = sorted([*happenings, again], key=lambda each: each.at)
    assert told(*sorted_again, lasts=4 * DAY)[-1][2] == ALL


def test_who_opts_in_again_before_the_end_is_told_of_it() -> None:
    out, back = h.OptedOut(NOON + 900, "berta"), h.OptedIn(NOON + 1200, "berta")
    assert told(opened(), out, back, resolved())[-1] == (2060, "end", ALL)


def test_a_window_that_nobody_saw_tells_nobody() -> None:
    assert hours(work(10 * HOUR), *off(600, 300 + 12 * HOUR)) == [(0, "advance")]


def test_a_window_that_is_seen_late_is_told_as_begun_then() -> None:
    assert hours(work(10 * HOUR), *off(600, 300 + 10 * HOUR + 600))[1:] == [
        (10 * HOUR + 600, "start"),
        (11 * HOUR, "end"),
    ]


def test_only_those_behind_it_are_told_of_work_and_of_its_end() -> None:
    plan = h.Planned(NOON + 300, "w", {"links": WORK}, NOON + 3600, NOON + 5400, True, Tell.DEFAULT, True)
    assert {who for _, _, who in told(plan)} == {"anna berta"}


def test_a_member_who_leaves_and_had_subscribed_stays_a_subscriber() -> None:
    subscribed = h.Subscribed(NOON + 100, Person("anna", None, None, exported=False))
    left = h.Imported(NOON + 200, (BERTA, CARLA))
    assert told(subscribed, left, opened(), resolved())[0] == (360, "news", ALL)
    assert told(left, opened(), resolved())[0] == (360, "news", "berta carla")


def test_a_notice_that_would_reach_nobody_at_all_waits() -> None:
    refused, well = h.MailRefused(NOON + 100, frozenset({"anna", "berta"})), h.MailWell(NOON + 1500)
    some = h.Opened(NOON + 300, "i", {"links": DOWN}, Tell.DEFAULT, only_behind=True)
    assert told(refused, some, well, resolved()) == [(1500, "news", "anna berta"), (2060, "end", "anna berta")]
