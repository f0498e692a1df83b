"""Which notice follows from how an event stands, pure: from the rows as they are now, never from what was ordered once.

Asked after every change and at the hours of a plan; the same question gets the same answer, and a notice is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from talaia.events import notice_plan
from talaia.events.notice_scope import NoticeScope
from talaia.events.timeline import ENDED, MaintenanceState
from talaia.notices.values import EVERYBODY, LAST_WORDS, Kind, Reach, Segment
from talaia.outbox.monotonic import over
from talaia.panel.state import WEIGHT, State

Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class UntoldChange:
    """A problem that people were about to be told of when its incident `ref` became part of another one.

    `asked`: a person had said that it goes.
    """

    ref: str
    reach: Reach
    asked: bool = False


@dataclass(frozen=True)
class EventStatus:
    """How an event stands. `entry`: its last one; `known_since`: when its window was announced; `codes`: its plan."""

    event: str
    state: str
    levels: tuple[State, ...]
    entry: int
    known_since: datetime
    window: Window | None = None
    codes: tuple[str, ...] = ()
    quiet: bool = False  # it began with "tell nobody", and nobody has said otherwise
    secret: bool = False  # waits for a second person, or is part of another event: nobody outside knows of it
    reach: Reach = EVERYBODY  # whom it concerns
    unsaid: tuple[UntoldChange, ...] = ()


@dataclass(frozen=True)
class PastNotice:
    """A notice that there was. `told_at`: when it began to be sent; None: it went to nobody.

    `about`: the references of the incidents of which it speaks, as far as they are part of this event; "": this event.
    """

    kind: Kind
    cause: str
    told_at: datetime | None = None
    entry: int = 0
    window: Window | None = None
    about: tuple[str, ...] = ("",)
    reaches: tuple[Reach, ...] = (EVERYBODY,)


@dataclass(frozen=True)
class Rules:
    """`[mail]`, as far as it decides what goes. `least`: the least impact of which people are told by mail."""

    least: State = State.PARTIAL
    updates: bool = False
    cap: int = 6


@dataclass(frozen=True)
class DueNotice:
    """The notice that is due. `cause` names it among those of its kind; `withheld`: why it does not go by itself."""

    kind: Kind
    cause: str
    withheld: str = ""


# Why a notice does not go by itself; a person may send it all the same.
NO_DISRUPTION, UPDATES_OFF, NOBODY_TOLD, CAP, ASKED = "no_disruption", "updates_off", "nobody_told", "cap", "asked"
OVERTAKEN, MERGED = "overtaken", "merged"


def disrupts(levels: Iterable[State], least: State) -> bool:
    """Whether people will notice. `maintenance` as a level says that the service is away meanwhile."""
    return any(level is State.MAINTENANCE or WEIGHT[level] >= WEIGHT[least] for level in levels)


def decide(
    stand: EventStatus, past: Sequence[PastNotice], rules: Rules, now: datetime, tell: bool | None = None
) -> DueNotice | None:
    """The notice that follows now, or None. `past` in its order; `tell`: what the operator chose, None: the default."""
    if stand.secret:
        return None
    told = [notice for notice in past if notice.told_at]
    wanted = _of_work(stand, past, told, rules, now) if stand.window else _of_incident(stand, told, rules)
    if wanted is None or any((one.kind, one.cause) == (wanted.kind, wanted.cause) for one in past):
        return None
    own = any("" in one.about for one in told)
    if (
        tell is None
        and stand.quiet
        and not own
        and not stand.unsaid
        and (wanted.kind not in LAST_WORDS or wanted.withheld)
    ):
        tell = False  # the end of what became part of it is told all the same
    if tell is not None:
        return DueNotice(wanted.kind, wanted.cause, "" if tell else ASKED)
    hour = [one for one in told if one.told_at and not over(one.told_at, now, timedelta(hours=1))]
    if not wanted.withheld and wanted.kind not in LAST_WORDS and len(hour) >= rules.cap:
        return DueNotice(wanted.kind, wanted.cause, CAP)
    return wanted


def looks(stand: EventStatus) -> list[datetime]:
    """When to ask again although nothing happened: the hours of the plan."""
    if stand.window is None or stand.state != MaintenanceState.SCHEDULED:
        return []
    planned = notice_plan.lines(stand.codes, stand.window, stand.known_since)
    hours = [line for line in planned if line.notice in notice_plan.ADVANCE and not line.skipped and not line.at_once]
    return [line.at for line in hours if line.at]


def whom(only_behind: Sequence[str] | None, services: Iterable[str], found: NoticeScope | None) -> Segment | None:
    """Whom a notice goes to besides those who were told before, None for everybody.

    `only_behind`: what the operator chose (`events.models`); `found`: who that was at that time, None: not resolved
    yet. (Last words go to nobody else than to those who were told before: `notices.rows.keys_told`.)
    """
    if only_behind is None or (found and found.everybody):
        return None
    if found is None:
        return Segment(connections=tuple(only_behind)) if only_behind else Segment(tuple(services))
    return Segment(found.services, tuple(only_behind), True, found.connections, found.areas)


def wider(ways: Sequence[Segment | None]) -> Segment | None:
    """Whom one of several ways leads to. None: everybody."""
    known = [way for way in ways if way is not None]
    if len(known) < len(ways):
        return None
    if len(set(known)) == 1:
        return known[0]
    names = ("services", "connections", "names", "areas")
    all_of = {name: tuple(dict.fromkeys(one for way in known for one in getattr(way, name))) for name in names}
    return Segment(found=all(way.found for way in known), **all_of)


def revision(hours: Sequence[Window | None], kind: Kind) -> int:
    """How often the hours were others than people had been told before, this time included, or it was called off.

    SEQUENCE of the calendar (RFC 5546 §2.1.4): a program follows other hours only where it has grown.
    """
    told = [one and tuple(at.replace(second=0, microsecond=0) for at in one) for one in hours]  # as mails say them
    return sum(before != after for before, after in pairwise(told)) + (kind is Kind.CANCELLED)


def waiting(told: Iterable[PastNotice]) -> set[str]:
    """Of what people were told that there is a problem, and not yet how it ended: references, "" for the event itself.

    `told` in its order. What is part of another incident is asked for together with it.
    """
    last = {ref: one.kind for one in told if one.kind in (Kind.PROBLEM, Kind.RESOLVED) for ref in one.about}
    return {ref for ref, kind in last.items() if kind is Kind.PROBLEM}


def covered(wanted: Reach, told: Iterable[Reach]) -> bool:
    """Whether all whom `wanted` concerns are among those who were told."""
    there = list(told)
    for slug in wanted.services:
        ways = [one.behind for one in there if not one.services or slug in one.services]
        if not ways or not _leads_on(wanted.behind, ways):
            return False
    return bool(wanted.services) or _leads_on(wanted.behind, [one.behind for one in there])


def _leads_on(way: Segment | None, ways: Sequence[Segment | None]) -> bool:
    """Whether whoever is reached by `way` is by one of `ways`."""
    if None in ways or way is None:
        return None in ways
    return bool(ways) and wider([*ways, way]) == wider(ways)


def _of_incident(stand: EventStatus, told: Sequence[PastNotice], rules: Rules) -> DueNotice | None:
    open_ends = waiting(told)
    cause = f"u{stand.entry}"
    if stand.state in ENDED:
        if open_ends:  # also of what has become part of it after its own end was told
            return DueNotice(Kind.RESOLVED, cause if "" in open_ends else f"{cause} {min(open_ends)}")
        spoken = any(one.kind in (Kind.PROBLEM, Kind.RESOLVED) for one in told)
        return DueNotice(Kind.UPDATE, cause, UPDATES_OFF) if spoken else DueNotice(Kind.RESOLVED, cause, NOBODY_TOLD)
    heard = [reach for one in told if open_ends.intersection(one.about) for reach in one.reaches]
    unsaid = [one for one in stand.unsaid if not covered(one.reach, heard)]
    taken_on = f"{cause} {unsaid[0].ref}" if unsaid else cause  # else what was chosen of this event would hold it up
    disrupting = disrupts(stand.levels, rules.least) or any(one.asked for one in unsaid)
    if not open_ends or ("" not in open_ends and disrupting and not covered(stand.reach, heard)):
        return DueNotice(Kind.PROBLEM, taken_on, "" if disrupting else NO_DISRUPTION)
    if unsaid:
        return DueNotice(Kind.UPDATE, taken_on)
    if stand.entry <= max(one.entry for one in told):
        return None
    return DueNotice(Kind.UPDATE, cause, "" if rules.updates else UPDATES_OFF)


def _of_work(
    stand: EventStatus, past: Sequence[PastNotice], told: Sequence[PastNotice], rules: Rules, now: datetime
) -> DueNotice | None:
    """The codes are what an operator has chosen, so they are told whatever the level that is expected."""
    window = stand.window
    assert window is not None
    around = "/".join(f"{end:%Y%m%dT%H%MZ}" for end in window)
    state = MaintenanceState(stand.state)
    due = notice_plan.due_notices(stand.codes, window, state, stand.known_since, now)
    changed, silent = _of_its_hours(around, window, past, told)
    match state:
        case MaintenanceState.CANCELLED:
            return DueNotice(Kind.CANCELLED, "", "" if told else NOBODY_TOLD)
        case MaintenanceState.COMPLETED:
            return DueNotice(Kind.END, "", "" if told else NOBODY_TOLD) if notice_plan.PlanNotice.END in due else None
        case MaintenanceState.IN_PROGRESS:
            if notice_plan.PlanNotice.START in due and Kind.START not in {one.kind for one in past}:
                return DueNotice(Kind.START, "")
            return changed or _more(stand, [*told, *silent], rules)
    if changed:
        return changed
    # Nobody was to hear that it was moved; of the new hours they hear as of any others, and of later entries.
    come = notice_plan.due_line(stand.codes, window, stand.known_since, now)
    if come is None or come.at is None or (told and come.at_once):
        return _more(stand, [*told, *silent], rules)
    if any(one.told_at and one.told_at >= come.at for one in told):
        return _more(stand, [*told, *silent], rules)
    return DueNotice(Kind.REMINDER if told else Kind.ADVANCE, f"{come.notice} {around}")


def _of_its_hours(
    around: str, window: Window, past: Sequence[PastNotice], told: Sequence[PastNotice]
) -> tuple[DueNotice | None, list[PastNotice]]:
    """That it has other hours than people were told last; and, where nobody was to hear of that, what was not sent."""
    last = next((one for one in reversed(told) if one.window), None)
    if last is None or last.window == window:
        return None, []
    moves = [one for one in past if one.kind is Kind.CHANGED and one.cause.partition(" ")[0] == around]
    if silent := [one for one in moves if not one.told_at and one.entry >= last.entry]:
        return None, silent
    # Numbered where it was moved to these hours before, and away from them since.
    return DueNotice(Kind.CHANGED, f"{around} {len(moves) + 1}" if moves else around), []


def _more(stand: EventStatus, told: Sequence[PastNotice], rules: Rules) -> DueNotice | None:
    """A new entry, for who was told of the work before."""
    if not told or stand.entry <= max(one.entry for one in told):
        return None
    return DueNotice(Kind.UPDATE, f"u{stand.entry}", "" if rules.updates else UPDATES_OFF)
