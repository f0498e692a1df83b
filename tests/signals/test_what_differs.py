"""What a judgement changes of what is stored: whatever it is, it is written down, and what stands is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from talaia.panel.holds import Computed, Level, Unrest
from talaia.panel.models import Service
from talaia.panel.shown import Declared, ShownState
from talaia.panel.state import Reason, State
from talaia.signals.evaluate import EvaluatedService

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=1)
UNREST = Unrest(NOW)


def stored(**other: Any) -> Service:
    kept = {
        "slug": "web",
        "state": "degraded",
        "reason": {"code": "incident", "ref": "2026-001"},
        "said_since": NOW,
        "computed_state": "disruption",
        "computed_reason": {"code": "check"},
        "candidate_state": "partial",
        "candidate_since": NOW,
        "candidate_then": [["operational", NOW.isoformat()]],
        "unrest": UNREST.to_json(),
    }
    return Service(**(kept | other))


def judged(row: Service) -> EvaluatedService:
    """As `stored` has it."""
    better = (Level(State.OPERATIONAL, NOW),)
    computed = Computed(State.DISRUPTION, Reason("check"), State.PARTIAL, NOW, UNREST, better)
    shown = ShownState(State.DEGRADED, Reason("incident", {"ref": "2026-001"}), since=NOW)
    return EvaluatedService(row, cast(Any, None), cast(Any, None), computed, Declared(), shown)


def well(**other: Any) -> EvaluatedService:
    row = stored(**{"state": "operational", "computed_state": "operational"} | other)
    one = judged(row)
    return replace(
        one,
        computed=replace(one.computed, state=State.OPERATIONAL),
        shown=replace(one.shown, state=State.OPERATIONAL),
    )


def test_what_is_stored_as_it_is_judged_is_left_alone() -> None:
    assert not judged(stored()).differs
    bare = Computed(State.UNKNOWN, Reason())
    row = stored(
        state="unknown", reason={}, said_since=None, computed_state="unknown", computed_reason={}, candidate_state="",
        candidate_since=None, candidate_then=[], unrest={},
    )  # fmt: skip
    assert not replace(judged(row), computed=bare, shown=ShownState(State.UNKNOWN, Reason())).differs


@pytest.mark.parametrize(
    "other",
    [
        {"state": "partial"},
        {"reason": {"code": "incident", "ref": "2026-002"}},
        {"said_since": BEFORE},
        {"said_since": None},
        {"computed_state": "operational"},
        {"computed_reason": {"code": "alert"}},
        {"candidate_state": ""},
        {"candidate_since": BEFORE},
        {"candidate_then": []},
        {"unrest": {}},
        {"unrest": Unrest(NOW, NOW, good=True).to_json()},
    ],
    ids=str,
)
def test_whatever_of_it_has_changed_is_to_be_stored(other: dict[str, Any]) -> None:
    assert judged(stored(**other)).differs


def test_a_word_by_hand_that_is_over_is_to_be_taken_away() -> None:
    assert replace(judged(stored()), by_hand_is_over=True).differs


def test_trouble_is_forgotten_once_it_is_well_for_as_long_as_that_has_to_hold() -> None:
    assert not well().differs
    assert well(trouble_since=BEFORE).differs
    assert not replace(well(trouble_since=BEFORE), calm=False).differs
    assert not judged(stored(trouble_since=BEFORE)).differs
