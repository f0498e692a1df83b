"""What the actions of this folder share: how an event is found, numbered, locked and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from talaia.config import current
from talaia.events.models import Event, Impact, Update
from talaia.events.timeline import (
    MaintenanceState,
    NotPossible,
    Overtaken,
    check_end,
    entry_time,
    mark,
    next_number,
    parse_reference,
    reference_year,
)
from talaia.panel.models import Service
from talaia.panel.state import TROUBLE, State, worst

# What an event may say of a service. "operational": it is touched, and works (again, or all the while).
IMPACTS = {
    Event.INCIDENT: (State.OPERATIONAL, *TROUBLE),
    Event.MAINTENANCE: (State.OPERATIONAL, *TROUBLE, State.MAINTENANCE),
}


def subject(event: Event) -> str:
    """How facts and deliveries name an event: `incident/2026-003`."""
    return f"{event.kind}/{event.ref}"


def find(kind: str, ref: str) -> Event:
    """The event with that reference. Raises NotPossible."""
    year, number = parse_reference(ref)
    event = Event.objects.filter(kind=kind, year=year, number=number).first()
    if event is None:
        what = _("there is no incident %(ref)s") if kind == Event.INCIDENT else _("there is no maintenance %(ref)s")
        raise NotPossible(what % {"ref": ref})
    return event


def mark_of(event: Event) -> str:
    """What whoever reads the event now has seen of it."""
    times = [at.isoformat() if at else "" for at in (event.started_at, event.ended_at)]
    impacts = dict(event.impacts.values_list("service_id", "state"))
    runs = [event.notices, event.silence, event.starts_itself, event.ends_itself, event.proposed]
    more = [*times, event.causes, event.merged_into_id, *(runs if event.kind == Event.MAINTENANCE else [])]
    return mark(last_said(event), event.titles, impacts, more)


def draw_alone(kind: str) -> None:
    """Two people at once must not draw one number, nor one form two. SQLite has but one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"talaia {kind}"])


def create(kind: str, titles: Mapping[str, str], started_at: datetime, state: str) -> Event:
    """A new row with the next number of its year. The first title is in the language it was written in."""
    require_words(titles, _("a title is needed"))
    year = reference_year(started_at, current().site.tz)
    highest = Event.objects.filter(kind=kind, year=year).aggregate(Max("number"))["number__max"] or 0
    return Event.objects.create(
        kind=kind,
        year=year,
        number=next_number([highest]),
        language=next(iter(titles)),
        titles=dict(titles),
        state=state,
        started_at=started_at,
    )


def lock(event: Event) -> Event:
    return Event.objects.select_for_update().get(pk=event.pk)


def made_by(key: str | None) -> Update | None:
    return Update.objects.select_related("event").filter(key=key).first() if key else None


def check_seen(seen: str | None, there: str) -> None:
    if seen is not None and seen != there:
        raise Overtaken(_("somebody else has written meanwhile"))


def add_update(
    event: Event,
    state: str,
    texts: Mapping[str, str],
    at: datetime,
    by: str,
    plain: bool,
    key: str | None = None,
    *,
    stock: bool = False,
) -> Update:
    require_words(texts, _("a text is needed"))
    number = next_number([last(event)])
    return event.updates.create(
        number=number,
        state=state,
        at=at,
        language=next(iter(texts)),
        texts=dict(texts),
        by=by,
        plain=plain,
        key=key,
        stock=stock,
    )


def moment(event: Event, at: datetime | None, now: datetime) -> datetime:
    """When an entry is written (`at` None: now), after what is there already. Raises NotPossible."""
    never_began = event.state in (MaintenanceState.SCHEDULED, MaintenanceState.CANCELLED)
    began = None if never_began else event.started_at
    latest = event.updates.order_by("-number").values_list("at", flat=True).first()
    return entry_time(at, now, began, latest)


def last(event: Event) -> int:
    return event.updates.aggregate(Max("number"))["number__max"] or 0


def last_said(event: Event) -> int:
    """The number of the last entry that somebody wrote."""
    return event.updates.filter(stock=False).aggregate(Max("number"))["number__max"] or 0


def set_impacts(
    event: Event,
    impacts: Mapping[str, State] | None,
    since: Mapping[str, datetime] | None = None,
    *,
    corrected: bool = False,
) -> list[str]:
    """Make the impacts these (None: leave them). Returns the services touched before or after: their pages change.

    `since`: from when on what is new of them is so, where that is not since the event began. `corrected`: the levels
    that they had were wrong, and not only others.
    """
    before = touched(event)
    if impacts is None:
        return before
    check_impacts(event, impacts)
    event.impacts.exclude(service_id__in=impacts).delete()
    known = {one.service_id: one for one in event.impacts.all()}
    for slug, state in impacts.items():
        before_it = known.get(slug)
        if before_it is None or before_it.state != state:
            heaviest = worst_of(before_it, state, corrected)
            fields = {"state": state.value, "since": (since or {}).get(slug), "worst": heaviest.value}
            Impact.objects.update_or_create(event=event, service_id=slug, defaults=fields)
    return sorted({*before, *impacts})


