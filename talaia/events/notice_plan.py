"""What is told of a maintenance, and when, pure: the notice plan, and the rule of how early it must be announced.

Nobody is written to from here: `due_notices` says what is due, and the notices' channel asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from talaia.events.timeline import MaintenanceState, NotPossible
from talaia.panel.state import State


class PlanNotice(StrEnum):
    """The notices that a plan may hold, in the order in which they go out."""

    WEEK = "7d"
    DAY = "24h"
    SOON = "30m"
    START = "start"
    END = "end"


ADVANCE = {
    PlanNotice.WEEK: timedelta(days=7),
    PlanNotice.DAY: timedelta(hours=24),
    PlanNotice.SOON: timedelta(minutes=30),
}
# What people must know of beforehand. Slower is not down: the operator may still choose to tell.
DISRUPTIVE = frozenset({State.PARTIAL, State.DISRUPTION, State.MAINTENANCE})


@dataclass(frozen=True)
class PlannedNotice:
    """A notice and its instant. `at` None: whenever a person says so. `skipped`: it had passed when it was planned.

    `at_once`: its hour had passed, too, and it goes in place of all whose hour had.
    """

    notice: PlanNotice
    at: datetime | None
    skipped: bool = False
    at_once: bool = False


def expects_disruption(levels: Iterable[State]) -> bool:
    return not DISRUPTIVE.isdisjoint(levels)


def default_notices(levels: Iterable[State]) -> tuple[PlanNotice, ...]:
    """All of them where a disruption is expected, else none: who is not touched need not be woken."""
    return tuple(PlanNotice) if expects_disruption(levels) else ()


def read_notices(codes: Iterable[str]) -> tuple[PlanNotice, ...]:
    """The notices of these codes, each once and in their order. Raises NotPossible for a code that is none."""
    wanted = set(codes)
    if unknown := sorted(wanted - set(PlanNotice)):
        what = _("“%(code)s” is no notice; there are %(codes)s")
        raise NotPossible(what % {"code": unknown[0], "codes": ", ".join(PlanNotice)})
    return tuple(notice for notice in PlanNotice if notice in wanted)


def lines(
    notices: Iterable[str],
    window: tuple[datetime, datetime],
    known_since: datetime,
    *,
    starts_itself: bool = True,
    ends_itself: bool = False,
) -> tuple[PlannedNotice, ...]:
    """What will be told when. `known_since`: when this window was announced.

    What was due before then is skipped, but for the last of it: that goes at once, so that people hear of short notice
    as early as they can. Nothing goes in advance of what has begun.
    """
    start, end = window
    wanted = read_notices(notices)
    passed = [notice for notice in wanted if notice in ADVANCE and start - ADVANCE[notice] < known_since]
    at_once = passed[-1] if passed and known_since < start else None
    found = []
    for notice in wanted:
        if notice is at_once:
            found.append(PlannedNotice(notice, known_since, at_once=True))
        elif notice in ADVANCE:
            at = start - ADVANCE[notice]
            found.append(PlannedNotice(notice, at, at < known_since))
        elif notice is PlanNotice.START:
            found.append(PlannedNotice(notice, start if starts_itself else None))
        else:
            found.append(PlannedNotice(notice, end if ends_itself else None))
    return tuple(found)


def as_it_went(
    planned: Iterable[PlannedNotice],
    state: MaintenanceState,
    began: datetime,
    ended: datetime | None,
    seen: bool = True,
) -> tuple[PlannedNotice, ...]:
    """The plan of what has begun, is over or was called off: when that was, and nothing that will not go any more.

    Work that begins before its hour tells of its beginning then, and nothing goes in advance of it after that. Nobody
    is told that work begins whose window passed while nobody looked (not `seen`), and of which it was said afterwards
    that it was done.
    """
    if state not in (MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED, MaintenanceState.CANCELLED):
        return tuple(planned)
    called_off = state == MaintenanceState.CANCELLED
    last = ended if called_off and ended else began
    found = []
    for one in planned:
        if one.notice in ADVANCE:
            if one.skipped or one.at is None or one.at < last:
                found.append(one)
        elif not called_off and (seen or one.notice is not PlanNotice.START):
            at = began if one.notice is PlanNotice.START else ended
            found.append(replace(one, at=at or one.at))
    return tuple(found)


def due_line(
    notices: Iterable[str], window: tuple[datetime, datetime], known_since: datetime, now: datetime
) -> PlannedNotice | None:
    """The latest of the advance notices whose hour has come, before the work begins."""
    if now >= window[0]:
        return None
    planned = lines(notices, window, known_since)
    come = [one for one in planned if one.notice in ADVANCE and not one.skipped and one.at and one.at <= now]
    return come[-1] if come else None


def due_notices(
    notices: Iterable[str],
    window: tuple[datetime, datetime],
    state: MaintenanceState,
    known_since: datetime,
    now: datetime,
) -> tuple[PlanNotice, ...]:
    """What must have been told by `now`, for whoever tells (once each: it is known by event, code and window).

    Before the work, the latest of the advance notices alone: after a downtime nobody is told "in a week" of what begins
    tonight. Nothing in advance once the work has begun, or its beginning has passed; nothing at all of what was called
    off, as that is told by its own fact.
    """
    wanted = read_notices(notices)
    match state:
        case MaintenanceState.SCHEDULED:
            come = due_line(wanted, window, known_since, now)
            return (come.notice,) if come else ()
        case MaintenanceState.IN_PROGRESS:
            return tuple(n for n in wanted if n is PlanNotice.START)
        case MaintenanceState.COMPLETED:
            return tuple(n for n in wanted if n in (PlanNotice.START, PlanNotice.END))
        case _:
            return ()


def warnings(
    notices: Sequence[str], levels: Iterable[State], start: datetime, known_since: datetime, minimum: timedelta
) -> tuple[str, ...]:
    """What is against the house's own rule; said, never refused: some work cannot wait. In the language in force."""
    if not expects_disruption(levels):
        return ()
    found = []
    early = start - known_since
    if early < minimum:
        words = {"early": spoken(early), "minimum": spoken(minimum)}
        if early <= timedelta(0):
            found.append(_("It is announced after it begins; our rule is %(minimum)s before.") % words)
        else:
            found.append(_("It is announced %(early)s before it begins; our rule is %(minimum)s.") % words)
    wanted = read_notices(notices)
    if not any(notice in ADVANCE for notice in wanted):
        found.append(_("A disruption is expected, and nobody is written to beforehand."))
    return tuple(found)


def notice_word(notice: PlanNotice) -> str:
    """The notice as people read it, in the language in force."""
    match notice:
        case PlanNotice.WEEK:
            return _("7 days before")
        case PlanNotice.DAY:
            return _("24 hours before")
        case PlanNotice.SOON:
            return _("30 minutes before")
        case PlanNotice.START:
            return _("when it begins")
        case PlanNotice.END:
            return _("when it is over")


def spoken(length: timedelta) -> str:
    """`6 d 4 h`, `45 min`: at most two units, cut."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (rest, "min")]
    return " ".join(f"{value}\xa0{unit}" for value, unit in parts if value) or "0\xa0min"
