"""What people write when it is over, and the addresses inside what they edit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.anchors import Anchors, carried, fresh
from talaia.events.models import Anchor, Event
from talaia.events.timeline import ENDED, NotPossible, fingerprint
from talaia.outbox.actions import record

ANALYSIS = "analysis"  # how its addresses are kept


def write_analysis(
    kind: str,
    ref: str,
    language: str,
    text: str,
    now: datetime,
    *,
    by: str = "",
    seen: str | None = None,
) -> Event:
    """Publish the analysis in one language, or correct it. An empty text takes that language back, but never the last.

    `seen`: the `fingerprint` of the analyses that the writer started from. Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(kind, ref))
        before = dict(event.analyses)
        after = {code: words for code, words in {**before, language: text}.items() if words.strip()}
        if event.state not in ENDED:
            raise NotPossible(_("it is not over yet; the analysis is written when it is"))
        if not after:
            raise NotPossible(_("a text is needed") if not before else _("its addresses are in use; correct the text"))
        if after == before:
            return event
        rows.check_seen(seen, fingerprint(before))
        event.analyses, event.analysed_at = after, now
        event.save(update_fields=["analyses", "analysed_at"])
        keep_anchors(event, ANALYSIS, before, after, event.language)
        data = {"language": language, "before": before, "after": after, "services": rows.touched(event)}
        record(f"{kind}.analysed", rows.subject(event), now, by, data)
    return event


def keep_anchors(event: Event, document: str, before: Mapping[str, str], after: Mapping[str, str], first: str) -> None:
    """Keep the addresses inside a text (by language) that is changed: the old ones hit what they hit before."""
    row = Anchor.objects.filter(event=event, document=document).first()
    was = Anchors.from_json(row.kept) if row else fresh(before, first)
    anchors = carried(was, after, first)
    if anchors.last and (row is None or anchors != was):
        Anchor.objects.update_or_create(event=event, document=document, defaults={"kept": anchors.to_json()})
