"""A snapshot is of one moment, and takes nothing from those who write meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from talaia.events import actions as events
from talaia.events.models import Event
from talaia.site import snapshot

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_connection_is_as_before_after_a_snapshot_and_after_a_failed_one() -> None:
    with snapshot.one_moment():
        assert snapshot.front(NOW).incidents == ()
    with pytest.raises(ZeroDivisionError), snapshot.one_moment():
        raise ZeroDivisionError
    with transaction.atomic():  # would fail inside a transaction that was left open
        events.open_incident({"ca": "Tall"}, {"ca": "Ho mirem."}, {}, NOW)
    assert Event.objects.count() == 1
    assert connection.get_autocommit()


@pytest.mark.django_db(transaction=True)
def test_what_is_committed_meanwhile_is_not_seen() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the test database of SQLite lies in memory, where readers and writers share their locks")

    def write() -> None:
        events.open_incident({"ca": "Tall"}, {"ca": "Ho mirem."}, {}, NOW)
        connection.close()

    with snapshot.one_moment():
        assert Event.objects.count() == 0
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(20)
        assert not writer.is_alive()  # nothing held it up
        assert snapshot.front(NOW).incidents == ()
    assert len(snapshot.front(NOW).incidents) == 1
