"""What of all that sources have told counts at a moment: what is live, what is over, and what one may not end alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from talaia.signals import evaluate
from talaia.signals.inputs import UNCONFIRMED_HOLD, ToldAlert
from talaia.signals.models import Signal
from tests.signals.conftest import Lab, lab

__all__ = ["lab"]
pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
LABELS = {"alertname": "Down"}


def tell(lab: Lab, source: str, state: str, key: str = "k", via: str = "poll", **other: object) -> None:
    named = {"labels": LABELS, "starts_at": lab.now, "last_seen": lab.now, "via": via}
    Signal.objects.create(source=source, key=key, state=state, **named | other)


def counted(lab: Lab) -> list[ToldAlert]:
    return evaluate.read_told(lab.config, evaluate.read_view(lab.config, lab.now).sources, lab.now)


def test_what_fires_or_is_silenced_counts_with_who_told_it_and_when(lab: Lab) -> None:
    tell(lab, "alertmanager", Signal.FIRING)
    tell(lab, "zabbix", Signal.SUPPRESSED, via="webhook", annotations={"summary": "…"})
    tell(lab, "nobody", Signal.FIRING)  # it left talaia.toml
    assert counted(lab) == [
        ToldAlert("alertmanager", LABELS),
        ToldAlert("zabbix", LABELS, {"summary": "…"}, silenced=True, told_at=lab.now),
    ]


def test_only_the_end_of_who_is_never_asked_is_doubted_and_for_so_long(lab: Lab) -> None:
    for source in ("alertmanager", "zabbix", "direct"):
        tell(lab, source, Signal.RESOLVED)
    assert counted(lab) == []
    tell(lab, "told", Signal.RESOLVED)
    assert counted(lab) == [ToldAlert("told", LABELS, held=True)]
    Signal.objects.update(last_seen=lab.now - UNCONFIRMED_HOLD + SECOND)
    assert [one.source for one in counted(lab)] == ["told"]
    Signal.objects.update(last_seen=lab.now - UNCONFIRMED_HOLD)
    assert counted(lab) == []


def test_the_end_that_who_decides_tells_of_what_fires_elsewhere_counts_too(lab: Lab) -> None:
    tell(lab, "prometheus", Signal.RESOLVED)
    assert counted(lab) == []
    tell(lab, "alertmanager", Signal.FIRING)
    tell(lab, "alertmanager", Signal.FIRING, key="other")
    tell(lab, "prometheus", Signal.RESOLVED, key="third")
    tell(lab, "zabbix", Signal.RESOLVED, key="other")
    assert counted(lab) == [
        ToldAlert("alertmanager", LABELS),
        ToldAlert("alertmanager", LABELS),
        ToldAlert("prometheus", LABELS, over=True, held=True),
    ]


def test_what_who_decides_says_of_an_alert_counts_once(lab: Lab) -> None:
    tell(lab, "alertmanager", Signal.FIRING)
    tell(lab, "prometheus", Signal.FIRING)
    assert [(one.source, one.over) for one in counted(lab)] == [("alertmanager", False), ("prometheus", False)]


def test_none_of_two_that_decide_ends_what_fires_at_the_other(lab: Lab) -> None:
    sources = dict(evaluate.read_view(lab.config, lab.now).sources)
    sources["zabbix"] = replace(sources["zabbix"], traits=sources["prometheus"].traits)
    tell(lab, "zabbix", Signal.FIRING)
    tell(lab, "prometheus", Signal.RESOLVED)
    assert evaluate.read_told(lab.config, sources, lab.now) == [ToldAlert("zabbix", LABELS)]


@pytest.mark.parametrize("many", [500, 501])
def test_of_a_flood_the_ends_are_found_too(lab: Lab, many: int) -> None:
    for number in range(many):
        tell(lab, "alertmanager", Signal.FIRING, key=f"k{number}")
    tell(lab, "prometheus", Signal.RESOLVED, key="k0")
    tell(lab, "prometheus", Signal.RESOLVED, key="third")
    assert [one.over for one in counted(lab)] == [False] * many + [True]


def test_what_was_pushed_for_some_time_is_over_when_that_has_passed(lab: Lab) -> None:
    tell(lab, "direct", Signal.FIRING, key="now", ends_at=lab.now)
    tell(lab, "direct", Signal.FIRING, key="later", ends_at=lab.now + SECOND)
    tell(lab, "direct", Signal.FIRING, key="open")
    assert [one.over for one in counted(lab)] == [True, False, False]
