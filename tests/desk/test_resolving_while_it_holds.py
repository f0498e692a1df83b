"""A person says that it is over: what the page shows then, what is asked before, and what is not suggested again."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import Settings

from talaia.desk.incidents.resolve_confirmation import before_resolving
from talaia.desk.people.roles import Role
from talaia.desk.suggestions.views import suggestions
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.panel.holds import Computed
from talaia.panel.models import Service
from talaia.panel.shown import believed, watched
from talaia.panel.state import TROUBLE, Reason, State, Verdict
from talaia.site import pages, snapshot
from talaia.site.values import SiteInfo
from tests.desk.conftest import member
from tests.journeys.shell import Shell
from tests.signals.conftest import Lab, lab

__all__ = ["lab"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(lab: Lab, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Client:
    """An operator at the desk, on the clock of the laboratory."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("dora", Role.OPERATOR))
    for place in ("incidents", "front", "suggestions"):
        monkeypatch.setattr(f"talaia.desk.{place}.views.timezone.now", lambda: lab.now)
    return client


@pytest.fixture
def talaia(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lab: Lab) -> Shell:
    assert lab.config.path
    monkeypatch.setenv("TALAIA_CONFIG", str(lab.config.path))
    monkeypatch.setenv("TALAIA_HOME", str(lab.config.home))
    for place in ("incident", "shared_options"):
        monkeypatch.setattr(f"talaia.commands.{place}.timezone.now", lambda: lab.now)
    return Shell(capsys, monkeypatch)


def opened(lab: Lab, slug: str = "links", state: State = State.PARTIAL) -> Event:
    return actions.open_incident({"ca": "Sense connexió"}, {"ca": "Ho mirem."}, {slug: state}, lab.now, by="dora")


def resolve(lab: Lab, event: Event) -> None:
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, lab.now, by="dora")
    lab.go(5)


def suggested(lab: Lab) -> list[str]:
    return [service.slug for one in suggestions(snapshot.front(lab.now), lab.now) for service in one.services]


