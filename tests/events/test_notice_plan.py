"""What is told when of a maintenance, and what is against the house's rule."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from talaia.events.notice_plan import (
    ADVANCE,
    PlanNotice,
    default_notices,
    due_notices,
    lines,
    notice_word,
    read_notices,
    spoken,
    warnings,
)
from talaia.events.timeline import MaintenanceState, NotPossible
from talaia.panel.state import State

START = datetime(2026, 5, 14, 21, 0, tzinfo=UTC)
END = START + timedelta(hours=4)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
ALL = tuple(PlanNotice)
SCHEDULED, WORKING = MaintenanceState.SCHEDULED, MaintenanceState.IN_PROGRESS


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ([], ()),
        ([State.OPERATIONAL], ()),
        ([State.OPERATIONAL, State.DEGRADED], ()),
        ([State.PARTIAL], ALL),
        ([State.DEGRADED, State.DISRUPTION], ALL),
        ([State.MAINTENANCE], ALL),
    ],
)
def test_people_are_told_beforehand_where_a_disruption_is_expected(levels: list[State], told: tuple[str, ...]) -> None:
    assert default_notices(levels) == told


@pytest.mark.parametrize(
    ("early", "skipped"),
    [
        (30 * DAY, []),
        (7 * DAY, []),
        (7 * DAY - MINUTE, []),
        (DAY, []),
        (2 * HOUR, ["7d"]),
        (10 * MINUTE, ["7d", "24h"]),
        (MINUTE, ["7d", "24h"]),
        (0 * MINUTE, ["7d", "24h", "30m"]),
        (-HOUR, ["7d", "24h", "30m"]),
    ],
)
def test_what_was_due_before_it_was_planned_is_skipped_but_the_last_of_it(early: timedelta, skipped: list[str]) -> None:
    found = lines(ALL, (START, END), START - early)
    assert [line.notice for line in found] == list(ALL)
    assert [line.notice for line in found if line.skipped] == skipped


@pytest.mark.parametrize(
    ("early", "codes", "at_once"),
    [
        (7 * DAY, ALL, []),
        (7 * DAY - MINUTE, ALL, ["7d"]),
        (DAY, ALL, ["7d"]),
        (10 * HOUR, ALL, ["24h"]),
        (20 * MINUTE, ALL, ["30m"]),
        (0 * MINUTE, ALL, []),  # it begins this minute: that it begins is what they hear
        (-HOUR, ALL, []),
        (10 * HOUR, ["7d"], ["7d"]),
        (10 * HOUR, ["30m"], []),
        (10 * MINUTE, ["30m"], ["30m"]),
        (10 * MINUTE, ["start", "end"], []),
    ],
)
def test_short_notice_goes_at_once_and_the_rest_follows_the_plan(
    early: timedelta, codes: list[str], at_once: list[str]
) -> None:
    known = START - early
    found = [line for line in lines(codes, (START, END), known) if line.at_once]
    assert [(line.notice, line.at, line.skipped) for line in found] == [(code, known, False) for code in at_once]
    later = [line for line in lines(codes, (START, END), known) if line.notice in ADVANCE and not line.skipped]
    assert all(line.at == START - ADVANCE[line.notice] for line in later if not line.at_once)


def test_each_notice_has_its_instant_and_what_a_person_says_has_none() -> None:
    known = START - 30 * DAY
    by_clock = lines(ALL, (START, END), known, starts_itself=True, ends_itself=True)
    assert [line.at for line in by_clock] == [START - 7 * DAY, START - DAY, START - 30 * MINUTE, START, END]
    by_hand = lines(["end", "start"], (START, END), known, starts_itself=False)
    assert [(line.notice, line.at) for line in by_hand] == [("start", None), ("end", None)]


@pytest.mark.parametrize(
    ("state", "known", "now", "told"),
    [
        (SCHEDULED, 30 * DAY, 8 * DAY, []),
        (SCHEDULED, 30 * DAY, 7 * DAY, ["7d"]),
        (SCHEDULED, 30 * DAY, 2 * DAY, ["7d"]),
        (SCHEDULED, 30 * DAY, DAY, ["24h"]),  # after a downtime the latest alone
        (SCHEDULED, 30 * DAY, 10 * MINUTE, ["30m"]),
        (SCHEDULED, 30 * DAY, timedelta(0), []),
        (SCHEDULED, 30 * DAY, -MINUTE, []),  # it has not begun, and nothing is announced of what is past
        (SCHEDULED, 3 * DAY, 2 * DAY, ["7d"]),  # the week had passed when it was planned: at once
        (SCHEDULED, 3 * DAY, HOUR, ["24h"]),
        (SCHEDULED, HOUR, 2 * HOUR, []),  # a clock behind that of whoever planned it
        (WORKING, 30 * DAY, -MINUTE, ["start"]),
        (WORKING, 30 * DAY, DAY, ["start"]),  # begun by hand, early
        (MaintenanceState.COMPLETED, 30 * DAY, -HOUR, ["start", "end"]),
        (MaintenanceState.CANCELLED, 30 * DAY, HOUR, []),
    ],
)
def test_what_is_due_at_a_moment(state: MaintenanceState, known: timedelta, now: timedelta, told: list[str]) -> None:
    assert list(due_notices(ALL, (START, END), state, START - known, START - now)) == told
    assert due_notices([], (START, END), state, START - known, START - now) == ()


@pytest.mark.parametrize(
    ("levels", "notices", "early", "said"),
    [
        ([State.DISRUPTION], ALL, 8 * DAY, []),
        ([State.DISRUPTION], ALL, 7 * DAY, []),
        ([State.DISRUPTION], ALL, 6 * DAY + 23 * HOUR, ["announced 6 d 23 h before it begins; our rule is 7 d"]),
        ([State.PARTIAL], ["30m"], HOUR, ["announced 1 h before"]),
        ([State.PARTIAL], ["start"], 8 * DAY, ["nobody is written to beforehand"]),
        ([State.PARTIAL], ["30m"], timedelta(0), ["announced after it begins"]),
        ([State.PARTIAL], [], -HOUR, ["announced after it begins", "nobody is written to"]),
        ([State.DEGRADED], [], HOUR, []),
        ([], [], HOUR, []),
    ],
)
def test_what_is_against_the_rule_is_said(
    levels: list[State], notices: list[str], early: timedelta, said: list[str]
) -> None:
    found = [words.replace("\xa0", " ") for words in warnings(notices, levels, START, START - early, 7 * DAY)]
    assert len(found) == len(said)
    assert all(part in whole for part, whole in zip(said, found, strict=True))


def test_a_code_that_is_none_is_refused_and_the_others_are_put_in_order() -> None:
    assert read_notices(["end", "7d", "end"]) == (PlanNotice.WEEK, PlanNotice.END)
    with pytest.raises(NotPossible, match="“2d” is no notice; there are 7d, 24h, 30m, start, end"):
        read_notices(["7d", "9d", "8d", "2d", "6d", "5d", "4d", "3d"])  # of several always the same one is named


def test_each_notice_has_words_of_its_own() -> None:
    assert [notice_word(notice) for notice in PlanNotice] == [
        "7 days before",
        "24 hours before",
        "30 minutes before",
        "when it begins",
        "when it is over",
    ]


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (-90, "0 min"),
        (0, "0 min"),
        (59, "0 min"),
        (60, "1 min"),
        (59 * 60, "59 min"),
        (60 * 60, "1 h"),
        (90 * 60, "1 h 30 min"),
        (86400 - 60, "23 h 59 min"),
        (86400, "1 d"),
        (86400 + 59 * 60, "1 d"),
        (90000, "1 d 1 h"),
        (2 * 86400 - 60, "1 d 23 h"),
    ],
)
def test_a_length_is_said_in_two_units_at_most(length: int, words: str) -> None:
    assert spoken(timedelta(seconds=length)).replace("\xa0", " ") == words
