"""What Prometheus remembers of a time that nobody watched, as changes of our services."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from talaia.config import EvidenceConfig, Reference, ServiceConfig, SourceConfig, Text
from talaia.panel.state import State
from talaia.signals.parse.prometheus import SampleSpan
from talaia.signals.replay import AT_ONCE, Gap, RecordedPast, Replay, ReplayGrid, fired, measured, windows

START = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
END = START + timedelta(minutes=30)
(WINDOW,) = windows(START, END)
SOURCE = SourceConfig(id="p", kind="prometheus", url="http://p.example.org")
USUAL: dict[str, Any] = {"group": "g", "name": Text((("", "x"),)), "evidence": EvidenceConfig(source="p", query="up")}
WEB = ServiceConfig(slug="web", **USUAL)
LINKS = ServiceConfig(slug="links", reference=Reference(connections=("a", "b", "c", "d"), label="link"), **USUAL)


def during(begin: float, end: float) -> list[float]:
    """The moments from minute `begin` until before minute `end`, in seconds."""
    moments = range(WINDOW.count)
    return [at.timestamp() for n in moments if begin <= ((at := WINDOW.at(n)) - START) / timedelta(minutes=1) < end]


def alert(begin: float, end: float, **labels: str) -> SampleSpan:
    return SampleSpan({"__name__": "ALERTS", "alertstate": "firing", **labels}, tuple(during(begin, end)))


def sample(begin: float, end: float, value: float = 1.0, **labels: str) -> SampleSpan:
    times = tuple(during(begin, end))
    return SampleSpan(labels, times, (value,) * len(times))


def aged(span: SampleSpan, seconds: float) -> SampleSpan:
    """When the samples of `span` were taken."""
    return SampleSpan(span.labels, span.times, tuple(time - seconds for time in span.times))


def told(
    service: ServiceConfig,
    before: State = State.OPERATIONAL,
    alerts: Sequence[SampleSpan] = (),
    values: Sequence[SampleSpan] = (sample(0, 30),),
    age: float = 1.0,
    skew: float = 0.0,
) -> list[tuple[float, str]]:
    """The changes, in minutes after the start."""
    label = service.reference.label if service.reference else ""
    replay = Replay(Gap(1, service, before, START, END), SOURCE)
    samples = measured(WINDOW, values, [aged(v, age) for v in values], label, skew, SOURCE.stale_after)
    replay.take(RecordedPast("p", WINDOW, fired("p", WINDOW, alerts, skew), samples))
    for at, state, reason in replay.told:
        marked = reason.values.get("asked") if state is State.UNKNOWN else reason.values.get("filled")
        assert marked, (at, state)
    return [((at - START) / timedelta(minutes=1), state.value) for at, state, _ in replay.told]


def test_where_it_was_measured_and_nothing_fired_it_was_well() -> None:
    assert told(WEB) == [(0, "operational")]


def test_where_nothing_was_measured_nothing_is_known_though_nothing_fired() -> None:
    assert told(WEB, values=[]) == [(0, "unknown")]
    assert told(WEB, values=[sample(0, 10), sample(20, 30)]) == [
        (0, "operational"),
        (10, "unknown"),
        (20, "operational"),
    ]
    assert told(WEB, age=SOURCE.stale_after.total_seconds() + 1) == [(0, "unknown")]


def test_an_outage_that_fell_wholly_inside_has_its_beginning_and_its_end_after_the_hold() -> None:
    found = told(WEB, alerts=[alert(5, 8, talaia_service="web")])
    assert found == [(0, "operational"), (5, "disruption"), (10, "operational")]


def test_an_outage_that_goes_on_has_only_a_beginning() -> None:
    assert told(WEB, alerts=[alert(20, 30, talaia_service="web")]) == [(0, "operational"), (20, "disruption")]


def test_an_outage_that_was_known_goes_on_and_ends() -> None:
    found = told(WEB, State.DISRUPTION, [alert(0, 8, talaia_service="web")])
    assert found == [(0, "disruption"), (10, "operational")]


def test_a_measurement_that_fails_does_not_make_green_before_the_rules_have_judged() -> None:
    found = told(WEB, State.UNKNOWN, values=[sample(0, 10, 0.0), sample(10, 30)])
    assert found == [(0, "unknown"), (10, "operational")]


def test_other_services_and_trials_are_not_touched() -> None:
    spans = [alert(5, 8, talaia_service="mail"), alert(5, 8, talaia_service="web", talaia_experimental="true")]
    assert told(WEB, alerts=spans) == [(0, "operational")]


def test_connections_are_counted_in_the_past_too() -> None:
    spans = [alert(5, 20, link="a"), alert(8, 12, link="b"), alert(8, 12, link="c")]
    values = [sample(0, 30, link=name) for name in "abcd"]
    assert told(LINKS, alerts=spans, values=values) == [
        (0, "operational"),
        (5, "partial"),
        (8, "disruption"),
        (14, "partial"),
        (22, "operational"),
    ]
    assert told(LINKS, values=values[:1]) == [(0, "unknown")], "too few of them were measured"


def test_a_clock_that_is_ahead_moves_nothing() -> None:
    def ahead(span: SampleSpan) -> SampleSpan:
        return SampleSpan(span.labels, tuple(time + 300 for time in span.times), span.values)

    spans, values = [ahead(alert(5, 8, talaia_service="web"))], [ahead(sample(0, 30))]
    found = told(WEB, alerts=spans, values=values, skew=300.0)
    assert found == [(0, "operational"), (5, "disruption"), (10, "operational")]


def test_windows_told_one_after_the_other_tell_what_one_window_tells() -> None:
    alerts, values = [alert(5, 8, talaia_service="web")], [sample(0, 20)]
    replay = Replay(Gap(1, WEB, State.OPERATIONAL, START, END), SOURCE)
    for part in WINDOW.parts(7):
        here = [SampleSpan(s.labels, s.times, s.values) for s in values]
        samples = measured(part, here, [aged(v, 1) for v in here], "", 0.0, SOURCE.stale_after)
        firing = fired("p", part, alerts, 0.0)
        replay.take(RecordedPast("p", part, firing, samples))
    found = [((at - START) / timedelta(minutes=1), state.value) for at, state, _ in replay.told]
    assert found == told(WEB, alerts=alerts, values=values)


def test_how_old_a_measurement_is_is_told_of_each_connection_by_itself() -> None:
    values = [sample(0, 30, link=name) for name in "ab"]
    stale = SOURCE.stale_after.total_seconds()
    for old, fresh in ((stale, ["a", "b"]), (stale + 1, ["b"])):  # what is just so old still counts
        times = [aged(values[0], old), aged(values[1], 1)]
        found = measured(WINDOW, values, times, "link", 0.0, SOURCE.stale_after)
        assert [sorted(found[moment]) for moment in range(WINDOW.count)] == [fresh] * WINDOW.count


def test_of_several_series_of_a_connection_the_worst_counts_and_the_youngest_tells_the_age() -> None:
    values = [sample(0, 30, value, link="a", instance=f"i{n}") for n, value in enumerate((1.0, 0.0, 1.0))]
    old, stale = aged(values[0], 1), SOURCE.stale_after.total_seconds() + 1
    times = [aged(values[1], stale), old, aged(values[2], stale)]
    found = measured(WINDOW, values, times, "link", 0.0, SOURCE.stale_after)
    assert [found[moment] for moment in range(WINDOW.count)] == [{"a": 0.0}] * WINDOW.count


def test_what_is_on_trial_and_what_is_no_number_was_not_measured() -> None:
    trial = sample(0, 30, 0.0, talaia_experimental="true")
    for values in ([trial], [sample(0, 30, float("nan"))], [trial, sample(0, 30, float("nan"))]):
        assert measured(WINDOW, values, [], "", 0.0, SOURCE.stale_after) == {}
        assert told(WEB, values=values) == [(0, "unknown")]


def test_an_alert_of_the_past_has_the_labels_that_it_was_sent_with() -> None:
    [signal] = fired("p", WINDOW, [alert(0, 1, talaia_service="web")], 0.0)[0]
    assert (signal.sources, signal.labels) == (("p",), {"talaia_service": "web"})


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (State.OPERATIONAL, [(0, "operational")]),
        (State.DISRUPTION, [(0, "disruption"), (2, "operational")]),  # better has to hold, as ever
        (State.UNKNOWN, [(0, "operational")]),
        (State.MAINTENANCE, [(0, "operational")]),
    ],
)
def test_a_gap_goes_on_from_how_it_stood_before(before: State, found: list[tuple[float, str]]) -> None:
    assert told(WEB, before) == found


@pytest.mark.parametrize("before", [State.OPERATIONAL, State.DEGRADED, State.UNKNOWN, State.MAINTENANCE])
def test_of_a_gap_that_lies_between_two_looks_nothing_is_known(before: State) -> None:
    begin = START + timedelta(seconds=3)
    replay = Replay(Gap(1, WEB, before, begin, begin + timedelta(seconds=9)), SOURCE)
    samples = measured(WINDOW, [sample(0, 30)], [aged(sample(0, 30), 1)], "", 0.0, SOURCE.stale_after)
    replay.take(RecordedPast("p", WINDOW, {}, samples))
    [(at, state, reason)] = replay.told
    assert (at, state, reason.code, reason.values["asked"]) == (begin, State.UNKNOWN, "not_running", True)


def test_a_pause_without_length_is_looked_at_once() -> None:
    assert [(window.start, window.count) for window in windows(START, START)] == [(START, 1)]


def test_of_a_window_only_what_lies_in_the_gap_is_told() -> None:
    """One question is asked for services whose gaps differ."""
    alerts = [alert(0, 5, talaia_service="web"), alert(20, 30, talaia_service="web")]
    samples = measured(WINDOW, [sample(0, 30)], [aged(sample(0, 30), 1)], "", 0.0, SOURCE.stale_after)
    begin, end = START + timedelta(minutes=5), START + timedelta(minutes=20)
    replay = Replay(Gap(1, WEB, State.OPERATIONAL, begin, end), SOURCE)
    replay.take(RecordedPast("p", WINDOW, fired("p", WINDOW, alerts, 0.0), samples))
    assert [(at, state) for at, state, _ in replay.told] == [(begin, State.OPERATIONAL)]


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        (timedelta(days=1), 15),
        (timedelta(days=1) + SECOND, 30),
        (timedelta(days=7), 30),
        (timedelta(days=7) + SECOND, 60),
        (timedelta(days=60), 60),
        (timedelta(days=60) + SECOND, 300),
    ],
)
def test_the_longer_the_pause_the_less_densely_it_is_looked_at(length: timedelta, seconds: int) -> None:
    assert {window.step for window in windows(START, START + length)} == {timedelta(seconds=seconds)}
    assert [*AT_ONCE] == sorted(AT_ONCE, reverse=True)


@pytest.mark.parametrize("length", [timedelta(minutes=4), timedelta(days=5), timedelta(days=45), timedelta(days=400)])
def test_however_long_the_pause_no_question_asks_for_more_than_prometheus_gives(length: timedelta) -> None:
    found = windows(START, START + length)
    assert all(window.count <= AT_ONCE[0] < 11_000 for window in found)
    assert found[0].start == START
    assert START + length - found[-1].step <= found[-1].last < START + length
    assert all(before.last + before.step == after.start for before, after in pairwise(found))
    assert len(found) <= 60


def test_a_day_of_many_alerts_is_told_within_seconds() -> None:
    begun = time.process_time()
    gap = Gap(1, WEB, State.OPERATIONAL, START, START + timedelta(hours=24))
    replay = Replay(gap, SOURCE)
    for window in windows(gap.start, gap.end):
        times = tuple(window.at(n).timestamp() for n in range(window.count))
        spans = [SampleSpan({"talaia_service": f"s{n}"}, times) for n in range(100)]
        spans.append(SampleSpan({"talaia_service": "web"}, times[::2]))
        values = [SampleSpan({}, times, (1.0,) * len(times))]
        samples = measured(window, values, [aged(v, 1) for v in values], "", 0.0, SOURCE.stale_after)
        replay.take(RecordedPast("p", window, fired("p", window, spans, 0.0), samples))
    assert [state for _, state, _ in replay.told] == [State.DISRUPTION]
    assert time.process_time() - begun < 10


def test_a_window_knows_its_moments() -> None:
    window = ReplayGrid(START, timedelta(seconds=30), 5)
    assert [part.count for part in window.parts(2)] == [2, 2, 1]
    assert window.parts(2)[1].start == START + timedelta(minutes=1)
    assert window.moment((START + timedelta(seconds=95)).timestamp(), 5.0) == 3
