"""The only code that writes services, their states and their history. One function, one transaction, one fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from talaia.config import current
from talaia.outbox.actions import record
from talaia.panel.catalogue import Heading
from talaia.panel.models import Day, Group, Service, Transition
from talaia.panel.state import TROUBLE, Computed, Reason, Shown, State
from talaia.panel.uptime import local_day


def list_services(headings: Sequence[Heading], now: datetime) -> bool:
    """Make the panel's rows follow talaia.toml. A service that left it is retired: hidden, its history kept.

    Returns whether anything changed; only then is a fact recorded.
    """
    with transaction.atomic():
        changed = False
        known = {service.slug: service for service in Service.objects.select_related("group")}
        groups = {group.slug: group for group in Group.objects.all()}
        position = 0
        for place, heading in enumerate(headings):
            group = groups.get(heading.slug)
            if group is None or (group.names, group.position) != (dict(heading.names), place):
                group, _ = Group.objects.update_or_create(
                    slug=heading.slug, defaults={"names": dict(heading.names), "position": place}
                )
                changed = True
            for entry in heading.services:
                position += 1
                service = known.pop(entry.slug, None)
                wanted = (dict(entry.names), dict(entry.descriptions), heading.slug, position, None)
                if service is None:
                    Service.objects.create(
                        slug=entry.slug,
                        names=dict(entry.names),
                        descriptions=dict(entry.descriptions),
                        group=group,
                        position=position,
                        since=now,
                        reason=Reason("never_measured").to_json(),
                        computed_reason=Reason("never_measured").to_json(),
                    )
                    changed = True
                elif wanted != (
                    service.names,
                    service.descriptions,
                    service.group_id,
                    service.position,
                    service.retired_at,
                ):
                    Service.objects.filter(pk=service.pk).update(
                        names=wanted[0], descriptions=wanted[1], group=group, position=position, retired_at=None
                    )
                    changed = True
        for service in known.values():
            if service.retired_at is None:
                Service.objects.filter(pk=service.pk).update(retired_at=now)
                changed = True
        if changed:
            record("panel.listed", "panel", now)
    return changed


def judge_service(slug: str, computed: Computed, shown: Shown, now: datetime) -> bool:
    """Store what the signals say and what is shown. A change of the shown state is a Transition and a fact.

    Returns whether the shown state, or its reason, changed. Storing the same again changes nothing.
    """
    with transaction.atomic():
        before = Service.objects.select_for_update().get(pk=slug)
        fields = {
            "computed_state": computed.state.value,
            "computed_reason": computed.reason.to_json(),
            "candidate_state": computed.candidate.value if computed.candidate else "",
            "candidate_since": computed.candidate_since,
            "reason": shown.reason.to_json(),
        }
        if computed.state in TROUBLE:
            fields["trouble_since"] = before.trouble_since or now
        elif computed.state == State.OPERATIONAL:  # while nothing is known, it may last
            fields |= {"trouble_since": None, "resolved_at": None}
        changed_state = before.state != shown.state
        changed_words = before.reason != shown.reason.to_json()
        if changed_state:
            fields |= {"state": shown.state.value, "since": now}
            Transition.objects.create(
                service=before, at=now, from_state=before.state, to_state=shown.state, reason=shown.reason.to_json()
            )
        Service.objects.filter(pk=slug).update(**fields)
        if changed_state or changed_words:
            data = {"from": before.state, "to": shown.state.value, "reason": shown.reason.to_json()}
            kind = "service.changed" if changed_state else "service.explained"
            record(kind, f"service/{slug}", now, data=data)
    return changed_state or changed_words


def backfill(slug: str, changes: Sequence[tuple[datetime, State, Reason]], now: datetime) -> None:
    """Write down changes that happened while nobody looked, oldest first; the last is what is shown since.

    Days that were stored without them are taken back: they are due again, and the clock stores them anew.
    """
    with transaction.atomic():
        service = Service.objects.select_for_update().get(pk=slug)
        known = service.state
        for at, state, reason in changes:
            Transition.objects.create(service=service, at=at, from_state=known, to_state=state, reason=reason.to_json())
            known = state.value
        if changes:
            Day.objects.filter(service=service, day__gte=local_day(changes[0][0], current().site.tz)).delete()
            at, state, reason = changes[-1]
            words = reason.to_json()
            Service.objects.filter(pk=slug).update(
                state=state, reason=words, since=at, computed_state=state, computed_reason=words
            )
            data = {"from": changes[0][0].isoformat(), "to": at.isoformat()}
            record("service.backfilled", f"service/{slug}", now, data=data)


def word_of_end(slugs: Sequence[str], now: datetime | None) -> None:
    """A person says that the trouble of these services is over; None: that it is not. Part of what they do elsewhere.

    Of a service of which the signals see no trouble, it says nothing.
    """
    Service.objects.filter(pk__in=slugs, trouble_since__isnull=False).update(resolved_at=now)


def set_by_hand(slug: str, state: State, until: datetime | None, by: str, now: datetime) -> None:
    """A person says what the state is, until `until` (None: until it is taken back)."""
    with transaction.atomic():
        Service.objects.filter(pk=slug).update(override_state=state.value, override_until=until, override_by=by)
        data = {"state": state.value, "until": until.isoformat() if until else None}
        record("service.set_by_hand", f"service/{slug}", now, by, data)


def take_back(slug: str, by: str, now: datetime) -> None:
    """The signals speak for the service again."""
    with transaction.atomic():
        Service.objects.filter(pk=slug).update(override_state="", override_until=None, override_by="")
        record("service.taken_back", f"service/{slug}", now, by)


def roll_up(slug: str, day: date, seconds: Mapping[str, int], now: datetime) -> None:
    """Store a finished day. Storing it again replaces it."""
    with transaction.atomic():
        Day.objects.update_or_create(service_id=slug, day=day, defaults={"seconds": dict(seconds)})
        record("service.rolled_up", f"service/{slug}", now, data={"day": day.isoformat()})
