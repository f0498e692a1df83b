"""Since when: when the trouble began, and when it got better; not when what is said of it changed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from talaia import config as configuration
from talaia.desk.suggestions.views import suggestions
from talaia.events import actions as events
from talaia.events.timeline import MaintenanceState
from talaia.panel.by_hand import actions as hand
from talaia.panel.models import Service, Transition
from talaia.panel.state import State
from talaia.site import pages, snapshot
from talaia.site.write import house
from tests.journeys.shell import Shell
from tests.signals.conftest import WEB, Lab, lab

__all__ = ["lab"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Shell:
    assert lab.config.path
    monkeypatch.setenv("TALAIA_CONFIG", str(lab.config.path))
    monkeypatch.setenv("TALAIA_HOME", str(Path(lab.config.home)))
    monkeypatch.setattr("talaia.commands.panel.timezone.now", lambda: lab.now)
    return Shell(capsys, monkeypatch)


def fails(lab: Lab) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", component="web")


def mends(lab: Lab) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.monitoring.calm(component="web")


def clock(at: datetime) -> str:
    """As the pages say it, in Barcelona's summer."""
    return f"{at + timedelta(hours=2):%H:%M}"


def turned(state: str, slug: str = "web") -> datetime:
    """When the service was shown as that for the first time."""
    row = Transition.objects.filter(service=slug, to_state=state).order_by("at").first()
    assert row is not None
    return row.at


def row_of(lab: Lab, slug: str = "web", language: str = "en") -> str:
    """What the front page says of a service."""
    files = pages.front(snapshot.front(lab.now), house(configuration.current()))
    name = "index.html" if language == "ca" else f"{language}/index.html"
    row = re.search(rf'<li class="\w+"><a href="[^"]*/services/{slug}/">.*?</li>', files[name].decode(), re.S)
    assert row
    return " ".join(re.sub(r"<[^>]+>", " ", row[0]).replace("\xa0", " ").replace(" ,", ",").split())


def by_hand(lab: Lab, state: State, minutes: int = 60) -> None:
    hand.set_by_hand("web", state, lab.now + timedelta(minutes=minutes), {"ca": "Ho mirem."}, "anna", lab.now)


@pytest.mark.parametrize("handed_back", [True, False])
def test_what_was_down_before_it_was_set_by_hand_is_down_since_then(lab: Lab, handed_back: bool) -> None:
    lab.go(60)
    fails(lab)
    lab.go(35)
    began = turned("disruption")
    lab.go(60)
    by_hand(lab, State.DEGRADED, minutes=4)
    lab.go(5)
    assert f"since {clock(lab.now)}" in row_of(lab), "what a person says, they say since now"
    if handed_back:
        lab.go(180)
        hand.take_back("web", "anna", lab.now)
        lab.go(5)
    else:
        lab.go(300)
    assert lab.state() == "disruption"
    assert clock(began) != clock(Service.objects.get(pk="web").since)
    assert row_of(lab).endswith(f"since {clock(began)}")
    (one,) = suggestions(snapshot.front(lab.now), lab.now)
    assert one.since == began


def test_what_was_unknown_before_it_was_set_by_hand_is_unknown_since_then(lab: Lab) -> None:
    lab.monitoring.measure(WEB)
    lab.go(300)
    began = turned("unknown")
    by_hand(lab, State.OPERATIONAL)
    lab.go(120)
    hand.take_back("web", "anna", lab.now)
    lab.go(5)
    assert row_of(lab).endswith(f"no recent measurement, since {clock(began)}")


def test_what_gets_worse_is_so_bad_since_it_got_worse_and_not_since_the_trouble_began(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    worse = turned("partial", "links")
    lab.go(240)
    lab.down(*(f"ref{n:02}" for n in range(4, 12)))
    lab.go(60)
    assert lab.state("links") == "disruption"
    assert turned("disruption", "links") > worse
    assert row_of(lab, "links").endswith(f"since {clock(turned('disruption', 'links'))}")


def test_while_it_holds_the_page_says_since_when_it_was_bad_and_since_when_it_is_good(lab: Lab) -> None:
    lab.go(60)
    fails(lab)
    lab.go(240)
    began = turned("disruption")
    mends(lab)
    lab.go(65)
    good = Service.objects.get(pk="web").candidate_since
    assert lab.state() == "disruption" and good and clock(good) != clock(began)
    said = f"it had not been well since {clock(began)}; measured well again since {clock(good)}, and we are watching"
    assert row_of(lab).endswith(f"{said} whether it lasts")
    said = f"no anava bé des de les {clock(began)}; les mesures tornen a ser bones des de les {clock(good)}, i mirem"
    assert row_of(lab, language="ca").endswith(f"{said} si dura")
    lab.go(300)
    assert lab.state() == "operational"


def test_what_only_gets_less_bad_says_since_when_it_was_worse(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(120)
    began = turned("partial", "links")
    lab.up("ref01", "ref02")
    lab.go(65)
    better = Service.objects.get(pk="links").candidate_since
    assert better
    assert row_of(lab, "links").endswith(
        f"1 of 12 reference connections without service; it had been worse since {clock(began)}, "
        f"has been getting better since {clock(better)}, and we are watching it"
    )


def test_handed_back_in_a_hold_it_still_says_since_when_it_was_bad(lab: Lab, talaia: Shell) -> None:
    lab.go(60)
    fails(lab)
    lab.go(240)
    began = turned("disruption")
    by_hand(lab, State.DEGRADED)
    lab.go(60)
    mends(lab)
    lab.go(35)
    hand.take_back("web", "anna", lab.now)
    lab.go(5)
    assert f"it had not been well since {clock(began)}" in row_of(lab)
    told = talaia("panel", "--language", "en").out
    assert f"since {clock(began)}" in next(line for line in told.splitlines() if "Web" in line)


def test_what_still_fails_when_the_work_is_over_fails_since_it_began_to(lab: Lab) -> None:
    window = (lab.now + timedelta(minutes=1), lab.now + timedelta(hours=1))
    said = {"ca": "Canvi"}
    event = events.plan_maintenance(said, said, {"web": State.DISRUPTION}, window, lab.now)
    lab.go(60)
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, lab.now)
    lab.go(5)
    fails(lab)
    lab.go(35)
    row = Service.objects.get(pk="web")
    assert (row.state, row.computed_state) == ("maintenance", "disruption")
    began = row.computed_since
    lab.go(120)
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, lab.now)
    lab.go(5)
    assert began and row_of(lab).endswith(f"since {clock(began)}")


def test_an_installation_of_before_says_what_it_knows(lab: Lab) -> None:
    """What was stored by the version before has no such moment."""
    lab.go(60)
    fails(lab)
    lab.go(240)
    Service.objects.update(computed_since=None)
    assert row_of(lab).endswith(f"since {clock(turned('disruption'))}")
    mends(lab)
    lab.go(65)
    assert "measured well again; we are watching whether it lasts, since" in row_of(lab)
