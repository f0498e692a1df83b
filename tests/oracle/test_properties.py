"""What must hold of the reckoning itself, whatever happens."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle import happenings as h
from tests.oracle.days import PERIODS, between, colour, days, figure, midnight
from tests.oracle.histories import histories
from tests.oracle.history import TROUBLES, History, State
from tests.oracle.possible import possible
from tests.oracle.reckoning import Reckoning, reckon
from tests.oracle.told import ADVANCE, CANCELLED, CHANGED, END, NEWS, START

MANY = settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def whole(history: History, reckoned: Reckoning, key: str) -> int:
    """How long the service was listed, from the happenings alone."""
    listed, since = 0, history.begins
    off = False
    for each in history.happenings:
        if isinstance(each, h.Retired) and each.service == key:
            listed, off = listed + each.at - since, True
        if isinstance(each, h.Returned) and each.service == key:
            since, off = each.at, False
    return listed + (0 if off else history.ends - since)


@MANY
@given(histories())
def test_a_history_is_in_order_and_can_be(history: History) -> None:
    assert history.in_order
    assert possible(history.house, history.happenings, history.ends) in (history.happenings, history.happenings[:-1])


@MANY
@given(histories())
def test_spells_and_days_account_for_every_second_in_which_a_service_was_listed(history: History) -> None:
    reckoned = reckon(history)
    for key, spells in reckoned.spells.items():
        assert all(spell.start < spell.end for spell in spells)
        assert all(first.end <= second.start for first, second in pairwise(spells))
        listed = whole(history, reckoned, key)
        assert sum(spell.end - spell.start for spell in spells) == listed
        found = days(spells, history.ends)
        assert sum(sum(day.seconds.values()) for day in found) == listed
        for day in found:
            assert day.seconds == between(spells, midnight(day.day), midnight(day.day + timedelta(days=1)))
            painted = colour(day.seconds)
            assert painted is not None
            assert day.seconds[painted] > 0


@MANY
@given(histories())
def test_figures_are_whole_and_longer_periods_hold_the_shorter_ones(history: History) -> None:
    for spells in reckon(history).spells.values():
        found = [figure(spells, period, history.ends) for period in PERIODS]
        for short, long in pairwise(found):
            assert all(count <= long.seconds.get(state, 0) for state, count in short.seconds.items())
        for each in found:
            assert each.share is None or 0 <= each.share <= 1
            trouble = sum(each.seconds.get(state, 0) for state in TROUBLES)
            assert (each.share == 1) == (trouble == 0 and State.OPERATIONAL in each.seconds)


@MANY
@given(histories("days"))
def test_nobody_hears_an_end_who_was_not_told_of_a_beginning(history: History) -> None:
    told: dict[str, set[str]] = {}
    surely: dict[str, set[str]] = {}
    reckoned = reckon(history)
    for sent in reckoned.sent:
        assert sent.must <= sent.may
        root = reckoned.roots[sent.event]
        if sent.kind in (END, CANCELLED):
            assert sent.may <= told.get(root, set())
            assert surely.get(root, set()) & sent.listed <= sent.must
            told[root] = told.get(root, set()) - sent.may
            surely[root] = surely.get(root, set()) - sent.may
        elif sent.kind == CHANGED:
            assert sent.must <= told.get(root, set())
        else:
            assert sent.kind in (NEWS, ADVANCE, START)
        if sent.kind not in (END, CANCELLED):
            told[root] = told.get(root, set()) | sent.may
            surely[root] = surely.get(root, set()) | sent.must


@MANY
@given(histories())
def test_the_future_does_not_change_what_was_but_for_what_nobody_watched(history: History) -> None:
    stops = [each.at for each in history.happenings if isinstance(each, h.TalaiaStops)]
    cut = min([*stops, history.ends])
    earlier = History(history.house, history.begins, cut, tuple(each for each in history.happenings if each.at < cut))
    long, short = reckon(history), reckon(earlier)
    for key, spells in short.spells.items():
        for spell in spells:
            found = long.spell(key, spell.start)
            assert found is not None
            assert (found.state, found.start) == (spell.state, spell.start)


@MANY
@given(histories())
def test_to_look_more_often_changes_nothing(history: History) -> None:
    """The moments are all that matter: further instants to look at, in between, find nothing new."""
    moments = reckon(history).moments
    between_them = [(first + second) // 2 for first, second in pairwise(moments) if second - first > 2]
    more = History(history.house, history.begins, history.ends, history.happenings, reads=())
    nothing = [h.LateNews(at, "none") for at in between_them[:50]]
    looked = tuple(sorted([*history.happenings, *nothing], key=lambda each: each.at))
    again = reckon(History(more.house, more.begins, more.ends, looked))
    assert again.spells == reckon(more).spells
    assert again.sent == reckon(more).sent


@MANY
@given(histories(), st.integers(0, 10**6))
def test_operational_is_never_said_while_nobody_watched(history: History, choice: int) -> None:
    reckoned, stop = reckon(history), None
    for each in history.happenings:
        if isinstance(each, h.TalaiaStops):
            stop = each.at
        elif isinstance(each, h.TalaiaStarts) and stop is not None and each.at - stop > 180:
            at = stop + choice % (each.at - stop)
            for key in reckoned.spells:
                spell = reckoned.spell(key, at)
                assert spell is None or spell.state is not State.OPERATIONAL or spell.reasons == {"by_hand"}
