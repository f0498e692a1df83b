"""Who outranks whom, and that what people declare does not hide what the signals say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from talaia.panel.holds import Computed
from talaia.panel.shown import Declared, ShownState, show
from talaia.panel.state import Reason, State, worst

NOW = datetime(2026, 5, 4, 3, 12, tzinfo=UTC)
DOWN = Reason("connections_down", {"down": 2, "of": 9})
WELL = Computed(State.OPERATIONAL)
POOR = Computed(State.DEGRADED, DOWN)
SILENT = Computed(State.UNKNOWN, Reason("source_silent", {"since": NOW.isoformat()}))
INCIDENT = Declared(incident=State.PARTIAL, incident_ref="2026-014")
ALSO = {"also": {"code": "connections_down", "down": 2, "of": 9}}


@pytest.mark.parametrize(
    ("declared", "computed", "shown"),
    [
        (Declared(), POOR, ShownState(State.DEGRADED, DOWN)),
        (Declared(), SILENT, ShownState(State.UNKNOWN, SILENT.reason)),
        # An incident speaks, and the reason of the signals stands beside it.
        (INCIDENT, POOR, ShownState(State.PARTIAL, Reason("incident", {"ref": "2026-014", **ALSO}), disagreement=True)),
        (INCIDENT, WELL, ShownState(State.PARTIAL, Reason("incident", {"ref": "2026-014"}), disagreement=True)),
        (INCIDENT, SILENT, ShownState(State.PARTIAL, Reason("incident", {"ref": "2026-014"}))),
        # Of the same colour it is the incident's, and nobody disagrees.
        (
            INCIDENT,
            Computed(State.PARTIAL, DOWN),
            ShownState(State.PARTIAL, Reason("incident", {"ref": "2026-014", **ALSO})),
        ),
        # The worse one is the colour.
        (
            INCIDENT,
            Computed(State.DISRUPTION, Reason("check", {"what": "down"})),
            ShownState(
                State.DISRUPTION,
                Reason("check", {"what": "down", "also": {"code": "incident", "ref": "2026-014"}}),
                disagreement=True,
            ),
        ),
        # What is worse than announced shows as what it is, with both reasons.
        (
            Declared(maintenance_ref="2026-002", announced=State.OPERATIONAL),
            POOR,
            ShownState(
                State.DEGRADED,
                Reason(
                    "connections_down", {"down": 2, "of": 9, "also": {"code": "beyond_maintenance", "ref": "2026-002"}}
                ),
                disagreement=True,
            ),
        ),
        (
            Declared(maintenance_ref="2026-002"),
            POOR,
            ShownState(State.MAINTENANCE, Reason("maintenance", {"ref": "2026-002", **ALSO})),
        ),
        (
            Declared(maintenance_ref="2026-002"),
            SILENT,
            ShownState(State.MAINTENANCE, Reason("maintenance", {"ref": "2026-002"})),
        ),
        (
            Declared(by_hand=State.OPERATIONAL, by_hand_until=NOW + timedelta(hours=1), incident=State.PARTIAL),
            POOR,
            ShownState(State.OPERATIONAL, Reason("by_hand"), disagreement=True),
        ),
        (Declared(by_hand=State.OPERATIONAL, by_hand_until=NOW), POOR, ShownState(State.DEGRADED, DOWN)),
    ],
)
def test_by_hand_then_incident_then_maintenance_then_unknown_then_the_signals(
    declared: Declared, computed: Computed, shown: ShownState
) -> None:
    assert show(declared, computed, NOW) == shown


TROUBLE = [State.DEGRADED, State.PARTIAL, State.DISRUPTION]  # from the lightest to the heaviest
UNTIL = {"holds": NOW + timedelta(seconds=1), "for ever": None, "is over": NOW}


def every() -> Iterator[tuple[Declared, Computed]]:
    """All that can be declared of a service, with all that the signals can say."""
    by_hand = [(None, None), *((state, until) for state in State for until in UNTIL.values())]
    for said, until in by_hand:
        for incident in (None, *State):
            for announced in (None, *State):
                for computed in State:
                    declared = Declared(
                        by_hand=said,
                        by_hand_until=until,
                        incident=incident,
                        incident_ref="2026-014" if incident else "",
                        maintenance_ref="2026-002" if announced else "",
                        announced=announced or State.MAINTENANCE,
                    )
                    yield declared, Computed(computed, Reason("alert", {"count": 1}))


def test_everything_that_can_be_declared_with_everything_that_the_signals_can_say() -> None:
    """The rule once more, in another form: who speaks first, and what each of them may hide."""
    seen = 0
    for declared, computed in every():
        found = show(declared, computed, NOW)
        failing = computed.state in TROUBLE
        codes = {found.reason.code, found.reason.values.get("also", {}).get("code")} - {None}
        place = (declared, computed)
        allowed = {
            State.MAINTENANCE: TROUBLE,  # it stops: nothing is worse than that
            State.DISRUPTION: TROUBLE,
            State.PARTIAL: TROUBLE[:2],
            State.DEGRADED: TROUBLE[:1],
        }.get(declared.announced, [])
        if declared.by_hand and declared.by_hand_until != NOW:
            assert (found.state, codes) == (declared.by_hand, {"by_hand"}), place
        elif declared.incident in TROUBLE:
            counts = failing and not (declared.maintenance_ref and computed.state in allowed)
            expected = max(TROUBLE.index(declared.incident), TROUBLE.index(computed.state) if counts else 0)
            assert found.state is TROUBLE[expected], place
            assert codes == ({"incident", "alert"} if failing else {"incident"}), place
        elif declared.maintenance_ref:
            hidden = not failing or computed.state in allowed
            assert found.state is (State.MAINTENANCE if hidden else computed.state), place
            assert codes == {"maintenance" if hidden else "beyond_maintenance", *(["alert"] if failing else [])}, place
        else:
            assert (found.state, found.reason) == (computed.state, computed.reason), place
        assert (
            found.state is not State.MAINTENANCE
            or State.MAINTENANCE in (declared.by_hand, computed.state)
            or (declared.maintenance_ref)
        ), place
        seen += 1
    assert seen == 19 * 7 * 7 * 6


def test_of_several_states_the_one_of_which_a_reader_must_know_first_is_the_worst() -> None:
    order = [
        State.OPERATIONAL,
        State.MAINTENANCE,
        State.UNKNOWN,  # planned work is known of, and silence hides anything
        *TROUBLE,
    ]
    for place, state in enumerate(order):
        assert worst(reversed(order[: place + 1])) is worst(order[: place + 1]) is state
    assert worst([]) is State.OPERATIONAL


@pytest.mark.parametrize("reason", [Reason(), DOWN, Reason("", {"filled": True}), Reason("never_measured")])
def test_a_reason_is_the_same_after_it_was_stored(reason: Reason) -> None:
    assert Reason.from_json(reason.to_json()) == reason


def test_what_nobody_set_by_hand_does_not_hold() -> None:
    assert not Declared().holds_by_hand(NOW)
    assert not Declared(by_hand_until=NOW + timedelta(hours=1)).holds_by_hand(NOW)


@pytest.mark.parametrize(
    ("announced", "covered"),
    [
        (State.MAINTENANCE, [State.DEGRADED, State.PARTIAL, State.DISRUPTION]),
        (State.PARTIAL, [State.DEGRADED, State.PARTIAL]),
        (State.OPERATIONAL, []),
    ],
)
def test_a_maintenance_covers_the_trouble_that_it_announced_and_nothing_else(
    announced: State, covered: list[State]
) -> None:
    work = Declared(maintenance_ref="2026-004", announced=announced)
    assert [state for state in State if work.covers(state)] == [state for state in State if state in covered]
    assert not any(Declared(announced=announced).covers(state) for state in State)
