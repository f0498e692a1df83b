"""Whatever two people and the clock do with planned work, in any order: nothing is lost, known or moved too early."""

from __future__ import annotations

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
from talaia.events.timeline import ENDED, MAINTENANCE_STEPS, MaintenanceState, NotPossible
from talaia.events.window_schedule import due, late
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.site import snapshot

# The night in which the clocks go back: two of its hours have one name.
NIGHT = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

texts = st.sampled_from([{"ca": "Treballem."}, {"ca": "Fet.", "en": "Done."}] * 4 + [{}, {"ca": "  "}])
who = st.sampled_from(["anna", "berta", "carla"])
which = st.sampled_from([0, 0, 0, 0, 1, 1, 2])
soon = st.sampled_from([-120, -10, 10, 40, 90, 180]).map(lambda minutes: minutes * MINUTE)
seen = st.sampled_from([True] * 5 + [False])
steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([5, 20, 60])),
    st.tuples(st.just("plan"), who, soon, soon, st.booleans(), st.booleans(), st.booleans()),
    st.tuples(st.just("approve"), which, who, seen),
    st.tuples(st.just("move"), which, st.sampled_from(MaintenanceState), texts, seen),
    st.tuples(st.just("extend"), which, soon, texts, seen, who),
    st.tuples(st.just("postpone"), which, soon, soon, texts, seen, who),
    st.tuples(st.just("levels"), which, st.sampled_from([State.DISRUPTION, State.DEGRADED]), who),
    st.tuples(st.just("withdraw"), which, who),
    st.tuples(
        st.just("arrange"),
        which,
        st.booleans(),
        st.booleans(),
        st.sampled_from([["24h"], ["start", "end"], ["x"]]),
        who,
    ),
    st.tuples(st.just("correct"), which, st.integers(0, 4), texts),
    st.tuples(st.just("clock")),
    st.tuples(st.just("again")),
)
WRITES = ("extend", "postpone", "levels", "withdraw", "arrange")
BEGINNING: list[tuple[Any, ...]] = [
    ("plan", "anna", 10 * MINUTE, 90 * MINUTE, True, False, False),
    ("plan", "anna", 40 * MINUTE, 180 * MINUTE, True, True, True),
]


@dataclass
class Model:
    """What must be true. `said`: address → (texts, state) of every entry that was ever made."""

    now: datetime = NIGHT
    said: dict[tuple[str, int], tuple[dict[str, str], str]] = field(default_factory=dict)
    over: dict[str, dict[str, Any]] = field(default_factory=dict)
    approved: dict[tuple[str, str, int], Any] = field(default_factory=dict)
    wrote_it: dict[str, set[str]] = field(default_factory=dict)  # who wrote any part of what waits
    keys: int = 0
    repeat: Any = None

    def ref(self, which: int) -> str:
        refs = sorted({ref for ref, _ in self.said})
        return refs[which] if which < len(refs) else "2026-999"

    def saw(self, ref: str, was_read: bool) -> str:
        return actions.mark_of(actions.find("maintenance", ref)) if was_read else "0-0"

    def take(self, step: tuple[Any, ...]) -> None:
        now = self.now
        match step:
            case ("wait", minutes):
                self.now, self.repeat = now + minutes * MINUTE, None
            case ("plan", by, starts, lasts, by_clock, ends_itself, second):
                key = self.key()
                planned = self.repeating(
                    lambda: actions.plan_maintenance(
                        {"ca": "Canvi"},
                        {"ca": "Canviem."},
                        {"chat": State.DISRUPTION},
                        (now + starts, now + starts + lasts),
                        now,
                        by=by,
                        starts_itself=by_clock,
                        ends_itself=ends_itself,
                        needs_approval=second,
                        key=key,
                    )
                )
                self.wrote(planned.updates.get())
                self.wrote_it[planned.ref] = {by} if second else set()
            case ("approve", which, by, was_read):
                ref = self.ref(which)
                saw = self.saw(ref, was_read)
                before = actions.find("maintenance", ref)
                actions.approve_maintenance(ref, now, by=by, seen=saw)
                self.repeat = None
                assert by not in self.wrote_it.get(ref, set())
                self.wrote_it[ref] = set()
                if before.proposed is not None and "window" in before.proposed:
                    self.wrote(actions.find("maintenance", ref).updates.latest("number"))
                assert was_read or not (before.awaits_approval or before.proposed)
            case ("move", which, state, words, was_read):
                ref, key = self.ref(which), self.key()
                saw, was = self.saw(ref, was_read), actions.find("maintenance", ref)
                update = self.repeating(lambda: actions.update_maintenance(ref, state, words, now, key=key, seen=saw))
                assert state in MAINTENANCE_STEPS[MaintenanceState(was.state)]
                assert was_read or (state == was.state and not words)
                if update:
                    self.wrote(update)
            case ("extend", which, later, words, was_read, by):
                ref, key = self.ref(which), self.key()
                saw = self.saw(ref, was_read)
                was = actions.find("maintenance", ref)
                made = self.repeating(
                    lambda: actions.extend_maintenance(ref, now + later, words, now, by=by, key=key, seen=saw)
                )
                self.wrote_or_proposed(was, made)
                assert was_read or made is None
            case ("postpone", which, starts, lasts, words, was_read, by):
                ref, key = self.ref(which), self.key()
                saw, window = self.saw(ref, was_read), (now + starts, now + starts + lasts)
                was = actions.find("maintenance", ref)
                made = self.repeating(
                    lambda: actions.postpone_maintenance(ref, window, words, now, by=by, key=key, seen=saw)
                )
                self.wrote_or_proposed(was, made)
                assert was_read or made is None
            case ("levels", which, level, by):
                ref = self.ref(which)
                self.repeating(
                    lambda: actions.edit_event("maintenance", ref, now, by=by, impacts={"chat": State(level)})
                )
            case ("withdraw", which, by):
                ref = self.ref(which)
                self.repeating(lambda: actions.withdraw_change(ref, now, by=by))
            case ("arrange", which, starts, ends, notices, by):
                ref = self.ref(which)
                self.repeating(
                    lambda: actions.arrange_maintenance(
                        ref, now, by=by, starts_itself=starts, ends_itself=ends, notices=notices
                    )
                )
            case ("correct", which, number, words):
                ref = self.ref(which)
                update = self.repeating(lambda: actions.edit_update("maintenance", ref, number, words, now))
                self.said[ref, number] = (dict(update.texts), self.said[ref, number][1])
            case ("clock",):
                self.repeat = None
                for due_step in list(due(list(Event.objects.all()), now)):
                    assert actions.take_step(due_step, now)
                    self.wrote(actions.find("maintenance", due_step.ref).updates.latest("number"))
                for event in Event.objects.all():
                    why = late(event, now)
                    noted = actions.note_late(event.ref, now, 15 * MINUTE)
                    assert noted in (None, why)
                    assert actions.note_late(event.ref, now, 15 * MINUTE) is None, "noted twice"
            case ("again",) if self.repeat is not None:
                before_all = everything()
                self.repeat()
                assert everything() == before_all, "the same form again changed something"

    def key(self) -> str:
        self.keys += 1
        return f"key {self.keys}"

    def repeating(self, action: Any) -> Any:
        self.repeat = None
        made = action()
        self.repeat = action
        return made

    def wrote_of(self, step: tuple[Any, ...]) -> None:
        """Whoever has just changed what waits has written some of it; of what no longer waits nobody has."""
        ref = self.ref(step[1])
        event = actions.find("maintenance", ref)
        if not event.awaits_approval and event.proposed is None:
            self.wrote_it[ref] = set()
        else:
            self.wrote_it[ref].add(step[-1])

    def wrote_or_proposed(self, was: Event, made: Update | None) -> None:
        """A window that a second person has approved is changed by nobody alone."""
        assert (made is None) == bool(was.approved_by and was.state == MaintenanceState.SCHEDULED)
        if made:
            self.wrote(made)

    def wrote(self, update: Update) -> None:
        address = (update.event.ref, update.number)
        assert address not in self.said, "an address was given twice"
        self.said[address] = (dict(update.texts), update.state)


