"""What a person may say of a service in place of the signals: every limit, from both sides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from talaia.errors import UserError
from talaia.panel.override import LONGEST, LONGEST_WORDS, check_by_hand
from talaia.panel.state import State

NOW = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
WHY = {"ca": "A la seu no hi ha llum"}


@pytest.mark.parametrize("state", [state for state in State if state is not State.MAINTENANCE])
@pytest.mark.parametrize("length", [SECOND, HOUR, timedelta(days=31)])
def test_whatever_the_service_is_may_be_said_for_a_month(state: State, length: timedelta) -> None:
    check_by_hand(state, NOW + length, WHY, NOW)
    check_by_hand(state, NOW + length, {"ca": "a" * 140, "es": "b"}, NOW)


@pytest.mark.parametrize(
    ("state", "length", "why", "said"),
    [
        (State.MAINTENANCE, HOUR, WHY, "plan it"),
        (State.DEGRADED, timedelta(0), WHY, "that time has passed"),
        (State.DEGRADED, -HOUR, WHY, "that time has passed"),
        (State.DEGRADED, timedelta(days=31) + SECOND, WHY, "at most 31 days"),
        (State.DEGRADED, HOUR, {}, "say why"),
        (State.DEGRADED, HOUR, {"ca": " "}, "say why"),
        (State.DEGRADED, HOUR, {"ca": "Llum", "es": ""}, "say why"),
        (State.DEGRADED, HOUR, {"ca": "a" * 141}, "at most 140 characters"),
        (State.DEGRADED, HOUR, {"ca": "Llum", "es": "a\nb"}, "one line"),
    ],
)
def test_what_would_hold_too_long_or_say_nothing_is_refused(
    state: State, length: timedelta, why: dict[str, str], said: str
) -> None:
    with translation.override("en"), pytest.raises(UserError, match=said):
        check_by_hand(state, NOW + length, why, NOW)
    assert (timedelta(days=31), 140) == (LONGEST, LONGEST_WORDS)
