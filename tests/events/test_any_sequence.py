"""Whatever people and the clock do in whatever order: no update is lost, no address changes, no state is illegal.

A model keeps what every address said last. After each step the rows must tell the same, a refused step must have
changed nothing at all, and a step that changed something must have left exactly one fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import event as hypothesis_event
from hypothesis import given, settings
from hypothesis import strategies as st

from talaia.config import current
from talaia.events import actions
from talaia.events.models import Event, Impact, Update
from talaia.events.timeline import (
    ENDED,
    MAINTENANCE_STEPS,
    IncidentState,
    MaintenanceState,
    NotPossible,
)
from talaia.events.window_schedule import due
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State

NEW_YEAR = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)  # half an hour before the year of the references changes
MINUTE = timedelta(minutes=1)

# Mostly what people do; now and then what they must be refused.
words = st.sampled_from(["Ho mirem.", "Un cable.", "Fet."] * 5 + ["  "])
texts = st.dictionaries(st.sampled_from(["ca", "es", "en"]), words, min_size=1, max_size=2) | words.map(
    lambda text: {"ca": text} if text.strip() else {}
)
levels = st.sampled_from([State.OPERATIONAL, State.DEGRADED, State.DISRUPTION] * 5 + [State.UNKNOWN])
impacts = st.none() | st.dictionaries(st.sampled_from(["chat", "video"] * 5 + ["nothing"]), levels, max_size=2)
ago = st.sampled_from([0, 0, 0, -1, -20, -90, 1]).map(lambda minutes: minutes * MINUTE)
later = st.sampled_from([-30, 1, 20, 90]).map(lambda minutes: minutes * MINUTE)
kinds = st.sampled_from(["incident", "maintenance"])
which = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])  # the first event of its kind, the second …, or none
steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 10, 40])),
    st.tuples(st.just("open"), texts, texts, impacts, st.sampled_from(IncidentState), ago),
    st.tuples(
        st.just("update"), which, st.sampled_from(IncidentState), texts, impacts, ago, st.booleans(), st.none() | ago
    ),
    st.tuples(st.just("correct"), kinds, which, st.integers(0, 4), texts, st.none() | ago),
    st.tuples(st.just("merge"), which, which, texts, st.booleans(), st.booleans()),
    st.tuples(st.just("backdate"), which, st.none() | ago, st.none() | ago, st.none() | texts),
    st.tuples(st.just("edit"), kinds, which, st.none() | texts, impacts, later),
    st.tuples(st.just("plan"), texts, texts, impacts, later, later),
    st.tuples(st.just("move"), which, st.sampled_from(MaintenanceState), texts),
    st.tuples(st.just("clock")),
    st.tuples(st.just("again")),
)


BEGINNING: list[tuple[Any, ...]] = [
    ("open", {"ca": "Sense correu"}, {"ca": "Ho mirem."}, {}, IncidentState.INVESTIGATING, 0 * MINUTE),
    ("open", {"ca": "Sense web"}, {"ca": "Ho mirem."}, {}, IncidentState.INVESTIGATING, -20 * MINUTE),
    ("plan", {"ca": "Canvi"}, {"ca": "Canviem."}, {}, 20 * MINUTE, 90 * MINUTE),
]


@dataclass
class Model:
    """What must be true. `said`: address → (texts, state, time) of every entry that was ever made."""

    now: datetime = NEW_YEAR
    said: dict[tuple[str, str, int], tuple[dict[str, str], str, datetime]] = field(default_factory=dict)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    keys: int = 0
    repeat: Callable[[], Any] | None = None

    def ref(self, kind: str, which: int) -> str:
        refs = sorted(ref for its_kind, ref in self.states if its_kind == kind)
        return refs[which] if which < len(refs) else "2026-999"

    def take(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("wait", minutes):
                self.now += minutes * MINUTE
                self.repeat = None
            case ("open", titles, words, impacts, state, ago):
                self.keys += 1
                key, now = f"key {self.keys}", self.now
                event = self.repeating(
                    lambda: actions.open_incident(
                        titles, words, impacts or {}, now, state=state, started_at=now + ago, key=key
                    )
                )
                self.wrote("incident", event, event.updates.get())
            case ("update", which, state, words, impacts, ago, was_read, ended):
                self.keys += 1
                key, now, ref = f"key {self.keys}", self.now, self.ref("incident", which)
                saw = actions.mark_of(actions.find("incident", ref)) if was_read else "0-0"
                update = self.repeating(
                    lambda: actions.update_incident(
                        ref,
                        state,
                        words,
                        now,
                        impacts=impacts,
                        at=now + ago,
                        key=key,
                        seen=saw,
                        ended_at=None if ended is None else now + ended,
                        causes={"ca": "Un cable."} if ended else None,
                    )
                )
                assert was_read, "an update was taken from somebody who had not seen the last one"
                self.wrote("incident", update.event, update)
            case ("correct", kind, which, number, words, ago):
                ref, now = self.ref(kind, which), self.now
                then = None if ago is None else now + ago
                update = self.repeating(lambda: actions.edit_update(kind, ref, number, words, now, at=then))
                _, state, at = self.said[kind, ref, number]
                at = self.taken_for(then, at, actions.find(kind, ref))
                assert (update.state, update.at) == (state, at)
                self.said[kind, ref, number] = (words, state, at)
            case ("merge", which, into, words, move, was_read):
                self.keys += 1
                key, now = f"key {self.keys}", self.now
                ref, other = self.ref("incident", which), self.ref("incident", into)
                saw = actions.mark_of(actions.find("incident", ref)) if was_read else "0-0"
                update = self.repeating(
                    lambda: actions.merge_incident(ref, other, words, now, move_services=move, key=key, seen=saw)
                )
                assert was_read and ref != other
                self.wrote("incident", update.event, update)
            case ("backdate", which, began, ended, causes):
                ref, now = self.ref("incident", which), self.now
                given = {name: None if at is None else now + at for name, at in (("started", began), ("ended", ended))}
                self.repeating(
                    lambda: actions.edit_event(
                        "incident", ref, now, started_at=given["started"], ended_at=given["ended"], causes=causes
                    )
                )
            case ("edit", kind, which, titles, impacts, later):
                ref, now = self.ref(kind, which), self.now
                self.repeating(
                    lambda: actions.edit_event(
                        kind, ref, now, titles=titles, impacts=impacts, next_update_at=now + later
                    )
                )
            case ("plan", titles, words, impacts, starts, ends):
                event = actions.plan_maintenance(
                    titles, words, impacts or {}, (self.now + starts, self.now + ends), self.now
                )
                self.repeat = None
                self.wrote("maintenance", event, event.updates.get())
            case ("move", which, state, words):
                self.move(self.ref("maintenance", which), state, words, self.now)
            case ("clock",):
                for due_step in due(list(Event.objects.filter(kind="maintenance")), self.now):
                    self.move(due_step.ref, due_step.state, {}, due_step.at)
            case ("again",) if self.repeat is not None:
                before = everything()
                self.repeat()
                assert everything() == before, "the same form again changed something"

    def taken_for(self, said: datetime | None, before: datetime, event: Event) -> datetime:
        """An hour that is off by no more than two clocks are: the future is now, before it began is then."""
        if said is None or said == before:
            return before
        if self.now < said <= self.now + 5 * MINUTE:
            said = self.now
        early = event.kind == "incident" and event.started_at - 5 * MINUTE <= said < event.started_at
        return event.started_at if early else said

    def repeating(self, action: Callable[[], Any]) -> Any:
        """Do it, and keep it for being sent once more."""
        self.repeat = None
        made = action()
        self.repeat = action
        return made

    def move(self, ref: str, state: MaintenanceState, words: Mapping[str, str], at: datetime) -> None:
        self.repeat = None
        before = MaintenanceState(self.states.get(("maintenance", ref), MaintenanceState.SCHEDULED))
        update = actions.update_maintenance(ref, state, words, self.now, at=at)
        assert state in MAINTENANCE_STEPS[before]
        self.states["maintenance", ref] = state
        if update:
            self.wrote("maintenance", update.event, update)

    def wrote(self, kind: str, event: Event, update: Update) -> None:
        address = (kind, event.ref, update.number)
        assert address not in self.said, "an address was given twice"
        if update.number == 1:
            assert event.year == event.started_at.astimezone(current().site.tz).year
        self.said[address] = (update.texts, update.state, update.at)
        self.states[kind, event.ref] = update.state


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Event, Update, Impact, Fact)]


def is_as_it_must_be(model: Model) -> None:
    rows = Update.objects.select_related("event")
    assert {(u.event.kind, u.event.ref, u.number): (u.texts, u.state, u.at) for u in rows} == model.said
    assert all(update.at <= model.now for update in rows)
    for event in Event.objects.all():
        numbers = sorted(event.updates.values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        legal: type[IncidentState | MaintenanceState] = IncidentState if event.kind == "incident" else MaintenanceState
        state = legal(event.state)
        assert state == model.states[event.kind, event.ref]
        assert (event.ended_at is not None) == (state in ENDED)
        assert event.merged_into is None or (state in ENDED and event.merged_into.merged_into is None)
        assert all(cause.strip() for cause in event.causes.values())
        assert event.next_update_at is None or state not in ENDED
        assert all(title.strip() for title in event.titles.values()) and event.titles
        if event.kind == "incident":
            assert event.updates.latest("number").state == state
            assert event.started_at <= model.now
            assert event.ended_at is None or event.started_at <= event.ended_at <= model.now
            assert all(update.at >= event.started_at for update in event.updates.all())
        assert "unknown" not in set(event.impacts.values_list("state", flat=True))


def facts_of_events() -> int:
    """Without those of services whose past an event says anew: there is one for each."""
    return Fact.objects.exclude(kind__startswith="service.").count()


@pytest.mark.django_db
@settings(max_examples=100, deadline=None)
@given(st.lists(steps, min_size=8, max_size=25))
def test_no_sequence_of_actions_loses_an_update_changes_an_address_or_reaches_an_illegal_state(
    sequence: list[tuple[Any, ...]],
) -> None:
    with transaction.atomic():
        list_services(headings(current()), NEW_YEAR)
        model = Model()
        for step in [*BEGINNING, *sequence]:
            before, facts, of_events = everything(), Fact.objects.count(), facts_of_events()
            try:
                model.take(step)
            except NotPossible:
                assert everything() == before, f"refused, and yet something changed: {step}"
            made = Fact.objects.count() - facts
            changed = everything()[:3] != before[:3]
            assert (made > 0) == changed
            own = facts_of_events() - of_events
            assert own <= 1 or (step[0] == "clock" and own <= 2 * Event.objects.count())
            is_as_it_must_be(model)
        hypothesis_event(f"{min(len(model.said), 9)} entries")
        transaction.set_rollback(True)
