"""Whether a server is believed that refuses copies of a sending, as values: every limit, from both sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from talaia.notices.send_outcome import SAME_ANSWER, Answered, objection, too_many
from talaia.notices.smtp_replies import Meaning

TAKEN, GONE, OURS = Answered(Meaning.TAKEN), Answered(Meaning.GONE, "550 unknown"), Answered(Meaning.OURS, "550 relay")
LATER, UNANSWERED = Answered(Meaning.LATER, "451 later"), Answered("")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], None),
        ([TAKEN], None),
        ([UNANSWERED], None),  # nothing was said of anybody
        ([GONE], "took no copy"),
        ([LATER, UNANSWERED], "took no copy"),
        ([TAKEN, GONE], None),
        ([TAKEN, LATER], None),
        ([TAKEN] * 100 + [OURS], "refused 1 copies for what we are"),
        ([TAKEN] * 4 + [GONE] * 4, None),
        ([TAKEN] * 3 + [GONE] * 4, None),  # more than half, and few
        ([TAKEN] * 5 + [GONE] * 5, None),  # half is not more
        ([TAKEN] * 4 + [GONE] * 5, "5 in 9 addresses"),
        ([TAKEN] * 30 + [GONE] * 19, None),
        ([TAKEN] * 30 + [GONE] * 20, "20 in 50 addresses"),  # one after the other
        ([TAKEN] * 30 + [GONE] * 20 + [TAKEN], "20 in 51 addresses"),  # also where it was well again
        ([TAKEN] * 30 + [GONE] * 20 + [TAKEN] + [GONE], "21 in 52 addresses"),
        ([TAKEN] * 30 + [GONE] * 19 + [TAKEN] + [GONE], None),
        ([TAKEN] * 30 + [GONE] * 10 + [LATER] + [GONE] * 10, "20 in 50 addresses"),  # put off is no sign of health
    ],
)
def test_a_server_is_believed_until_it_says_too_much(answers: list[Answered], said: str | None) -> None:
    found = objection(answers)
    assert (found is None) if said is None else (found is not None and said in found.what)


def test_the_words_that_are_told_are_those_that_were_said_most_often_of_what_it_is_about() -> None:
    found = objection([TAKEN, OURS, GONE, GONE])
    assert found is not None and found.what.endswith(": 550 relay")
    found = objection([LATER, GONE, GONE])
    assert found is not None and found.what.endswith(": 550 unknown")
    found = objection([TAKEN] * 30 + [GONE] * 20)  # and not what was said of those who got it
    assert found is not None and found.what.endswith(": 550 unknown")
    there = [replace(one, domain="gros.example.net") for one in (Answered(Meaning.GONE, "550 first"), *[GONE] * 4)]
    found = objection([TAKEN] * 30 + there)
    assert found is not None and found.what.endswith(": 550 unknown")


def gone_at(domain: str, count: int) -> list[Answered]:
    return [Answered(Meaning.GONE, f"550 unknown at {domain}", domain)] * count + [TAKEN] * 20


def test_of_the_servers_that_are_not_believed_the_worst_is_named_first_and_its_words_are_told() -> None:
    found = objection([*gone_at("a.example", 5), *gone_at("z.example", 7)])
    assert found is not None and found.domains == {"a.example", "z.example"}
    assert found.what == (
        "it is said that they are not there at z.example of 7 in 7 addresses; at a.example of 5 in 5 addresses, which "
        "is too many to be believed; nobody there is switched off: 550 unknown at z.example"
    )
    found = objection([one for place in "abcd" for one in gone_at(f"{place}.example", 5)])
    assert found is not None and "at c.example of 5 in 5 addresses; and at 1 domains more, which" in found.what


@pytest.mark.parametrize(
    ("came_back", "written_to", "many"),
    [(4, 4, False), (5, 5, True), (5, 9, True), (5, 10, False), (6, 11, True), (1, 0, False)],
)
def test_the_servers_are_not_believed_where_more_than_half_came_back(
    came_back: int, written_to: int, many: bool
) -> None:
    assert too_many(came_back, written_to) is many


def test_five_refusals_in_a_row_are_enough() -> None:
    assert SAME_ANSWER == 5
