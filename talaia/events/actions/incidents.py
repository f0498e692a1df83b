"""What people do to an incident: open it, add to its timeline, end it, say that it is another one's duplicate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from talaia.events.actions import rows
from talaia.events.actions.backdating import ended, reach_back, taken_on
from talaia.events.models import Event, Update
from talaia.events.timeline import (
    ENDED,
    IncidentState,
    NotPossible,
    Overtaken,
    check_merge,
    entry_time,
    next_incident_state,
)
from talaia.outbox.actions import record
from talaia.panel.actions import word_of_end
from talaia.panel.state import WEIGHT, State


def open_incident(
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    impacts: Mapping[str, State],
    now: datetime,
    *,
    by: str = "",
    state: IncidentState = IncidentState.INVESTIGATING,
    started_at: datetime | None = None,
    at: datetime | None = None,
    next_update_at: datetime | None = None,
    plain: bool = False,
    key: str | None = None,
    only_if_untold: bool = False,
    tell: bool | None = None,
    only_behind: Sequence[str] | None = None,
) -> Event:
    """Open an incident with its first words. `impacts`: slug of a service → state.

    `started_at`: when the trouble began. `at`: when the first words were said, if that was before now.
    `only_if_untold`: raise Overtaken where an open incident already speaks of one of these services.
    `tell`: whether mails go out; None: as the rule says (`notices.policy`). `only_behind`: as in `Event`.
    Raises NotPossible.
    """
    if state is IncidentState.RESOLVED:
        raise NotPossible(_("an incident begins open; resolve it with its next update"))
    began = entry_time(started_at or at, now)
    first = entry_time(at, now, began)
    with transaction.atomic():
        rows.draw_alone(Event.INCIDENT)
        if (made := rows.made_by(key)) is not None:
            if made.number == 1 and (made.state, made.texts, made.plain) == (state, dict(texts), plain):
                return made.event
            what = _("this form has already opened incident %(ref)s; write there what is new")
            raise NotPossible(what % {"ref": made.event.ref})
        told = Event.objects.filter(kind=Event.INCIDENT, ended_at=None, impacts__service__in=impacts).first()
        if only_if_untold and told is not None:
            raise Overtaken(_("incident %(ref)s speaks of it already") % {"ref": told.ref})
        event = rows.create(Event.INCIDENT, titles, began, state)
        event.next_update_at, event.only_behind = next_update_at, rows.chosen(only_behind)
        event.quiet = tell is False
        event.save(update_fields=["next_update_at", "only_behind", "quiet"])
        rows.add_update(event, state, texts, first, by, plain, key)
        touched = rows.set_impacts(event, impacts)
        word_of_end(touched, None)
        data = rows.story(event, texts, touched) | {"update": 1, **rows.mails(tell), **rows.told_of(event)}
        reach_back(event, now)
        record("incident.opened", rows.subject(event), now, by, data)
    return event


def update_incident(
    ref: str,
    state: IncidentState,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    impacts: Mapping[str, State] | None = None,
    next_update_at: datetime | None = None,
    plain: bool = False,
    at: datetime | None = None,
    ended_at: datetime | None = None,
    causes: Mapping[str, str] | None = None,
    key: str | None = None,
    seen: str | None = None,
    tell: bool | None = None,
) -> Update:
    """Add an entry to the timeline; `resolved` ends the incident, any other state (re)opens it.

    `at`: when it was said, if that was before now. Of `resolved` only: `ended_at`, when the trouble ended (else the
    time of the entry), and `causes`, one line by language. What is opened again is nobody's duplicate any more.
    `tell`: whether mails go out; None: as the rule says.
    Raises NotPossible, and Overtaken.
    """
    with transaction.atomic():
        event = rows.lock(rows.find(Event.INCIDENT, ref))
        before = IncidentState(event.state)
        reached = next_incident_state(before, state)
        if (made := rows.made_by(key)) is not None:
            if made.event_id == event.pk and (made.state, made.texts, made.plain) == (reached, dict(texts), plain):
                return made
            raise Overtaken(_("this form has been sent before, with other words"))
        saw = rows.mark_of(event)
        rows.check_seen(seen, saw)
        moment = rows.moment(event, at, now)
        reopened = before in ENDED and reached not in ENDED
        data: dict[str, Any] = {"before": {"state": before, "merged_into": rows.duplicate_of(event)}, "mark": saw}
        if reopened and event.merged_into:
            data["pages"] = [rows.subject(event.merged_into)]  # there it stands as a duplicate
        update = rows.add_update(event, reached, texts, moment, by, plain, key)
        event.state = reached
        event.next_update_at = None if reached in ENDED else next_update_at
        if reached in ENDED:
            rows.set_end(event, ended_at or event.ended_at or update.at, causes, max(now, moment))
        else:
            event.ended_at, event.merged_into = None, None
        event.quiet = event.quiet and not tell
        event.save(update_fields=["state", "next_update_at", "ended_at", "causes", "merged_into", "quiet"])
        touched = rows.set_impacts(event, impacts, dict.fromkeys(impacts or (), update.at))
        if (before in ENDED) != (reached in ENDED):
            word_of_end(touched, now if reached in ENDED else None)
        kind = "incident.resolved" if reached in ENDED else "incident.updated"
        if reopened:
            kind = "incident.reopened"
        data |= rows.story(event, texts, touched) | {"update": update.number, **rows.mails(tell)}
        if reopened:  # it was over for a while
            event.impacts.update(since=update.at)
        if reopened or (impacts is not None and update.at < now):
            reach_back(event, now)
        if reached in ENDED:
            ended(event, None, now)
        record(kind, rows.subject(event), now, by, data)
    return update


def merge_incident(
    ref: str,
    into: str,
    texts: Mapping[str, str],
    now: datetime,
    *,
    by: str = "",
    move_services: bool | None = None,
    reopen: Mapping[str, str] | None = None,
    key: str | None = None,
    seen: str | None = None,
) -> Update:
    """Say that `ref` is a duplicate of `into`: an entry with `texts` ends it. All addresses stay.

    `move_services`: the other takes its services on, with the worse of both impacts where both name one; the
    duplicate's own page keeps saying what it said. None: unless `ref` is over and the other is not, as its services
    work again. What were duplicates of `ref` are duplicates of `into` from now on.
    `reopen`: where `ref` is open and the other is over, the words with which that one is opened again; what it touched
    before and `ref` does not, works. Raises NotPossible, Overtaken, and IsOver where `reopen` is needed.
    """
    with transaction.atomic():
        found = {rows.find(Event.INCIDENT, one).pk for one in (ref, into)}
        # Both in one order, so that two people who merge them into each other wait instead of blocking each other.
        locked = {event.pk: event for event in Event.objects.select_for_update().filter(pk__in=found).order_by("pk")}
        event, other = (locked[rows.find(Event.INCIDENT, one).pk] for one in (ref, into))
        if (made := rows.made_by(key)) is not None and made.event_id == event.pk and event.merged_into == other:
            return made
        is_open, into_open = event.state not in ENDED, other.state not in ENDED
        asked = rows.duplicate_of(event), rows.duplicate_of(other)
        check_merge(event.ref, other.ref, *asked, is_open=is_open, into_open=into_open or reopen is not None)
        saw = rows.mark_of(event)
        rows.check_seen(seen, saw)
        if move_services is None:
            move_services = is_open or not into_open
        if is_open and not into_open and reopen is not None:
            well = dict.fromkeys(rows.touched(other), State.OPERATIONAL) if move_services else None
            state, promised = IncidentState(event.state), event.next_update_at
            update_incident(other.ref, state, reopen, now, by=by, impacts=well, next_update_at=promised)
            other.refresh_from_db()
        before = {"state": event.state, "merged_into": None, "impacts": rows.impacts_of(other)}
        moment = rows.moment(event, None, now)
        update = rows.add_update(event, IncidentState.RESOLVED, texts, moment, by, False, key)
        event.state, event.next_update_at, event.merged_into = IncidentState.RESOLVED, None, other
        rows.set_end(event, event.ended_at or moment, None, moment)
        event.save(update_fields=["state", "next_update_at", "ended_at", "causes", "merged_into"])
        followers = list(Event.objects.filter(merged_into=event))
        Event.objects.filter(merged_into=event).update(merged_into=other)
        touched = rows.touched(event)
        if move_services:
            both = sorted([*event.impacts.all(), *other.impacts.all()], key=lambda one: WEIGHT[State(one.state)])
            since = {one.service_id: one.since or one.event.started_at for one in both}
            touched = rows.set_impacts(other, {one.service_id: State(one.state) for one in both}, since)
            for one in event.impacts.all():  # how bad it was there, it was here
                there = other.impacts.get(service_id=one.service_id)
                there.worst = rows.worst_of(there, State(one.worst or one.state), corrected=False).value
                there.save(update_fields=["worst"])
            taken_on(event, other)
        data = rows.story(event, texts, touched) | {
            "update": update.number,
            "into": other.ref,
            "before": before,
            "after": {"impacts": rows.impacts_of(other)},
            "mark": saw,
            "pages": [rows.subject(one) for one in (other, *followers)],
        }
        record("incident.merged", rows.subject(event), now, by, data)
    return update
