"""What a rule engine says of itself is no outage; and what alerts say that means nothing to us is told to operators."""

from __future__ import annotations

from typing import Any

import pytest

from talaia.config import AlertMatch, ServiceConfig, Text
from talaia.config.matchers import Matchers
from talaia.panel.state import State
from talaia.signals.evaluate import read_odd
from talaia.signals.inputs import LiveSignal, View
from talaia.signals.matching import claims
from talaia.signals.parse.report import BLIND, Alert
from talaia.signals.unknown_labels import oddities
from tests.signals.bodies import told
from tests.signals.conftest import Lab

pytestmark = pytest.mark.django_db(transaction=True)


def grafana(alertname: str, status: str = "firing", reason: str = "", **labels: str) -> dict[str, Any]:
    body = told(status, alertname=alertname, **labels)
    body["version"] = "1"
    body["alerts"][0]["annotations"] = {"grafana_state_reason": reason} if reason else {"Error": "refused"}
    return body


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (grafana("DatasourceError", rulename="MailDown", key="mail"), "unknown"),
        (grafana("DatasourceNoData", rulename="MailDown", key="mail"), "unknown"),
        (grafana("DatasourceError", rulename="MailDown", talaia_service="mail"), "unknown"),
        (grafana("DatasourceError", talaia_service="mail", talaia_impact="disruption"), "unknown"),
        (grafana("MailDown", reason="Error", talaia_service="mail"), "unknown"),
        (grafana("MailDown", reason="NoData", talaia_service="mail"), "unknown"),
        (grafana("MailDown", reason="NoData, KeepLast", talaia_service="mail"), "disruption"),
        (grafana("MailDown", reason="Updated", talaia_service="mail"), "disruption"),
        (grafana("MailDown", talaia_service="mail", talaia_impact="unknown"), "unknown"),
        ({"key": "mail", "state": "unknown"}, "unknown"),
    ],
)
def test_a_rule_that_cannot_look_makes_unknown_and_no_outage(lab: Lab, body: object, state: str) -> None:
    lab.come_in("zabbix", {"key": "x", "state": "heartbeat"})
    assert lab.state("mail") == "operational"
    lab.come_in("zabbix", body)
    assert lab.state("mail") == state
    if state == "unknown":
        assert lab.reason("mail")["code"] == "not_measured"


def test_who_is_blind_hides_no_trouble_that_another_sees(lab: Lab) -> None:
    lab.come_in("zabbix", grafana("DatasourceError", talaia_service="mail"))
    lab.come_in("zabbix", {"key": "mail", "state": "partial"})
    assert lab.state("mail") == "partial"
    lab.come_in("zabbix", {"key": "mail", "state": "up"})
    lab.go(130)
    assert lab.state("mail") == "unknown"
    lab.come_in("zabbix", grafana("DatasourceError", "resolved", talaia_service="mail"))
    assert lab.state("mail") == "operational"


def test_a_service_that_is_matched_by_the_name_of_a_rule_is_unknown_when_the_rule_is_blind(lab: Lab) -> None:
    match = Matchers.from_toml('alertname="MailDown"')
    mail = ServiceConfig(slug="mail", group="g", name=Text((("", "x"),)), alerts=(AlertMatch(match=match),))
    blind = LiveSignal(("g",), {"alertname": "DatasourceError", "rulename": "MailDown"}, {"talaia_impact": "unknown"})
    other = LiveSignal(("g",), {"alertname": "DatasourceError", "rulename": "ChatDown"}, {"talaia_impact": "unknown"})
    named = LiveSignal(("g",), {"alertname": "ChatDown", "rulename": "MailDown"})
    (found,) = claims(mail, View((blind, other, named)))
    assert (found.signal, found.impact) == (blind, State.UNKNOWN)


def test_a_reference_connection_that_nobody_can_see_is_not_measured(lab: Lab) -> None:
    lab.down("ref01", "ref02")
    for name in ("ref03", "ref04"):
        lab.monitoring.fire(alertname="LinkDown", link=name, talaia_impact="unknown")
    lab.go(35)
    assert lab.reason("links") == {"code": "connections_down", "down": 2, "of": 10}
    for number in range(5, 10):
        lab.monitoring.fire(alertname="LinkDown", link=f"ref{number:02}", talaia_impact="unknown")
    lab.go(35)
    assert lab.reason("links")["code"] == "too_few_measured"


