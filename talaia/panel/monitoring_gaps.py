"""Time that nobody watched, pure: when it is one, and what the panel says of it.

How a service is, is known only while we run and can write. The watch notes that it does (`Watched`), at most every
BEAT; where that lies back farther than RESTART, every service is unknown since then, until it is judged again. What
people have said needs no watching: it stands for as long as they said.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from talaia.panel.holds import Computed
from talaia.panel.shown import Declared, ShownState, show
from talaia.panel.state import Reason, State

BEAT = timedelta(seconds=60)
RESTART = timedelta(minutes=3)  # so much is the time of a restart, and counts as watched
BEHIND = timedelta(minutes=10)  # so long a clock that was set back is taken for a mistake
NOT_RUNNING = "not_running"


def unwatched_since(last: datetime | None, now: datetime) -> datetime | None:
    """Since when nobody watches; None while somebody does, or never did."""
    return last if last is not None and now - last > RESTART else None


def beat_due(last: datetime | None, now: datetime) -> bool:
    """Whether it is to be noted again that the panel is watched. Never while the clock says that it is earlier."""
    return last is None or now - last >= BEAT


def unjudged(since: datetime) -> Computed:
    """What the signals say of a time in which nobody asked them."""
    return Computed(State.UNKNOWN, Reason(NOT_RUNNING, {"since": since.isoformat()}))


def left_alone(declared: Declared, since: datetime, now: datetime) -> tuple[tuple[datetime, ShownState], ...]:
    """What a service was shown as from `since` to `now` while nobody watched: at first, and where a word ran out."""
    ends = (declared.by_hand_until, declared.maintenance_until)
    moments = sorted({since, *(at for at in ends if at is not None and since < at < now)})
    found: list[tuple[datetime, ShownState]] = []
    for at in moments:
        over = declared.maintenance_until is not None and declared.maintenance_until <= at
        shown = show(replace(declared, maintenance_ref="") if over else declared, unjudged(since), at)
        if not found or found[-1][1] != shown:
            found.append((at, shown))
    return tuple(found)
