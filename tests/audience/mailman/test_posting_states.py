"""What comes next for a letter, and how a list must be set: tables over pure code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from talaia.audience.mailman.expected_settings import SETTINGS, as_fields, differences, wanted
from talaia.audience.mailman.posting import prepared
from talaia.audience.mailman.posting_states import (
    GRACE,
    HeldMessage,
    PostingState,
    PostingStep,
    Progress,
    QueueView,
    came_since,
    held_of,
    next_step,
)
from talaia.config import SiteConfig, Text
from talaia.outbox.errors import PermanentError
from tests.audience.mailman.letters import letter

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
ONE, TWO = HeldMessage("2026-11-26T02:59:00", 1), HeldMessage("2026-11-26T02:59:30", 2)
AGAIN_ONE = HeldMessage("2026-11-26T02:59:40", 1)  # the same number, of another message
JUST, LONG_AGO = NOW - timedelta(seconds=5), NOW - GRACE
SITE = SiteConfig(name=Text((("", "Estat"),)), address="https://status.example.org")
LIST = "status@lists.example.org"


@pytest.mark.parametrize(
    ("progress", "seen", "step", "about"),
    [
        (Progress(), QueueView(), PostingStep.GIVE, None),
        (Progress(), QueueView(waiting=3), PostingStep.GIVE, None),  # those of others
        (Progress(), QueueView(held=(TWO, ONE)), PostingStep.ADOPT, ONE),  # given by a life that was killed
        (Progress(tried_at=JUST, tries=1), QueueView(), PostingStep.WAIT, None),  # Mailman has it in its hands
        (Progress(tried_at=JUST, tries=1), QueueView(shunted=True), PostingStep.WAIT, None),  # that may be another's
        (Progress(tried_at=LONG_AGO, tries=1), QueueView(waiting=1), PostingStep.WAIT, None),
        (Progress(tried_at=LONG_AGO, tries=1), QueueView(shunted=True), PostingStep.STUCK, None),
        (Progress(tried_at=LONG_AGO, tries=1), QueueView(), PostingStep.GIVE, None),
        (Progress(tried_at=LONG_AGO, tries=3), QueueView(), PostingStep.STUCK, None),
        (Progress(tried_at=JUST, tries=1), QueueView(held=(ONE,)), PostingStep.ADOPT, ONE),
        (Progress(PostingState.HELD, held=ONE), QueueView(held=(ONE, TWO)), PostingStep.ACCEPT, ONE),
        (Progress(PostingState.HELD, held=ONE), QueueView(), PostingStep.NOTE_SENT, None),
        (Progress(PostingState.HELD, held=ONE), QueueView(held=(TWO,)), PostingStep.NOTE_SENT, None),
        (Progress(PostingState.HELD, held=ONE), QueueView(held=(AGAIN_ONE,)), PostingStep.NOTE_SENT, None),
        (Progress(PostingState.SENT, held=ONE), QueueView(held=(AGAIN_ONE,)), PostingStep.THROW_AWAY, AGAIN_ONE),
        (Progress(PostingState.SENT, held=ONE), QueueView(), PostingStep.DONE, None),
    ],
)
def test_what_comes_next(progress: Progress, seen: QueueView, step: PostingStep, about: HeldMessage | None) -> None:
    assert next_step(progress, seen, NOW) == (step, about)


def test_nothing_is_given_nor_accepted_once_a_letter_is_out() -> None:
    for held, waiting, shunted, tries in product([(), (ONE,), (ONE, TWO)], [0, 1], [False, True], [0, 1, 3]):
        progress = Progress(PostingState.SENT, LONG_AGO, tries, ONE)
        step, _ = next_step(progress, QueueView(held, waiting, shunted), NOW)
        assert step in (PostingStep.DONE, PostingStep.THROW_AWAY)
        # Of one that is held, only what was written down is accepted, and nothing is given again.
        step, about = next_step(replace(progress, state=PostingState.HELD), QueueView(held, waiting, shunted), NOW)
        assert (step, about) in ((PostingStep.ACCEPT, ONE), (PostingStep.NOTE_SENT, None))


def test_a_held_message_is_ours_by_its_message_id_with_or_without_brackets() -> None:
    entries = (
        {"request_id": 1, "message_id": "<a@x>", "hold_date": "1"},
        {"request_id": 2, "message_id": "a@x", "hold_date": "2"},
        {"request_id": 3, "message_id": "<b@x>", "hold_date": "3"},
    )
    assert held_of(entries, "<a@x>") == (HeldMessage("1", 1), HeldMessage("2", 2))


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
    with pytest.raises(PermanentError, match="another Message-ID"):
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
