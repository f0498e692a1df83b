"""Who outranks whom, and that what people declare does not hide what the signals say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.panel.state import Computed, Declared, Reason, Shown, State, show

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
        (Declared(), POOR, Shown(State.DEGRADED, DOWN)),
        (Declared(), SILENT, Shown(State.UNKNOWN, SILENT.reason)),
        # An incident speaks, and the reason of the signals stands beside it.
        (INCIDENT, POOR, Shown(State.PARTIAL, Reason("incident", {"ref": "2026-014", **ALSO}), disagreement=True)),
        (INCIDENT, WELL, Shown(State.PARTIAL, Reason("incident", {"ref": "2026-014"}), disagreement=True)),
        (INCIDENT, SILENT, Shown(State.PARTIAL, Reason("incident", {"ref": "2026-014"}))),
        # Of the same colour it is the incident's, and nobody disagrees.
        (
            INCIDENT,
            Computed(State.PARTIAL, DOWN),
            Shown(State.PARTIAL, Reason("incident", {"ref": "2026-014", **ALSO})),
        ),
        # The worse one is the colour.
        (
            INCIDENT,
            Computed(State.DISRUPTION, Reason("check", {"what": "down"})),
            Shown(State.DISRUPTION, Reason("check", {"what": "down"}), disagreement=True),
        ),
        (
            Declared(maintenance_ref="2026-002"),
            POOR,
            Shown(State.MAINTENANCE, Reason("maintenance", {"ref": "2026-002", **ALSO})),
        ),
        (
            Declared(maintenance_ref="2026-002"),
            SILENT,
            Shown(State.MAINTENANCE, Reason("maintenance", {"ref": "2026-002"})),
        ),
        (
            Declared(by_hand=State.OPERATIONAL, by_hand_until=NOW + timedelta(hours=1), incident=State.PARTIAL),
            POOR,
            Shown(State.OPERATIONAL, Reason("by_hand"), disagreement=True),
        ),
        (Declared(by_hand=State.OPERATIONAL, by_hand_until=NOW), POOR, Shown(State.DEGRADED, DOWN)),
    ],
)
def test_by_hand_then_incident_then_maintenance_then_unknown_then_the_signals(
    declared: Declared, computed: Computed, shown: Shown
) -> None:
    assert show(declared, computed, NOW) == shown
