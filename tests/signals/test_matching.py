"""Which signals concern a service, and as what."""

from __future__ import annotations

from typing import Any

import pytest

from talaia.config import AlertMatch, EvidenceConfig, Reference, ServiceConfig, Text
from talaia.config.matchers import Matchers
from talaia.signals.inputs import LiveSignal, View
from talaia.signals.matching import claims

USUAL: dict[str, Any] = {
    "slug": "web",
    "group": "g",
    "name": Text((("", "x"),)),
    "evidence": EvidenceConfig(source="p", query="up"),
}


def matches(text: str, **fields: Any) -> AlertMatch:
    return AlertMatch(match=Matchers.from_toml(text), **fields)


PLAIN = ServiceConfig(**USUAL)
MATCHED = ServiceConfig(
    **USUAL, alerts=(matches('job="web"', impact="partial"), matches('job=~"w.*"', impact="degraded"))
)
FROM_A = ServiceConfig(**USUAL, alerts=(matches('job="web"', source="a"),))
LINKS = ServiceConfig(**USUAL, reference=Reference(connections=("ref1", "ref2")))
OWN_LABEL = ServiceConfig(**USUAL, reference=Reference(connections=("ref1", "ref2"), label="link"))
CHOSEN = ServiceConfig(
    **USUAL,
    reference=Reference(connections=("ref1", "ref2"), label="link"),
    alerts=(matches('alertname="LinkDown"'), matches('alertname="LinkLossy"', impact="degraded")),
)


@pytest.mark.parametrize(
    ("service", "labels", "impact", "connection"),
    [
        (PLAIN, {"talaia_service": "web"}, "disruption", ""),
        (PLAIN, {"talaia_service": "web", "talaia_impact": "degraded"}, "degraded", ""),
        (PLAIN, {"talaia_service": "web", "talaia_impact": "awful"}, "disruption", ""),
        (PLAIN, {"talaia_service": "web", "talaia_connection": "ref1"}, "disruption", ""),
        (PLAIN, {"talaia_service": "mail"}, None, ""),
        (PLAIN, {"job": "web"}, None, ""),
        (PLAIN, {"talaia_service": "web", "talaia_heartbeat": "true"}, None, ""),
        (PLAIN, {"talaia_service": "web", "talaia_experimental": "true"}, None, ""),
        (MATCHED, {"job": "web"}, "partial", ""),  # the first that accepts
        (MATCHED, {"job": "wiki"}, "degraded", ""),
        (MATCHED, {"job": "web", "talaia_impact": "disruption"}, "disruption", ""),
        (MATCHED, {"job": "web", "talaia_service": "mail"}, None, ""),  # it names another
        (MATCHED, {"job": "web", "talaia_service": "web"}, "disruption", ""),
        (MATCHED, {"job": "web", "talaia_experimental": "true"}, None, ""),
        (FROM_A, {"job": "web"}, "disruption", ""),
        (LINKS, {"talaia_connection": "ref1"}, "disruption", "ref1"),
        (LINKS, {"talaia_connection": "ref1", "talaia_impact": "degraded"}, "degraded", "ref1"),
        (LINKS, {"talaia_connection": "exp1"}, None, ""),
        (LINKS, {"talaia_connection": "exp1", "talaia_service": "web"}, None, ""),
        (LINKS, {"talaia_connection": "ref1", "talaia_service": "mail"}, None, ""),
        (LINKS, {"talaia_connection": "ref1", "talaia_experimental": "true"}, None, ""),
        (LINKS, {"talaia_service": "web"}, "disruption", ""),  # as a whole
        (LINKS, {"link": "ref1"}, None, ""),
        (OWN_LABEL, {"link": "ref1"}, "disruption", "ref1"),
        (OWN_LABEL, {"link": "exp1"}, None, ""),
        (OWN_LABEL, {"talaia_connection": "ref2"}, "disruption", "ref2"),
        (CHOSEN, {"link": "ref1", "alertname": "LinkDown"}, "disruption", "ref1"),
        (CHOSEN, {"link": "ref1", "alertname": "LinkLossy"}, "degraded", "ref1"),
        (CHOSEN, {"link": "ref1", "alertname": "LinkBusy"}, None, ""),  # the label was not chosen for us
        (CHOSEN, {"talaia_connection": "ref1", "alertname": "LinkBusy"}, "disruption", "ref1"),
        (CHOSEN, {"alertname": "LinkDown"}, "disruption", ""),
    ],
)
def test_what_labels_make_of_a_signal(
    service: ServiceConfig, labels: dict[str, str], impact: str | None, connection: str
) -> None:
    found = claims(service, View((LiveSignal(("p", "a"), labels),)))
    assert [(claim.impact.value, claim.connection) for claim in found] == ([(impact, connection)] if impact else [])


def test_alerts_of_one_source_are_those_of_which_it_tells_too() -> None:
    labels = {"job": "web"}
    assert len(claims(FROM_A, View((LiveSignal(("p", "a"), labels),)))) == 1
    assert claims(FROM_A, View((LiveSignal(("p",), labels),))) == []


def test_what_changes_about_a_thing_stands_in_an_annotation_and_comes_first() -> None:
    signal = LiveSignal(("z",), {"talaia_service": "web", "talaia_impact": "disruption"}, {"talaia_impact": "partial"})
    assert [claim.impact.value for claim in claims(PLAIN, View((signal,)))] == ["partial"]
