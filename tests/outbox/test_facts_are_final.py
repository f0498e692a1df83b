"""What was written down stays: the database itself refuses to change a fact, and what people did is kept longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from talaia.outbox.actions import PLACE, forget, record
from talaia.outbox.models import Delivery, Fact

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


def happen(at: datetime = NOW, by: str = "anna", spread: bool = False) -> Fact:
    token = PLACE.set("192.0.2.1")
    with transaction.atomic():
        fact = record("incident.updated", "incident/2026-001", at, by, {"before": {"ca": "a"}, "after": {"ca": "b"}})
    PLACE.reset(token)
    if spread:
        Fact.objects.filter(pk=fact.pk).update(spread=True)
    return fact


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", NOW - timedelta(days=1)),
        ("kind", "incident.resolved"),
        ("subject", "incident/2026-002"),
        ("by", "berta"),
        ("place", ""),
        ("data", {}),
    ],
)
def test_nothing_that_a_fact_says_can_be_changed(column: str, value: Any) -> None:
    fact = happen()
    before = Fact.objects.values().get()
    with pytest.raises(DatabaseError, match="facts are final"):
        Fact.objects.filter(pk=fact.pk).update(**{column: value})
    setattr(fact, column, value)
    with pytest.raises(DatabaseError, match="facts are final"):
        fact.save()
    assert Fact.objects.values().get() == before


def test_not_even_by_plain_sql() -> None:
    happen()
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="facts are final"):
        cursor.execute("update talaia_fact set \"by\" = 'berta'")
    assert Fact.objects.get().by == "anna"


def test_the_mark_of_the_worker_is_no_part_of_what_was_said() -> None:
    happen(spread=True)
    assert Fact.objects.get().spread
    Fact.objects.update(spread=False)
    assert not Fact.objects.get().spread


def test_what_people_did_is_kept_longer_than_what_machines_saw() -> None:
    old, very_old = NOW - timedelta(days=500), NOW - timedelta(days=1200)
    kept = [happen(old, "anna", spread=True), happen(NOW, "", spread=True), happen(NOW, "anna", spread=True)]
    happen(old, "", spread=True)
    happen(very_old, "anna", spread=True)
    assert forget(NOW - timedelta(days=400), NOW - timedelta(days=1095)) == 2
    assert list(Fact.objects.order_by("id")) == kept


def test_what_still_has_consequences_is_never_forgotten() -> None:
    waiting, parked, runs = (happen(NOW, "anna", spread=True) for _ in range(3))
    happen(NOW, "anna")  # not spread yet
    Delivery.objects.create(fact=waiting, channel="site", target="x", due=NOW)
    Delivery.objects.create(fact=parked, channel="site", target="x", due=NOW, state=Delivery.PARKED)
    Delivery.objects.create(fact=runs, channel="site", target="x", due=NOW, state=Delivery.RUNNING)
    later = NOW + timedelta(days=4000)
    assert forget(later, later) == 0
    assert Fact.objects.count() == 4
