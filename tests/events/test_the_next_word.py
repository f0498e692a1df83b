"""When the next update is promised: what people choose, and what they write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from talaia.events.next_update import in_the_morning, parse
from talaia.events.timeline import NotPossible

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 5, 4, 1, 2, 17, 5, tzinfo=UTC)  # 03:02 in Barcelona


@pytest.mark.parametrize(
    ("written", "promised"),
    [
        ("30m", "2026-05-04T03:33"),
        ("30min", "2026-05-04T03:33"),
        ("1h", "2026-05-04T04:03"),
        ("1h30m", "2026-05-04T04:33"),
        (" 2h ", "2026-05-04T05:03"),
        ("2026-05-04T10:00", "2026-05-04T10:00"),
        ("2026-05-04 10:00", "2026-05-04T10:00"),
        ("2026-05-04T08:00Z", "2026-05-04T10:00"),
        ("2026-05-04T10:00+02:00", "2026-05-04T10:00"),
    ],
)
def test_a_promise_is_a_minute_that_a_clock_can_show(written: str, promised: str) -> None:
    found = parse(written, NOW, MADRID)
    assert found is not None
    assert found.astimezone(MADRID).replace(tzinfo=None) == datetime.fromisoformat(promised)
    assert found > NOW


@pytest.mark.parametrize("written", ["none", "", "  "])
def test_nothing_need_be_promised(written: str) -> None:
    assert parse(written, NOW, MADRID) is None


@pytest.mark.parametrize(
    "written",
    [
        "soon",
        "30",
        "h",
        "m30",
        "-1h",
        "1h 30m",
        "2026-05-05",
        "2026-13-01T10:00",
        "0001-01-01T00:00",
        "2026-05-04T03:02",  # now, and past
        "2026-05-03T10:00",
        "2027-03-28T02:30",  # skipped by the clocks
        "٣٠m",
    ],
)
def test_what_cannot_be_promised_is_refused_in_one_line(written: str) -> None:
    with pytest.raises(NotPossible) as refusal:
        parse(written, NOW, MADRID)
    assert str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("local", "morning"),
    [
        ("2026-05-04T03:02", "2026-05-04T09:00"),  # at three at night, tomorrow is when one has slept
        ("2026-05-04T06:00", "2026-05-04T09:00"),
        ("2026-05-04T06:01", "2026-05-05T09:00"),
        ("2026-05-04T12:00", "2026-05-05T09:00"),
        ("2026-05-04T23:59", "2026-05-05T09:00"),
        ("2026-12-31T23:00", "2027-01-01T09:00"),
        ("2028-02-28T20:00", "2028-02-29T09:00"),
        ("2026-03-28T22:00", "2026-03-29T09:00"),  # the clocks go forward in between
        ("2026-10-24T22:00", "2026-10-25T09:00"),  # and back
    ],
)
def test_in_the_morning_is_the_next_nine_oclock_after_some_sleep(local: str, morning: str) -> None:
    now = datetime.fromisoformat(local).replace(tzinfo=MADRID).astimezone(UTC)
    found = in_the_morning(now, MADRID)
    assert found.replace(tzinfo=None) == datetime.fromisoformat(morning)
    assert parse(f"{found:%Y-%m-%dT%H:%M}", now, MADRID) == found.astimezone(UTC)
    assert found.astimezone(UTC) - now >= timedelta(hours=2)
