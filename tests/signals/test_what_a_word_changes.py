"""What a judgement makes of what people have said: that it is over, that work was announced, what was set by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from talaia.panel.models import Service
from talaia.panel.shown import Declared
from talaia.panel.state import State
from talaia.signals.evaluate import EvaluatedService, judge_all
from talaia.signals.inputs import UNCONFIRMED_HOLD
from tests.signals.bodies import told
from tests.signals.conftest import WEB, Lab, lab

__all__ = ["lab"]
pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DOWN, WELL = State.DISRUPTION, State.OPERATIONAL


def judged(lab: Lab, slug: str, resolved: tuple[str, ...] = ()) -> EvaluatedService:
    return next(one for one in judge_all(lab.config, lab.now, resolved) if one.row.slug == slug)


def change(slug: str, **fields: object) -> None:
    Service.objects.filter(pk=slug).update(**fields)


def test_that_an_alert_is_over_is_believed_at_once_where_a_person_says_so_too(lab: Lab) -> None:
    """Its Alertmanager is never asked: what it tells may be told by somebody who would like it to be over."""
    alert = {"alertname": "Down", "talaia_service": "wiki"}
    lab.come_in("told", told("firing", **alert))
    lab.go(35)
    assert lab.state("wiki") == DOWN
    assert judged(lab, "wiki", ("wiki",)).judgement.verdict.state == DOWN, "that fires, whatever people say"
    lab.come_in("told", told("resolved", **alert))
    for resolved in ((), ("web",)):
        assert judged(lab, "wiki", resolved).judgement.verdict.state == DOWN
        assert judged(lab, "wiki", resolved).computed.state == DOWN
    said = judged(lab, "wiki", ("wiki",))
    assert said.judgement.verdict.state == said.computed.state == WELL
    change("wiki", resolved_at=lab.now)
    written = judged(lab, "wiki")
    assert written.judgement.verdict.state == written.computed.state == WELL
    assert judged(lab, "web").computed.state == WELL


@pytest.mark.parametrize(("after", "state"), [(UNCONFIRMED_HOLD - SECOND, DOWN), (UNCONFIRMED_HOLD, WELL)])
def test_for_so_long_it_is_not_believed_that_an_alert_is_over(lab: Lab, after: timedelta, state: State) -> None:
    alert = {"alertname": "Down", "talaia_service": "wiki"}
    lab.come_in("told", told("firing", **alert))
    lab.go(35)
    lab.come_in("told", told("resolved", **alert))
    lab.monitoring.now += after
    assert judged(lab, "wiki").judgement.verdict.state == state


@pytest.mark.parametrize(("announced", "covered"), [(State.MAINTENANCE, True), (State.DEGRADED, False)])
def test_what_was_announced_need_not_be_waited_out_when_it_is_over_nor_is_it_remembered(
    lab: Lab, announced: State, covered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", component="web")
    lab.go(65)
    assert lab.state() == DOWN
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.monitoring.calm(component="web")
    work = Declared(maintenance_ref="2026-001", announced=announced)
    monkeypatch.setattr("talaia.signals.evaluate.declared", lambda rows: {row.slug: work for row in rows})
    lab.go(35)
    row = Service.objects.get(pk="web")
    assert (row.computed_state == WELL) is covered
    assert (row.unrest == {}) is covered


def test_what_was_set_by_hand_is_over_from_its_hour_on(lab: Lab) -> None:
    assert not judged(lab, "web").by_hand_is_over
    for until, over in ((None, False), (lab.now + SECOND, False), (lab.now, True), (lab.now - SECOND, True)):
        change("web", override_state="degraded", override_until=until)
        assert judged(lab, "web").by_hand_is_over is over


def test_a_word_is_used_up_once_it_was_well_since_then_for_as_long_as_that_has_to_hold(lab: Lab) -> None:
    hold = next(one for one in lab.config.tables.services if one.slug == "web").hold_better
    assert judged(lab, "web").calm
    for since, calm in ((lab.now, False), (lab.now - hold + SECOND, False), (lab.now - hold, True)):
        change("web", resolved_at=since)
        assert judged(lab, "web").calm is calm
    change("web", computed_state="disruption")
    assert not judged(lab, "web").calm
    change("web", resolved_at=None)
    assert judged(lab, "web").calm


def test_what_has_left_the_panel_is_not_judged_until_it_is_listed_again(lab: Lab) -> None:
    change("wiki", retired_at=lab.now)
    assert [one.row.slug for one in judge_all(lab.config, lab.now)] == ["web", "links", "mail", "radio"]