def rows_of(event: Event) -> dict[str, str]:
    return dict(event.impacts.values_list("service_id", "state"))


def by_second(event: Event) -> dict[str, Any]:
    """The facts of a second person's yes."""
    return {"subject": actions.subject(event), "data__has_key": "approved_by"}


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Event, Update, Impact, Fact)]


def changes_what_waits(before: list[Any], ref: str) -> bool:
    """Since then, another change waits, or what waits for its first yes is another."""
    if everything()[:3] == before[:3]:
        return False
    event = actions.find("maintenance", ref)
    then = {row["id"]: row["proposed"] for row in before[0]}
    return event.awaits_approval or event.proposed != then[event.pk]


def is_as_it_must_be(model: Model) -> None:
    rows = Update.objects.select_related("event")
    assert {(u.event.ref, u.number): (u.texts, u.state) for u in rows} == model.said
    public = set(snapshot.paths(current().site.tz))
    for event in Event.objects.all():
        state = MaintenanceState(event.state)
        assert event.window_start and event.window_end and event.window_start < event.window_end
        numbers = sorted(event.updates.values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))
        assert (event.ended_at is not None) == (state in ENDED)
        assert event.next_update_at is None or state not in ENDED
        if event.awaits_approval:
            assert state in (MaintenanceState.SCHEDULED, MaintenanceState.CANCELLED) and not event.approved_by
        assert event.approved_by == "" or event.approved_by != (event.changed_by or event.planned_by)
        if event.approved_by and state is MaintenanceState.SCHEDULED:  # nobody alone has changed what was approved
            plan = (event.window_start, event.window_end, rows_of(event))
            yes = (event.ref, event.approved_by, Fact.objects.filter(**by_second(event)).count())
            assert model.approved.setdefault(yes, plan) == plan
        assert event.proposed is None or state is MaintenanceState.SCHEDULED
        known = snapshot.event("maintenance", event.ref, model.now) is not None
        assert known == (not event.awaits_approval) == (f"/maintenance/{event.ref}/" in public)
        if state in ENDED:  # what is over stays as it was, but for corrected words
            kept = {"state": state, "window": (event.window_start, event.window_end), "ended": event.ended_at}
            assert model.over.setdefault(event.ref, kept) == kept


@pytest.mark.django_db
@settings(max_examples=50, deadline=None)
@given(st.lists(steps, min_size=8, max_size=25))
def test_no_sequence_of_steps_loses_an_entry_moves_what_waits_or_shows_what_is_not_approved(
    sequence: list[tuple[Any, ...]],
) -> None:
    with transaction.atomic():
        list_services(headings(current()), NIGHT)
        model = Model()
        for step in [*BEGINNING, *sequence]:
            before, facts = everything(), Fact.objects.count()
            try:
                model.take(step)
            except NotPossible:
                assert everything() == before, f"refused, and yet something changed: {step}"
            if step[0] in WRITES and changes_what_waits(before, model.ref(step[1])):
                model.wrote_of(step)
            made, changed = Fact.objects.count() - facts, everything()[:3] != before[:3]
            assert made > 0 if changed else made == 0 or step[0] == "clock"  # that it is late changes no row
            assert made <= 1 or step[0] == "clock"
            is_as_it_must_be(model)
        hypothesis_event(f"{min(len(model.said), 9)} entries")
        transaction.set_rollback(True)
