"""What was told elsewhere before us, taken over as it was: nobody is told of it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.models import Event
from talaia.events.timeline import ENDED, IncidentState, NotPossible, check_time
from talaia.outbox.actions import record


@dataclass(frozen=True)
class ImportedEntry:
    """One entry, as it was told. `texts` by language."""

    state: IncidentState
    at: datetime
    texts: Mapping[str, str]


def import_incident(
    titles: Mapping[str, str],
    entries: Sequence[ImportedEntry],
    now: datetime,
    *,
    by: str = "",
    analyses: Mapping[str, str] | None = None,
    source: str = "",
) -> Event:
    """An incident that is over, with its timeline in its order. `source`: where it was told. Raises NotPossible."""
    if not entries:
        raise NotPossible(_("a text is needed"))
    if entries[-1].state not in ENDED:
        raise NotPossible(_("it is not over yet; the history has only what is"))
    began, ended = entries[0].at, entries[-1].at
    check_time(ended, began, now)
    with transaction.atomic():
        rows.draw_alone(Event.INCIDENT)
        event = rows.create(Event.INCIDENT, titles, began, IncidentState.RESOLVED)
        for entry in entries:
            check_time(entry.at, began, now)
            rows.add_update(event, entry.state, entry.texts, entry.at, "", False)
        event.ended_at, event.analyses = ended, dict(analyses or {})
        event.analysed_at = ended if event.analyses else None
        event.save(update_fields=["ended_at", "analyses", "analysed_at"])
        data = rows.story(event, entries[-1].texts, []) | {"source": source}
        record("incident.imported", rows.subject(event), now, by, data)
    return event
