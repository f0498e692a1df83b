"""What may follow what in a timeline, pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _


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


BEGUN = frozenset({MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED})
ENDED = frozenset({IncidentState.RESOLVED, MaintenanceState.COMPLETED, MaintenanceState.CANCELLED})


def incident_word(state: IncidentState) -> str:
    """The state as people read it, in the language in force."""
    match state:
        case IncidentState.INVESTIGATING:
            return _("Investigating")
        case IncidentState.IDENTIFIED:
            return _("Identified")
        case IncidentState.MONITORING:
            return _("Monitoring")
        case IncidentState.RESOLVED:
            return _("Resolved")


def maintenance_word(state: MaintenanceState) -> str:
    """The state as people read it, in the language in force."""
    match state:
        case MaintenanceState.SCHEDULED:
            return _("Scheduled")
        case MaintenanceState.IN_PROGRESS:
            return _("In progress")
        case MaintenanceState.COMPLETED:
            return _("Completed")
        case MaintenanceState.CANCELLED:
            return _("Cancelled")


# A maintenance goes one way; an incident may turn back (a cause that was none, a relapse after "resolved").
MAINTENANCE_STEPS = {
    MaintenanceState.SCHEDULED: {
        MaintenanceState.SCHEDULED,
        MaintenanceState.IN_PROGRESS,
        MaintenanceState.COMPLETED,  # once its window has passed: somebody says afterwards that it was done
        MaintenanceState.CANCELLED,
    },
    MaintenanceState.IN_PROGRESS: {MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED},
    MaintenanceState.COMPLETED: {MaintenanceState.COMPLETED},
    MaintenanceState.CANCELLED: {MaintenanceState.CANCELLED},
}


# So far the clock of whoever writes may differ from that of whoever wrote before.
TOLERANCE = timedelta(minutes=5)


class NotPossible(Exception):
    """An action that the timeline does not allow; the message says what is possible instead."""


class IsOver(NotPossible):
    """An open incident cannot become part of one that is over, unless that one is opened again."""


class Overtaken(NotPossible):
    """Somebody else has written since this writer last looked: show both, and let the person decide."""


def next_incident_state(before: IncidentState, wanted: IncidentState) -> IncidentState:
    """Any state may follow any other; an update to a resolved incident that says otherwise reopens it."""
    if before is IncidentState.RESOLVED and wanted is IncidentState.RESOLVED:
        return IncidentState.RESOLVED  # a postscript
    return wanted


def next_maintenance_state(before: MaintenanceState, wanted: MaintenanceState) -> MaintenanceState:
    if wanted not in MAINTENANCE_STEPS[before]:
        raise NotPossible(
            _("this maintenance is “%(before)s” and cannot become “%(wanted)s”")
            % {"before": maintenance_word(before), "wanted": maintenance_word(wanted)}
        )
    return wanted


def next_number(taken: Iterable[int]) -> int:
    """Numbers grow and are never given twice."""
    return max(taken, default=0) + 1


def reference_year(started_at: datetime, zone: ZoneInfo) -> int:
    """The year in the reference is the one people lived in when it began."""
    return started_at.astimezone(zone).year


def parse_reference(ref: str) -> tuple[int, int]:
    """`2026-003` → (2026, 3). Raises NotPossible."""
    year, number = ref.partition("-")[::2]
    if not (ref.isascii() and year.isdigit() and number.isdigit() and len(year) == 4 and len(number) <= 6):
        raise NotPossible(_("“%(ref)s” is no reference; write it as 2026-003") % {"ref": ref})
    return int(year), int(number)


def entry_time(
    at: datetime | None, now: datetime, began: datetime | None = None, latest: datetime | None = None
) -> datetime:
    """When an entry was written. `began`, `latest`: of its event, and of the entry before it.

    Without `at` it is now, and entries stand in the order in which they arrive: never before what is there, whatever
    this clock says. An `at` that differs by no more than two clocks do is taken for what can be. Raises NotPossible.
    """
    there = [moment for moment in (began, latest) if moment is not None]
    if at is None:
        return max([now, *there])
    if now < at <= now + TOLERANCE:
        at = now
    if began is not None and began - TOLERANCE <= at < began:
        at = began
    if latest is not None and latest - TOLERANCE <= at < latest:
        return latest
    check_time(at, began, max([now, *there]))
    return at


def check_time(at: datetime, began: datetime | None, now: datetime) -> None:
    """Raises NotPossible for an entry of the future, and for one from before its incident began."""
    if at > now:
        raise NotPossible(_("that time has not come yet"))
    if began is not None and at < began:
        raise NotPossible(_("that is before the incident began"))


def check_beginning(began: datetime, first_entry: datetime | None, ended: datetime | None, now: datetime) -> None:
    """Raises NotPossible for a beginning of the future, after its end, or after what was already told of it."""
    check_time(began, None, now)
    if ended is not None and began > ended:
        raise NotPossible(_("it cannot begin after it ended"))
    if first_entry is not None and began > first_entry:
        raise NotPossible(_("it cannot begin after its first entry"))


def check_end(ended: datetime, began: datetime, now: datetime) -> None:
    """Raises NotPossible for an end of the future, and for one from before the beginning."""
    check_time(ended, None, now)
    if ended < began:
        raise NotPossible(_("it cannot end before it began"))


class Said(Protocol):
    """An entry of a timeline."""

    @property
    def state(self) -> str: ...
    @property
    def at(self) -> datetime: ...


def over_at(state: str, ended_at: datetime | None, entries: Iterable[Said]) -> datetime | None:
    """When it was over, as people are told. Of work that was called off, when that was said.

    (The row of such work ends no earlier than it was to begin, which may lie ahead.)
    """
    if state != MaintenanceState.CANCELLED:
        return ended_at
    return next((entry.at for entry in entries if entry.state == state), ended_at)


def check_merge(
    ref: str, into: str, merged_into: str | None, into_merged: str | None, *, is_open: bool, into_open: bool
) -> None:
    """Raises NotPossible unless `ref` may become a duplicate of `into`, and IsOver where it may if `into` is reopened.

    `merged_into`, `into_merged`: what each is a duplicate of.
    """
    if ref == into:
        raise NotPossible(_("an incident is no duplicate of itself"))
    if merged_into is not None:
        raise NotPossible(
            _("%(ref)s is a duplicate of %(into)s already; open it again first") % {"ref": ref, "into": merged_into}
        )
    if into_merged is not None:
        what = _("%(into)s is itself a duplicate of %(other)s; choose that one")
        raise NotPossible(what % {"into": into, "other": into_merged})
    if is_open and not into_open:
        what = _("%(into)s is over, and %(ref)s is not; open %(into)s again with it, or choose another")
        raise IsOver(what % {"into": into, "ref": ref})


def mark(last: int, titles: Mapping[str, str], impacts: Mapping[str, str], more: object = None) -> str:
    """What a writer saw of an event: `<number of its last entry>-<digest of what stands above the timeline>`.

    A form carries it; when it differs from what is there at the time of writing, somebody else was quicker.
    """
    return f"{last}-{fingerprint([dict(titles), dict(impacts), more])}"


def last_seen(seen: str) -> int:
    """The number of the last entry in a mark; 0 when it is none."""
    number = seen.partition("-")[0]
    return int(number) if number.isdecimal() and number.isascii() and len(number) <= 6 else 0


def fingerprint(words: object) -> str:
    """Twelve hexadecimal digits that differ when `words` (JSON kinds) differ."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()[:12]
