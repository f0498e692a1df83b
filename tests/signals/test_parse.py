"""Bodies → reports, as tables: what is read of a body, and the place that is named in one that cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.config.matchers import Matcher
from talaia.signals.parse import alertmanager, generic, prometheus
from talaia.signals.parse.report import Alert, MalformedBody
from talaia.signals.sources.registry import read
from tests.signals.bodies import HEARTBEAT, pushed, sample, told

NOW = datetime(2026, 5, 4, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "states"),
    [
        ("01", ["firing"]),
        ("06", ["firing"] * 3),
        ("07", ["firing", "resolved", "firing"]),
        ("08", ["firing"] * 3),
        ("16", ["resolved"]),
        ("23", ["firing"] * 4),
        ("31", ["resolved"] * 3),
    ],
)
def test_captured_webhooks(number: str, states: list[str]) -> None:
    body = sample(number)
    report = alertmanager.webhook(body)
    assert ["firing" if alert.firing else "resolved" for alert in report.alerts] == states
    assert all((alert.ends_at is None) == alert.firing for alert in report.alerts)
    assert report.truncated == body["truncatedAlerts"]


def test_a_list_of_alertmanager_tells_who_is_silenced_and_what_is_only_inhibited_fires() -> None:
    def listed(name: str, state: str, **by: list[str]) -> dict[str, Any]:
        return {
            "labels": {"alertname": name},
            "annotations": {},
            "startsAt": "2026-05-04T00:50:00.129Z",
            "endsAt": "2026-05-04T01:04:00.129Z",
            "updatedAt": "2026-05-04T00:59:30.133Z",
            "fingerprint": "f",
            "receivers": [{"name": "page"}],
            "status": {"state": state, "silencedBy": [], "inhibitedBy": [], **by},
        }

    body = [
        listed("Plain", "active"),
        listed("Silenced", "suppressed", silencedBy=["s"]),
        listed("Inhibited", "suppressed", inhibitedBy=["i"]),
    ]
    found = alertmanager.alerts(body)
    assert [(alert.labels["alertname"], alert.firing, alert.silenced) for alert in found] == [
        ("Plain", True, False),
        ("Silenced", True, True),
        ("Inhibited", True, False),
    ]
    assert found[0].ends_at is None, "the end in a list moves on with each repetition"
    assert found[0].updated_at == datetime(2026, 5, 4, 0, 59, 30, 133000, tzinfo=UTC)


def test_what_prometheus_answers() -> None:
    def success(**data: Any) -> dict[str, Any]:
        return {"status": "success", "data": data}

    alerts = [
        {"labels": {"alertname": name}, "state": name, "activeAt": "2026-05-04T00:59:28.129389888Z", "value": "1e+00"}
        for name in ("pending", "firing", "inactive")
    ]
    assert [alert.labels for alert in prometheus.alerts(success(alerts=alerts))] == [{"alertname": "firing"}]
    rules = [{"name": "Good", "health": "ok"}, {"name": "Bad", "health": "err", "lastError": "many-to-many"}]
    assert prometheus.broken_rules(success(groups=[{"name": "g", "rules": rules}])) == (
        {"code": "broken_rule", "rule": "Bad", "error": "many-to-many"},
    )
    series = [{"metric": {"a": "b"}, "value": [1.5, text]} for text in ("0", "NaN", "+Inf")]
    values = [found.value for found in prometheus.vector(success(resultType="vector", result=series))]
    assert str(values) == "[0.0, nan, inf]"
    assert prometheus.clock(success(resultType="scalar", result=[1795329449.9, "1795329449.9"])) == 1795329449.9
    for never in ("NaN", "+Inf", "-Inf", "1e300"):
        with pytest.raises(MalformedBody, match="time"):
            prometheus.clock(success(resultType="scalar", result=[1795329449.9, never]))
    with pytest.raises(MalformedBody, match="no time"):
        prometheus.matrix(success(resultType="matrix", result=[{"metric": {}, "values": [[1e300, "1"]]}]))
    (span,) = prometheus.matrix(sample("26"))
    assert (len(span.times), span.labels["alertstate"]) == (7, "firing")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "parse error at char 3"}, "parse error at char 3"),
        ({"status": "success", "data": {"alerts": [{"state": "firing"}]}}, r"\$\.data\.alerts\[0\]"),
        ({"status": "success"}, "object"),
        ("<html>", "object"),
        (None, "object"),
    ],
)
def test_an_answer_of_another_shape_names_its_place(answer: object, said: str) -> None:
    with pytest.raises(MalformedBody, match=said):
        prometheus.alerts(answer)


@pytest.mark.parametrize(
    ("body", "labels", "firing", "annotations"),
    [
        ({"key": "mail", "state": "down"}, {"key": "mail"}, True, {}),
        ({"key": "mail", "state": "up"}, {"key": "mail"}, False, {}),
        ({"key": "mail", "state": "ok", "unknown": 1}, {"key": "mail"}, False, {}),
        ({"key": "mail", "state": "partial"}, {"key": "mail"}, True, {"talaia_impact": "partial"}),
        ({"key": "m", "state": "firing", "labels": {"n": 1}}, {"key": "m", "n": "1"}, True, {}),
        ({"key": "m", "state": "firing", "labels": {"on": True}}, {"key": "m", "on": "true"}, True, {}),
        ({"key": "m", "state": "heartbeat"}, {"key": "m", "talaia_heartbeat": "true"}, True, {}),
        ({"key": "m", "state": "down", "summary": "db3 (10.20.30.40) refuses"}, {"key": "m"}, True,
         {"summary": "db3 (10.20.30.40) refuses"}),
        ({"key": "m", "state": "down", "talaia_summary": "ens han tallat la llum"}, {"key": "m"}, True,
         {"talaia_summary": "ens han tallat la llum"}),
        ({"key": "m", "state": "unknown"}, {"key": "m"}, True, {"talaia_impact": "unknown"}),
    ],
)  # fmt: skip
def test_generic_bodies(body: dict[str, Any], labels: dict[str, str], firing: bool, annotations: object) -> None:
    (alert,) = generic.said(body).alerts
    assert (alert.labels, alert.firing, alert.annotations) == (labels, firing, annotations)
    assert generic.said([body, body]).alerts == (alert, alert)


def test_the_state_of_a_thing_is_no_part_of_what_identifies_it() -> None:
    mild, bad = (generic.said({"key": "m", "state": state}).alerts[0] for state in ("degraded", "disruption"))
    assert mild.labels == bad.labels


@pytest.mark.parametrize(
    ("kind", "body", "place"),
    [
        ("push", {"key": "m"}, "state"),
        ("push", {"key": "", "state": "up"}, r"\$\.key"),
        ("push", {"key": "m", "state": "meh"}, r"\$\.state"),
        ("push", [{"key": "m", "state": "up"}, {"key": "m"}], r"\$\[1\]"),
        ("push", {"key": "m", "state": "up", "at": "yesterday"}, r"\$\.at"),
        ("push", {"key": "m", "state": "up", "at": "2026-05-04T01:00:00"}, "timezone"),
        ("push", {"key": "m", "state": "up", "at": "9999-12-31T23:59:59-05:00"}, "no possible time"),
        ("push", {"key": "m", "state": "up", "labels": {"a": [1]}}, r"\$\.labels"),
        ("push", {"version": "4", "alerts": {}}, r"\$\.alerts"),
        ("alertmanager", {"key": "m", "state": "up"}, "version"),
        ("alertmanager", {"version": "5", "alerts": []}, r"\$\.version"),
        ("alertmanager", {"version": 4, "alerts": []}, r"\$\.version"),
        (
            "alertmanager",
            {"version": "4", "alerts": [{"status": "firing", "labels": {"a": 1}}]},
            r"alerts\[0\]\.labels",
        ),
        ("prometheus-push", {"alerts": []}, "array"),
        ("prometheus-push", [{"labels": {"a": "b"}, "endsAt": "soon"}], r"\$\[0\]\.endsAt"),
        ("prometheus-push", [{}], r"\$\[0\]"),
    ],
)
def test_a_body_that_cannot_be_read_names_the_place(kind: str, body: object, place: str) -> None:
    with pytest.raises(MalformedBody, match=place):
        read(kind, body, NOW)


def test_grafana_posts_the_shape_of_alertmanager_as_version_1_and_may_do_so_at_either_hook() -> None:
    body = told("firing", alertname="Down") | {
        "version": "1",
        "orgId": 1,
        "title": "x",
        "state": "alerting",
        "message": "",
    }
    body["alerts"][0] |= {"values": {"A": 1}, "silenceURL": "https://grafana.example.org", "valueString": ""}
    for kind in ("alertmanager", "push"):
        assert [alert.firing for alert in read(kind, body, NOW).alerts] == [True]


def test_a_pushed_alert_fires_until_its_end_and_a_heartbeat_that_ended_shows_that_the_clocks_disagree() -> None:
    body = pushed("firing", NOW, alertname="Down")
    assert prometheus.push(body, NOW).alerts[0].firing
    assert not prometheus.push(body, NOW + timedelta(minutes=4)).alerts[0].firing
    ahead = NOW + timedelta(minutes=9)
    assert prometheus.push(pushed("firing", NOW, **HEARTBEAT), ahead).notes == ({"code": "skew", "seconds": -540},)
    assert prometheus.push(pushed("firing", NOW, **HEARTBEAT), NOW).notes == ()


def test_silences_as_alertmanager_lists_them() -> None:
    body = {
        "id": "8944f70d",
        "status": {"state": "expired"},
        "updatedAt": "2026-05-04T00:00:00Z",
        "comment": "c",
        "createdBy": "anna",
        "startsAt": "2026-05-04T00:00:00Z",
        "endsAt": "2026-05-04T02:00:00Z",
        "matchers": [
            {"name": "a", "value": "b", "isRegex": regex, "isEqual": equal}
            for regex in (False, True)
            for equal in (True, False)
        ],
    }
    (silence,) = alertmanager.silences([body])
    assert [matcher.op for matcher in silence.matchers] == ["=", "!=", "=~", "!~"]
    assert silence.matchers[0] == Matcher("a", "=", "b")
    assert not silence.active
    older = {**body, "status": {"state": "active"}, "matchers": [{"name": "a", "value": "b"}]}
    assert alertmanager.silences([older])[0].matchers == (Matcher("a", "=", "b"),)


def test_the_year_one_is_no_time() -> None:
    alert = alertmanager.webhook(told("firing", alertname="x") | {}).alerts[0]
    assert alert == Alert({"alertname": "x"}, True, {}, datetime(2026, 5, 4, 0, 59, tzinfo=UTC), None)


@pytest.mark.parametrize("body", [5, None, "alerts", ["alerts"]])
def test_what_is_pushed_and_is_no_object_is_malformed_whatever_it_holds(body: object) -> None:
    with pytest.raises(MalformedBody, match="Expected `object`"):
        read("push", body, NOW)
