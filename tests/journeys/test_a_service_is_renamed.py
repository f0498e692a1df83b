"""`talaia service rename`: what is called otherwise is the same service, with all that it had, and all or nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from talaia import config as configuration
from talaia.audience.actions import add, ask, confirm_subscription
from talaia.audience.models import Recipient, Subscription
from talaia.commands import renaming
from talaia.config import current
from talaia.desk.models import Dismissal, Draft
from talaia.desk.writing.actions import dismiss, keep_draft
from talaia.events import actions as events
from talaia.events.models import Event, Impact
from talaia.events.notice_scope import NoticeScope
from talaia.events.timeline import IncidentState
from talaia.outbox.models import Fact
from talaia.panel.actions import judge_service, roll_up
from talaia.panel.by_hand.actions import set_by_hand
from talaia.panel.catalogue import headings
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Day, FormerSlug, Listing, Service, Transition
from talaia.panel.rollup import due_days
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.panel.statuspage_ids import code
from talaia.site import snapshot
from talaia.site.values import ServicePage
from talaia.site.write import publish
from tests.desk.conftest import anna, desk
from tests.desk.test_writing_at_the_desk import FIRST, form_of
from tests.journeys.shell import Said, Shell
from tests.notices.killing import migrate, python
from tests.product import ROOT, Talaia
from tests.servers.process import wait_until

__all__ = ["anna", "desk"]
pytestmark = pytest.mark.django_db
USUAL = (ROOT / "tests" / "talaia.toml").read_text()
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)


def show(slug: str, state: State, at: datetime) -> None:
    judge_service(slug, Computed(state, Reason("x")), ShownState(state, Reason("x")), at)


class Site:
    """An installation of ten days, whose service `chat` has a bit of everything."""

    def __init__(self, home: Path, shell: Shell) -> None:
        self.home, self.shell = home, shell
        self.now = timezone.now()
        self.called("chat")
        self.read(self.now - 10 * DAY)
        show("chat", State.OPERATIONAL, self.now - 10 * DAY + MINUTE)
        show("chat", State.DISRUPTION, self.now - 5 * DAY)
        show("chat", State.OPERATIONAL, self.now - 5 * DAY + 90 * MINUTE)
        show("video", State.OPERATIONAL, self.now - 9 * DAY)
        self.roll_up()

    def roll_up(self) -> None:
        for slug, day, seconds, filled in due_days(self.now, current().site.tz):
            roll_up(slug, day, seconds, self.now, filled)

    def called(self, name: str, text: str = USUAL) -> None:
        """A person writes this slug into talaia.toml in the place of "chat"."""
        (self.home / "talaia.toml").write_text(text.replace('"chat"', f'"{name}"').replace("='chat'", f"='{name}'"))
        configuration._current = configuration.read(self.home / "talaia.toml", self.home)

    def read(self, at: datetime) -> None:
        """talaia starts, or is reloaded."""
        list_services(headings(current()), at)

    def rename(self, old: str, new: str) -> Said:
        return self.shell("service", "rename", old, new)

    def page(self, slug: str) -> ServicePage:
        found = snapshot.service(slug, self.now, current().site.tz)
        assert found
        return found

    def file(self, path: str) -> str:
        return (self.home / "public" / path.lstrip("/") / "index.html").read_text()


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("TALAIA_CONFIG", str(tmp_path / "talaia.toml"))
    monkeypatch.setenv("TALAIA_HOME", str(tmp_path))
    monkeypatch.setenv("SUDO_USER", "carme")
    return Site(tmp_path, Shell(capsys, monkeypatch))


def cut(site: Site, at: datetime, *slugs: str) -> Event:
    return events.open_incident({"ca": "Tall"}, {"ca": "Ho mirem."}, dict.fromkeys(slugs, State.PARTIAL), at, by="anna")


@pytest.mark.parametrize("reloaded", [None, 40 * SECOND, 2 * DAY], ids=["not-yet", "just-now", "days-ago"])
def test_its_days_figures_and_events_are_those_of_before(site: Site, reloaded: timedelta | None) -> None:
    past = cut(site, site.now - 5 * DAY, "chat")
    events.update_incident(past.ref, IncidentState.RESOLVED, {"ca": "Fet."}, site.now - 5 * DAY + 90 * MINUTE, by="a")
    before = site.page("chat")
    since = Service.objects.get(pk="chat").since
    site.called("xat")
    if reloaded:
        site.read(site.now - reloaded)
        show("xat", State.OPERATIONAL, site.now - reloaded + 5 * SECOND)
        site.roll_up()
    said = site.rename("chat", "xat")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("chat is xat now, with ")
    assert "1 event and the choice of 0 people" in said.out
    site.roll_up()
    after = site.page("xat")
    assert after.days == before.days
    assert after.finished == before.finished
    assert [event.ref for event in after.events] == [past.ref]
    assert (after.service.since, after.service.state) == (since, State.OPERATIONAL)
    assert Listing.objects.filter(service="xat").values_list("until", flat=True).get() is None
    assert not Service.objects.filter(pk="chat").exists()


def test_what_nobody_measured_for_an_hour_after_the_reload_is_unknown(site: Site) -> None:
    began = site.now - 3 * 60 * MINUTE
    site.called("xat")
    site.read(began)
    show("xat", State.OPERATIONAL, began + 60 * MINUTE)
    assert site.rename("chat", "xat").code == 0
    last = Transition.objects.filter(service="xat").order_by("-at", "-pk")[:2]
    assert [(row.from_state, row.to_state, row.at) for row in last] == [
        ("unknown", "operational", began + 60 * MINUTE),
        ("operational", "unknown", began),
    ]
    # Of both days, as the hour may lie before midnight.
    unknown = sum(day.seconds.get(State.UNKNOWN, 0) for day in site.page("xat").days[-2:])
    assert unknown == pytest.approx(3600, abs=1)


def test_what_was_off_the_panel_between_is_not_counted(site: Site) -> None:
    """It left on one day; its new name came three days later."""
    names = USUAL.split("[[services]]")
    (site.home / "talaia.toml").write_text("[[services]]".join(part for part in names if 'slug = "chat"' not in part))
    configuration._current = configuration.read(site.home / "talaia.toml", site.home)
    site.read(site.now - 4 * DAY)
    site.called("xat")
    site.read(site.now - DAY)
    show("xat", State.OPERATIONAL, site.now - DAY + 5 * SECOND)
    site.roll_up()
    assert site.rename("chat", "xat").code == 0
    site.roll_up()
    spans = Listing.objects.filter(service="xat").order_by("since").values_list("since", "until")
    assert list(spans) == [(site.now - 10 * DAY, site.now - 4 * DAY), (site.now - DAY, None)]
    seconds = [sum(day.seconds.values()) for day in site.page("xat").days]
    assert seconds[-3] == seconds[-4] == 0
    assert Transition.objects.filter(service="xat", at=site.now - DAY).get().to_state == "unknown"
    assert Service.objects.get(pk="xat").since == site.now - DAY + 5 * SECOND


def test_everything_that_hangs_on_it_goes_along(site: Site) -> None:
    ongoing, both = cut(site, site.now - 60 * MINUTE, "chat"), cut(site, site.now - 50 * MINUTE, "chat", "video")
    work = events.plan_maintenance(
        {"ca": "Feina"},
        {"ca": "Fem feina."},
        {"chat": State.MAINTENANCE, "video": State.DEGRADED},
        (site.now + DAY, site.now + DAY + 60 * MINUTE),
        site.now,
        by="anna",
    )
    Event.objects.filter(pk=work.pk).update(proposed={"impacts": {"chat": "degraded"}, "by": "anna"})
    Event.objects.filter(pk=ongoing.pk).update(only_behind=[])
    events.note_whom(f"incident/{ongoing.ref}", NoticeScope(False, ("port1",), (), ("chat",), ("video",)), site.now)
    add("anna@example.net", "", site.now)
    add("bernat@example.net", "", site.now)
    Recipient.objects.filter(address="anna@example.net").update(services=["video", "chat"])
    assert ask("nova@example.net", "ca", ["chat"], "192.0.2.1", 5, b"s", site.now)
    dismiss([("chat", site.now - 5 * DAY), ("video", site.now)], site.now, by="anna")
    keep_draft("anna", "incident/new", {"impact-chat": "partial", "title": "x"}, site.now)
    set_by_hand("chat", State.DEGRADED, site.now + DAY, {"ca": "Entrem a poc a poc."}, "anna", site.now)
    row = Service.objects.get(pk="chat")

    site.called("xat")
    said = site.rename("chat", "xat")
    assert "3 events and the choice of 1 person" in said.out

    for relation in Service._meta.related_objects:
        left = relation.related_model._base_manager.filter(**{relation.field.name: "chat"})
        assert not left.exists(), relation
    assert sorted(Impact.objects.filter(service="xat").values_list("event", flat=True)) == sorted(
        [ongoing.pk, both.pk, work.pk]
    )
    work.refresh_from_db()
    assert work.proposed == {"impacts": {"xat": "degraded"}, "by": "anna"}
    ongoing.refresh_from_db()
    assert NoticeScope.from_json(ongoing.for_whom or {}) == NoticeScope(False, ("port1",), (), ("xat",), ("video",))
    assert Recipient.objects.get(address="anna@example.net").services == ["video", "xat"]
    assert Recipient.objects.get(address="bernat@example.net").services == []
    confirm_subscription(Subscription.objects.get().pk, site.now)
    assert Recipient.objects.get(address="nova@example.net").services == ["xat"]
    assert sorted(Dismissal.objects.values_list("service", flat=True)) == ["video", "xat"]
    assert Draft.objects.get().fields == {"impact-xat": "partial", "title": "x"}
    today = Service.objects.get(pk="xat")
    for name in ("state", "reason", "since", "computed_state", "override_state", "override_until", "override_words"):
        assert getattr(today, name) == getattr(row, name), name
    [fact] = Fact.objects.filter(kind="service.renamed")
    assert (fact.subject, fact.by, fact.data["from"]) == ("service/xat", "carme", "chat")


def test_an_event_that_named_both_keeps_the_heavier_level(site: Site) -> None:
    site.called("xat")
    site.read(site.now - MINUTE)
    heavy = events.open_incident(
        {"ca": "x"}, {"ca": "x"}, {"chat": State.DISRUPTION, "xat": State.DEGRADED}, site.now, by="anna"
    )
    assert site.rename("chat", "xat").code == 0
    assert dict(heavy.impacts.values_list("service", "state")) == {"xat": "disruption"}


@pytest.mark.parametrize(
    ("named", "old", "new", "said"),
    [
        ("chat", "chat", "xat", "lists chat still: write xat in its place there, then rename it"),
        ("xat", "chat", "xta", "lists no service xta: write it there in the place of chat"),
        ("xat", "chta", "xat", "there never was a service chta"),
        ("xat", "chat", "video", "“chat” and “video” were both on the panel on "),
        ("xat", "xat", "xat", "xat is called xat already"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_has_changed(
    site: Site, named: str, old: str, new: str, said: str
) -> None:
    site.called(named)
    before = list(Fact.objects.values_list("pk", flat=True))
    answer = site.rename(old, new)
    assert (answer.code, answer.out) == (1, "")
    assert said in answer.err
    assert len(answer.err.splitlines()) == 1
    assert Service.objects.get(pk="chat").retired_at is None
    assert not FormerSlug.objects.exists()
    assert list(Fact.objects.values_list("pk", flat=True)) == before


def test_the_same_again_is_harmless(site: Site) -> None:
    site.called("xat")
    assert site.rename("chat", "xat").code == 0
    again = site.rename("chat", "xat")
    assert (again.code, again.out) == (0, "chat is called xat already\n")
    assert Fact.objects.filter(kind="service.renamed").count() == 1


def test_every_old_address_leads_to_the_new_one_in_every_language(site: Site) -> None:
    past = cut(site, site.now - 5 * DAY, "chat")
    year = past.ref.partition("-")[0]
    publish(["all"], site.now)
    assert "Missatgeria" in site.file("/services/chat/")
    site.called("xat")
    assert site.rename("chat", "xat").code == 0
    # As the deliveries of the fact do it, and those of an older one that were still to come.
    publish(["front", "assets", "service/chat", f"past/chat/{year}", "service/xat", "past/chat", "past/xat"], site.now)
    for place in ("", "/es", "/en"):
        for end in ("", "history/", f"history/{year}/"):
            old, new = site.file(f"{place}/services/chat/{end}"), f"{place}/services/xat/{end}"
            assert f'<meta http-equiv="refresh" content="0; url={new}">' in old
            assert f'<link rel="canonical" href="https://status.example.org{new}">' in old
            assert f'<a href="{new}">' in old
            assert 'http-equiv="refresh"' not in site.file(new)
    publish(["all"], site.now)  # it sweeps
    assert 'url=/services/xat/"' in site.file("/services/chat/")
    assert "Go to the page" in site.file("/en/services/chat/")


def test_a_chain_of_names_leads_to_the_last_one_and_back_to_the_first(site: Site) -> None:
    first = code("status.example.org", "service", "chat")
    for old, new in (("chat", "xat"), ("xat", "missatges")):
        site.called(new)
        assert site.rename(old, new).code == 0
    publish(["all"], site.now)
    for old in ("chat", "xat"):
        assert 'url=/services/missatges/"' in site.file(f"/services/{old}/")
    assert site.shell("service", "rename", "chat", "missatges").out == "chat is called missatges already\n"
    site.called("chat")
    assert site.rename("missatges", "chat").code == 0
    publish(["all"], site.now)
    assert "http-equiv" not in site.file("/services/chat/")
    for old in ("missatges", "xat"):
        assert 'url=/services/chat/"' in site.file(f"/services/{old}/")
    row = Service.objects.get(pk="chat")
    assert code("status.example.org", "service", row.code_name) == first
    assert Day.objects.filter(service="chat").count() >= 9
    assert Transition.objects.filter(service="chat").count() == 3


def test_another_service_may_have_the_old_name_afterwards_with_a_code_of_its_own(site: Site) -> None:
    site.called("xat")
    assert site.rename("chat", "xat").code == 0
    site.called("chat", USUAL + '\n[[services]]\nslug = "xat"\ngroup = "web"\nname = "X"\nkept_by_hand = true\n')
    site.read(site.now)
    assert Service.objects.get(pk="xat").code_name == "chat"
    assert Service.objects.get(pk="chat").code_name != "chat"
    publish(["all"], site.now)
    assert "http-equiv" not in site.file("/services/chat/")


def test_a_choice_that_is_not_listed_any_more_is_said_in_the_check_and_at_the_desk(site: Site, desk: Client) -> None:
    for name in ("anna", "bernat"):
        add(f"{name}@example.net", "", site.now)
    Recipient.objects.update(services=["chat", "video"])
    site.read(site.now)
    said = "2 people chose 'chat', which is not listed any more"
    assert said not in site.shell("check", "--offline").out
    assert "no longer listed" not in desk.get("/desk/").content.decode()
    site.called("xat")
    site.read(site.now)
    checked = site.shell("check", "--offline")
    assert (checked.code, said in checked.out) == (0, True)
    assert "`talaia service rename chat NEW`" in checked.out
    shown = desk.get("/desk/").content.decode()
    assert "<strong>2 people</strong> chose “chat”." in shown
    assert "talaia service rename chat …" in shown
    assert site.rename("chat", "xat").code == 0
    assert said not in site.shell("check", "--offline").out
    assert "no longer listed" not in desk.get("/desk/").content.decode()


def test_a_form_of_before_chooses_the_same_services(site: Site, client: Client) -> None:
    site.called("xat", USUAL + '\n[mail]\nsender = "estat@example.org"\n[subscribe]\n')
    assert site.rename("chat", "xat").code == 0
    assert client.post("/subscribe/", {"address": "n@example.net", "service": ["chat"]}).status_code == 200
    assert Subscription.objects.get().services == ["xat"]


def test_an_incident_that_was_being_written_meanwhile_keeps_its_service(site: Site, desk: Client) -> None:
    sent = {**form_of(desk, "/desk/incidents/new?service=chat"), **FIRST, "impact-chat": "partial"}
    site.called("xat")
    assert site.rename("chat", "xat").code == 0
    assert desk.post("/desk/incidents/new", sent).status_code == 302
    assert dict(Impact.objects.values_list("service", "state")) == {"xat": "partial"}


def test_a_process_that_judges_by_the_old_name_meanwhile_is_not_troubled(site: Site) -> None:
    site.called("xat")
    assert site.rename("chat", "xat").code == 0
    show("chat", State.DISRUPTION, site.now)
    roll_up("chat", site.now.date(), {"operational": 5}, site.now)
    assert not Service.objects.filter(pk="chat").exists()
    assert Service.objects.get(pk="xat").state == "operational"


STEPS = [
    "mark_unwatched",
    "list_services",
    "move_history",
    "rename_touched",
    "rename_chosen",
    "rename_told",
    "rename_written",
    "forget_row",
]
KILLED = """
import os, signal, sys
from talaia.cli import set_up
set_up()
from talaia.commands import renaming
step = getattr(renaming, {step!r})
def killed(*given):
    step(*given)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(renaming, {step!r}, killed)
