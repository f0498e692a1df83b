"""What people correct: the words of an entry, and what stands above the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import backdating, rows, second_approval
from talaia.events.actions.analysis import keep_anchors
from talaia.events.models import Event, Update
from talaia.events.timeline import ENDED, NotPossible, check_beginning, check_end, entry_time, fingerprint
from talaia.outbox.actions import record
from talaia.panel.state import State


def edit_update(
    kind: str,
    ref: str,
    number: int,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    at: datetime | None = None,
    seen: str | None = None,
) -> Update:
    """Correct the words of an entry, or (`at`) its time. Its number stays; the fact keeps what was before and after.

    `seen`: the `fingerprint` of the words that the writer started from. Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        update = event.updates.filter(number=number).first()
        if update is None:
            raise NotPossible(_("%(ref)s has no entry %(number)s") % {"ref": ref, "number": number})
        rows.require_words(texts, _("a text is needed"))
        before, then = update.texts, update.at
        if before == dict(texts) and at in (None, then):
            return update
        rows.check_seen(seen, fingerprint(before))
        if at is not None and at != then:
            at = entry_time(at, now, event.started_at if kind == Event.INCIDENT else None)
        update.stock = update.stock and before == dict(texts)
        update.texts, update.at, update.edited_at = dict(texts), at or then, now
        update.save(update_fields=["texts", "at", "edited_at", "stock"])
        if not update.plain:
            keep_anchors(event, f"u{number}", before, update.texts, update.language)
        data = {"update": number, "before": before, "after": dict(texts), "services": rows.touched(event)}
        if update.at != then:
            data["times"] = [then.isoformat(), update.at.isoformat()]
        record(f"{kind}.corrected", rows.subject(event), now, by, data)
    return update


def edit_event(
    kind: str,
    ref: str,
    now: datetime,
    *,
    by: str = "",
    titles: Mapping[str, str] | None = None,
    impacts: Mapping[str, State] | None = None,
    next_update_at: datetime | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    causes: Mapping[str, str] | None = None,
    seen: str | None = None,
) -> Event:
    """Change what stands above the timeline; what is None stays as it is. The reference stays, whatever the times.

    `started_at`, `ended_at` and `causes` are of incidents; the last two of those that are over.
    Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        before = {
            "titles": event.titles,
            "impacts": rows.impacts_of(event),
            "next_update_at": event.next_update_at,
            "started_at": event.started_at,
            "ended_at": event.ended_at,
            "causes": event.causes,
        }
        if titles is not None:
            rows.require_words(titles, _("a title is needed"))
        if next_update_at is not None and event.state in ENDED:
            raise NotPossible(_("this is over; no further update can be promised"))
        if (ended_at is not None or causes) and event.state not in ENDED:
            raise NotPossible(_("this is not over yet; resolve it first"))
        wanted = {
            "titles": titles,
            "impacts": impacts,
            "next_update_at": next_update_at,
            "started_at": started_at,
            "ended_at": ended_at,
            "causes": causes,
        }
        changed = {name: value for name, value in wanted.items() if value is not None and value != before[name]}
        if not changed:
            return event
        saw, waits = rows.mark_of(event), dict[str, Any]()
        rows.check_seen(seen, saw)
        if impacts is not None and "impacts" in changed and second_approval.needed(event):
            rows.check_impacts(event, impacts)
            levels = plain(changed.pop("impacts"))
            waits = second_approval.propose(event, {"impacts": levels}, now, by, alone=not changed)
            if not changed:
                return event
            impacts = None
        if "impacts" in changed:
            second_approval.changed(event, by)
        for name in changed.keys() - {"impacts"}:
            setattr(event, name, changed[name])
        if "causes" in changed:
            rows.require_one_line(event.causes)
        if changed.keys() & {"started_at", "ended_at"}:
            first = event.updates.order_by("at").first() if kind == Event.INCIDENT else None
            check_beginning(event.started_at, first.at if first else None, event.ended_at, now)
            if event.ended_at:
                check_end(event.ended_at, event.started_at, now)
        event.save(update_fields=["titles", "next_update_at", "started_at", "ended_at", "causes"])
        touched = rows.set_impacts(event, impacts, corrected=True)
        old, new = ({name: plain(values[name]) for name in changed} for values in (before, changed))
        data = {"before": old, "after": new, "services": touched, "mark": saw, **waits}
        if "titles" in changed:
            data["pages"] = [rows.subject(other) for other in rows.called_by_title(event)]
        if kind == Event.INCIDENT:
            _correct_the_past(event, {name: before[name] for name in changed}, now)
        record(f"{kind}.edited", rows.subject(event), now, by, data)
    return event


def _correct_the_past(event: Event, before: Mapping[str, Any], now: datetime) -> None:
    """What is said of an incident is so since it began: the history of its services follows. `before`: what changed."""
    if "impacts" in before:
        backdating.corrected(event, before["impacts"], now)
    if "started_at" in before:
        backdating.moved(event, before["started_at"], now)
    if "ended_at" in before:
        backdating.ended(event, before["ended_at"], now)


def plain(value: Any) -> Any:
    """As a fact keeps it."""
    return str(value) if isinstance(value, datetime) else dict(value) if isinstance(value, Mapping) else value
