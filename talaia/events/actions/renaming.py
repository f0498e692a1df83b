"""A service has another slug: what events say of it, they say of the new one. Part of one transaction."""

from __future__ import annotations

from talaia.events.actions import rows
from talaia.events.models import Event, Impact
from talaia.events.notice_scope import NoticeScope
from talaia.panel.state import WEIGHT, State


def lock_touched(slug: str) -> None:
    """Wait for whoever writes to an event that touches it, before its own row is: they take the two in this order."""
    list(Event.objects.select_for_update().filter(pk__in=Impact.objects.filter(service_id=slug).values("event")))


def rename_touched(old: str, new: str) -> int:
    """Returns how many events touched it. Of one that named both, the heavier level stays."""
    impacts = list(Impact.objects.filter(service_id=old))
    both = {one.event_id: one for one in Impact.objects.filter(service_id=new)}
    for impact in impacts:
        if (there := both.get(impact.event_id)) is not None:
            worst = rows.worst_of(there, State(impact.worst or impact.state), corrected=False)
            there.state, there.worst = max(State(impact.state), State(there.state), key=_weight).value, worst.value
            there.save(update_fields=["state", "worst"])
            impact.delete()
        else:
            Impact.objects.filter(pk=impact.pk).update(service_id=new)
    for row in Event.objects.filter(for_whom__isnull=False).order_by("pk"):
        named = NoticeScope.from_json(row.for_whom or {})
        if named.renamed(old, new) != named:
            event = rows.lock(row)
            event.for_whom = NoticeScope.from_json(event.for_whom or {}).renamed(old, new).to_json()
            event.save(update_fields=["for_whom"])
    for row in Event.objects.filter(proposed__isnull=False).order_by("pk"):
        event = rows.lock(row)
        levels = (event.proposed or {}).get("impacts", {})
        if old in levels:
            here = [State(levels[slug]) for slug in (old, new) if slug in levels]
            kept = {slug: level for slug, level in levels.items() if slug not in (old, new)}
            event.proposed = {**(event.proposed or {}), "impacts": kept | {new: max(here, key=_weight).value}}
            event.save(update_fields=["proposed"])
    return len(impacts)


def _weight(state: State) -> int:
    """Of levels that were announced, "stopped" is the heaviest."""
    return max(WEIGHT.values()) + 1 if state is State.MAINTENANCE else WEIGHT[state]
