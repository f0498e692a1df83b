"""What people correct: the words of an entry, and what stands above the timeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.actions.analysis import keep_anchors
from talaia.events.models import Event, Update
from talaia.events.timeline import ENDED, NotPossible, fingerprint
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
    seen: str | None = None,
) -> Update:
    """Correct the words of an entry. Its number and time stay; the fact keeps the words before and after.

    `seen`: the `fingerprint` of the words that the writer started from. Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        update = event.updates.filter(number=number).first()
        if update is None:
            raise NotPossible(_("%(ref)s has no entry %(number)s") % {"ref": ref, "number": number})
        rows.require_words(texts, _("a text is needed"))
        before = update.texts
        if before == dict(texts):
            return update
        rows.check_seen(seen, fingerprint(before))
        update.texts, update.edited_at = dict(texts), now
        update.save(update_fields=["texts", "edited_at"])
        if not update.plain:
            keep_anchors(event, f"u{number}", before, update.texts, update.language)
        data = {"update": number, "before": before, "after": dict(texts), "services": rows.touched(event)}
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
    seen: str | None = None,
) -> Event:
    """Change the title, the impacts or the promised time; what is None stays as it is.

    Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        before = {
            "titles": event.titles,
            "impacts": dict(event.impacts.values_list("service_id", "state")),
            "next_update_at": event.next_update_at,
        }
        if titles is not None:
            rows.require_words(titles, _("a title is needed"))
        if next_update_at is not None and event.state in ENDED:
            raise NotPossible(_("this is over; no further update can be promised"))
        wanted = {"titles": titles, "impacts": impacts, "next_update_at": next_update_at}
        changed = {name: value for name, value in wanted.items() if value is not None and value != before[name]}
        if not changed:
            return event
        rows.check_seen(seen, rows.mark_of(event))
        for name in changed.keys() - {"impacts"}:
            setattr(event, name, changed[name])
        event.save(update_fields=["titles", "next_update_at"])
        touched = rows.set_impacts(event, impacts)
        old = {name: str(was) if isinstance(was := before[name], datetime) else was for name in changed}
        data = {"before": old, "services": touched}
        record(f"{kind}.edited", rows.subject(event), now, by, data)
    return event
