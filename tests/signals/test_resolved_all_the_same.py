"""A person says that it is over while it still fails: it ends one hold, and what comes after is damped as ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from talaia.events import actions
from talaia.events.timeline import IncidentState
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from talaia.panel.state import State
from tests.signals.conftest import WEB, Lab, lab

__all__ = ["lab"]
pytestmark = pytest.mark.django_db
GREEN, RED = "operational", "disruption"


def turn(lab: Lab, up: bool) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, float(up)))
    if up:
        lab.monitoring.calm(component="web")
    else:
        lab.monitoring.fire(alertname="Down", component="web")


def resolved_while_it_fails(lab: Lab) -> None:
    turn(lab, up=False)
    lab.go(60)
    event = actions.open_incident({"ca": "Web"}, {"ca": "Ho mirem."}, {"web": State.DISRUPTION}, lab.now, by="dora")
    lab.go(30)
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, lab.now, by="dora")
    lab.go(5)
    assert (lab.state(), word(lab)) == (RED, True)


def word(lab: Lab) -> bool:
    """Whether what a person said is still in force."""
    return Service.objects.get(pk="web").resolved_at is not None


def blink(lab: Lab, times: int, each: Sequence[tuple[bool, float]]) -> None:
    for _ in range(times):
        for up, seconds in each:
            turn(lab, up)
            lab.go(seconds)


def test_it_ends_one_hold_and_what_comes_back_is_unstable_until_it_lasts(lab: Lab) -> None:
    resolved_while_it_fails(lab)
    began = Service.objects.get(pk="web").unrest["since"]
    turn(lab, up=True)
    lab.go(35)
    row = Service.objects.get(pk="web")
    assert (row.state, row.computed_state) == (GREEN, GREEN), "the first good measurement after it ends the hold"
    blink(lab, 3, [(False, 35), (True, 35)])
    assert lab.seen() == [GREEN, RED, GREEN, RED]
    assert lab.reason() == {"code": "unstable", "since": began}
    assert not word(lab), "it is used up"
    lab.go(500)
    assert lab.state() == RED
    lab.go(120)
    assert lab.seen() == [GREEN, RED, GREEN, RED, GREEN]
    row = Service.objects.get(pk="web")
    assert (row.computed_state, row.trouble_since, row.resolved_at) == (GREEN, None, None)


def test_a_word_that_ended_a_hold_is_used_up_once_it_was_well_for_a_hold(lab: Lab) -> None:
    resolved_while_it_fails(lab)
    turn(lab, up=True)
    lab.go(35)
    assert lab.state() == GREEN
    lab.go(125)
    row = Service.objects.get(pk="web")
    assert (row.trouble_since, row.resolved_at) == (None, None)
    turn(lab, up=False)
    lab.go(35)
    turn(lab, up=True)
    lab.go(300)
    assert lab.state() == RED, "trouble that comes back within unstable_within is the same trouble"


def test_a_second_word_ends_the_hold_of_what_came_back_too(lab: Lab) -> None:
    resolved_while_it_fails(lab)
    blink(lab, 1, [(True, 35), (False, 35)])
    event = actions.open_incident({"ca": "Web"}, {"ca": "Torna."}, {"web": State.DISRUPTION}, lab.now, by="dora")
    turn(lab, up=True)
    lab.go(35)
    assert lab.state() == RED
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Ara sí."}, lab.now, by="dora")
    lab.go(5)
    assert lab.state() == GREEN
    blink(lab, 1, [(False, 35), (True, 35)])
    assert lab.state() == RED and "unstable" in (lab.reason()["code"], *lab.reason())


@pytest.mark.parametrize("away", [True, False])
def test_what_is_unknown_after_it_ended_a_hold_gives_it_no_other_one_to_end(lab: Lab, away: bool) -> None:
    resolved_while_it_fails(lab)
    turn(lab, up=True)
    lab.go(35)
    assert lab.state() == GREEN and word(lab)
    if away:
        lab.monitoring.now += timedelta(minutes=4)
        lab.step()
    else:
        lab.monitoring.prometheus_hangs = True
        lab.go(300)
        assert lab.state() == "unknown"
        lab.monitoring.prometheus_hangs = False
    turn(lab, up=False)
    lab.go(60)
    assert lab.state() == RED
    turn(lab, up=True)
    lab.go(60)
    assert lab.state() == RED and not word(lab)


def test_a_word_about_what_left_the_panel_says_nothing_of_what_comes_back(lab: Lab) -> None:
    resolved_while_it_fails(lab)
    every = headings(lab.config)
    less = [type(one)(one.slug, one.names, tuple(s for s in one.services if s.slug != "web")) for one in every]
    list_services(less, lab.now)
    list_services(every, lab.now)
    row = Service.objects.get(pk="web")
    assert (row.trouble_since, row.resolved_at) == (None, None)