def worst_of(before: Impact | None, state: State, corrected: bool) -> State:
    """The heaviest level that an event was ever said to have; one that was said by mistake does not count."""
    if before is None or (corrected and before.worst == before.state):
        return state
    return worst([State(before.worst or before.state), state])


def check_impacts(event: Event, impacts: Mapping[str, State]) -> None:
    """Raises NotPossible for a service that is not there, and for a level that such an event cannot have."""
    known = set(Service.objects.filter(pk__in=impacts).values_list("pk", flat=True))
    if missing := sorted(impacts.keys() - known):
        raise NotPossible(_("there is no service “%(slug)s”; `talaia panel` lists them") % {"slug": missing[0]})
    if any(state not in IMPACTS[event.kind] for state in impacts.values()):
        raise NotPossible(_("an impact is one of these: %(states)s") % {"states": ", ".join(IMPACTS[event.kind])})


def impacts_of(event: Event) -> dict[str, str]:
    return dict(event.impacts.order_by("service_id").values_list("service_id", "state"))


def duplicate_of(event: Event) -> str | None:
    """The reference of the incident whose duplicate it is."""
    return event.merged_into.ref if event.merged_into else None


def called_by_title(event: Event) -> list[Event]:
    """The events whose pages call this one by its title: whose duplicate it is, and its duplicates."""
    return [*([event.merged_into] if event.merged_into else []), *event.duplicates.order_by("pk")]


def set_end(event: Event, ended_at: datetime, causes: Mapping[str, str] | None, now: datetime) -> None:
    """When it ended, and why in one line by language (None: as it is). The caller saves."""
    check_end(ended_at, event.started_at, now)
    event.ended_at = ended_at
    if causes is not None:
        require_one_line(causes)
        event.causes = dict(causes)


def require_one_line(words: Mapping[str, str]) -> None:
    if any(not text.strip() or "\n" in text for text in words.values()):
        raise NotPossible(_("a cause is one line"))


def touched(event: Event) -> list[str]:
    return sorted(event.impacts.values_list("service_id", flat=True))


def require_words(words: Mapping[str, str], what: str) -> None:
    if not words or not all(text.strip() for text in words.values()):
        raise NotPossible(what)


def plan_of(event: Event) -> dict[str, Any]:
    """For a fact: when it is, and what is told of it."""
    window = [at.isoformat() for at in (event.window_start, event.window_end) if at]
    return {"window": window, "notices": event.notices, "planned_by": event.planned_by}


def moved(event: Event, update: Update, before: tuple[datetime, datetime]) -> dict[str, Any]:
    """For a fact: another window."""
    data = story(event, update.texts, touched(event)) | {"update": update.number} | plan_of(event)
    return data | {"before": [at.isoformat() for at in before]}


def story(event: Event, texts: Mapping[str, str], touched: list[str]) -> dict[str, Any]:
    return {"titles": event.titles, "texts": dict(texts), "state": event.state, "services": touched}


def chosen(only_behind: Sequence[str] | None) -> list[str] | None:
    """Whom mails go to, as it is stored. Raises NotPossible for a connection that talaia.toml does not have."""
    known = {one.id for one in current().tables.connections}
    if unknown := sorted(set(only_behind or ()) - known):
        raise NotPossible(_("talaia.toml has no connection %(id)s") % {"id": unknown[0]})
    return None if only_behind is None else list(dict.fromkeys(only_behind))


def mails(tell: bool | None) -> dict[str, bool]:
    """For a fact: what a person said about mails; nothing where the rule holds."""
    return {} if tell is None else {"tell": tell}


def told_of(event: Event) -> dict[str, Any]:
    """For a fact: whom mails go to, where that is not everybody."""
    return {} if event.only_behind is None else {"only_behind": event.only_behind}


Window = tuple[datetime, datetime]


def same(made: Update, event: Event, texts: Mapping[str, str], state: str | None = None) -> Update:
    """The entry that this very form has made. Raises Overtaken for the same form with other words."""
    same_words = made.texts == dict(texts) or (made.stock and not texts)
    if made.event_id == event.pk and same_words and state in (None, made.state):
        return made
    raise Overtaken(_("this form has been sent before, with other words"))


def window_of(event: Event) -> Window:
    assert event.window_start
    assert event.window_end
    return event.window_start, event.window_end