def test_what_means_nothing_to_us_is_told_once_with_how_many_say_it(lab: Lab) -> None:
    lab.come_in("zabbix", {"key": "a", "state": "down", "labels": {"talaia_service": "mial"}})
    lab.come_in("zabbix", {"key": "b", "state": "down", "labels": {"talaia_service": "mial"}})
    lab.monitoring.fire(alertname="Down", talaia_service="web", talaia_impact="critical")
    lab.monitoring.fire(alertname="LinkDown", talaia_connection="ref99")
    lab.monitoring.fire(alertname="Odd", talaia_servce="web", talaia_experimental="yes", talaia_heartbeat="true")
    lab.go(35)
    found = {(odd.source, odd.code, odd.value, odd.alert, odd.count) for odd in read_odd(lab.config)}
    assert found >= {
        ("zabbix", "service", "mial", "a", 2),
        ("prometheus", "impact", "critical", "Down", 1),
        ("alertmanager", "impact", "critical", "Down", 1),
        ("prometheus", "connection", "ref99", "LinkDown", 1),
    }
    assert lab.state() == "disruption", "an impact that nobody knows counts as the worst"
    lab.monitoring.calm(alertname="Down")
    lab.go(35)
    assert not [odd for odd in read_odd(lab.config) if odd.code == "impact"]


NOWHERE = "in talaia.toml, so it counts for nothing"
CANNOT = "cannot look, so what it speaks of is unknown"


@pytest.mark.parametrize(
    ("labels", "annotations", "said"),
    [
        ({"talaia_servce": "web"}, {}, 'N: the label talaia_servce="web" means nothing here'),
        ({"talaia_experimental": "yes"}, {}, 'N: the label talaia_experimental="yes" means nothing here'),
        ({"talaia_summary": "x"}, {}, 'N: the label talaia_summary="x" means nothing here'),
        ({}, {"talaia_service": "web"}, "N: the annotation talaia_service means nothing here"),
        ({}, {"talaia_impact": "Bad"}, "N: talaia_impact 'Bad' is none of degraded, disruption, partial, unknown"),
        ({"talaia_service": "wbe"}, {}, "N: there is no service 'wbe' in talaia.toml, so it counts for nothing"),
        ({"talaia_service": "web", "talaia_impact": "unknown", "talaia_connection": "ref01"}, {}, None),
        ({"talaia_heartbeat": "true", "talaia_experimental": "false"}, {"talaia_summary": "x"}, None),
        ({"component": "web"}, {"description": "x"}, None),
        ({"talaia_connection": "ref9"}, {}, f"N: there is no connection 'ref9' {NOWHERE}"),
        ({"alertname": BLIND[0], "rulename": "R"}, {}, f"{BLIND[0]}: its rule R {CANNOT}"),
        ({"alertname": BLIND[1]}, {}, f"{BLIND[1]}: its rule {BLIND[1]} {CANNOT}"),
    ],
)  # fmt: skip
def test_what_is_odd_reads_as_what_to_mend(
    lab: Lab, labels: dict[str, str], annotations: dict[str, str], said: str | None
) -> None:
    found = oddities(lab.config, "p", [({"alertname": "N", **labels}, annotations)])
    assert [str(odd) for odd in found] == ([said] if said else [])


def test_however_much_is_odd_the_desk_stays_readable(lab: Lab) -> None:
    told: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"alertname": "N", "talaia_service": str(n)}, {}) for n in range(1000)
    ]
    assert len(oddities(lab.config, "p", told)) == 20


def test_whoever_sends_it_nothing_in_it_acts() -> None:
    alert = Alert(
        {"alertname": "Down\x1b[2J", "no\u202eme": "a\nb"}, True, {"talaia_summary": "El\x07 web\u202e\nno va"}
    )
    assert alert.labels == {"alertname": "Down", "nome": "a b"}
    assert alert.annotations == {"talaia_summary": "El web\nno va"}
