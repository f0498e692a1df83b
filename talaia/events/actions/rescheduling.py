"""Work at other hours: extended, postponed, arranged otherwise. Where a second person must agree, proposed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows, second_approval
from talaia.events.actions.rows import Window, same, window_of
from talaia.events.models import Event, Update
from talaia.events.notice_plan import read_notices
from talaia.events.timeline import (
    ENDED,
    MaintenanceState,
    NotPossible,
)
from talaia.events.windows import check
from talaia.outbox.actions import record


def extend_maintenance(
    ref: str,
    end: datetime,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    key: str | None = None,
    seen: str | None = None,
) -> Update | None:
    """Have the window end later, before or during the work; `texts` say so. Raises NotPossible, and Overtaken.

    None: a second person has approved it, and the change waits for a second yes, too.
    """

    def later(event: Event, before: Window) -> Window:
        if event.state in ENDED:
            raise NotPossible(_("this is over; it cannot be extended"))
        if end <= before[1]:
            raise NotPossible(_("that is no later than its window ends already"))
        check(before[0], end, now)
        return before[0], end

    kind = "maintenance.extended"
    return _reschedule(kind, ref, later, texts, now, by, key, seen)


def postpone_maintenance(
    ref: str,
    window: Window,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    key: str | None = None,
    seen: str | None = None,
) -> Update | None:
    """Give it another window before it has begun; its address stays. Raises NotPossible, and Overtaken.

    What is told when is planned anew: whatever was due before now is skipped. None: as in `extend_maintenance`.
    """
    check(*window, now)

    def another(event: Event, before: Window) -> Window:
        if event.state == MaintenanceState.IN_PROGRESS:
            raise NotPossible(_("it has begun; extend it, or say that it is over"))
        if event.state in ENDED:
            raise NotPossible(_("this is over; plan a new one"))
        if before == window:
            raise NotPossible(_("that is its window already"))
        return window

    kind = "maintenance.postponed"
    return _reschedule(kind, ref, another, texts, now, by, key, seen)


def _reschedule(
    kind: str,
    ref: str,
    allowed: Callable[[Event, Window], Window],
    texts: Mapping[str, str],
    now: datetime,
    by: str,
    key: str | None,
    seen: str | None,
) -> Update | None:
    """Give it the window that is `allowed` of the one it has, with an entry that says so; or propose that."""
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        if (made := rows.made_by(key)) is not None:
            return same(made, event, texts)
        before = window_of(event)
        window = allowed(event, before)
        if second_approval.needed(event):
            _propose_window(event, window, texts, now, by, seen)
            return None
        rows.check_seen(seen, rows.mark_of(event))
        update = rows.add_update(event, event.state, texts, rows.moment(event, None, now), by, False, key)
        event.window_start, event.window_end = window
        if window[0] != before[0]:  # it has not begun
            event.started_at = window[0]
        event.save(update_fields=["window_start", "window_end", "started_at"])
        second_approval.changed(event, by)
        record(kind, rows.subject(event), now, by, rows.moved(event, update, before))
    return update


def arrange_maintenance(
    ref: str,
    now: datetime,
    *,
    by: str = "",
    starts_itself: bool | None = None,
    ends_itself: bool | None = None,
    notices: Iterable[str] | None = None,
    silence: bool | None = None,
    seen: str | None = None,
) -> Event:
    """Change how it starts and ends, what is told, whether alerts are silenced; None stays.

    What is told, and the silence, wait for a second yes where there was one. Raises NotPossible, and Overtaken.
    """
    wanted: dict[str, Any] = {"starts_itself": starts_itself, "ends_itself": ends_itself, "silence": silence}
    wanted["notices"] = None if notices is None else list(read_notices(notices))
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        changed = {name: v for name, v in wanted.items() if v is not None and v != getattr(event, name)}
        if not changed:
            return event
        if event.state in ENDED:
            raise NotPossible(_("this is over; there is nothing left to arrange"))
        rows.check_seen(seen, rows.mark_of(event))
        proposed: dict[str, Any] = {}
        if second_approval.needed(event) and (
            waits := {name: changed.pop(name) for name in second_approval.ARRANGED if name in changed}
        ):
            proposed = second_approval.propose(event, waits, now, by, alone=not changed)
            if not changed:
                return event
        second_approval.changed(event, by)
        before = {name: getattr(event, name) for name in changed}
        for name, value in changed.items():
            setattr(event, name, value)
        event.save(update_fields=list(changed))
        data = {"before": before, "after": changed, "services": rows.touched(event), **proposed}
        record("maintenance.arranged", rows.subject(event), now, by, data)
    return event


def _propose_window(
    event: Event, window: Window, texts: Mapping[str, str], now: datetime, by: str, seen: str | None
) -> None:
    rows.require_words(texts, _("a text is needed"))
    change = {"window": [at.isoformat() for at in window], "texts": dict(texts)}
    if {**(event.proposed or {}), **change, "by": by} == event.proposed:
        return  # the same form once more
    rows.check_seen(seen, rows.mark_of(event))
    second_approval.propose(event, change, now, by)
