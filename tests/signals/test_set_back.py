"""Hours that lie ahead because the clock was set back: each is put where it belongs, and no other is touched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from talaia.outbox.monotonic import StableValue, WallClock
from talaia.signals.clock_setback.actions import mend_hours
from talaia.signals.models import Evidence, PollRequest, RawWebhook, Signal, SourceState

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("by", "heard", "found"),
    [
        (3 * HOUR, NOW + 3 * HOUR - MINUTE, NOW - MINUTE),  # a minute before the clock was set back
        (None, NOW + 3 * HOUR - MINUTE, NOW),  # set back while nobody ran: nobody knows
        (3 * HOUR, NOW + 5 * HOUR, NOW),  # it lay ahead even before
        (3 * HOUR, NOW - HOUR, NOW - HOUR),
        (None, NOW + timedelta(seconds=4), NOW + timedelta(seconds=4)),  # so far two clocks may differ
    ],
    ids=["shifted", "unknown", "capped", "past", "slack"],
)
def test_an_hour_that_lies_ahead_is_put_where_it_belongs(
    by: timedelta | None, heard: datetime, found: datetime
) -> None:
    SourceState.objects.create(source="prometheus", heard_at=heard, answered_at=heard, tried_at=heard)
    Evidence.objects.create(source="checks", service="mail", value=1, age=0, read_at=heard)
    fields = {"labels": {}, "annotations": {}, "starts_at": NOW - HOUR, "last_seen": heard, "via": "webhook"}
    Signal.objects.create(source="am", key="1", state=Signal.RESOLVED, ends_at=heard, **fields)
    Signal.objects.create(source="am", key="2", state=Signal.FIRING, ends_at=NOW + 9 * HOUR, **fields)
    RawWebhook.objects.create(source="am", received_at=heard, body={})
    PollRequest.objects.create(source="am", rung_at=heard)
    mended = mend_hours(NOW, by)
    state = SourceState.objects.get()
    assert (state.heard_at, state.answered_at, state.tried_at) == (found, found, found)
    assert Evidence.objects.get().read_at == found
    over, firing = Signal.objects.order_by("key")
    assert (over.last_seen, over.ends_at) == (found, found)
    assert (firing.last_seen, firing.ends_at) == (found, NOW + 9 * HOUR)  # what its sender says of later stays
    assert (RawWebhook.objects.get().received_at, PollRequest.objects.get().rung_at) == (found, found)
    assert bool(mended) is (heard != found)
    assert mend_hours(NOW, by) == 0


def test_the_clock_on_the_wall_is_compared_with_the_one_that_is_never_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: passed[0])
    wall = WallClock()
    assert wall.set_back(NOW) is None
    passed[0] += 60
    assert wall.set_back(NOW + MINUTE) == timedelta(0)
    passed[0] += 60
    assert wall.set_back(NOW + 2 * MINUTE - 3 * HOUR) == 3 * HOUR
    passed[0] += 60
    assert wall.set_back(NOW + 3 * MINUTE - 3 * HOUR) == timedelta(0)
    passed[0] += 1
    assert wall.set_back(NOW + 3 * MINUTE) == timedelta(0)  # set forward: that is time that passed, for all we know
    second = timedelta(seconds=1)
    passed[0] += 60
    assert wall.set_back(NOW + 4 * MINUTE - 5 * second) == timedelta(0)  # so far one that is kept in step may differ
    passed[0] += 60
    assert wall.set_back(NOW + 5 * MINUTE - 11 * second) == 6 * second


def test_what_stands_still_is_told_by_how_long_it_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: passed[0])
    standing = StableValue()
    assert standing.seconds(NOW) == 0
    passed[0] += 70
    assert standing.seconds(NOW) == 70
    assert standing.seconds(NOW + HOUR) == 0
    nothing = StableValue()
    passed[0] += 5
    assert nothing.seconds(None) == 5, "what was never there has been so since we began to look"
