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
    """Keep who changed what still waits for its first yes."""
    if event.awaits_approval:
        event.authors = sorted({*event.writers, *filter(None, [by])})
        event.changed_by = by
        event.save(update_fields=["authors", "changed_by"])


def propose(event: Event, change: Mapping[str, Any], now: datetime, by: str, *, alone: bool = True) -> dict[str, Any]:
    """Have a change wait, beside what waits already. `event` is locked; the same change again changes nothing.

    `alone`: it is all that the action does; else the fact of the action keeps what is returned.
    """
    waiting = {**(event.proposed or {}), **change, "by": by}
    if event.proposed == waiting:
        return {}
    event.authors = sorted({*event.writers, *filter(None, [by])})
    event.proposed = waiting
    event.save(update_fields=["proposed", "authors"])
    if alone:
        record("maintenance.change_proposed", rows.subject(event), now, by, {"change": dict(change)})
    return {"proposed": dict(change)}


def other_levels(event: Event, impacts: Mapping[str, State]) -> bool:
    return dict(impacts) != rows.impacts_of(event)


def propose_levels(event: Event, impacts: Mapping[str, State], now: datetime, by: str) -> dict[str, Any]:
    """Levels that differ from those that were approved wait. Returns what the fact of the action keeps of it."""
    if not other_levels(event, impacts):
        return {}
    rows.check_impacts(event, impacts)
    levels = {slug: state.value for slug, state in impacts.items()}
    return propose(event, {"impacts": levels}, now, by, alone=False)


def begins_as_approved(event: Event, impacts: Mapping[str, State] | None, now: datetime) -> None:
    """Raises NotPossible for a beginning that a second person has not said yes to: earlier, or with other levels."""
    assert event.window_start
    if now < event.window_start:
        what = _("a second person has approved its window; to begin earlier, move it, and have that approved, too")
        raise NotPossible(what)
    if impacts is not None and other_levels(event, impacts):
        raise NotPossible(_("a second person has approved what to expect; a change of it waits, too"))


def approve(event: Event, now: datetime, by: str) -> None:
    """The second person's yes to the change that waits. `event` is locked. Raises NotPossible."""
    change: dict[str, Any] = event.proposed or {}
    if not by or by in event.writers:
        raise NotPossible(_("whoever proposed any part of the change cannot approve it; it needs somebody else"))
    assert event.window_start
    assert event.window_end
    before = (event.window_start, event.window_end)
    update: Update | None = None
    authors = sorted(event.writers)
    event.proposed, event.authors, event.approved_by, event.changed_by = None, [], by, change["by"]
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
    touched = rows.set_impacts(event, levels, corrected=True)
    after = {name: value for name, value in change.items() if name in ("impacts", *ARRANGED)}
    data: dict[str, Any] = {"services": touched, "approved_by": by, "before": was, "after": after}
    data["authors"] = authors
    kind = "edited" if "impacts" in change else "arranged"
    if update is not None:
        data |= rows.moved(event, update, before)
        kind = "extended" if window[0] == before[0] else "postponed"
    record(f"maintenance.{kind}", rows.subject(event), now, by, data)


def withdraw_change(ref: str, now: datetime, *, by: str, seen: str | None = None) -> Event:
    """The change that waits is dropped; what was approved goes on standing. Raises NotPossible, and Overtaken."""
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        rows.check_seen(seen, rows.mark_of(event))  # it may be approved by now, or another one
        if event.proposed is None:
            return event
        dropped, event.proposed, event.authors = event.proposed, None, []
        if event.window_start is not None and event.window_start <= now:
            event.starts_itself = False
        event.save(update_fields=["proposed", "authors", "starts_itself"])
        record("maintenance.change_dropped", rows.subject(event), now, by, {"change": dropped})
    return event
