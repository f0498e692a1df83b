"""What Prometheus remembers of the time in which we were away, as changes of our services."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from talaia.config import Evidence, Reference, Service, Text
from talaia.panel.state import Computed, State
from talaia.signals.parse.prometheus import Span
from talaia.signals.replay import POINTS, Past, remembered, replay, step_between

START = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
END = START + timedelta(minutes=30)
USUAL: dict[str, Any] = {"group": "g", "name": Text((("", "x"),)), "evidence": Evidence(source="p", query="up")}
WEB = Service(slug="web", **USUAL)
LINKS = Service(slug="links", reference=Reference(connections=("a", "b", "c", "d")), **USUAL)
WELL = Computed(State.OPERATIONAL)


def fired(begin: float, end: float, **labels: str) -> Span:
    """An alert from minute `begin` to minute `end`."""
    step = step_between(START, END).total_seconds()
    moments = range(round(begin * 60 / step), round(end * 60 / step))
    return Span(
        {"__name__": "ALERTS", "alertstate": "firing", **labels}, tuple(START.timestamp() + n * step for n in moments)
    )


def past(*spans: Span, skew: float = 0.0) -> Past:
    return remembered("p", spans, START, END, skew)


def told(service: Service, before: Computed, since: datetime, past: Past) -> list[tuple[float, str]]:
    """The changes, in minutes after the start."""
    return [((at - START) / timedelta(minutes=1), state.value) for at, state, _ in replay(service, before, since, past)]


def test_an_outage_that_fell_wholly_inside_has_its_beginning_and_its_end_after_the_hold() -> None:
    found = told(WEB, WELL, START, past(fired(5, 8, talaia_service="web")))
    assert found == [(5, "disruption"), (10, "operational")]  # two minutes of hold_better


def test_an_outage_that_goes_on_has_only_a_beginning() -> None:
    assert told(WEB, WELL, START, past(fired(20, 30, talaia_service="web"))) == [(20, "disruption")]


def test_an_outage_that_was_known_has_only_an_end() -> None:
    before = Computed(State.DISRUPTION)
    assert told(WEB, before, START, past(fired(0, 8, talaia_service="web"))) == [(10, "operational")]


def test_other_services_and_trials_are_not_touched() -> None:
    spans = [fired(5, 8, talaia_service="mail"), fired(5, 8, talaia_service="web", talaia_experimental="true")]
    assert told(WEB, Computed(State.DISRUPTION), START, past(*spans)) == []


def test_connections_are_counted_in_the_past_too() -> None:
    spans = [
        fired(5, 20, talaia_connection="a"),
        fired(8, 12, talaia_connection="b"),
        fired(8, 12, talaia_connection="c"),
    ]
    changes = replay(LINKS, WELL, START, past(*spans))
    assert [(at.minute, state.value, reason.values.get("down")) for at, state, reason in changes] == [
        (5, "partial", 1),
        (8, "disruption", 3),
        (14, "partial", 1),
        (22, "operational", None),
    ]


def test_a_clock_that_is_ahead_moves_nothing() -> None:
    moved = Span({"talaia_service": "web"}, tuple(time + 300 for time in fired(5, 8).times))
    assert told(WEB, WELL, START, past(moved, skew=300.0)) == [(5, "disruption"), (10, "operational")]


def test_what_the_history_has_already_is_not_told_again() -> None:
    memory = past(fired(5, 8, talaia_service="web"), fired(15, 18, talaia_service="web"))
    every = told(WEB, WELL, START, memory)
    assert len(every) == 4
    for known in range(5):  # killed after so many of them were stored
        since = START if not known else START + timedelta(minutes=every[known - 1][0])
        before = Computed(State(every[known - 1][1])) if known else WELL
        assert told(WEB, before, since, memory) == every[known:]


def test_a_day_of_many_alerts_is_told_within_the_second() -> None:
    begin, end = START - timedelta(hours=24), START
    step = step_between(begin, end).total_seconds()
    assert (end - begin).total_seconds() / step <= POINTS
    times = tuple(begin.timestamp() + n * step for n in range(POINTS))
    spans = [Span({"talaia_service": f"s{n}"}, times) for n in range(100)]
    begun = time.process_time()
    memory = remembered("p", spans, begin, end, 0.0)
    for n in range(5):
        service = Service(slug=f"s{n}", **USUAL)
        assert len(replay(service, WELL, begin, memory)) == 1
    assert time.process_time() - begun < 5
