"""The only code that writes services, their states and their history. One function, one transaction, one fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.errors import UserError
from talaia.outbox.actions import record
from talaia.panel.holds import Computed, Unrest
from talaia.panel.listing.actions import days_anew
from talaia.panel.models import Day, Service, Transition, Watched
from talaia.panel.monitoring_gaps import NOT_RUNNING
from talaia.panel.shown import ShownState
from talaia.panel.state import TROUBLE, Reason, State

NOT_BY_HAND: Mapping[str, Any] = {
    "override_state": "",
    "override_until": None,
    "override_by": "",
    "override_words": {},
}


def judge_service(slug: str, computed: Computed, shown: ShownState, now: datetime, calm: bool = True) -> bool:
    """Store what the signals say and what is shown. A change of the shown state is a Transition and a fact.

    `calm`: what is operational has been well for as long as that has to hold; else a person has said so, and what comes
    back before is the same trouble, of which that word says nothing any more.

    What somebody set by hand, and whose time is over, ends here: what follows it is shown since that very moment,
    though we were not there to see it. Returns whether the shown state, or its reason, changed. Storing the same again
    changes nothing, and of a service that has left nothing is stored. The history goes forward: a change by a clock
    that was set back is told as of the one before it.
    """
    with transaction.atomic():
        before = Service.objects.select_for_update().filter(pk=slug).first()
        if before is None or before.retired_at is not None:  # it was renamed, or has left
            return False
        at = max(now, before.since)
        fields = {
            "computed_state": computed.state.value,
            "computed_reason": computed.reason.to_json(),
            "candidate_state": computed.candidate.value if computed.candidate else "",
            "candidate_since": computed.candidate_since,
            "candidate_then": [one.to_json() for one in computed.then],
            "unrest": computed.unrest.to_json() if computed.unrest else {},
            "reason": shown.reason.to_json(),
            "said_since": shown.since,
        }
        if before.computed_state != computed.state:
            fields["computed_since"] = at
        if computed.state in TROUBLE:
            fields["trouble_since"] = before.trouble_since or now
        if computed.state != State.OPERATIONAL:  # while nothing is known, what was said may last
            fields |= _used_up(before)
        elif calm:
            fields |= {"trouble_since": None, "resolved_at": None}
        elif before.computed_state != State.OPERATIONAL:
            fields["resolved_at"] = now
        if (ended := _hand_ended(before, now)) is not None:
            at = max(ended, before.since)
            fields |= NOT_BY_HAND
            days_anew(before, at)
        changed_state = before.state != shown.state
        changed_words = (before.reason, before.said_since) != (shown.reason.to_json(), shown.since)
        if changed_state:
            fields |= {"state": shown.state.value, "since": at}
            Transition.objects.create(
                service=before, at=at, from_state=before.state, to_state=shown.state, reason=shown.reason.to_json()
            )
            days_anew(before, at)
        Service.objects.filter(pk=slug).update(**fields)
        if changed_state or changed_words:
            data = {"from": before.state, "to": shown.state.value, "reason": shown.reason.to_json()}
            kind = "service.changed" if changed_state else "service.explained"
            record(kind, f"service/{slug}", now, data=data)
    return changed_state or changed_words


def _used_up(before: Service) -> dict[str, Any]:
    """A word of an end has ended the one hold that it may end: nothing is left of it for what follows."""
    return {"resolved_at": None} if before.computed_state == State.OPERATIONAL else {}


def _hand_ended(service: Service, now: datetime) -> datetime | None:
    """When what somebody set by hand ran out; None: there is nothing of the kind, or it holds still."""
    until = service.override_until if service.override_state else None
    if until is None or until > now:
        return None
    data = {"state": service.override_state, "until": until.isoformat()}
    record("service.hand_ended", f"service/{service.pk}", now, data=data)
    return until


def note_watched(at: datetime, earlier: bool = False) -> None:
    """Every service has been judged at `at`, and what differed is stored. Only with `earlier` it goes back."""
    with transaction.atomic():
        known = Watched.objects.select_for_update().filter(pk=1).first()
        if known is None:
            Watched.objects.create(pk=1, at=at)
        elif known.at < at or earlier:
            Watched.objects.filter(pk=1).update(at=at)


def leave_unwatched(slug: str, moves: Sequence[tuple[datetime, ShownState]], computed: Computed, now: datetime) -> None:
    """Nobody watched for a time: what is shown of it (`moves`, oldest first), and that the signals say nothing.

    `moves` are dated back to when nobody watched any more, but never before what the history has already. What is known
    to be unwatched already stays so.
    """
    with transaction.atomic():
        before = Service.objects.select_for_update().filter(pk=slug).first()
        if before is None or before.computed_reason.get("code") == NOT_RUNNING:
            return
        state, words, since, said_since = before.state, before.reason, before.since, before.said_since
        for at, shown in moves:
            said_since = shown.since
            if shown.state != state or shown.reason.code != NOT_RUNNING:  # else it was unknown before, for its reason
                words = shown.reason.to_json()
            if shown.state != state:
                since = max(at, since)
                Transition.objects.create(
                    service=before, at=since, from_state=state, to_state=shown.state, reason=words
                )
                days_anew(before, since)
                state = shown.state.value
        unrest = Unrest.from_json(before.unrest)
        Service.objects.filter(pk=slug).update(
            state=state,
            reason=words,
            since=since,
            said_since=said_since,
            computed_state=computed.state,
            computed_reason=computed.reason.to_json(),
            candidate_state="",
            computed_since=moves[0][0] if moves else now,
            candidate_since=None,
            candidate_then=[],
            unrest=unrest.left(moves[0][0] if moves else now).to_json() if unrest else {},
            **_used_up(before),
            **(NOT_BY_HAND if _hand_ended(before, now) else {}),
        )
        data = {"from": before.state, "to": state, "reason": words}
        if state != before.state:
            record("service.unwatched", f"service/{slug}", now, data=data)
        elif words != before.reason:
            record("service.explained", f"service/{slug}", now, data=data)


def backfill(gap: int, changes: Sequence[tuple[datetime, State, Reason]], now: datetime) -> None:
    """Write down what became known afterwards of a time that nobody watched: `gap` is the transition that began it.

    `changes`: from its beginning to the first new judgement, oldest first. What was told already is not told again.
    """
    with transaction.atomic():
        first = Transition.objects.select_for_update().filter(pk=gap).first()
        if first is None:
            return
        service = Service.objects.select_for_update().get(pk=first.service_id)
        after = first.following()
        if after is None or first.reason.get("code") != NOT_RUNNING or first.reason.get("asked"):
            return
        known, last = first.from_state, State.UNKNOWN
        for number, (at, state, reason) in enumerate(changes):
            fields = {"at": at, "from_state": known, "to_state": state, "reason": reason.to_json()}
            if number:
                Transition.objects.create(service=service, **fields)
            else:
                Transition.objects.filter(pk=gap).update(**fields)
            known, last = state.value, state
        Transition.objects.filter(pk=after.pk).update(from_state=last)
        latest = service.transitions.order_by("-at", "-pk").first()
        if latest is not None and latest.pk == after.pk:
            Service.objects.filter(pk=service.pk).update(since=begun(service, after))
        days_anew(service, first.at)
        data = {"from": changes[0][0].isoformat(), "to": after.at.isoformat()}
        record("service.backfilled", f"service/{service.pk}", now, data=data)


def begun(service: Service, last: Transition) -> datetime:
    """Since when a service is as its `last` transition made it, through those in which its state followed itself."""
    since = last.at
    for row in service.transitions.order_by("-at", "-pk").iterator(chunk_size=20):
        if row.to_state != last.to_state:
            break
        since = row.at
    return since


def word_of_end(slugs: Sequence[str], now: datetime | None) -> None:
    """A person says that the trouble of these services is over; None: that it is not. Part of what they do elsewhere.

    Of a service of which the signals see no trouble, it says nothing.
    """
    Service.objects.filter(pk__in=slugs, trouble_since__isnull=False).update(resolved_at=now)


def _listed(slug: str) -> Service:
    service = Service.objects.select_for_update().filter(pk=slug, retired_at=None).first()
    if service is None:
        raise UserError(_("there is no service “%(slug)s” on the panel") % {"slug": slug})
    return service


def roll_up(slug: str, day: date, seconds: Mapping[str, int], now: datetime, filled: int = 0) -> None:
    """Store a finished day; of its seconds `filled` were known only afterwards. Storing it again replaces it."""
    with transaction.atomic():
        if Service.objects.select_for_update().filter(pk=slug).first() is None:
            return  # it was renamed meanwhile; the day is due under its name of today
        row = Day(service_id=slug, day=day, seconds=dict(seconds), filled=filled)
        Day.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["service", "day"], update_fields=["seconds", "filled"]
        )
        record("service.rolled_up", f"service/{slug}", now, data={"day": day.isoformat()})
