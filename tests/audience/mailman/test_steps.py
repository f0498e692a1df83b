"""What comes next for a letter, and how a list must be set: tables over pure code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from talaia.audience.mailman.posting import prepared
from talaia.audience.mailman.steps import (
    GRACE,
    Held,
    Progress,
    Seen,
    State,
    Step,
    came_since,
    held_of,
    next_step,
)
from talaia.audience.mailman.wanted import SETTINGS, as_fields, differences, wanted
from talaia.config import Site, Text
from talaia.outbox.faults import Permanent
from tests.audience.mailman.letters import letter

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
ONE, TWO = Held("2026-11-26T02:59:00", 1), Held("2026-11-26T02:59:30", 2)
AGAIN_ONE = Held("2026-11-26T02:59:40", 1)  # the same number, of another message
JUST, LONG_AGO = NOW - timedelta(seconds=5), NOW - GRACE
SITE = Site(name=Text((("", "Estat"),)), address="https://status.example.org")
LIST = "status@lists.example.org"


@pytest.mark.parametrize(
    ("progress", "seen", "step", "about"),
    [
        (Progress(), Seen(), Step.GIVE, None),
        (Progress(), Seen(waiting=3), Step.GIVE, None),  # those of others
        (Progress(), Seen(held=(TWO, ONE)), Step.ADOPT, ONE),  # given by a life that was killed
        (Progress(tried_at=JUST, tries=1), Seen(), Step.WAIT, None),  # Mailman has it in its hands
        (Progress(tried_at=JUST, tries=1), Seen(shunted=True), Step.WAIT, None),  # that may be another's
        (Progress(tried_at=LONG_AGO, tries=1), Seen(waiting=1), Step.WAIT, None),
        (Progress(tried_at=LONG_AGO, tries=1), Seen(shunted=True), Step.STUCK, None),
        (Progress(tried_at=LONG_AGO, tries=1), Seen(), Step.GIVE, None),
        (Progress(tried_at=LONG_AGO, tries=3), Seen(), Step.STUCK, None),
        (Progress(tried_at=JUST, tries=1), Seen(held=(ONE,)), Step.ADOPT, ONE),
        (Progress(State.HELD, held=ONE), Seen(held=(ONE, TWO)), Step.ACCEPT, ONE),
        (Progress(State.HELD, held=ONE), Seen(), Step.NOTE_SENT, None),
        (Progress(State.HELD, held=ONE), Seen(held=(TWO,)), Step.NOTE_SENT, None),
        (Progress(State.HELD, held=ONE), Seen(held=(AGAIN_ONE,)), Step.NOTE_SENT, None),
        (Progress(State.SENT, held=ONE), Seen(held=(AGAIN_ONE,)), Step.THROW_AWAY, AGAIN_ONE),
        (Progress(State.SENT, held=ONE), Seen(), Step.DONE, None),
    ],
)
def test_what_comes_next(progress: Progress, seen: Seen, step: Step, about: Held | None) -> None:
    assert next_step(progress, seen, NOW) == (step, about)


def test_nothing_is_given_nor_accepted_once_a_letter_is_out() -> None:
    for held, waiting, shunted, tries in product([(), (ONE,), (ONE, TWO)], [0, 1], [False, True], [0, 1, 3]):
        progress = Progress(State.SENT, LONG_AGO, tries, ONE)
        step, _ = next_step(progress, Seen(held, waiting, shunted), NOW)
        assert step in (Step.DONE, Step.THROW_AWAY)
        # Of one that is held, only what was written down is accepted, and nothing is given again.
        step, about = next_step(replace(progress, state=State.HELD), Seen(held, waiting, shunted), NOW)
        assert (step, about) in ((Step.ACCEPT, ONE), (Step.NOTE_SENT, None))


def test_a_held_message_is_ours_by_its_message_id_with_or_without_brackets() -> None:
    entries = (
        {"request_id": 1, "message_id": "<a@x>", "hold_date": "1"},
        {"request_id": 2, "message_id": "a@x", "hold_date": "2"},
        {"request_id": 3, "message_id": "<b@x>", "hold_date": "3"},
    )
    assert held_of(entries, "<a@x>") == (Held("1", 1), Held("2", 2))


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], False),
        ([f"{NOW.timestamp() - 3600}+0a1b"], False),
        ([f"{NOW.timestamp() - 3600}+0a1b", f"{NOW.timestamp() + 1}+0a1b"], True),
        (["something else"], True),
    ],
)
def test_only_what_was_shunted_since_we_gave_ours_may_be_ours(files: list[str], found: bool) -> None:
    assert came_since(files, NOW) is found
    assert not came_since(files, None)


def test_a_letter_is_given_in_ascii_without_what_would_let_it_by_or_lie_of_leaving() -> None:
    name = "<2026-001.u1@status.example.org>"
    headers = {"Approved": "s3cret", "List_Unsubscribe_Post": "List-Unsubscribe=One-Click", "X_Kept": "yes"}
    text = prepared(letter(name, "Els enllaços de Vic.\n", **headers), name)
    assert text.isascii()
    assert "X-Kept: yes" in text
    assert not any(word in text for word in ("Approved", "s3cret", "One-Click"))
    with pytest.raises(Permanent, match="another Message-ID"):
        prepared(letter("<other@status.example.org>"), name)


def test_every_difference_is_found_and_sent_as_mailman_reads_it() -> None:
    right = wanted(SITE, LIST)
    assert differences(right, right) == ()
    assert len(differences(right, {})) == len(right) - 1  # an older Mailman has no max_days_to_hold
    wrong = {**right, "emergency": True, "accept_these_nonmembers": ["^.*@example.com"], "subject_prefix": "[S] "}
    found = differences(right, wrong)
    assert {one.name for one in found} == {"emergency", "accept_these_nonmembers", "subject_prefix"}
    assert as_fields(found) == {"emergency": "False", "accept_these_nonmembers": "", "subject_prefix": ""}
    assert "emergency: true, must be false" in map(str, found)


def test_nobody_may_post_by_mail_and_who_leaves_is_heard() -> None:
    assert SETTINGS["default_member_action"] == SETTINGS["default_nonmember_action"] == "hold"
    assert SETTINGS["autorespond_postings"] == "respond_and_discard"
    assert SETTINGS["unsubscription_policy"] == "moderate"
    assert SETTINGS["autorespond_requests"] != "respond_and_discard"  # to leave is a request, too


def test_the_answer_has_the_page_in_each_language_and_no_address_of_a_person() -> None:
    text = str(wanted(SITE, LIST)["autoresponse_postings_text"])
    assert [line for line in text.splitlines() if line.startswith("https:")] == [
        "https://status.example.org/",
        "https://status.example.org/es/",
        "https://status.example.org/en/",
    ]
    assert "@" not in text
    assert "status-leave@lists.example.org" in str(wanted(SITE, LIST)["autoresponse_request_text"])
