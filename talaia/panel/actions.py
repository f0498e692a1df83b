"""The only code that writes services, their states and their history. One function, one transaction, one fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.outbox.actions import record
from talaia.panel.by_hand import check_by_hand
from talaia.panel.catalogue import Heading
from talaia.panel.models import Day, Group, Service, Transition
from talaia.panel.state import Computed, Reason, Shown, State
from talaia.panel.uptime import local_day
from talaia.refusal import Refused

NOT_BY_HAND: Mapping[str, Any] = {
    "override_state": "",
    "override_until": None,
    "override_by": "",
    "override_words": {},
}


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

    What somebody set by hand, and whose time is over, ends here: what follows it is shown since that very moment,
    though we were not there to see it. Returns whether the shown state, or its reason, changed. Storing the same again
    changes nothing.
    """
    with transaction.atomic():
        before = Service.objects.select_for_update().get(pk=slug)
        fields = {
            "computed_state": computed.state.value,
            "computed_reason": computed.reason.to_json(),
            "candidate_state": computed.candidate.value if computed.candidate else "",
            "candidate_since": computed.candidate_since,
            "unrest": computed.unrest.to_json() if computed.unrest else {},
            "reason": shown.reason.to_json(),
        }
        at = now
        if before.override_state and before.override_until and before.override_until <= now:
            at = max(before.override_until, before.since)
            fields |= NOT_BY_HAND
            _forget_days(before, at)
            ended = {"state": before.override_state, "until": before.override_until.isoformat()}
            record("service.hand_ended", f"service/{slug}", now, data=ended)
        changed_state = before.state != shown.state
        changed_words = before.reason != shown.reason.to_json()
        if changed_state:
            fields |= {"state": shown.state.value, "since": at}
            Transition.objects.create(
                service=before, at=at, from_state=before.state, to_state=shown.state, reason=shown.reason.to_json()
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
            _forget_days(service, changes[0][0])
            at, state, reason = changes[-1]
            words = reason.to_json()
            Service.objects.filter(pk=slug).update(
                state=state, reason=words, since=at, computed_state=state, computed_reason=words
            )
            data = {"from": changes[0][0].isoformat(), "to": at.isoformat()}
            record("service.backfilled", f"service/{slug}", now, data=data)


def set_by_hand(slug: str, state: State, until: datetime, why: Mapping[str, str], by: str, now: datetime) -> None:
    """A person says what the state is, until `until`; `why`: public words by language. Raises Refused."""
    check_by_hand(state, until, why, now)
    with transaction.atomic():
        service = _listed(slug)
        wanted = {
            "override_state": state.value,
            "override_until": until,
            "override_by": by,
            "override_words": dict(why),
        }
        if all(getattr(service, name) == value for name, value in wanted.items()):
            return  # the same form twice
        Service.objects.filter(pk=slug).update(**wanted)
        data = {"state": state.value, "until": until.isoformat(), "why": dict(why)}
        record("service.set_by_hand", f"service/{slug}", now, by, data)


def take_back(slug: str, by: str, now: datetime) -> bool:
    """The signals speak for the service again. Returns whether anything was set by hand. Raises Refused."""
    with transaction.atomic():
        if not _listed(slug).override_state:
            return False
        Service.objects.filter(pk=slug).update(**NOT_BY_HAND)
        record("service.taken_back", f"service/{slug}", now, by)
    return True


def _listed(slug: str) -> Service:
    service = Service.objects.select_for_update().filter(pk=slug, retired_at=None).first()
    if service is None:
        raise Refused(_("there is no service “%(slug)s” on the panel") % {"slug": slug})
    return service


def _forget_days(service: Service, since: datetime) -> None:
    """Days that were stored without what is written down now are due again; the clock stores them anew."""
    Day.objects.filter(service=service, day__gte=local_day(since, current().site.tz)).delete()


def roll_up(slug: str, day: date, seconds: Mapping[str, int], now: datetime) -> None:
    """Store a finished day. Storing it again replaces it."""
    with transaction.atomic():
        Day.objects.update_or_create(service_id=slug, day=day, defaults={"seconds": dict(seconds)})
        record("service.rolled_up", f"service/{slug}", now, data={"day": day.isoformat()})
