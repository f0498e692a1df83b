"""Writes into the past of a service what people say of it afterwards, and takes it out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import transaction

from talaia.outbox.actions import record
from talaia.outbox.models import Fact
from talaia.panel.actions import begun
from talaia.panel.backdated.spans import SAID, Hours, StateSpan, claimed, withdrawn
from talaia.panel.listing.actions import days_anew
from talaia.panel.models import FormerSlug, Listing, Service, Transition, Watched
from talaia.panel.monitoring_gaps import NOT_RUNNING, unjudged, unwatched_since
from talaia.panel.state import Reason, State

BY_HAND = ("service.set_by_hand", "service.taken_back", "service.hand_ended")
UNTOLD = -1  # the row of what was shown before the first change


def say_since(
    slug: str, ref: str, state: State, since: datetime, until: datetime | None, now: datetime, *, anew: bool = False
) -> None:
    """The incident `ref` says that the service was `state` from `since` (`until` None: and still is).

    It reaches back over what was better or unknown, as far as the service was listed; days that are summed up already
    are due again. `anew`: what it said of the past before is taken out first. Safe to repeat.
    """

    def change(spans: list[StateSpan], by_hand: list[Hours]) -> list[StateSpan]:
        return claimed(withdrawn(spans, ref) if anew else spans, ref, state, (since, until), by_hand)

    with transaction.atomic():
        first = first_said(slug, ref) if anew else None
        _rewrite(slug, ref, min(since, first[0]) if first else since, change, now)
        if until is None:
            shown = Service.objects.filter(pk=slug, reason__code="incident", reason__ref=ref)
            shown.update(said_since=since)


def unsay(slug: str, ref: str, before: datetime | None, now: datetime, *, after: datetime | None = None) -> None:
    """The incident `ref` no longer says anything of the past that lies `before`, and not before `after` (None: all)."""
    if first := first_said(slug, ref):
        _rewrite(slug, ref, after or first[0], lambda spans, _: withdrawn(spans, ref, before, after), now)


def first_said(slug: str, ref: str) -> tuple[datetime, State] | None:
    """From when on, and as what, the service was shown as the incident `ref` said."""
    rows = Transition.objects.filter(service=slug, reason__code="incident", reason__ref=ref)
    first = rows.order_by("at", "pk").first()
    return (first.at, State(first.to_state)) if first else None


def _rewrite(
    slug: str,
    ref: str,
    since: datetime,
    change: Callable[[list[StateSpan], list[Hours]], list[StateSpan]],
    now: datetime,
) -> None:
    with transaction.atomic():
        service = Service.objects.select_for_update().filter(pk=slug).first()
        if service is None or not (stored := _spans(service, since)):
            return
        spans = [*stored, *_unwatched(service, now)]
        after = change(spans, _by_hand(service))
        if after == spans:
            return
        turned = (min(old.at, new.at) for old, new in zip(stored, after, strict=False) if old != new)
        first = next(turned, max(stored, after, key=len)[min(len(stored), len(after)) - 1].at)
        _store(service, stored, after)
        days_anew(service, first)
        _follow(service, now)
        record("service.said", f"service/{slug}", now, data={"ref": ref, "from": first.isoformat()})


def _spans(service: Service, since: datetime) -> list[StateSpan]:
    """What was shown from `since` on, with what was shown before it; from when it was listed for the first time on."""
    rows = service.transitions.order_by("at", "pk")
    before = rows.filter(at__lte=since).last()
    later = list(rows.filter(at__gt=since))
    found = [StateSpan(row.at, State(row.to_state), row.reason, row.pk) for row in ([before] if before else []) + later]
    listed = Listing.objects.filter(service=service).order_by("since", "pk").first()
    if before is None and listed is not None and (not found or listed.since < found[0].at):
        state = State(later[0].from_state if later else service.state)
        found.insert(0, StateSpan(listed.since, state, {} if later else service.reason, UNTOLD))
    return found


def _unwatched(service: Service, now: datetime) -> list[StateSpan]:
    """That nobody watches since a while, where that is not written down yet: people's words alone outlast it."""
    last = Watched.objects.filter(pk=1).values_list("at", flat=True).first()
    since = unwatched_since(last, now)
    if since is None or service.retired_at is not None or service.computed_reason.get("code") == NOT_RUNNING:
        return []
    if since <= service.since or service.reason.get("code") in ("incident", "maintenance", "by_hand"):
        return []
    return [StateSpan(since, State.UNKNOWN, unjudged(since).reason.to_json())]


def _by_hand(service: Service) -> list[Hours]:
    """When somebody had set by hand what is shown."""
    names = [service.pk, *FormerSlug.objects.filter(service=service).values_list("pk", flat=True)]
    facts = Fact.objects.filter(subject__in=[f"service/{name}" for name in names], kind__in=BY_HAND).order_by("pk")
    found: list[Hours] = []
    begun: tuple[datetime, datetime] | None = None
    for fact in facts:
        if begun:
            found.append((begun[0], min(begun[1], fact.at)))
            begun = None
        if fact.kind == BY_HAND[0]:
            begun = fact.at, datetime.fromisoformat(fact.data["until"])
    return [*found, begun] if begun else found


def _store(service: Service, before: Sequence[StateSpan], after: Sequence[StateSpan]) -> None:
    """Make the rows those of `after`; what follows what is told as coming from it."""
    kept = {span.row for span in after}
    Transition.objects.filter(pk__in=[span.row for span in before if span.row not in kept and span.row > 0]).delete()
    known = {span.row: span for span in before}
    state: State | None = None
    for span in after:
        if span.row == UNTOLD and span == known[UNTOLD]:
            state = span.state
            continue
        fields = {"at": span.at, "to_state": span.state, "reason": dict(span.reason)}
        if state is not None:
            fields["from_state"] = state
        if span.row > 0:
            Transition.objects.filter(pk=span.row).update(**fields)
        else:
            Transition.objects.create(service=service, **{"from_state": State.UNKNOWN, **fields})
        state = span.state


def _follow(service: Service, now: datetime) -> None:
    """What is shown now goes on from the last row."""
    last = service.transitions.order_by("-at", "-pk").first()
    if last is None:
        return
    fields: dict[str, object] = {"since": begun(service, last)}
    if last.to_state != service.state:
        words = {name: value for name, value in last.reason.items() if name != SAID}
        fields |= {"state": last.to_state, "reason": words}
        data = {"from": service.state, "to": last.to_state, "reason": Reason.from_json(words).to_json()}
        record("service.changed", f"service/{service.pk}", now, data=data)
    Service.objects.filter(pk=service.pk).update(**fields)
