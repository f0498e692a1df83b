"""Mails that go only to the people behind what an event touches: to whom, how many, and where that cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from talaia.audience.mailing import for_whom
from talaia.audience.models import Recipient
from talaia.config import Config, current
from talaia.desk.mails.notice_overview import waiting
from talaia.desk.mails.notice_readers import goes_to
from talaia.desk.people.roles import Role
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.notice_scope import NoticeScope
from talaia.events.timeline import IncidentState
from talaia.notices.policy import whom
from talaia.notices.values import Kind, Segment
from talaia.panel.state import State
from tests.desk.conftest import member
from tests.desk.test_writing_at_the_desk import form_of
from tests.journeys.shell import Shell
from tests.notices.conftest import Configure, House, set_up
from tests.notices.test_what_goes import plan

pytestmark = pytest.mark.django_db
AUDIENCE = """
[audience.columns]
address = "Correu"
member = "Sòcia"
connection = "Enllaç"
area = "Zona"
[[audience.behind]]
service = "links"
connections = ["Port1", "Port2"]
[[audience.behind]]
connection = "ref01"
areas = ["El Port"]
"""
LIST = """
[audience.mailman]
list = "avisos@lists.example.org"
password_file = "password"
"""
FOUND = NoticeScope(False, ("port1",), ("el port",), ("links",))


@pytest.mark.parametrize(
    ("chosen", "found", "expected"),
    [
        (None, None, None),
        (None, FOUND, None),
        ([], None, Segment(("links",))),
        (["ref01"], None, Segment((), ("ref01",))),
        ([], FOUND, Segment(("links",), (), True, ("port1",), ("el port",))),
        ([], NoticeScope(True, unknown=("links",)), None),  # so it was when it was chosen, and so it was said
    ],
)
def test_whom_a_notice_goes_to(chosen: list[str] | None, found: NoticeScope | None, expected: Segment | None) -> None:
    assert whom(chosen, ["links"], found) == expected


CHAT = NoticeScope(True, unknown=("chat",))
WIKI = NoticeScope(False, ("wiki1",), (), ("links", "wiki"))


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (FOUND, WIKI, NoticeScope(False, ("port1", "wiki1"), ("el port",), ("links", "wiki"))),
        (FOUND, CHAT, NoticeScope(False, ("port1",), ("el port",), ("links",), ("chat",))),
        (FOUND, NoticeScope(True, unknown=("links",)), FOUND),  # it lost its [[audience.behind]]
        (FOUND, NoticeScope(False, ("port9",), (), ("links",)), FOUND),  # talaia.toml says otherwise by now
        (NoticeScope(True), WIKI, NoticeScope(True)),
        (
            replace(FOUND, unknown=("wiki",)),
            WIKI,
            NoticeScope(False, ("port1", "wiki1"), ("el port",), ("links", "wiki")),
        ),
    ],
)
def test_for_whom_an_event_is_only_grows_and_never_into_everybody(
    before: NoticeScope, now: NoticeScope, expected: NoticeScope
) -> None:
    assert before.grown(now) == expected
    assert NoticeScope.from_json(expected.to_json()) == expected


@pytest.fixture
def placed(house: House, configure: Configure) -> House:
    """Anna is connected at the port, Bernat lives there, of Carla nothing is known."""
    set_up(configure, house.server, AUDIENCE)
    Recipient.objects.filter(key__startswith="anna").update(connections=["port1"])
    Recipient.objects.filter(key__startswith="bernat").update(areas=["el port"])
    return house


def told(house: House) -> list[str]:
    return [taken.to.partition("@")[0] for taken in house.server.taken]


def open_incident(house: House, only_behind: list[str] | None, slug: str = "links") -> Event:
    return events.open_incident(
        {"ca": "Tall"}, {"ca": "Ho mirem."}, {slug: State.DISRUPTION}, house.now, only_behind=only_behind
    )


def test_from_the_beginning_to_the_end_only_who_is_behind_it(placed: House) -> None:
    event = open_incident(placed, [])
    placed.work().later(minutes=2).work()
    assert told(placed) == ["anna"]
    # It turns out to be another service, and Anna still hears that it is over.
    events.update_incident(
        event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, placed.now, impacts={"website": State.DISRUPTION}
    )
    placed.work().later(minutes=2).work()
    assert told(placed) == ["anna", "anna"]


def test_work_on_a_reference_connection(placed: House) -> None:
    event = plan(placed, ["7d", "end"], 7)
    Event.objects.filter(pk=event.pk).update(only_behind=["ref01"])
    placed.work().later(minutes=2).work()
    assert told(placed) == ["bernat"]


def test_of_a_service_nobody_has_said_who_is_behind_it_everybody_is_told(placed: House) -> None:
    open_incident(placed, [], "chat")
    placed.work().later(minutes=2).work()
    assert sorted(told(placed)) == ["anna", "bernat", "carla"]


def test_of_what_is_merged_each_hears_whom_it_concerned_by_itself(placed: House) -> None:
    """Carla wants to hear of the connections only, and is not behind any of these; of the messaging everybody hears."""
    Recipient.objects.filter(address="carla@example.net").update(services=["links"])
    links = open_incident(placed, [])
    placed.work().later(minutes=2).work()
    chat = open_incident(placed, None, "chat")
    placed.work()
    events.merge_incident(chat.ref, links.ref, {"ca": "És la mateixa."}, placed.now)
    placed.work()
    with translation.override("en"):
        assert [one.about for one in waiting("en")] == ["goes in a moment, to 2 people"]
    placed.later(minutes=2).work()
    assert told(placed) == ["anna", "anna", "bernat"]
    events.update_incident(links.ref, IncidentState.RESOLVED, {"ca": "Fet."}, placed.now)
    placed.work().later(minutes=2).work()
    assert told(placed)[3:] == ["anna", "bernat"]


@pytest.mark.parametrize("while_the_other_lasts", [False, True])
def test_what_was_no_part_after_all_begins_anew_for_those_alone_whom_it_concerned(
    placed: House, while_the_other_lasts: bool
) -> None:
    """All heard of it in a mail of the other one; nobody has said that it is for all."""
    chat = open_incident(placed, None, "chat")
    placed.work().later(minutes=2).work()
    links = open_incident(placed, [])
    if not while_the_other_lasts:  # else it is the other one that tells of it
        placed.work().later(minutes=2).work()
    events.merge_incident(links.ref, chat.ref, {"ca": "És la mateixa."}, placed.now)
    placed.work().later(minutes=2).work()
    if not while_the_other_lasts:
        events.update_incident(chat.ref, IncidentState.RESOLVED, {"ca": "Fet."}, placed.now)
        placed.work().later(minutes=2).work()
    assert sorted({*told(placed)}) == ["anna", "bernat", "carla"]
    for state in (IncidentState.INVESTIGATING, IncidentState.IDENTIFIED, IncidentState.RESOLVED):
        placed.server.taken.clear()
        events.update_incident(links.ref, state, {"ca": "No era la mateixa."}, placed.now, tell=True)
        placed.work().later(minutes=2).work()
        assert told(placed) == ["anna"], state


@pytest.fixture
def desk(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for view in ("incidents.views", "maintenance.planning"):
        monkeypatch.setattr(f"talaia.desk.{view}.timezone.now", lambda: house.now)
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("dora", Role.OPERATOR))
    return client


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def at(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALAIA_CONFIG", str(config.path))


OPEN = ["incident", "open", "--title", "Tall", "--service", "links=disruption"]


def test_the_shell_says_how_many_first(placed: House, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    at(current(), monkeypatch)
    said = shell(*OPEN, "--only-behind", text="Ho mirem.\n")
    assert (said.code, said.err) == (
        0,
        "mails go to 1 behind links; of 1 more the export does not say where they are connected\n",
    )
    assert Event.objects.get().only_behind == []
    said = shell(*OPEN, "--only-behind", "ref01, ref02", text="Ho mirem.\n")
    assert said.err.startswith("mails go to 1 behind ref01, ref02")
    assert Event.objects.latest("pk").only_behind == ["ref01", "ref02"]
    said = shell(*OPEN, "--only-behind", "ref99", text="Ho mirem.\n")
    assert (said.code, said.err) == (1, "talaia: talaia.toml has no connection 'ref99'\n")
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (AUDIENCE + LIST, "mails go by the list avisos@lists.example.org, to everybody on it"),
        ("", "nobody knows who is behind what"),
    ],
)
def test_where_it_cannot_be_it_is_said_why_and_not_offered(
    house: House,
    configure: Configure,
    more: str,
    why: str,
    shell: Shell,
    desk: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (set_up(configure, house.server).folder / "password").write_text("x")
    at(set_up(configure, house.server, more), monkeypatch)
    said = shell(*OPEN, "--only-behind", text="Ho mirem.\n")
    assert said.code == 1
    assert why in said.err
    assert not Event.objects.exists()
    for page in ("/desk/incidents/new", "/desk/maintenance/new"):
        assert 'name="whom"' not in desk.get(page).content.decode()


def test_at_the_desk_it_is_chosen_and_counted_before_it_goes(placed: House, desk: Client) -> None:
    page = "/desk/incidents/new"
    form = {**form_of(desk, page), "title": "Tall", "text": "Ho mirem.", "impact-links": "disruption"}
    assert form["whom"] == "everybody"
    shown = desk.post(page, {**form, "whom": "services", "preview": "1"}).content.decode()
    assert "A mail follows (There is a problem), to 1 person connected there" in shown
    assert "(of 1 more person the export does not say where they are connected)" in shown
    wrong = desk.post(page, {**form, "whom": "connections", "publish": "1"}).content.decode()
    assert "Tick at least one connection." in wrong
    ticked = {**form, "whom": "connections", "behind-ref01": "on", "publish": "1"}
    assert "Published." in desk.post(page, ticked, follow=True).content.decode()
    assert Event.objects.get().only_behind == ["ref01"]
    placed.later(seconds=1).work()
    assert "goes in a moment, to 1 person connected there" in desk.get("/desk/mails/").content.decode()


def test_planned_work_is_counted_before_it_is_published(placed: House, desk: Client) -> None:
    page = "/desk/maintenance/new"
    form = {**form_of(desk, page), "title": "Bateries", "text": "Les canviem.", "impact-links": "disruption"}
    form |= {"whom": "services", "start": "2030-05-04T22:00", "end": "2030-05-04T23:00"}
    shown = desk.post(page, {**form, "preview": "1"}).content.decode()
    assert "Mails go to 1 person connected there" in shown


def test_a_service_that_left_the_file_just_after_the_choice_makes_it_no_choice_of_everybody(
    house: House, configure: Configure
) -> None:
    config = set_up(configure, house.server, AUDIENCE)
    both = NoticeScope(False, ("port1", "port2"), (), ("links",))
    assert for_whom(config, [], ["links"]) == both
    assert for_whom(config, [], ["links", "chat"]) == NoticeScope(True, ("port1", "port2"), (), ("links",), ("chat",))
    assert for_whom(config, [], ["links", "gone"]) == for_whom(config, [], ["links"])
    assert for_whom(config, [], ["gone"]) == NoticeScope(unknown=("gone",))
    assert for_whom(config, ["ref01"], ["gone"]) == for_whom(config, ["ref01"], ["links"])


def test_the_desk_says_the_same_before_it_is_kept_for_whom_that_is(house: House, configure: Configure) -> None:
    set_up(configure, house.server, AUDIENCE)
    titles, impacts = {"ca": "T"}, {"links": State.PARTIAL}
    event = events.open_incident(titles, {"ca": "x"}, impacts, house.now, by="anna", only_behind=[])
    assert event.for_whom is None
    with translation.override("en"):
        assert goes_to(Kind.PROBLEM, None, ["links"]) == "to 3 people"
        for services in (["gone"], ["links"]):
            assert goes_to(Kind.PROBLEM, event, services).startswith("to 0 people connected there")
