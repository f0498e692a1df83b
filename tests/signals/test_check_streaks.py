"""The rounds of the built-in checks: when trouble begins, when it ends, and what is measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.config import CheckConfig
from talaia.signals.check_findings import known_sights
from talaia.signals.check_outcome import CheckOutcome, Streak
from talaia.signals.check_streaks import CheckStreaks, ProbedCheck
from talaia.signals.models import CheckFinding

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
WEB = CheckConfig(id="web", kind="http", target="http://127.0.0.1", service="web")
LOGIN = CheckConfig(id="login", kind="http", target="http://127.0.0.1/login", service="web")
LINK = CheckConfig(id="link", kind="ping", target="127.0.0.1", service="links", connection="ref1")
# How a round went: well, slow, down, or it could not look.
LETTERS = {"w": (True, False, True), "s": (True, True, True), "d": (False, False, True), "x": (False, False, False)}


def outcome(check: CheckConfig, letter: str) -> CheckOutcome:
    ok, slow, measured = LETTERS[letter]
    return CheckOutcome(check.id, ok, slow, False, 0.1, "host-7.internal", NOW, measured)


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
    rounds, checks = CheckStreaks(), (WEB, LOGIN, LINK)
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
    rounds = CheckStreaks()
    assert rounds.take([(WEB, outcome(WEB, "d"))], (LOGIN,)) == ([], False)


def test_what_was_in_trouble_before_a_restart_still_is() -> None:
    rounds = CheckStreaks.resumed({"web": "down"})
    (found,), _ = rounds.take([(WEB, outcome(WEB, "d"))], (WEB,))
    assert found[2].trouble == "down"
    assert rounds.take([(WEB, outcome(WEB, "d"))], (WEB,))[1] is False
    assert rounds.take([(WEB, outcome(WEB, "w"))], (WEB,))[1] is True


@pytest.mark.parametrize(("ago", "trouble"), [(95, "down"), (96, ""), (5_400_000, "")])
def test_a_restart_makes_nothing_fresh_that_could_not_be_looked_at_for_long(ago: int, trouble: str) -> None:
    rounds = CheckStreaks.resumed({"web": "down"}, sighted={"web": NOW - timedelta(seconds=ago)})
    ((found,), news) = rounds.take([(WEB, outcome(WEB, "x"))], (WEB,))
    assert found.streak.trouble == trouble
    assert rounds.unsighted([WEB]) == (set() if trouble else {("web", "")})
    assert news


@pytest.mark.django_db
def test_when_a_check_could_look_last_is_known_after_a_restart() -> None:
    later = NOW + timedelta(minutes=1)
    CheckFinding.objects.create(check_id="login", kind="failing", what="refused", since=NOW, at=later)
    CheckFinding.objects.create(check_id="web", kind="blind", what="no resolver", since=NOW, at=later)
    assert known_sights() == {"login": later, "web": NOW}


def test_what_cannot_be_looked_at_for_long_is_neither_red_nor_green_any_more() -> None:
    rounds, checks = CheckStreaks(), (WEB, LOGIN)
    at = NOW

    def take(check: CheckConfig, letter: str) -> ProbedCheck:
        ((found,), _) = rounds.take([(check, replace(outcome(check, letter), at=at))], checks)
        return found

    take(LOGIN, "w")
    take(WEB, "d")
    assert take(WEB, "d").streak.trouble == "down"
    for seconds, trouble in ((30, "down"), (95, "down"), (96, ""), (126, "")):
        at = NOW + timedelta(seconds=seconds)
        assert take(WEB, "x").streak.trouble == trouble, seconds
        assert rounds.unsighted(checks) == ({("web", "")} if seconds > 95 else set())
    at += timedelta(seconds=30)
    take(WEB, "w")
    assert rounds.unsighted(checks) == set()


CANARY = CheckConfig(id="far", kind="ping", target="192.0.2.1", canary=True)
HERE = CheckConfig(id="here", kind="http", target="http://localhost:8000/", service="status")
FAR = tuple(CheckConfig(id=id, kind="tcp", target=f"{id}.example.org:25", service=id) for id in ("web", "mail", "chat"))


def lookings(story: str) -> tuple[CheckStreaks, list[ProbedCheck]]:
    """`"C- w- m+"`: one look after another, ten seconds apart: of the canary, web, mail, chat, here; well or not."""
    named = {"C": CANARY, "h": HERE, **{check.id[0]: check for check in FAR}}
    rounds, every = CheckStreaks(), []
    for n, look in enumerate(story.split()):
        name = look[0]
        found = replace(outcome(named[name], "w" if look[1] == "+" else "d"), at=NOW + timedelta(seconds=10 * n))
        every += rounds.take([(named[name], found)], (CANARY, HERE, *FAR))[0]
    return rounds, every


@pytest.mark.parametrize(
    ("story", "down", "cut"),
    [
        ("C+ w- C+ w-", {"web"}, False),  # the canary is well: it is theirs
        ("C+ w- w-", set(), False),  # it has not looked since: nobody knows yet
        ("C- w- w-", set(), True),
        ("C- w- m- c- w- m- c-", set(), True),
        ("C- w- m- c+ C- w- m- w- m-", {"web", "mail"}, False),  # one is well: our line works, though the canary fails
        ("c+ m+ w+ C- w- m- w- m-", set(), True),  # what was well before tells nothing of now
        ("w- C- w- C- w-", set(), True),  # the canary looks before the second failure
        ("w- C+ w-", {"web"}, False),
        ("w- w- C+ w-", {"web"}, False),
        ("w- w- w-", set(), False),  # no canary has looked yet
        ("C- h- h-", {"here"}, True),  # this machine needs no line
        ("C- h+ w- w-", set(), True),
        ("C+ w- C+ w- C- m- w-", {"web"}, True),  # what was down before stays as it was known
        ("C- w- w- C+ w-", set(), False),  # a line that is back: failures count anew
        ("C- w- w- C+ w- w-", {"web"}, False),
        ("C- C- C-", set(), True),
    ],
)
def test_a_failure_in_every_service_while_the_canary_fails_is_our_own_line(
    story: str, down: set[str], cut: bool
) -> None:
    rounds, _ = lookings(story)
    assert {id for id, streak in rounds.streaks.items() if streak.trouble == "down" and id != "far"} == down
    checks = (CANARY, HERE, *FAR)
    assert (rounds.line_cut_since(checks) is not None) is cut
    told = [note for note in rounds.notes(checks) if note["code"] == "our_line"]
    assert bool(told) is (cut and any(not one.measured for one in rounds.latest.values()))


def test_the_canaries_are_asked_at_once_when_something_begins_to_fail() -> None:
    rounds, found = lookings("C+ w+ w-")
    assert rounds.canaries_due(found[-1:], (CANARY, HERE, *FAR))
    rounds, found = lookings("C+ w- C+ w-")
    assert not rounds.canaries_due(found[-1:], (CANARY, HERE, *FAR))
    assert not CheckStreaks().canaries_due([], FAR)


@given(st.lists(st.sampled_from([f"{name}{sign}" for name in "Cwmc" for sign in "+-"]), max_size=25))
def test_while_every_look_fails_with_the_canary_nothing_is_ever_down(looks: list[str]) -> None:
    rounds, _ = lookings(" ".join(["C-", *(look for look in looks if look.endswith("-"))]))
    assert not any(streak.trouble for id, streak in rounds.streaks.items() if id != "far")


SECOND = CheckConfig(id="second", kind="ping", target="192.0.2.1", canary=True)


def of_two(story: str) -> set[str]:
    """What is down after these looks, where there are two canaries: C and S."""
    named = {"C": CANARY, "S": SECOND, **{check.id[0]: check for check in FAR}}
    rounds = CheckStreaks()
    for n, look in enumerate(story.split()):
        name = look[0]
        found = replace(outcome(named[name], "w" if look[1] == "+" else "d"), at=NOW + timedelta(seconds=10 * n))
        rounds.take([(named[name], found)], (CANARY, SECOND, *FAR))
    return {id for id, streak in rounds.streaks.items() if streak.trouble == "down"} - {CANARY.id, SECOND.id}


@given(
    st.permutations([f"{name}+" for name in "CSwmc"]),
    st.lists(st.sampled_from([f"{name}-" for name in "CSwmc"]), max_size=20),
)
def test_when_our_line_is_cut_nothing_is_down_before_every_canary_has_looked(before: list[str], cut: list[str]) -> None:
    assert of_two(" ".join([*before, *cut])) == set()


@pytest.mark.parametrize(
    ("story", "down"),
    [
        ("C+ S+ w- C- w-", set()),  # the other has not looked: it may yet be our line
        ("C+ S+ w- C- S- w-", set()),
        ("C+ S+ w- C- S+ w-", {"web"}),  # one is reached
        ("C+ S+ w- S+ w-", {"web"}),
        ("C+ S+ w- C- S- m+ w- w-", {"web"}),  # all have looked, and another service is well
    ],
)
def test_one_of_several_canaries_that_fails_says_nothing_and_one_that_is_reached_does(
    story: str, down: set[str]
) -> None:
    assert of_two(story) == down
