"""The second yes to a change: what a second person has approved is changed by nobody alone.

Until somebody else says yes, what was approved stands, on the page and in the mails; the change waits in
`Event.proposed`. A window of which a change waits is not begun by the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.models import Event, Update
from talaia.events.timeline import MaintenanceState, NotPossible
from talaia.events.windows import check
from talaia.outbox.actions import record
from talaia.panel.state import State

ARRANGED = ("notices", "silence")  # of how it runs, what a second person says yes to


def needed(event: Event) -> bool:
    """Whether a change of the window, the levels or the notices needs a second yes again."""
    return bool(event.approved_by) and not event.awaits_approval and event.state == MaintenanceState.SCHEDULED


def changed(event: Event, by: str) -> None:
    """Keep who changed what still waits for its first yes: whoever changed it last cannot be the one who says it."""
    if event.awaits_approval:
        event.changed_by = by
        event.save(update_fields=["changed_by"])


def propose(event: Event, change: Mapping[str, Any], now: datetime, by: str) -> None:
    """Have a change wait, beside what waits already. `event` is locked; the same change again changes nothing."""
    waiting = {**(event.proposed or {}), **change, "by": by}
    if event.proposed == waiting:
        return
    event.proposed = waiting
    event.save(update_fields=["proposed"])
    record("maintenance.change_proposed", rows.subject(event), now, by, {"change": dict(change)})


def approve(event: Event, now: datetime, by: str) -> None:
    """The second person's yes to the change that waits. `event` is locked. Raises NotPossible."""
    change: dict[str, Any] = event.proposed or {}
    if not by or by == change["by"]:
        raise NotPossible(_("whoever proposed the change cannot approve it; it needs a second person"))
    assert event.window_start
    assert event.window_end
    before = (event.window_start, event.window_end)
    update: Update | None = None
    event.proposed, event.approved_by, event.changed_by = None, by, change["by"]
    was: dict[str, Any] = {"impacts": rows.impacts_of(event)}
    if "window" in change:
        window = tuple(datetime.fromisoformat(at) for at in change["window"])
        check(window[0], window[1], now)
        event.window_start, event.window_end = window[0], window[1]
        event.started_at = window[0]
        moment = rows.moment(event, None, now)
        update = rows.add_update(event, event.state, change["texts"], moment, change["by"], False)
    for name in ARRANGED:
        if name in change:
            was[name] = getattr(event, name)
            setattr(event, name, change[name])
    # As at the first yes: what should have begun meanwhile does not, as if nothing had happened.
    event.starts_itself = event.starts_itself and now < event.window_start
    event.save()
    levels = {slug: State(state) for slug, state in change["impacts"].items()} if "impacts" in change else None
    touched = rows.set_impacts(event, levels)
    after = {name: value for name, value in change.items() if name in ("impacts", *ARRANGED)}
    data: dict[str, Any] = {"services": touched, "approved_by": by, "before": was, "after": after}
    kind = "edited" if "impacts" in change else "arranged"
    if update is not None:
        data |= rows.moved(event, update, before)
        kind = "extended" if window[0] == before[0] else "postponed"
    record(f"maintenance.{kind}", rows.subject(event), now, by, data)


def withdraw_change(ref: str, now: datetime, *, by: str) -> Event:
    """The change that waits is dropped; what was approved goes on standing. Raises NotPossible."""
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        if event.proposed is None:
            return event
        dropped, event.proposed = event.proposed, None
        if event.window_start is not None and event.window_start <= now:
            event.starts_itself = False
        event.save(update_fields=["proposed", "starts_itself"])
        record("maintenance.change_dropped", rows.subject(event), now, by, {"change": dropped})
    return event
