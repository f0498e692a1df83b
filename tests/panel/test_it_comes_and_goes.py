"""Holds, and trouble that comes back: the same trouble goes on, and green has to be earned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from talaia.panel.holds import Computed, Level, Unrest, settle
from talaia.panel.shown import believed, watched
from talaia.panel.state import WEIGHT, Reason, State, Verdict, worst

BEGAN = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
DOWN, POOR = Reason("check", {"what": "down"}), Reason("check", {"what": "slow"})
VERDICTS = {
    "-": Verdict(State.OPERATIONAL),
    "d": Verdict(State.DEGRADED, POOR),
    "X": Verdict(State.DISRUPTION, DOWN),
    "?": Verdict(State.UNKNOWN, Reason("not_measured")),
}
MARKS = {State.OPERATIONAL: "-", State.DEGRADED: "d", State.DISRUPTION: "X", State.UNKNOWN: "?"}
TICK = timedelta(seconds=30)


def told(story: str, within: float = 10, worse: float = 0) -> list[Computed]:
    """What is computed after each verdict, one every half minute; better holds two minutes."""
    computed, found = Computed(State.OPERATIONAL, Reason()), []
    for tick, mark in enumerate(story):
        now = BEGAN + tick * TICK
        computed = settle(
            computed, VERDICTS[mark], now, timedelta(minutes=worse), timedelta(minutes=2), timedelta(minutes=within)
        )
        found.append(computed)
    return found


def line(story: str, within: float = 10, worse: float = 0) -> str:
    return "".join(MARKS[computed.state] for computed in told(story, within, worse))


@pytest.mark.parametrize(
    ("story", "shown"),
    [
        # A first trouble ends after two minutes without it.
        ("X-----", "XXXXX-"),
        # It gets better by steps: each of them holds from the moment at which it was seen.
        ("Xdddd-----", "XXXXXdddd-"),
        # Less bad again while it holds: "no worse than this" holds since it first was, "well" since it is.
        ("X-d-----", "XXXXXdd-"),
        # It comes back at once, and goes after ten good minutes.
        ("X-----X" + "-" * 22, "XXXXX-X" + "X" * 20 + "--"),
        # A break in the good minutes starts them anew.
        ("X-----X" + "-" * 19 + "X" + "-" * 22, "XXXXX-X" + "X" * 20 + "X" * 20 + "--"),
        # Eleven minutes later it is another trouble.
        ("X-----" + "-" * 21 + "X-----", "XXXXX-" + "-" * 21 + "XXXXX-"),
        # Green again and back once more within ten minutes: still the same.
        ("X-----X" + "-" * 25 + "X" + "-" * 22, "XXXXX-" + "X" * 21 + "-" * 5 + "X" + "X" * 20 + "--"),
        # While it is unknown nobody sees whether it is good: that it was unstable is forgotten, the trouble is not.
        ("X-----X-?X-----", "X" * 5 + "-XX?XXXXX-"),
        ("X-----X-?--X" + "-" * 21, "X" * 5 + "-XX?--" + "X" * 21 + "-"),
        ("X-----?X" + "-" * 22, "XXXXX-?X" + "X" * 20 + "--"),  # it had been good before
        # A silence of the monitoring is no recovery: what has never been over does not come back.
        ("X?X-----", "X?XXXXX-"),
        ("X?" + "?" * 30 + "-X-----", "X?" + "?" * 30 + "-XXXXX-"),
        # Less trouble shows as soon as ever; only green has to be earned.
        ("X-----Xddddd-" + "-" * 22, "XXXXX-XXXXXd" + "d" * 20 + "---"),
    ],
)
def test_trouble_that_returns_is_the_same_trouble(story: str, shown: str) -> None:
    assert line(story) == shown


@pytest.mark.slow
def test_every_level_is_left_once_the_signals_have_been_better_for_as_long_as_better_has_to_hold() -> None:
    ticks = 3
    for verdicts in product([State.OPERATIONAL, State.DEGRADED, State.PARTIAL, State.DISRUPTION], repeat=7):
        computed = Computed(State.OPERATIONAL, Reason())
        for tick, state in enumerate(verdicts):
            before = Computed(
                computed.state,
                candidate=computed.candidate,
                candidate_since=computed.candidate_since,
                then=tuple(Level.from_json(one.to_json()) for one in computed.then),
            )
            computed = settle(before, Verdict(state), BEGAN + tick * TICK, timedelta(0), ticks * TICK)
            assert computed.state == worst(verdicts[max(0, tick - ticks) : tick + 1]), verdicts
            good = next((n for n in range(tick + 1) if set(verdicts[n : tick + 1]) == {State.OPERATIONAL}), None)
            waits = [(computed.candidate, computed.candidate_since), *((one.state, one.since) for one in computed.then)]
            weights = [WEIGHT[computed.state], *(WEIGHT[one] for one, _ in waits if one)]
            assert weights == sorted(set(weights), reverse=True), verdicts  # each once, and each better than the last
            if good is not None and computed.state != State.OPERATIONAL:
                assert waits[-1] == (State.OPERATIONAL, BEGAN + good * TICK), verdicts


def test_where_nobody_looked_for_long_all_levels_that_have_held_meanwhile_are_left_at_once() -> None:
    computed = Computed(State.DISRUPTION, Reason())
    for tick, state in ((0, State.PARTIAL), (1, State.DEGRADED), (2, State.OPERATIONAL), (4, State.OPERATIONAL)):
        computed = settle(computed, Verdict(state), BEGAN + tick * TICK, timedelta(0), 3 * TICK)
    assert (computed.state, computed.candidate, computed.candidate_since, computed.then) == (
        State.DEGRADED,
        State.OPERATIONAL,
        BEGAN + 2 * TICK,
        (),
    )
    computed = settle(computed, Verdict(State.OPERATIONAL), BEGAN + 9 * TICK, timedelta(0), 3 * TICK)
    assert (computed.state, computed.candidate, computed.then) == (State.OPERATIONAL, None, ())


def test_sixty_seconds_down_and_a_hundred_and_fifty_up_ten_times_is_two_troubles_at_most() -> None:
    story = ("XX" + "-" * 5) * 10 + "-" * 30
    shown = line(story)
    changes = sum(a != b for a, b in zip("-" + shown, shown, strict=False))
    assert (changes, shown[-1]) == (4, "-")
    undamped = line(story, within=0)
    assert sum(a != b for a, b in zip("-" + undamped, undamped, strict=False)) == 20


def test_the_reason_tells_since_when_it_comes_and_goes_and_that_it_works_at_this_moment() -> None:
    first, *_, again, good = told("X-----X-")
    since = BEGAN.isoformat()
    assert first.reason == DOWN
    assert again.reason == Reason("check", {"what": "down", "unstable_since": since})
    assert (good.state, good.reason) == (State.DISRUPTION, Reason("unstable", {"since": since}))
    assert told("X-----X" + "-" * 21)[-1].reason == Reason()


def test_a_relapse_waits_for_hold_worse_as_every_trouble_does_and_began_when_it_failed_again() -> None:
    assert line("XXX------X--XX-", worse=0.5) == "-XXXXXX------XX"
    late = (
        "XXX-----" + "-" * 19 + "XX-----"
    )  # it fails again ten minutes after it was over, and shows half a minute later
    assert line(late, worse=0.5) == "-XXXXXX" + "-" * 21 + "XXXXXX"
    assert told(late, worse=0.5)[-1].unrest == Unrest(BEGAN, unstable=True)
    assert line("-" + late[:-7] + "-" + "XX-----", worse=0.5)[-1] == "-"  # half a minute later it is another one


def test_with_zero_nothing_is_remembered() -> None:
    assert all(computed.unrest is None for computed in told("X-----X-----", within=0))
    assert line("X-----X-----", within=0) == "XXXXX-XXXXX-"


def test_a_clock_that_is_set_back_makes_no_hold_longer_than_it_is() -> None:
    settings = (timedelta(0), timedelta(minutes=2), timedelta(minutes=10))
    down = settle(Computed(State.OPERATIONAL), VERDICTS["X"], BEGAN, *settings)
    held = settle(down, VERDICTS["-"], BEGAN + TICK, *settings)
    back = BEGAN - timedelta(hours=6)
    held = settle(held, VERDICTS["-"], back, *settings)
    assert held.state is State.DISRUPTION
    assert settle(held, VERDICTS["-"], back + timedelta(minutes=2), *settings).state is State.OPERATIONAL


def test_what_is_remembered_survives_being_stored() -> None:
    for computed in told("X-----X--?-----"):
        if computed.unrest:
            assert type(computed.unrest).from_json(computed.unrest.to_json()) == computed.unrest


UNSTABLE = {"unstable_since": BEGAN.isoformat()}


@pytest.mark.parametrize(
    ("state", "candidate", "verdict", "reason"),
    [
        ("X", None, "-", DOWN),
        ("X", "-", "-", Reason("improving", {"now": {}, **UNSTABLE})),
        ("X", "d", "d", Reason("improving", {"now": {"code": "check", "what": "slow"}, **UNSTABLE})),
        ("d", "X", "X", Reason("check", {"what": "down", **UNSTABLE})),  # it gets worse: what is seen now is said
        ("-", "X", "X", DOWN),  # what is well is held in no words of trouble
        ("-", "d", "d", DOWN),
    ],
)
def test_a_trouble_that_is_held_is_told_in_words_that_are_true_now_and_since_when_it_comes_and_goes(
    state: str, candidate: str | None, verdict: str, reason: Reason
) -> None:
    said = Reason("check", {"what": "down", **UNSTABLE})
    before = Computed(VERDICTS[state].state, said, VERDICTS[candidate].state if candidate else None, BEGAN)
    found = watched(before, VERDICTS[verdict])
    assert found.state is before.state
    assert found.reason == (said if reason is DOWN else reason)


@pytest.mark.parametrize(
    ("state", "verdict", "resolved", "shown"),
    [
        ("X", "-", True, "-"),
        ("X", "-", False, "X"),
        ("X", "?", True, "X"),  # nobody sees that it is good
        ("X", "d", True, "X"),
        ("?", "-", True, "?"),
        ("-", "-", True, "-"),
    ],
)
def test_a_person_who_says_that_it_is_over_ends_a_hold_only_where_it_is_good_now(
    state: str, verdict: str, resolved: bool, shown: str
) -> None:
    before = Computed(VERDICTS[state].state, VERDICTS[state].reason, State.OPERATIONAL, BEGAN)
    found = believed(before, VERDICTS[verdict], resolved)
    assert MARKS[found.state] == shown
    assert found == before or shown != state


def test_what_was_never_seen_to_be_good_is_the_same_trouble_however_long_nobody_saw_it() -> None:
    unrest = told("X" + "?" * 40 + "X")[-1].unrest
    assert unrest == Unrest(BEGAN)


def test_what_only_comes_and_goes_is_not_told_as_getting_better() -> None:
    before = Computed(State.DISRUPTION, Reason("unstable", {"since": BEGAN.isoformat()}), State.OPERATIONAL, BEGAN)
    assert watched(before, VERDICTS["-"], BEGAN) == before


@pytest.mark.parametrize(("candidate", "better"), [("-", "good_since"), ("d", "better_since")])
def test_what_is_getting_better_says_since_when_it_was_bad_and_since_when_it_is_better(
    candidate: str, better: str
) -> None:
    before = Computed(State.DISRUPTION, DOWN, VERDICTS[candidate].state, BEGAN + TICK)
    values = watched(before, VERDICTS[candidate], BEGAN).reason.values
    assert (values["since"], values[better]) == (BEGAN.isoformat(), (BEGAN + TICK).isoformat())
    assert len(values) == 3


def test_trouble_that_is_held_while_it_is_less_bad_keeps_its_own_reason() -> None:
    before = Computed(State.DISRUPTION, DOWN, unrest=Unrest(BEGAN, unstable=True))
    held = settle(before, VERDICTS["d"], BEGAN + TICK, timedelta(0), timedelta(minutes=2), timedelta(minutes=10))
    assert (held.state, held.reason) == (State.DISRUPTION, Reason("check", {**DOWN.values, **UNSTABLE}))


@pytest.mark.parametrize(
    ("state", "waits", "verdict", "candidate", "since"),
    [
        ("d", "-", "X", "X", 3),  # what was getting better gets worse: of that nothing has held yet
        ("d", "X", "-", "-", 3),
        ("d", "X", "X", "X", 0),
        ("-", "X", "d", "d", 0),  # worse all the time, and now less so: it becomes what it is
        ("X", "d", "-", "d", 0),  # better all the time: it becomes the worst of it
        ("X", "-", "d", "d", 0),
        ("-", None, "X", "X", 3),
    ],
)
def test_only_what_has_gone_one_way_all_the_time_has_held_since_then(
    state: str, waits: str | None, verdict: str, candidate: str, since: int
) -> None:
    waiting = VERDICTS[waits].state if waits else None
    before = Computed(VERDICTS[state].state, VERDICTS[state].reason, waiting, BEGAN if waits else None)
    hold = timedelta(minutes=5)
    found = settle(before, VERDICTS[verdict], BEGAN + timedelta(minutes=3), hold, hold)
    assert (MARKS[found.state], found.candidate) == (state, VERDICTS[candidate].state)
    assert found.candidate_since == BEGAN + timedelta(minutes=since)
