"""Which notice follows from how an event stands, as values: what is decided at the edges of each rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from talaia.events.notice_scope import NoticeScope
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.notices.policy import (
    DueNotice,
    EventStatus,
    PastNotice,
    Rules,
    UntoldChange,
    covered,
    decide,
    disrupts,
    looks,
    revision,
    waiting,
    whom,
    wider,
)
from talaia.notices.values import Kind, Reach, Segment
from talaia.panel.state import State

NOW = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LINKS = Reach(("links",))
OPEN = EventStatus("incident", IncidentState.INVESTIGATING, (State.DISRUPTION,), 1, NOW, reach=LINKS)
OVER = replace(OPEN, state=IncidentState.RESOLVED, entry=2)
TOLD = PastNotice(Kind.PROBLEM, "u1", NOW, 1, reaches=(LINKS,))
WINDOW = (NOW + 8 * DAY, NOW + 8 * DAY + 2 * HOUR)
WORK = EventStatus(
    "maintenance", MaintenanceState.SCHEDULED, (State.MAINTENANCE,), 1, NOW, WINDOW, ("7d", "24h", "30m")
)
ANNOUNCED = PastNotice(Kind.ADVANCE, "7d", WINDOW[0] - 7 * DAY, 1, WINDOW)


@pytest.mark.parametrize(
    ("levels", "least", "felt"),
    [
        ([State.PARTIAL], State.PARTIAL, True),  # exactly the least
        ([State.DEGRADED], State.PARTIAL, False),
        ([State.DEGRADED, State.DISRUPTION], State.PARTIAL, True),
        ([State.MAINTENANCE], State.DISRUPTION, True),  # it is away meanwhile
        ([State.OPERATIONAL], State.DEGRADED, False),
        ([], State.DEGRADED, False),
    ],
)
def test_people_are_told_from_the_least_impact_on(levels: list[State], least: State, felt: bool) -> None:
    assert disrupts(levels, least) is felt


def test_what_nobody_outside_knows_of_is_told_to_nobody() -> None:
    assert decide(OPEN, [], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u1")
    assert decide(replace(OPEN, secret=True), [], Rules(), NOW) is None


def test_the_same_news_is_told_once_also_where_a_person_kept_it_back() -> None:
    kept_back = PastNotice(Kind.PROBLEM, "u1", None, 1)
    assert decide(OPEN, [kept_back], Rules(), NOW) is None
    assert decide(replace(OPEN, entry=2), [kept_back], Rules(), NOW) == DueNotice(
        Kind.PROBLEM, "u2"
    )  # nobody knows yet


def test_what_began_with_tell_nobody_stays_quiet_but_for_the_end_of_what_became_part_of_it() -> None:
    quiet = replace(OPEN, quiet=True)
    assert decide(quiet, [], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u1", "asked")
    assert decide(replace(OVER, quiet=True), [], Rules(), NOW) == DueNotice(Kind.RESOLVED, "u2", "asked")
    of_another = replace(TOLD, about=("2026-002",))
    assert decide(replace(OVER, quiet=True), [of_another], Rules(), NOW) == DueNotice(Kind.RESOLVED, "u2 2026-002")
    # Somebody has said otherwise: it was told.
    assert decide(replace(quiet, entry=2), [TOLD], Rules(updates=True), NOW) == DueNotice(Kind.UPDATE, "u2")
    assert decide(replace(OVER, quiet=True), [TOLD], Rules(), NOW) == DueNotice(Kind.RESOLVED, "u2")
    unsaid = (UntoldChange("2026-002", Reach(("web",))),)
    assert decide(replace(quiet, unsaid=unsaid), [], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u1 2026-002")


def test_what_a_person_chose_outranks_the_rule() -> None:
    mild = replace(OPEN, levels=(State.DEGRADED,))
    assert decide(mild, [], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u1", "no_disruption")
    assert decide(mild, [], Rules(), NOW, tell=True) == DueNotice(Kind.PROBLEM, "u1")
    assert decide(OPEN, [], Rules(), NOW, tell=False) == DueNotice(Kind.PROBLEM, "u1", "asked")


@pytest.mark.parametrize(
    ("ago", "count", "withheld"),
    [(59 * MINUTE, 2, "cap"), (59 * MINUTE, 1, ""), (60 * MINUTE, 2, ""), (90 * MINUTE, 2, "")],
)
def test_the_cap_is_of_what_was_told_within_an_hour(ago: timedelta, count: int, withheld: str) -> None:
    past = [replace(TOLD, told_at=NOW - ago)] * count
    rules = Rules(updates=True, cap=2)
    assert decide(replace(OPEN, entry=2), past, rules, NOW) == DueNotice(Kind.UPDATE, "u2", withheld)
    assert decide(OVER, past, rules, NOW) == DueNotice(Kind.RESOLVED, "u2")  # the last word goes whatever the cap


def test_an_update_is_of_a_newer_entry_than_any_that_was_told() -> None:
    assert decide(OPEN, [TOLD], Rules(updates=True), NOW) is None
    assert decide(replace(OPEN, entry=2), [TOLD], Rules(updates=True), NOW) == DueNotice(Kind.UPDATE, "u2")
    assert decide(replace(OPEN, entry=2), [TOLD], Rules(), NOW) == DueNotice(Kind.UPDATE, "u2", "updates_off")


def test_the_end_of_what_nobody_was_told_is_kept_back_and_words_after_the_end_are_an_update() -> None:
    assert decide(OVER, [], Rules(), NOW) == DueNotice(Kind.RESOLVED, "u2", "nobody_told")
    ended = [TOLD, PastNotice(Kind.RESOLVED, "u2", NOW, 2, reaches=(LINKS,))]
    assert decide(replace(OVER, entry=3), ended, Rules(), NOW) == DueNotice(Kind.UPDATE, "u3", "updates_off")


def test_what_grows_into_a_disruption_for_others_is_a_problem_to_them_and_only_then() -> None:
    of_another = replace(TOLD, about=("2026-002",))
    web = replace(OPEN, reach=Reach(("web",)), entry=2)
    assert decide(web, [of_another], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u2")
    mild = replace(web, levels=(State.DEGRADED,))
    assert decide(mild, [of_another], Rules(), NOW) == DueNotice(Kind.UPDATE, "u2", "updates_off")
    # Whoever it concerns was told under the other reference.
    assert decide(replace(web, reach=LINKS), [of_another], Rules(), NOW) == DueNotice(Kind.UPDATE, "u2", "updates_off")


def test_what_people_were_about_to_be_told_of_what_was_merged_is_told_unless_they_were_told_of_it_meanwhile() -> None:
    same, other = (UntoldChange("2026-002", LINKS),), (UntoldChange("2026-002", Reach(("web",))),)
    assert decide(replace(OPEN, unsaid=same), [TOLD], Rules(), NOW) is None
    assert decide(replace(OPEN, unsaid=other), [TOLD], Rules(), NOW) == DueNotice(Kind.UPDATE, "u1 2026-002")
    ended = [
        TOLD,
        PastNotice(Kind.RESOLVED, "u2", NOW, 2, reaches=(LINKS,)),
    ]  # they were told that it is over, and it is not
    assert decide(replace(OPEN, entry=3, unsaid=same), ended, Rules(), NOW) == DueNotice(Kind.PROBLEM, "u3 2026-002")
    asked = (UntoldChange("2026-002", LINKS, asked=True),)
    mild = replace(OPEN, levels=(State.DEGRADED,))
    assert decide(replace(mild, unsaid=asked), [], Rules(), NOW) == DueNotice(Kind.PROBLEM, "u1 2026-002")
    assert decide(replace(mild, unsaid=same), [], Rules(), NOW) == DueNotice(
        Kind.PROBLEM, "u1 2026-002", "no_disruption"
    )
    # Of several it is named for the first, so that one more that comes while it is held brings no second notice.
    more = (*other, UntoldChange("2026-003", Reach(("mail",))))
    assert decide(replace(OPEN, unsaid=more), [TOLD], Rules(), NOW) == DueNotice(Kind.UPDATE, "u1 2026-002")


def test_a_relapse_is_waited_for_again() -> None:
    ends = PastNotice(Kind.RESOLVED, "u2", NOW, 2)
    assert waiting([TOLD]) == {""}
    assert waiting([TOLD, ends]) == set()
    assert waiting([TOLD, ends, replace(TOLD, cause="u3")]) == {""}
    assert waiting([replace(TOLD, about=("", "2026-002")), ends]) == {"2026-002"}


@pytest.mark.parametrize(
    ("wanted", "told", "is_covered"),
    [
        (LINKS, [], False),
        (LINKS, [LINKS], True),
        (Reach(("web",)), [LINKS], False),
        (Reach(("web", "links")), [LINKS, Reach(("web",))], True),
        (Reach(("links",), Segment(("links",))), [LINKS], True),  # everybody had it
        (LINKS, [Reach(("links",), Segment(("links",)))], False),
        (Reach(("links",), Segment(("links",))), [Reach(("links",), Segment(("links",)))], True),
        (Reach(("links",), Segment(("links",))), [Reach(("links",), Segment(areas=("El Port",)))], False),
    ],
)
def test_people_are_covered_where_all_of_them_were_told(wanted: Reach, told: list[Reach], is_covered: bool) -> None:
    assert covered(wanted, told) is is_covered


def test_of_several_ways_the_wider_one_counts() -> None:
    one = Segment(("links",), ("a",), True, ("Port1",), ("El Port",))
    other = Segment(("web",), ("b",), False, ("Port2",), ("Gràcia",))
    assert wider([one, None]) is None
    assert wider([one, one]) == one
    assert wider([one, other]) == Segment(
        ("links", "web"), ("a", "b"), False, ("Port1", "Port2"), ("El Port", "Gràcia")
    )


def test_whom_it_goes_to_is_who_it_was_when_it_was_chosen() -> None:
    found = NoticeScope(connections=("Port1",), areas=("El Port",), services=("links",))
    assert whom(None, ["links"], found) is None
    assert whom([], ["links", "web"], found) == Segment(("links",), (), True, ("Port1",), ("El Port",))
    assert whom(["a"], ["links"], NoticeScope(everybody=True)) is None
    assert whom(["a"], ["links"], None) == Segment(connections=("a",))
    assert whom([], ["links"], None) == Segment(("links",))


def test_a_calendar_counts_every_change_of_the_hours_and_the_calling_off() -> None:
    later = (WINDOW[0] + DAY, WINDOW[1] + DAY)
    assert revision([WINDOW, WINDOW], Kind.REMINDER) == 0
    assert revision([WINDOW, later, WINDOW], Kind.CHANGED) == 2
    assert revision([WINDOW, later], Kind.CANCELLED) == 2


def test_the_hours_of_a_plan_are_looked_at_again_while_it_is_to_come_and_what_goes_at_once_is_not() -> None:
    start = WINDOW[0]
    assert looks(WORK) == [start - 7 * DAY, start - DAY, start - 30 * MINUTE]
    assert looks(replace(WORK, known_since=start - 2 * DAY)) == [start - DAY, start - 30 * MINUTE]
    assert looks(replace(WORK, known_since=start - 2 * HOUR)) == [start - 30 * MINUTE]
    for state in (MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED, MaintenanceState.CANCELLED):
        assert looks(replace(WORK, state=state)) == []
    assert looks(OPEN) == []


def at(before: timedelta) -> datetime:
    return WINDOW[0] - before


AROUND = "20260512T0312Z/20260512T0512Z"


def test_work_is_announced_once_and_then_people_are_reminded() -> None:
    assert decide(WORK, [], Rules(), at(7 * DAY + MINUTE)) is None
    assert decide(WORK, [], Rules(), at(7 * DAY)) == DueNotice(Kind.ADVANCE, f"7d {AROUND}")
    assert decide(WORK, [], Rules(), at(DAY)) == DueNotice(Kind.ADVANCE, f"24h {AROUND}")
    assert decide(WORK, [ANNOUNCED], Rules(), at(DAY)) == DueNotice(Kind.REMINDER, f"24h {AROUND}")
    assert decide(WORK, [ANNOUNCED], Rules(), at(7 * DAY)) is None  # it went at that very moment
    assert decide(WORK, [replace(ANNOUNCED, told_at=at(DAY))], Rules(), at(HOUR)) is None


def test_the_end_and_the_calling_off_of_work_of_which_nobody_was_told_are_kept_back() -> None:
    done = replace(WORK, state=MaintenanceState.COMPLETED, codes=("end",))
    assert decide(done, [], Rules(), WINDOW[1]) == DueNotice(Kind.END, "", "nobody_told")
    assert decide(done, [ANNOUNCED], Rules(), WINDOW[1]) == DueNotice(Kind.END, "")
    assert decide(replace(done, codes=("start",)), [ANNOUNCED], Rules(), WINDOW[1]) is None
    off = replace(WORK, state=MaintenanceState.CANCELLED)
    assert decide(off, [], Rules(), NOW) == DueNotice(Kind.CANCELLED, "", "nobody_told")
    assert decide(off, [ANNOUNCED], Rules(), NOW) == DueNotice(Kind.CANCELLED, "")


def test_that_it_begins_is_told_once_also_where_a_person_kept_it_back() -> None:
    begun = replace(WORK, state=MaintenanceState.IN_PROGRESS, codes=("start",))
    assert decide(begun, [], Rules(), WINDOW[0]) == DueNotice(Kind.START, "")
    for told_at in (WINDOW[0], None):
        past = [ANNOUNCED, PastNotice(Kind.START, "", told_at, 1, WINDOW)]
        assert decide(begun, past, Rules(), WINDOW[0]) is None
        # Later words about it go their own way.
        assert decide(replace(begun, entry=2), past, Rules(updates=True), WINDOW[0]) == DueNotice(Kind.UPDATE, "u2")


def test_words_about_work_are_told_once_and_only_those_that_are_new() -> None:
    written = replace(WORK, entry=2)
    assert decide(written, [ANNOUNCED], Rules(updates=True), at(6 * DAY)) == DueNotice(Kind.UPDATE, "u2")
    assert decide(WORK, [ANNOUNCED], Rules(updates=True), at(6 * DAY)) is None
    assert decide(replace(written, codes=("24h",)), [], Rules(updates=True), at(6 * DAY)) is None


def test_moved_work_is_told_to_who_was_told_other_hours_last() -> None:
    old = (WINDOW[0] - DAY, WINDOW[1] - DAY)
    told_old = replace(ANNOUNCED, window=old)
    assert decide(WORK, [told_old], Rules(), NOW) == DueNotice(Kind.CHANGED, AROUND)
    assert decide(WORK, [ANNOUNCED], Rules(), NOW) is None
    moved = PastNotice(Kind.CHANGED, AROUND, NOW, 1, WINDOW)
    assert decide(WORK, [told_old, moved], Rules(), NOW) is None
    # Moved here, away and here again: another one, by another name.
    away = PastNotice(Kind.CHANGED, "elsewhere", NOW, 1, old)
    assert decide(WORK, [told_old, moved, away], Rules(), NOW) == DueNotice(Kind.CHANGED, f"{AROUND} 2")
    # A person took it back: not again, until there are other words.
    taken_back = replace(moved, told_at=None)
    assert decide(WORK, [told_old, taken_back], Rules(), NOW) is None
    later = replace(told_old, entry=2)
    assert decide(WORK, [taken_back, later], Rules(), NOW) == DueNotice(Kind.CHANGED, f"{AROUND} 2")


def test_work_of_short_notice_that_was_told_already_is_not_announced_once_more() -> None:
    short = replace(WORK, known_since=at(2 * HOUR))
    assert decide(short, [], Rules(), at(2 * HOUR)) == DueNotice(Kind.ADVANCE, f"24h {AROUND}")
    told = replace(ANNOUNCED, told_at=at(3 * HOUR))
    assert decide(short, [told], Rules(), at(HOUR)) is None