def form(page: str) -> dict[str, str]:
    """What the form of the next entry would send."""
    part = page[page.index('class="entry"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', part)
    return {name: html.unescape(value) for name, value in hidden}


def test_a_resolution_ends_the_hold_where_the_measurements_are_good(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    lab.go(60)
    lab.up("ref01", "ref02", "ref03")
    lab.go(35)
    assert lab.state("links") == "partial" and before_resolving(["links"], lab.now) is None
    resolve(lab, event)
    assert lab.state("links") == "operational"
    assert suggested(lab) == []
    lab.go(600)
    assert lab.seen("links") == ["operational", "partial", "operational"]
    assert Service.objects.filter(trouble_since=None, resolved_at=None, pk="links").exists(), "and all is as before"


def test_while_it_holds_the_words_tell_the_counts_of_now_and_that_it_is_watched(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    lab.up("ref01", "ref02")
    lab.go(35)
    now = {"code": "connections_down", "down": 1, "of": 12}
    row = Service.objects.get(pk="links")
    assert row.candidate_since
    since = {"since": row.since.isoformat(), "better_since": row.candidate_since.isoformat()}
    assert (lab.state("links"), lab.reason("links")) == ("partial", {"code": "improving", "now": now, **since})
    (one,) = suggestions(snapshot.front(lab.now), lab.now)
    assert "(1 of 12 reference connections without service)" in one.words.texts["en"]
    lab.up("ref03")
    lab.go(35)
    assert lab.reason("links") == {"code": "improving", "now": {}, **since}
    lab.go(90)
    assert lab.state("links") == "degraded", "the worst that was seen meanwhile"
    lab.go(150)
    assert lab.state("links") == "operational"


def test_what_grows_while_it_has_to_hold_tells_the_counts_of_now_too() -> None:
    held = Computed(State.PARTIAL, Reason("connections_down", {"down": 3, "of": 12}), State.DISRUPTION)
    now = Reason("connections_down", {"down": 9, "of": 12})
    assert watched(held, Verdict(State.DISRUPTION, now)) == Computed(State.PARTIAL, now, State.DISRUPTION)
    green = Computed(State.OPERATIONAL, candidate=State.DISRUPTION)
    assert watched(green, Verdict(State.DISRUPTION, now)) == green, "what is shown as well has no trouble to tell"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verdict", State)
@pytest.mark.parametrize("resolved", [True, False])
def test_only_good_measurements_end_a_trouble_that_a_person_calls_over(
    state: State, verdict: State, resolved: bool
) -> None:
    shown = believed(Computed(state), Verdict(verdict), resolved).state
    ends = resolved and state in TROUBLE and verdict is State.OPERATIONAL
    assert shown is (State.OPERATIONAL if ends else state)


def test_a_relapse_after_it_shows_at_once_and_is_the_same_trouble(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    lab.up("ref01", "ref02", "ref03")
    lab.go(35)
    resolve(lab, event)
    lab.down("ref01", "ref02", "ref03")
    lab.go(35)
    assert lab.state("links") == "partial"
    assert suggested(lab) == []
    lab.up("ref01", "ref02", "ref03")
    lab.go(300)
    assert lab.state("links") == "partial", "the word of before says nothing of what came after it: it is unstable"
    lab.go(360)
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    assert suggested(lab) == ["links"], "after it was well for as long as it has to hold, it is another one"


def test_what_still_fails_when_it_is_resolved_speaks_and_is_not_suggested_again(lab: Lab, dora: Client) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    assert suggested(lab) == ["links"]
    event = opened(lab)
    lab.go(60)
    resolve(lab, event)
    assert lab.state("links") == "partial"
    assert suggested(lab) == []
    page = dora.get("/desk/").content.decode()
    assert re.search(
        rf"We resolved <a href=[^>]+>incident {event.ref}</a> \(.+\); the monitoring still sees it f", page
    )
    assert "card suggestion" not in page and "nobody has said" not in page
    house = SiteInfo((("", "X"),), "https://status.example.org", ("en",), ZoneInfo("Europe/Madrid"), "")
    public = pages.front(snapshot.front(lab.now), house)["index.html"].decode()
    assert f'<a href="/incidents/{event.ref}/">incident {event.ref}</a>' in public and "not written" not in public
    lab.monitoring.prometheus_hangs = True
    lab.go(300)
    assert lab.state("links") == "unknown"
    assert "; the monitoring does not know how it is." in dora.get("/desk/").content.decode()
    lab.monitoring.prometheus_hangs = False
    lab.go(60)
    assert lab.state("links") == "partial" and suggested(lab) == [], "a silence in between makes no other trouble of it"
    lab.up("ref01", "ref02", "ref03")
    lab.go(35)
    assert lab.state("links") == "operational", "the word of the person still ends the hold"


def test_of_a_trouble_that_was_merged_into_another_incident_that_one_tells(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event, other = opened(lab), opened(lab, "web")
    actions.merge_incident(event.ref, other.ref, {"ca": "És el mateix."}, lab.now, by="dora")
    lab.go(30)
    assert [(one.slug, one.ref, one.resolved_at) for one in snapshot.front(lab.now).told] == [
        ("links", other.ref, None)
    ]
    resolve(lab, Event.objects.get(pk=other.pk))
    (told,) = snapshot.front(lab.now).told
    assert told.ref == other.ref and told.resolved_at is not None


def test_what_began_again_and_what_is_another_trouble_ends_no_hold(lab: Lab) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    resolve(lab, event)
    actions.update_incident(event.ref, IncidentState.INVESTIGATING, {"ca": "Torna."}, lab.now, by="dora")
    assert Service.objects.get(pk="links").resolved_at is None
    other = opened(lab, "web")
    resolve(lab, other)
    assert Service.objects.get(pk="web").resolved_at is None, "the signals saw nothing that could be over"


def test_what_was_only_told_to_be_over_is_believed_with_the_word_of_a_person(lab: Lab) -> None:
    def alert(status: str) -> dict[str, object]:
        labels = {"alertname": "WikiDown", "talaia_service": "wiki"}
        began = (lab.now - timedelta(minutes=1)).isoformat()
        ended = lab.now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z"
        one = {"status": status, "labels": labels, "annotations": {}, "startsAt": began, "endsAt": ended}
        return {"version": "4", "status": status, "groupKey": "x", "alerts": [one], "truncatedAlerts": 0}

    lab.come_in("told", alert("firing"))
    lab.go(30)
    assert lab.state("wiki") == "disruption"
    event = opened(lab, "wiki", State.DISRUPTION)
    lab.come_in("told", alert("resolved"))
    lab.go(30)
    assert before_resolving(["wiki"], lab.now) is None
    resolve(lab, event)
    assert lab.state("wiki") == "operational"


def test_the_desk_asks_before_it_resolves_what_the_monitoring_sees_failing(lab: Lab, dora: Client) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    address = f"/desk/incidents/{event.ref}/"
    sent = form(dora.get(f"{address}?state=resolved").content.decode())
    sent |= {"state": "resolved", "text": "Arreglat.", "next": "none", "impact-links": "partial", "publish": "1"}
    asked = dora.post(address, sent).content.decode()
    event.refresh_from_db()
    assert event.state == "investigating"
    said = "The monitoring still sees Connexions failing (3 of 12 reference connections without service)."
    assert "Is it over all the same?" in asked and said in asked and "Arreglat." in asked
    assert "the mails go out" not in asked, "nobody was told, so nobody is told the end"
    again = sent | form(asked)
    lab.monitoring.fire(alertname="Down", component="web")
    lab.go(60)
    assert dora.post(address, again).status_code == 302, "what fails elsewhere is asked by nobody"
    event.refresh_from_db()
    assert event.state == "resolved"
    assert dora.post(address, again).status_code == 302, "two taps ask nothing more"
    assert event.updates.count() == 2


def test_another_trouble_than_the_one_that_was_read_is_asked_again(lab: Lab, dora: Client) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    address = f"/desk/incidents/{event.ref}/"
    sent = form(dora.get(address).content.decode())
    sent |= {"state": "resolved", "text": "Arreglat.", "next": "none", "impact-links": "partial", "publish": "1"}
    read = form(dora.post(address, sent).content.decode())
    lab.monitoring.prometheus_hangs = True
    lab.go(300)
    asked = dora.post(address, sent | read).content.decode()
    assert "The monitoring does not know how Connexions is (monitoring silent since" in asked
    assert dora.post(address, sent | form(asked)).status_code == 302


def test_where_nothing_was_ever_measured_nothing_is_asked(lab: Lab) -> None:
    event = opened(lab, "radio", State.DISRUPTION)
    assert lab.reason("radio")["code"] == "never_measured"
    assert before_resolving(["radio"], lab.now) is None
    resolve(lab, event)


def test_the_shell_asks_too(lab: Lab, talaia: Shell) -> None:
    lab.down("ref01", "ref02", "ref03")
    lab.go(60)
    event = opened(lab)
    for action in (["resolve", event.ref], ["update", event.ref, "--state", "resolved"]):
        refused = talaia("incident", *action, text="Arreglat.")
        assert refused.code == 1
        assert "still sees Connexions failing (3 of 12 reference connections without service)" in refused.err
        assert "--anyway" in refused.err
    assert talaia("incident", "resolve", event.ref, "--anyway", text="Arreglat.").code == 0
    event.refresh_from_db()
    assert event.state == "resolved"
