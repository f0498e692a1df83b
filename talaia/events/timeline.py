"""What may follow what in a timeline, pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class IncidentState(StrEnum):
    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class MaintenanceState(StrEnum):
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


ENDED = frozenset({IncidentState.RESOLVED, MaintenanceState.COMPLETED, MaintenanceState.CANCELLED})

# A maintenance goes one way; an incident may turn back (a cause that was none, a relapse after "resolved").
MAINTENANCE_STEPS = {
    MaintenanceState.SCHEDULED: {
        MaintenanceState.SCHEDULED,
        MaintenanceState.IN_PROGRESS,
        MaintenanceState.CANCELLED,
    },
    MaintenanceState.IN_PROGRESS: {MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED},
    MaintenanceState.COMPLETED: {MaintenanceState.COMPLETED},
    MaintenanceState.CANCELLED: {MaintenanceState.CANCELLED},
}


class NotPossible(Exception):
    """An action that the timeline does not allow; the message says what is possible instead."""


def next_incident_state(before: IncidentState, wanted: IncidentState) -> IncidentState:
    """Any state may follow any other; an update to a resolved incident that says otherwise reopens it."""
    if before is IncidentState.RESOLVED and wanted is IncidentState.RESOLVED:
        return IncidentState.RESOLVED  # a postscript
    return wanted


def next_maintenance_state(before: MaintenanceState, wanted: MaintenanceState) -> MaintenanceState:
    if wanted not in MAINTENANCE_STEPS[before]:
        allowed = ", ".join(sorted(MAINTENANCE_STEPS[before]))
        raise NotPossible(f"a maintenance that is {before} cannot become {wanted}; possible: {allowed}")
    return wanted


def next_number(taken: Iterable[int]) -> int:
    """Numbers grow and are never given twice."""
    return max(taken, default=0) + 1


def reference_year(started_at: datetime, zone: ZoneInfo) -> int:
    """The year in the reference is the one people lived in when it began."""
    return started_at.astimezone(zone).year


def parse_reference(ref: str) -> tuple[int, int]:
    """`2026-003` → (2026, 3). Raises NotPossible."""
    year, _, number = ref.partition("-")
    if not (year.isdigit() and number.isdigit() and len(year) == 4):
        raise NotPossible(f"{ref!r} is no reference; write it as 2026-003")
    return int(year), int(number)
