"""One service under another slug: its history goes over to the row of the new one. Parts of one transaction.

Both rows are there: the old one has left the panel, the new one is listed, for a moment or since somebody reloaded.
What was a service of its own beside the old one is not the same service, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from talaia.config import current
from talaia.errors import UserError
from talaia.outbox.actions import record
from talaia.panel.actions import begun
from talaia.panel.models import Day, FormerSlug, Listing, Service, Transition
from talaia.panel.monitoring_gaps import RESTART
from talaia.panel.rollup import FARTHEST
from talaia.panel.state import Reason, State
from talaia.panel.uptime import Span, local_day

# What a row says of now, and of the trouble that it is in.
SAID_NOW = (
    "state",
    "reason",
    "since",
    "computed_state",
    "computed_reason",
    "computed_since",
    "candidate_state",
    "candidate_since",
    "candidate_then",
)
TROUBLE = ("unrest", "trouble_since", "resolved_at")
BY_HAND = ("override_state", "override_until", "override_by", "override_words")


def move_history(old: str, new: str, now: datetime) -> int:
    """Give the row `new` what `old` has of states, days and listings. Returns how many days it has now.

    Raises Refused where both were on the panel at once.
    """
    rows = {row.slug: row for row in Service.objects.select_for_update().filter(pk__in=[old, new]).order_by("pk")}
    before, after = rows[old], rows[new]
    apart(before, after)
    listing = after.listings.get(until=None)
    last = before.listings.order_by("-since", "-pk").first()
    seamless = last is not None and last.until is not None and listing.since - last.until <= RESTART
    _join_states(before, after, listing.since, seamless, now)
    if seamless and last is not None:
        Listing.objects.filter(pk=last.pk).update(until=None)
        listing.delete()
    _move_days(before, after)
    for model in (Transition, Listing, Day, FormerSlug):
        model._default_manager.filter(service=before).update(service=after)
    if seamless:
        _set_since(after, before)
    if (now - listing.since) < FARTHEST:
        after.days.filter(day__gte=local_day(listing.since, current().site.tz)).delete()
    Service.objects.filter(pk=new).update(first_slug=before.code_name)
    return after.days.count()


def forget_row(old: str, new: str, by: str, now: datetime, data: dict[str, object]) -> None:
    """The row of the old name goes, once all that was its is the new one's; the name itself is remembered."""
    Service.objects.get(pk=old).delete()
    FormerSlug.objects.create(slug=old, service_id=new, at=now)
    record("service.renamed", f"service/{new}", now, by, {"from": old, **data})


def apart(before: Service, after: Service) -> None:
    """Raises Refused where the two were on the panel at the same time."""
    spans = list(Listing.objects.filter(service__in=[before, after]).values_list("since", "until"))
    if overlap := _overlap(sorted(spans, key=lambda span: (span[0], span[1] or datetime.max.replace(tzinfo=UTC)))):
        raise UserError(
            _("“%(old)s” and “%(new)s” were both on the panel on %(day)s: they are two services, with two histories")
            % {"old": before.slug, "new": after.slug, "day": f"{local_day(overlap, current().site.tz)}"}
        )


def _overlap(spans: Sequence[Span]) -> datetime | None:
    """When the second of two begins while the first is still on."""
    return next((two[0] for one, two in pairwise(spans) if one[1] is None or two[0] < one[1]), None)


def _join_states(before: Service, after: Service, since: datetime, seamless: bool, now: datetime) -> None:
    """Let what the new row was since it was listed go on from what the old one was.

    The seconds until it is judged under its new name are no hole: as with a restart, it was as before.
    """
    after.transitions.filter(at=since, to_state=State.UNKNOWN).delete()  # that it came back: it was not away
    if _by_hand_is_over(after, now) and not _by_hand_is_over(before, now):
        _carry(before, after, BY_HAND)
    if seamless and now - since <= RESTART:  # whatever it was meanwhile, the watch says it again at once
        after.transitions.filter(at__gte=since).delete()
        _carry(before, after, (*SAID_NOW, *TROUBLE))
        return
    first = after.transitions.filter(at__gte=since).order_by("at", "pk").first()
    if not seamless or first is None or first.at - since > RESTART:
        if before.state != State.UNKNOWN:
            words = Reason("never_measured").to_json()
            Transition.objects.create(
                service=after, at=since, from_state=before.state, to_state=State.UNKNOWN, reason=words
            )
        return
    if after.trouble_since is not None and before.trouble_since is not None:
        _carry(before, after, ("trouble_since", "resolved_at") if after.resolved_at is None else ("trouble_since",))
    if after.computed_state == before.computed_state:
        _carry(before, after, ("computed_since",))
    if first.to_state == before.state:
        first.delete()  # a change that was none
    else:
        Transition.objects.filter(pk=first.pk).update(from_state=before.state)


def _set_since(after: Service, before: Service) -> None:
    """Since when it is as it is: where it goes on as it was, since before it was renamed."""
    after.refresh_from_db()
    last = after.transitions.order_by("-at", "-pk").first()
    if last is None or last.to_state != after.state:
        since = before.since if after.state == before.state else after.since
    else:
        since = begun(after, last)
    Service.objects.filter(pk=after.pk).update(since=since)


def _by_hand_is_over(row: Service, now: datetime) -> bool:
    return not row.override_state or row.override_until is None or row.override_until <= now


def _carry(before: Service, after: Service, names: Sequence[str]) -> None:
    Service.objects.filter(pk=after.pk).update(**{name: getattr(before, name) for name in names})


def _move_days(before: Service, after: Service) -> None:
    """A day of which both have a part is one: neither was listed while the other was."""
    theirs = {row.day: row for row in after.days.all()}
    for row in before.days.filter(day__in=list(theirs)):
        other = theirs[row.day]
        states = {*row.seconds, *other.seconds}
        other.seconds = {state: row.seconds.get(state, 0) + other.seconds.get(state, 0) for state in states}
        other.filled += row.filled
        other.save(update_fields=["seconds", "filled"])
        row.delete()
