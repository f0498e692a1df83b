"""Signals → verdicts, as tight tables: plain services, reference connections, and the words of the reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.config import AlertMatch, EvidenceConfig, Reference, ServiceConfig, Text, Threshold
from talaia.config.matchers import Matchers
from talaia.config.source_kinds import KINDS, SourceKind
from talaia.panel.holds import Computed, settle
from talaia.panel.state import TROUBLE, WEIGHT, Reason, State, Verdict
from talaia.signals.inputs import CHECKS, EvidenceSample, LiveSignal, SourceView, View
from talaia.signals.matching import experimental
from talaia.signals.rules import judge

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)
STALE = timedelta(seconds=90)
NAME = Text((("", "x"),))
HEARD = {"p": SourceView("p", NOW, STALE)}
GREEN, RED, GREY = Computed(State.OPERATIONAL), Computed(State.DISRUPTION), Computed(State.UNKNOWN)


def service(**fields: Any) -> ServiceConfig:
    usual: dict[str, Any] = {
        "slug": "web",
        "group": "g",
        "name": NAME,
        "evidence": EvidenceConfig(source="p", query="up"),
    }
    return ServiceConfig(**{**usual, **fields})


def fires(**labels: str) -> LiveSignal:
    return LiveSignal(("p",), {"alertname": "A", **labels})


def hushed(**labels: str) -> LiveSignal:
    """An alert that a person has silenced."""
    return LiveSignal(("p",), {"alertname": "A", **labels}, silenced=True)


def measured(value: float = 1.0, age: float = 1.0) -> dict[tuple[str, str, str], EvidenceSample]:
    return {("p", "web", ""): EvidenceSample(value, age, NOW)}


OWN = {"talaia_service": "web"}
MILD = {**OWN, "talaia_impact": "degraded"}
ODD = {**OWN, "talaia_impact": "nonsense"}
BEAT = {**OWN, "talaia_heartbeat": "true"}
WEB = service()
TOLD = service(evidence=EvidenceConfig(source="p"))
BY_HAND = service(evidence=None, kept_by_hand=True)
CHECKED = service(evidence=None)
NEVER_ASKED = {"p": SourceView("p", NOW, STALE, asked=False)}
CHECKS_HEARD = {CHECKS: SourceView(CHECKS, NOW, STALE, SourceKind(), asked=False)}
ANSWERS = {(CHECKS, "web", ""): EvidenceSample(1, 0, NOW)}
SILENT = {"p": SourceView("p", NOW - STALE * 2, STALE), **CHECKS_HEARD}
AGED = {(CHECKS, "web", ""): EvidenceSample(1, 0, NOW - STALE * 2)}
AGED_HEARD = {"p": SourceView("p", NOW - STALE, STALE)}
ASKED_AM = {"p": SourceView("p", NOW, STALE, KINDS["alertmanager"])}
BEATS = {("p", "", ""): EvidenceSample(1, 60, NOW)}
SILENT_A = {"a": SourceView("a", NOW - STALE * 2, STALE, KINDS["alertmanager"])}
NEVER_ASKED_A = {"a": SourceView("a", NOW - STALE * 2, STALE, KINDS["alertmanager"], asked=False)}
CHECK_DOWN = LiveSignal((CHECKS,), OWN, {"what": "slow"})
HELD = LiveSignal(("p",), OWN, held=True)
BLIND_HELD = LiveSignal(("p",), {**OWN, "talaia_impact": "unknown"}, held=True)
BOTH_SEE = LiveSignal(("p", CHECKS), OWN, {"what": "slow"})
UNREADABLE = {"p": SourceView("p", NOW - STALE * 2, STALE, answered_at=NOW), **CHECKS_HEARD}
MILD_BEFORE = Computed(State.DEGRADED)
ONLY_A = service(alerts=(AlertMatch(match=Matchers.from_toml('job="web"'), source="a"),))
MATCHED = service(alerts=(AlertMatch(match=Matchers.from_toml('job="web"'), impact="partial"),))


@pytest.mark.parametrize(
    ("listed", "view", "before", "state", "code"),
    [
        (WEB, View((), measured(), HEARD), GREEN, "operational", ""),
        (WEB, View((fires(talaia_service="web"),), measured(), HEARD), GREEN, "disruption", "alert"),
        (WEB, View((fires(**MILD),), measured(), HEARD), GREEN, "degraded", "alert"),
        (WEB, View((fires(**ODD),), measured(), HEARD), GREEN, "disruption", "alert"),
        (WEB, View((fires(talaia_service="mail"),), measured(), HEARD), GREEN, "operational", ""),
        (WEB, View((fires(**BEAT),), measured(), HEARD), GREEN, "operational", ""),
        (MATCHED, View((fires(job="web"),), measured(), HEARD), GREEN, "partial", "alert"),
        (MATCHED, View((fires(job="web", talaia_impact="degraded"),), measured(), HEARD), GREEN, "degraded", "alert"),
        (MATCHED, View((fires(job="web", talaia_service="mail"),), measured(), HEARD), GREEN, "operational", ""),
        (MATCHED, View((fires(job="website"),), measured(), HEARD), GREEN, "operational", ""),
        (WEB, View((hushed(talaia_service="web"),), measured(), HEARD), RED, "disruption", "alert"),
        (WEB, View((hushed(**OWN), fires(n="2", **OWN)), measured(), HEARD), RED, "disruption", "alert"),
        (WEB, View((), {}, HEARD), GREEN, "unknown", "not_measured"),
        (WEB, View((), measured(age=91), HEARD), GREEN, "unknown", "not_measured"),
        (WEB, View((), measured(age=90), HEARD), GREEN, "operational", ""),
        (WEB, View((), measured(0.0), HEARD), GREEN, "operational", ""),
        (WEB, View((), measured(0.0), HEARD), RED, "disruption", "failing_pending"),
        (WEB, View((), measured(0.0), HEARD), GREY, "unknown", "failing_pending"),
        (WEB, View((), measured(0.0), HEARD), Computed(State.MAINTENANCE), "unknown", "failing_pending"),
        (WEB, View((), measured(), {}), GREEN, "unknown", "never_measured"),
        (WEB, View((), measured(), {"p": SourceView("p", None, STALE)}), GREEN, "unknown", "never_measured"),
        (WEB, View((), measured(), {"p": SourceView("p", NOW - STALE * 2, STALE)}), GREEN, "unknown", "source_silent"),
        (TOLD, View((), {}, NEVER_ASKED), GREY, "operational", "unconfirmed"),
        (BY_HAND, View(), GREY, "operational", "kept_by_hand"),
        (service(evidence=None, kept_by_hand=True, alerts=MATCHED.alerts), View(), GREY, "operational", "unconfirmed"),
        (CHECKED, View((), ANSWERS, CHECKS_HEARD), GREY, "operational", ""),
        (CHECKED, View((), AGED, CHECKS_HEARD), GREEN, "unknown", "not_measured"),
        (WEB, View((), measured(), AGED_HEARD), GREEN, "operational", ""),  # as good as the source is
        (WEB, View((CHECK_DOWN,), {}, SILENT), GREEN, "disruption", "check"),  # seen by ourselves
        (WEB, View((fires(**OWN),), {}, SILENT), GREEN, "unknown", "source_silent"),
        (WEB, View((HELD,), measured(), HEARD), RED, "operational", ""),  # it is measured: no need to doubt
        (TOLD, View((HELD,), {}, NEVER_ASKED), RED, "disruption", "alert"),
        (TOLD, View((HELD,), {}, NEVER_ASKED), MILD_BEFORE, "degraded", "alert"),
        (TOLD, View((HELD,), {}, NEVER_ASKED), GREEN, "operational", "unconfirmed"),
        (TOLD, View((HELD,), {}, NEVER_ASKED), GREY, "operational", "unconfirmed"),
        (TOLD, View((BLIND_HELD,), {}, NEVER_ASKED), GREEN, "operational", "unconfirmed"),  # it is blind no more
        (WEB, View((), measured(), UNREADABLE), RED, "disruption", "source_unreadable"),
        (WEB, View((), measured(), UNREADABLE), GREEN, "unknown", "source_unreadable"),
        (WEB, View((), measured(), UNREADABLE), GREY, "unknown", "source_unreadable"),
        (WEB, View((BOTH_SEE,), {}, SILENT), GREEN, "unknown", "source_silent"),  # not by ourselves alone
        (WEB, View((CHECK_DOWN, fires(**OWN)), measured(), HEARD), GREEN, "disruption", "alert"),
        (service(kept_by_hand=True), View((), {}, SILENT), GREEN, "unknown", "source_silent"),
        (TOLD, View((), {}, ASKED_AM), GREEN, "unknown", "not_measured"),  # a list without heartbeat proves nothing
        (TOLD, View((), BEATS, ASKED_AM), GREEN, "operational", "unconfirmed"),
        (BY_HAND, View((fires(**OWN),)), GREEN, "disruption", "alert"),
        (ONLY_A, View((), measured(), {**HEARD, **SILENT_A}), GREEN, "unknown", "source_silent"),
        (ONLY_A, View((), measured(), {**HEARD, **NEVER_ASKED_A}), GREEN, "operational", ""),
    ],
)  # fmt: skip
def test_a_plain_service(listed: ServiceConfig, view: View, before: Computed, state: str, code: str) -> None:
    found = judge(listed, view, NOW, before)
    assert (found.verdict.state, found.verdict.reason.code) == (state, code)
    assert found.steps[-1].startswith(f"verdict: {state}")


def test_the_worst_of_several_alerts_is_the_state_and_words_are_only_those_that_operators_allowed() -> None:
    worse = LiveSignal(("p",), {"talaia_service": "web", "n": "1"}, {"summary": "host-7.internal is down"})
    told = LiveSignal(("p",), {"talaia_service": "web", "n": "2"}, {"talaia_summary": "El web no respon"})
    mild = fires(talaia_service="web", talaia_impact="degraded")
    found = judge(WEB, View((mild, worse, told), measured(), HEARD), NOW, GREEN).verdict
    assert found == Verdict(State.DISRUPTION, Reason("alert", {"summary": "El web no respon", "count": 3}))


KNOWN = {"silenced": True}
LINKS = service(slug="links", reference=Reference(connections=("a", "b", "c", "d")))


def links(down: str = "", failing: str = "", silenced: str = "", unmeasured: str = "", poor: str = "") -> View:
    signals = [fires(talaia_connection=id) for id in down]
    signals += [hushed(talaia_connection=id) for id in silenced]
    signals += [fires(talaia_connection=id, talaia_impact="degraded") for id in poor]
    samples = {
        ("p", "links", id): EvidenceSample(0.0 if id in down + failing + silenced else 1.0, 1.0, NOW)
        for id in "abcd"
        if id not in unmeasured
    }
    return View(tuple(signals), samples, HEARD)


@pytest.mark.parametrize(
    ("view", "before", "state", "reason"),
    [
        (links(), GREEN, "operational", {}),
        (links("a"), GREEN, "partial", {"code": "connections_down", "down": 1, "of": 4}),
        (links("abc"), GREEN, "disruption", {"code": "connections_down", "down": 3, "of": 4}),
        # A silence says that somebody knows, not that it was planned: it takes nothing out of the count.
        (links("a", silenced="bcd"), GREEN, "disruption", {"code": "connections_down", "down": 4, "of": 4}),
        (links(silenced="abcd"), GREEN, "disruption", {"code": "connections_down", "down": 4, "of": 4, **KNOWN}),
        (links(silenced="a"), GREEN, "partial", {"code": "connections_down", "down": 1, "of": 4, **KNOWN}),
        (links(poor="ab"), GREEN, "degraded", {"code": "connections_poor", "poor": 2, "of": 4}),
        (links("a", poor="b"), GREEN, "partial", {"code": "connections_down", "down": 1, "of": 4}),
        (links(unmeasured="abc"), GREEN, "unknown", {"code": "too_few_measured", "measured": 1, "of": 4}),
        (links(unmeasured="ab"), GREEN, "operational", {"code": "partly_measured", "measured": 2, "of": 4}),
        (links(failing="abc"), GREEN, "operational", {}),  # the rules have not judged yet
        (links(failing="abc"), GREY, "unknown", {"code": "failing_pending"}),
        (links(failing="abc"), RED, "disruption", {"code": "connections_down", "down": 3, "of": 4}),
        (links(failing="a"), RED, "partial", {"code": "connections_down", "down": 1, "of": 4}),
        (links(failing="abc"), Computed(State.DEGRADED), "degraded", {"code": "failing_pending"}),
        (links(failing="a"), Computed(State.MAINTENANCE), "unknown", {"code": "failing_pending"}),
        (links("a", failing="b"), Computed(State.PARTIAL), "partial", {"code": "connections_down", "down": 1, "of": 4}),
        (links(silenced="a"), RED, "partial", {"code": "connections_down", "down": 1, "of": 4, **KNOWN}),
        (links("a", failing="bc"), GREY, "partial", {"code": "connections_down", "down": 1, "of": 4}),
        (links(poor="a", failing="a"), RED, "partial", {"code": "connections_down", "down": 1, "of": 4}),
    ],
)
def test_a_reference_service(view: View, before: Computed, state: str, reason: dict[str, Any]) -> None:
    found = judge(LINKS, view, NOW, before).verdict
    assert (found.state, found.reason.to_json()) == (state, reason)


def test_connections_of_which_a_source_only_tells_are_well_until_it_says_otherwise_and_better_is_doubted() -> None:
    listed = service(slug="links", evidence=EvidenceConfig(source="p"), reference=Reference(connections=("a", "b")))
    down = LiveSignal(("p",), {"talaia_connection": "a"})
    held = LiveSignal(("p",), {"talaia_connection": "a"}, held=True)
    assert judge(listed, View((), {}, NEVER_ASKED), NOW, GREEN).verdict == Verdict(State.OPERATIONAL)
    partial = judge(listed, View((down,), {}, NEVER_ASKED), NOW, GREEN).verdict
    assert partial == Verdict(State.PARTIAL, Reason("connections_down", {"down": 1, "of": 2}))
    assert judge(listed, View((held,), {}, NEVER_ASKED), NOW, Computed(State.PARTIAL)).verdict == partial
    for before in (GREEN, GREY):
        assert judge(listed, View((held,), {}, NEVER_ASKED), NOW, before).verdict.state == State.OPERATIONAL


COUNTED = Reference(
    connections=("a", "b", "c", "d"),
    degraded=Threshold(count=2),
    partial=Threshold(count=3),
    disruption=Threshold(count=4),
)


@pytest.mark.parametrize(
    ("view", "before", "state", "code"),
    [
        (links("a", poor="a"), GREEN, "operational", ""),  # one connection, whatever is said of it
        (links("a", poor="b"), GREEN, "degraded", "connections_poor"),
        (links(poor="a"), GREEN, "operational", ""),
        (links(poor="a", failing="a"), RED, "operational", ""),
        (links(poor="a", failing="b"), RED, "degraded", "connections_poor"),
    ],
)
def test_a_connection_counts_once_though_it_is_down_and_works_badly(
    view: View, before: Computed, state: str, code: str
) -> None:
    found = judge(service(slug="links", reference=COUNTED), view, NOW, before).verdict
    assert (found.state, found.reason.code) == (state, code)


def test_of_a_connection_the_evidence_has_the_word_and_a_check_of_ours_where_that_says_nothing() -> None:
    ours = {(CHECKS, "links", "a"): EvidenceSample(0, 0, NOW)}
    both = View((), {**links().samples, **ours}, HEARD | CHECKS_HEARD)
    assert judge(LINKS, both, NOW, RED).verdict == Verdict(State.OPERATIONAL)
    beside = View((), {**links(unmeasured="a").samples, **ours}, HEARD | CHECKS_HEARD)
    assert judge(LINKS, beside, NOW, GREY).verdict.reason == Reason("failing_pending")


def test_a_check_of_a_connection_is_no_check_of_the_service() -> None:
    listed = service(slug="links", evidence=None, reference=Reference(connections=("a", "b", "c", "d"), label="link"))
    labels = {"check": "ping-a", "talaia_service": "links", "talaia_connection": "a"}
    samples = {(CHECKS, "links", id): EvidenceSample(float(id != "a"), 0, NOW) for id in "abcd"}
    view = View((LiveSignal((CHECKS,), labels, {"what": "down"}),), samples, CHECKS_HEARD)
    assert judge(listed, view, NOW, GREEN).verdict.reason.to_json() == {"code": "connections_down", "down": 1, "of": 4}


@pytest.mark.parametrize(
    ("signals", "silenced"),
    [
        ([hushed(**OWN)], True),
        ([hushed(**OWN), hushed(n="2", **OWN)], True),
        ([hushed(**OWN), fires(n="2", **OWN)], False),  # of the other one nobody seems to know
        ([fires(**OWN)], False),
    ],
)
def test_a_silence_of_all_that_fires_says_that_it_is_being_worked_on_and_changes_nothing_else(
    signals: list[LiveSignal], silenced: bool
) -> None:
    found = judge(WEB, View(tuple(signals), measured(), HEARD), NOW, GREEN).verdict
    loud = judge(WEB, View(tuple(replace(s, silenced=False) for s in signals), measured(), HEARD), NOW, GREEN).verdict
    assert found.state is loud.state is State.DISRUPTION
    assert found.reason.values == {**loud.reason.values, **({"silenced": True} if silenced else {})}


def test_every_step_is_told() -> None:
    silenced = LiveSignal(("p", "a"), {"alertname": "LinkDown", "talaia_connection": "b"}, silenced=True)
    view = links("a", unmeasured="d")
    whole = View((*view.signals, silenced), view.samples, {**HEARD, **SILENT_A})
    assert judge(LINKS, whole, NOW, GREEN).steps == (
        "p: A fires for a, impact disruption",
        "p and a: LinkDown fires, silenced by a person, for b, impact disruption",
        "a is silent: silences are taken to be as they were last heard",
        "3 of 4 connections are measured; down: a, b",
        "not measured: d",
        "verdict: disruption (connections_down)",
    )


def test_an_alert_on_the_service_itself_counts_when_it_is_worse_than_its_connections() -> None:
    view = links("a")
    both = View((*view.signals, fires(talaia_service="links")), view.samples, view.sources)
    assert judge(LINKS, both, NOW, GREEN).verdict.reason.code == "alert"
    mild = View((*view.signals, fires(talaia_service="links", talaia_impact="degraded")), view.samples, view.sources)
    assert judge(LINKS, mild, NOW, GREEN).verdict.reason.code == "connections_down"


def test_what_is_experimental_never_counts_and_operators_see_it() -> None:
    view = View((fires(talaia_connection="x"), fires(link="y")), links().samples, HEARD)
    assert judge(LINKS, view, NOW, GREEN).verdict == Verdict(State.OPERATIONAL)
    assert experimental(view, ["link"], {"a": False, "x": True, "y": True, "z": True}) == {
        "x": True,
        "y": True,
        "z": False,
    }


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from(["25%", "60%", "50%", "33%", 1, 2, 7]))
def test_a_threshold_is_reached_exactly_from_its_share_on(down: int, of: int, written: str | int) -> None:
    threshold = Threshold.from_toml(written)
    wanted = int(written) if isinstance(written, int) else None
    share = None if isinstance(written, int) else int(written[:-1])
    reached = down > 0 and (down >= wanted if wanted else down * 100 >= (share or 0) * of)
    assert threshold.reached(down, of) is reached


STATES = st.sampled_from(list(State))
HOLD = timedelta(seconds=30)


@given(st.lists(st.tuples(STATES, st.integers(1, 40)), max_size=30))
def test_no_sequence_of_verdicts_shows_green_before_it_held(told: list[tuple[State, int]]) -> None:
    computed, now, green_since = Computed(), NOW, None
    for state, seconds in told:
        now += timedelta(seconds=seconds)
        before, computed = computed, settle(computed, Verdict(state), now, timedelta(0), HOLD)
        green_since = (green_since or now) if state is State.OPERATIONAL else None
        if before.state in TROUBLE and computed.state is State.OPERATIONAL:
            assert green_since is not None
            assert now - green_since >= HOLD
        if state in TROUBLE and before.state in (State.OPERATIONAL, *TROUBLE):
            assert WEIGHT[computed.state] >= WEIGHT[state]  # worse shows at once


CONNECTIONS = [f"c{n}" for n in range(12)]


@given(
    st.sets(st.sampled_from(CONNECTIONS)), st.sets(st.sampled_from(CONNECTIONS)), st.sets(st.sampled_from(CONNECTIONS))
)
def test_connections_are_counted_once_among_those_that_count(
    down: set[str], silenced: set[str], unmeasured: set[str]
) -> None:
    listed = service(slug="links", reference=Reference(connections=tuple(CONNECTIONS)))
    signals = [(hushed if id in silenced else fires)(talaia_connection=id, n=n) for id in down | silenced for n in "xy"]
    signals.append(fires(talaia_connection="elsewhere"))
    samples = {
        ("p", "links", id): EvidenceSample(float(id not in down), 1, NOW) for id in CONNECTIONS if id not in unmeasured
    }
    verdict = judge(listed, View(tuple(signals), samples, HEARD), NOW, GREEN).verdict
    broken = down | silenced
    known = set(CONNECTIONS) - unmeasured | broken
    if 2 * len(known) < len(CONNECTIONS):
        assert verdict.state is State.UNKNOWN
    elif 10 * len(broken) >= 6 * len(known) and broken:
        assert verdict.state is State.DISRUPTION
    elif 4 * len(broken) >= len(known) and broken:
        assert verdict.state is State.PARTIAL
    elif broken:
        assert verdict.state is State.DEGRADED
    else:
        assert verdict.state is State.OPERATIONAL
    if verdict.state in TROUBLE:
        known_to_somebody = {"silenced": True} if broken == silenced else {}
        assert verdict.reason.values == {"down": len(broken), "of": len(known), **known_to_somebody}
