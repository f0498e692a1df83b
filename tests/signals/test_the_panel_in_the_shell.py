"""`talaia panel`: what an operator reads over ssh."""

from __future__ import annotations

import json
import unicodedata
from datetime import timedelta

import pytest

from talaia.events import actions as events
from talaia.panel.by_hand import actions as hand
from talaia.panel.state import State
from tests.journeys.shell import Said, Shell
from tests.signals.conftest import CONFIG, WEB, Lab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Shell:
    # The command reads the file that the environment names, and the time of the lab.
    assert lab.config.path
    monkeypatch.setenv("TALAIA_CONFIG", str(lab.config.path))
    monkeypatch.setenv("TALAIA_HOME", str(lab.config.home))
    monkeypatch.setattr("talaia.commands.panel.timezone.now", lambda: lab.now)
    return Shell(capsys, monkeypatch)


def lines(said: Said) -> list[str]:
    assert (said.code, said.err) == (0, "")
    return said.out.splitlines()


def test_the_panel_says_how_each_service_is_and_how_the_sources_are(lab: Lab, talaia: Shell) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.monitoring.alertmanager_down = True
    lab.go(100)
    said = lines(talaia("panel", "--language", "en"))
    assert said[0] == "Tot"
    assert said[1].startswith("  ● Web  Operational · since ")
    assert said[2].startswith(
        "  ◆ Connexions  Partial disruption · 3 of 12 reference connections without service · since "
    )
    assert said[3].startswith("  ? Wiki  Unknown · not measured yet · since ")
    (prometheus,) = (line for line in said if line.startswith("source prometheus"))
    assert "(silent)" not in prometheus
    (silent,) = (line for line in said if line.startswith("source alertmanager"))
    assert "(silent)" in silent
    assert "does not answer" in silent
    assert lines(talaia("panel"))[1].startswith("  ● Web  Operatiu · des de"), "in the site's own language"


def test_while_talaia_does_not_run_the_panel_says_that_it_tells_of_then(lab: Lab, talaia: Shell) -> None:
    lab.go(60)
    lab.monitoring.now += timedelta(hours=2)
    said = lines(talaia("panel", "--language", "en"))
    assert said[0] == "nobody watches since 2026-05-04 01:01:00 UTC, as talaia does not run: this is how it was then"
    data = json.loads(talaia("panel", "--json").out)
    assert data[0]["unwatched_since"] == "2026-05-04T01:01:00+00:00"
    lab.step()
    assert lines(talaia("panel", "--language", "en"))[0] == "Tot"
    assert json.loads(talaia("panel", "--json").out)[0]["unwatched_since"] is None


def test_what_is_on_trial_is_shown_as_such(lab: Lab, talaia: Shell) -> None:
    assert lab.config.path
    trials = "".join(
        f'\n[[connections]]\nid = "{id}"\nname = "{id}"\nexperimental = true\n' for id in ("exp01", "exp02")
    )
    lab.config.path.write_text(CONFIG + trials)
    assert talaia("panel").code == 0  # puts the new file in force
    lab.monitoring.fire(alertname="LinkDown", link="exp01", role="experimental")
    lab.go(35)
    said = lines(talaia("panel", "--language", "en"))
    assert "  ■ exp01: experimental, never counted, an alert fires" in said
    assert "  · exp02: experimental, never counted" in said


def test_every_step_that_led_to_a_state_is_told(lab: Lab, talaia: Shell) -> None:
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 0.0))
    lab.monitoring.fire(alertname="Down", talaia_service="web")
    lab.go(35)
    events.open_incident({"ca": "Lent"}, {"ca": "Hi som."}, {"web": State.DEGRADED}, lab.now)
    lab.monitoring.calm(talaia_service="web")
    lab.monitoring.measure(WEB, ({"talaia_service": "web"}, 1.0))
    lab.go(35)
    said = lines(talaia("panel", "--explain", "web"))
    assert [line.split(". ", 1)[1].split(" since ")[0] for line in said[1:]] == [
        'rule: alerts with talaia_service="web", or {component=~"web|matrix|website"} → disruption',
        "prometheus measures 1",
        "verdict: operational",
        "held at disruption",
        "declared by incident 2026-001: degraded",
        "shown: disruption (improving)",
        "people and signals differ: look at the incident, or at the monitoring",
    ]
    hand.set_by_hand("web", State.PARTIAL, lab.now + timedelta(hours=1), {"ca": "La meitat."}, "anna", lab.now)
    lab.go(5)
    assert any(
        "set by hand: partial until" in line and "by anna" in line
        for line in lines(talaia("panel", "--explain", "web"))
    )


def test_a_reference_service_names_its_connections_to_operators(lab: Lab, talaia: Shell) -> None:
    lab.down("ref01")
    lab.links.pop("ref12")
    lab.go(35)
    told = "\n".join(lines(talaia("panel", "--explain", "links")))
    assert "prometheus and alertmanager: LinkDown fires for ref01, impact disruption" in told
    assert "11 of 12 connections are measured; down: ref01" in told
    assert "not measured: ref12" in told


def test_programs_get_json(lab: Lab, talaia: Shell) -> None:
    lab.down("ref01")
    lab.go(35)
    every = json.loads(talaia("panel", "--json").out)
    assert [one["service"] for one in every] == ["web", "links", "wiki", "mail", "radio"]
    (links,) = json.loads(talaia("panel", "--json", "--explain", "links").out)
    assert (links["state"], links["reason"]) == ("degraded", {"code": "connections_down", "down": 1, "of": 12})
    assert links["steps"][-1] == "shown: degraded (connections_down)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("panel", "--explain", "wbe"), "there is no service 'wbe'; known: web, links, wiki, mail, radio"),
        (("panel", "--language", "xx"), "xx"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(talaia: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = talaia(*arguments)
    assert refused.code in (1, 2)
    assert said in refused.err
    assert "Traceback" not in refused.err


def test_whatever_the_monitoring_says_nothing_in_it_acts_on_a_terminal(lab: Lab, talaia: Shell) -> None:
    lab.monitoring.broken_rules.append("Rule\x1b]0;owned\x07\x1b[2J\u202e")
    lab.monitoring.fire(alertname="Down\x1b[31m\u202e", talaia_service="web\x9b2J", talaia_impact="\x1bcbad")
    lab.monitoring.fire(alertname="Slow\x1b[5m", talaia_service="web")
    lab.go(35)
    for said in (talaia("panel"), talaia("panel", "--explain", "web"), talaia("panel", "--json")):
        printed = said.out + said.err
        assert "Slow" in printed or "Down" in printed or "Rule" in printed or printed.startswith("[")
        assert not any(unicodedata.category(mark) == "Cc" and mark != "\n" for mark in printed)
        assert "\u202e" not in printed


def test_a_refusal_that_quotes_somebody_does_not_act_either(talaia: Shell) -> None:
    said = talaia("--config", "no\x9b2Jsuch\u202e.toml", "panel")
    assert said.code == 1
    assert "there is no" in said.err and "nosuch.toml" in said.err
