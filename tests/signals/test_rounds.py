"""The rounds of the built-in checks: when trouble begins, when it ends, and what is measured."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.config import Check
from talaia.signals.outcome import Outcome, Streak
from talaia.signals.rounds import Rounds

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
WEB = Check(id="web", kind="http", target="http://127.0.0.1", service="web")
LOGIN = Check(id="login", kind="http", target="http://127.0.0.1/login", service="web")
LINK = Check(id="link", kind="ping", target="127.0.0.1", service="links", connection="ref1")
# How a round went: well, slow, down, or it could not look.
LETTERS = {"w": (True, False, True), "s": (True, True, True), "d": (False, False, True), "x": (False, False, False)}


def outcome(check: Check, letter: str) -> Outcome:
    ok, slow, measured = LETTERS[letter]
    return Outcome(check.id, ok, slow, False, 0.1, "host-7.internal", NOW, measured)


@pytest.mark.parametrize(
    ("letters", "failures", "troubles"),
    [
        ("wdw", 2, ["", "", ""]),
        ("ddw", 2, ["", "down", ""]),
        ("d", 1, ["down"]),
        ("dxd", 2, ["", "", "down"]),
        ("ddx", 2, ["", "down", "down"]),
        ("sws", 2, ["", "", ""]),
        ("ssw", 2, ["", "slow", ""]),
        ("dds", 2, ["", "down", "slow"]),  # it answers again, though slowly
        ("ssd", 2, ["", "slow", "slow"]),  # one failure is none yet
        ("ssdd", 2, ["", "slow", "slow", "down"]),
        ("dsds", 2, ["", "", "", "slow"]),
        ("wwww", 1, ["", "", "", ""]),
    ],
)
def test_trouble_begins_with_so_many_in_a_row_and_ends_with_one_good_answer(
    letters: str, failures: int, troubles: list[str]
) -> None:
    streak, seen = Streak(), []
    for letter in letters:
        streak = streak.after(outcome(WEB, letter), failures)
        seen.append(streak.trouble)
    assert seen == troubles


@given(st.text("wsdx", max_size=30), st.integers(1, 4))
def test_no_check_is_down_without_so_many_failures_in_a_row_nor_well_without_a_good_answer(
    letters: str, failures: int
) -> None:
    streak = Streak()
    for n, letter in enumerate(letters, 1):
        before, streak = streak, streak.after(outcome(WEB, letter), failures)
        looked = letters[:n].replace("x", "")
        if streak.trouble == "down" and before.trouble != "down":
            assert looked.endswith("d" * failures)
        if before.trouble and not streak.trouble:
            assert letter == "w"


def test_a_service_is_well_when_all_its_checks_are_and_measured_once_all_have_looked() -> None:
    rounds, checks = Rounds(), (WEB, LOGIN, LINK)
    found, news = rounds.take([(WEB, outcome(WEB, "w")), (LINK, outcome(LINK, "d"))], checks)
    assert news, "what is looked at for the first time is news"
    measured = rounds.measured(found, checks)
    assert [(m.service, m.connection, m.value) for m in measured] == [("links", "ref1", 0.0)]
    for letters, value in (("wd", 0.0), ("dw", 0.0), ("ww", 1.0)):
        found, _ = rounds.take(list(zip((WEB, LOGIN), map(outcome, (WEB, LOGIN), letters), strict=True)), checks)
        assert [(m.service, m.value) for m in rounds.measured(found, checks)] == [("web", value)]
    found, _ = rounds.take([(LOGIN, outcome(LOGIN, "x"))], checks)
    assert rounds.measured(found, checks) == [], "one that could not look leaves the service unmeasured"
    assert rounds.notes(checks) == [{"code": "not_measured", "check": "login", "what": "host-7.internal"}]


def test_a_check_that_has_left_or_changed_says_nothing() -> None:
    rounds = Rounds()
    assert rounds.take([(WEB, outcome(WEB, "d"))], (LOGIN,)) == ([], False)


def test_what_was_in_trouble_before_a_restart_still_is() -> None:
    rounds = Rounds.resumed({"web": "down"})
    (found,), _ = rounds.take([(WEB, outcome(WEB, "d"))], (WEB,))
    assert found[2].trouble == "down"
    assert rounds.take([(WEB, outcome(WEB, "d"))], (WEB,))[1] is False
    assert rounds.take([(WEB, outcome(WEB, "w"))], (WEB,))[1] is True
