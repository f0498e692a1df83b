"""Several people, or several taps, at the same instant: on real transactions, in threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from talaia.events import actions
from talaia.events.models import Event, Update
from talaia.events.timeline import IncidentState, Overtaken
from talaia.outbox.models import Fact

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
T = TypeVar("T")


def at_once(count: int, action: Callable[[int], T]) -> list[T]:
    """`action(0)` … `action(count - 1)`, each in a thread and a connection of its own, begun together."""
    start = Barrier(count)

    def one(number: int) -> T:
        start.wait()
        try:
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def test_ten_people_who_open_draw_ten_numbers() -> None:
    refs = at_once(10, lambda n: actions.open_incident({"ca": f"T{n}"}, {"ca": "x"}, {}, NOW).ref)
    assert sorted(refs) == [f"2026-{number:03}" for number in range(1, 11)]


def test_one_form_that_is_sent_six_times_opens_one_incident() -> None:
    refs = at_once(6, lambda _: actions.open_incident({"ca": "T"}, {"ca": "x"}, {}, NOW, key="k").ref)
    assert set(refs) == {"2026-001"}
    assert (Event.objects.count(), Update.objects.count(), Fact.objects.count()) == (1, 1, 1)


def test_one_form_that_is_sent_six_times_makes_one_entry() -> None:
    event = actions.open_incident({"ca": "T"}, {"ca": "x"}, {}, NOW)
    saw = actions.mark_of(event)

    def update(_: int) -> int:
        made = actions.update_incident(event.ref, IncidentState.IDENTIFIED, {"ca": "y"}, NOW, key="k", seen=saw)
        return made.number

    assert set(at_once(6, update)) == {2}
    assert Update.objects.count() == 2


def test_of_six_who_answer_the_same_entry_one_is_written_and_five_are_told() -> None:
    event = actions.open_incident({"ca": "T"}, {"ca": "x"}, {}, NOW)
    saw = actions.mark_of(event)

    def update(number: int) -> bool:
        try:
            actions.update_incident(
                event.ref, IncidentState.IDENTIFIED, {"ca": f"y{number}"}, NOW, key=f"k{number}", seen=saw
            )
        except Overtaken:
            return False
        return True

    assert sum(at_once(6, update)) == 1
    assert Update.objects.count() == 2
