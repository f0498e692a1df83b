"""What people do to planned maintenance: plan it, approve it, move it on, extend, postpone and arrange it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events import default_texts
from talaia.events.actions import rows, second_approval
from talaia.events.actions.rows import Window, same, window_of
from talaia.events.models import Event, Update
from talaia.events.notice_plan import default_notices, read_notices
from talaia.events.timeline import (
    ENDED,
    MaintenanceState,
    NotPossible,
    check_end,
    next_maintenance_state,
)
from talaia.events.windows import check
from talaia.outbox.actions import record
from talaia.panel.state import State

UNSEEN_AND_DONE = (MaintenanceState.SCHEDULED, MaintenanceState.COMPLETED)


def plan_maintenance(
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    impacts: Mapping[str, State],
    window: Window,
    now: datetime,
    *,
    by: str = "",
    silence: bool = False,
    plain: bool = False,
    starts_itself: bool = True,
    ends_itself: bool = False,
    notices: Iterable[str] | None = None,
    needs_approval: bool = False,
    only_behind: Sequence[str] | None = None,
    key: str | None = None,
) -> Event:
    """Announce planned work. `impacts`: slug of a service → the level to expect meanwhile. Raises NotPossible.

    `notices`: codes of `events.plan`; None: all of them where a disruption is expected.
    `only_behind`: whom of the people, as in `Event`.
    `needs_approval`: nothing is public, and nothing begins, until somebody else approves it.
    """
    check(*window, now)
    with transaction.atomic():
        rows.draw_alone(Event.MAINTENANCE)
        if (made := rows.made_by(key)) is not None:
            if made.number == 1 and (made.texts, made.plain) == (dict(texts), plain):
                return made.event
            what = _("this form has already planned maintenance %(ref)s; change it there")
            raise NotPossible(what % {"ref": made.event.ref})
        event = rows.create(Event.MAINTENANCE, titles, window[0], MaintenanceState.SCHEDULED)
        event.window_start, event.window_end, event.silence = *window, silence
        event.starts_itself, event.ends_itself = starts_itself, ends_itself
        event.notices = list(default_notices(impacts.values()) if notices is None else read_notices(notices))
        event.planned_by, event.awaits_approval = by, needs_approval
        event.authors = [by] if needs_approval and by else []
        event.only_behind = rows.chosen(only_behind)
        event.save()
        rows.add_update(event, MaintenanceState.SCHEDULED, texts, now, by, plain, key)
        touched = rows.set_impacts(event, impacts)
        data = rows.story(event, texts, touched) | {"update": 1} | rows.plan_of(event) | rows.told_of(event)
        kind = "maintenance.proposed" if needs_approval else "maintenance.planned"
        record(kind, rows.subject(event), now, by, data)
    return event


def approve_maintenance(ref: str, now: datetime, *, by: str, seen: str | None = None) -> Event:
    """The second person's yes: from now on it is planned, and public. Raises NotPossible, and Overtaken.

    Or the yes to a change of what was approved. When its window has begun meanwhile, it does not start as if nothing
    had happened: a person starts it.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        if event.proposed is not None and event.state == MaintenanceState.SCHEDULED:
            rows.check_seen(seen, rows.mark_of(event))
            second_approval.approve(event, now, by)
            return event
        if not event.awaits_approval:
            if event.approved_by == by:
                return event
            raise NotPossible(_("this maintenance does not wait for anybody’s approval"))
        if event.state in ENDED:
            raise NotPossible(_("this maintenance was called off"))
        if not by or by in event.writers:
            raise NotPossible(_("whoever planned it, or changed any of it, cannot approve it; it needs somebody else"))
        rows.check_seen(seen, rows.mark_of(event))
        window = window_of(event)
        if window[1] <= now:
            raise NotPossible(_("its window has passed; postpone it first"))
        event.awaits_approval, event.approved_by, event.authors = False, by, []
        event.starts_itself = event.starts_itself and now < window[0]
        event.save(update_fields=["awaits_approval", "approved_by", "starts_itself", "authors"])
        first = event.updates.order_by("number")[0]
        data = rows.story(event, first.texts, rows.touched(event)) | {"update": 1} | rows.plan_of(event)
        record("maintenance.planned", rows.subject(event), now, by, data | {"approved_by": by})
    return event


def update_maintenance(
    ref: str,
    state: MaintenanceState,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    plain: bool = False,
    at: datetime | None = None,
    impacts: Mapping[str, State] | None = None,
    next_update_at: datetime | None = None,
    key: str | None = None,
    seen: str | None = None,
    tell: bool | None = None,
) -> Update | None:
    """Move a maintenance on (`texts` may be empty: then only its state changes). Raises NotPossible, and Overtaken.

    An entry promises the next one, or none; a change of state without words leaves what was promised, and has an entry
    of its own all the same (`events.stock`). Afterwards it may be said of a window that passed that the work was done.
    `at`: when it happened, if that was before now (the clock catching up after a downtime).
    `tell`: whether mails go out; None: as the rule says.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.MAINTENANCE, ref))
        if (made := rows.made_by(key)) is not None:
            return same(made, event, texts, state)
        before = MaintenanceState(event.state)
        reached = next_maintenance_state(before, state)
        if reached == before and not texts:
            return None
        if reached in (MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED):
            _require_approval(event)
        end, afterwards = window_of(event)[1], (before, reached) == UNSEEN_AND_DONE
        if afterwards and now < end:
            raise NotPossible(_("it has not begun; say first that it begins"))
        approved = second_approval.needed(event)
        if approved and reached is MaintenanceState.IN_PROGRESS:
            second_approval.begins_as_approved(event, impacts, now)
        rows.check_seen(seen, rows.mark_of(event))
        moment = rows.moment(event, at, now)
        if before is MaintenanceState.IN_PROGRESS and reached in ENDED:
            check_end(moment, event.started_at, max(now, moment))
        words = texts or default_texts.words(reached, before, [event.language, *current().site.languages])
        update = rows.add_update(event, reached, words, moment, by, plain, key, stock=not texts)
        if before is MaintenanceState.SCHEDULED and reached is MaintenanceState.IN_PROGRESS:
            event.started_at = at or moment
        event.state = reached
        over = max(event.started_at, end if afterwards else at or moment)
        event.ended_at = (event.ended_at or over) if reached in ENDED else None
        waits: dict[str, Any] = {}
        if approved and reached is MaintenanceState.SCHEDULED and impacts is not None:
            waits, impacts = second_approval.propose_levels(event, impacts, now, by), None
        elif impacts is not None and second_approval.other_levels(event, impacts):
            second_approval.changed(event, by)
        if reached is not MaintenanceState.SCHEDULED:
            event.proposed, event.authors = None, []
        if texts:
            event.next_update_at = next_update_at
        if reached in ENDED:
            event.next_update_at = None
        event.save(update_fields=["state", "started_at", "ended_at", "next_update_at", "proposed", "authors"])
        data: dict[str, Any] = {"update": update.number, "state": reached.value}
        data |= {"services": rows.set_impacts(event, impacts), "texts": dict(texts), **rows.mails(tell), **waits}
        record(f"maintenance.{reached}", rows.subject(event), now, by, data)
    return update


def _require_approval(event: Event) -> None:
    if event.awaits_approval:
        raise NotPossible(_("it waits for a second person; until somebody approves it, it cannot begin"))