from talaia.cli import main
main(["service", "rename", "chat", "xat"])
"""
FILLED = """
from talaia.cli import set_up
set_up()
from django.utils import timezone
from talaia.audience.actions import add
from talaia.audience.models import Recipient
from talaia.config import current
from talaia.events.actions import open_incident
from talaia.panel.listing.actions import (list_services)
from talaia.panel.actions import (judge_service)
from talaia.panel.catalogue import headings
from talaia.panel.holds import (Computed)
from talaia.panel.shown import (ShownState)
from talaia.panel.state import (Reason, State)
now = timezone.now()
list_services(headings(current()), now)
judge_service("chat", Computed(State.OPERATIONAL, Reason()), ShownState(State.OPERATIONAL, Reason()), now)
open_incident({"ca": "x"}, {"ca": "x"}, {"chat": State.PARTIAL}, now, by="anna")
add("anna@example.net", "", now)
Recipient.objects.update(services=["chat"])
"""


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(home / "talaia.db") as database:
        names = [name for (name,) in database.execute("select name from sqlite_master where type='table'")]
        return {name: database.execute(f"select * from {name} order by 1").fetchall() for name in names}


def test_killed_after_any_of_its_steps_nothing_has_happened_and_the_next_try_does_it_all(tmp_path: Path) -> None:
    talaia = Talaia(tmp_path, USUAL)
    migrate(talaia)
    python(talaia, "-c", FILLED)
    (tmp_path / "talaia.toml").write_text(USUAL.replace('"chat"', '"xat"'))
    before = rows(tmp_path)
    called = {name for name in STEPS if hasattr(renaming, name)}
    assert called == set(STEPS)
    for step in STEPS:
        done = subprocess.run(
            [sys.executable, "-c", KILLED.format(step=step)],
            env={**os.environ, **talaia.environment},
            cwd=ROOT,
            check=False,
            capture_output=True,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        assert rows(tmp_path) == before, step
    assert "chat is xat now" in talaia.run("service", "rename", "chat", "xat")
    assert [row[0] for row in rows(tmp_path)["talaia_formerslug"]] == ["chat"]


RUNNING = """
[site]
name = "Exemple"
address = "https://status.example.org"
[[groups]]
id = "g"
name = "G"
[[services]]
slug = "chat"
group = "g"
name = "Missatgeria"
[[checks]]
id = "port"
kind = "tcp"
target = "127.0.0.1:{port}"
service = "chat"
every = "5s"
"""


def test_while_talaia_runs_it_stays_green_and_its_old_page_leads_on(tmp_path: Path) -> None:
    talaia = Talaia(tmp_path, "")
    text = RUNNING.format(port=talaia.port)  # it looks at its own port: there is always somebody
    (tmp_path / "talaia.toml").write_text(text)
    with talaia:
        talaia.started()
        talaia.wait_for(30, "it is measured", chat="operational")
        (tmp_path / "talaia.toml").write_text(text.replace('"chat"', '"xat"'))
        assert "chat is xat now" in talaia.run("service", "rename", "chat", "xat")
        wait_until(lambda: "url=/services/xat/" in talaia.file("/services/chat/index.html"), 30, "the way", talaia)
        talaia.wait_for(30, "the front", xat="operational")
        assert talaia.process
        os.kill(talaia.process.pid, signal.SIGHUP)
        wait_until(lambda: "is in force" in talaia.log_tail(), 30, "the new file", talaia)
        wait_until(lambda: evidence(tmp_path) == [("xat",)], 30, "its evidence", talaia)
        talaia.run("publish")
        assert talaia.states() == {"xat": "operational"}
        assert talaia.transitions("xat") == ["operational"]
        assert "Traceback" not in (tmp_path / "up.log").read_text()


def evidence(home: Path) -> list[tuple[str]]:
    with sqlite3.connect(home / "talaia.db") as database:
        return database.execute("select service from talaia_evidence").fetchall()
