"""What is said of a signal is written where it is anything new, and only there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.signals.dedup import RESEND, begins_again, differs, turns
from talaia.signals.models import Signal

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
ON: dict[str, Any] = {
    "labels": {"alertname": "Web"},
    "annotations": {"summary": "3 of 9", "talaia_impact": "partial"},
    "state": Signal.FIRING,
    "via": "poll",
    "starts_at": NOW,
    "ends_at": None,
}
OVER = {**ON, "state": Signal.RESOLVED, "ends_at": NOW}


@pytest.mark.parametrize(
    ("what", "before", "said", "told_end", "new"),
    [
        ("it goes on as it was", ON, {}, None, False),
        ("its words are others", ON, {"annotations": {"summary": "4 of 9"}}, None, True),
        ("a person has silenced it", ON, {"state": Signal.SUPPRESSED}, None, True),
        ("it is over", ON, {"state": Signal.RESOLVED, "ends_at": NOW}, NOW, True),
        ("a hook tells what was asked before", ON, {"via": "webhook"}, None, True),
        ("what a hook told is asked", {**ON, "via": "webhook"}, {"via": "poll"}, None, False),
        ("a hook tells it again", {**ON, "via": "webhook"}, {"via": "webhook"}, None, False),
        ("now it is known until when it is true", ON, {"ends_at": NOW}, NOW, True),
        ("that is known no more", {**ON, "ends_at": NOW}, {"ends_at": None}, None, True),
        ("it is true a repetition longer", {**ON, "ends_at": NOW}, {"ends_at": NOW + RESEND}, NOW, False),
        ("it is true for longer than that", {**ON, "ends_at": NOW}, {"ends_at": NOW + RESEND + SECOND}, NOW, True),
        ("it is true for less", {**ON, "ends_at": NOW}, {"ends_at": NOW - RESEND - SECOND}, NOW, True),
        ("it is over as before", OVER, {}, NOW, False),
        ("it was over later", OVER, {"ends_at": NOW + SECOND}, NOW + SECOND, True),
        ("it was over earlier", OVER, {"ends_at": NOW - SECOND}, NOW - SECOND, False),
        ("it is over, nobody says since when", OVER, {"ends_at": NOW + SECOND}, None, False),
        ("for the first time it is said since when", {**OVER, "ends_at": None}, {"ends_at": NOW}, NOW, True),
    ],
)
def test_only_what_is_new_is_written(
    what: str, before: dict[str, Any], said: dict[str, Any], told_end: datetime | None, new: bool
) -> None:
    assert differs(Signal(**before), {**before, **said}, told_end) is new, what


@pytest.mark.parametrize(
    ("what", "before", "said", "told_start", "again"),
    [
        ("it began later than is known", ON, {"starts_at": NOW + SECOND}, NOW + SECOND, True),
        ("it began when it is known to have begun", ON, {}, NOW, False),
        ("nobody says when", ON, {"starts_at": NOW + MINUTE}, None, False),
        ("that was known already", {**ON, "again_at": NOW + MINUTE}, {"starts_at": NOW + MINUTE}, NOW + MINUTE, False),
        ("it is over", ON, {"state": Signal.RESOLVED, "starts_at": NOW + MINUTE}, NOW + MINUTE, False),
        ("it was over", OVER, {"state": Signal.FIRING, "starts_at": NOW + MINUTE}, NOW + MINUTE, False),
    ],
)
def test_what_fires_begins_again_where_it_is_told_to_have_begun_later(
    what: str, before: dict[str, Any], said: dict[str, Any], told_start: datetime | None, again: bool
) -> None:
    assert begins_again(Signal(**before), {**before, **said}, told_start) is again, what


@pytest.mark.parametrize(
    ("what", "said", "turned"),
    [
        ("the same", {}, False),
        ("another number in its words", {"annotations": {"summary": "4 of 9", "talaia_impact": "partial"}}, False),
        ("another impact", {"annotations": {"summary": "3 of 9", "talaia_impact": "disruption"}}, True),
        ("another state", {"state": Signal.SUPPRESSED}, True),
        ("other labels", {"labels": {"alertname": "Web", "severity": "critical"}}, True),
    ],
)
def test_it_turns_where_it_says_something_else_and_not_only_another_number(
    what: str, said: dict[str, Any], turned: bool
) -> None:
    assert turns(Signal(**ON), {**ON, **said}) is turned, what
