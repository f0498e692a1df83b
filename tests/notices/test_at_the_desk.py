"""What an operator sees of mails: what is about to go, to how many, what went; and what they can do about it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from talaia.audience.models import Recipient as Subscriber
from talaia.desk.fields import minute
from talaia.desk.people.roles import Role
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState
from talaia.notices.models import Notice
from talaia.notices.samples import STORIES
from talaia.outbox.models import Delivery, Fact
from talaia.panel.state import State
from tests.desk.conftest import member
from tests.desk.test_writing_at_the_desk import form_of
from tests.notices.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(settings: Settings, house: House, monkeypatch: pytest.MonkeyPatch) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    monkeypatch.setattr("talaia.desk.mails.views.timezone.now", lambda: house.now)
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("anna", Role.OPERATOR, email="anna@example.org"))
    return client


def read(desk: Client, address: str) -> str:
    return re.sub(r"\s+", " ", desk.get(address).content.decode())


def test_what_is_held_is_on_the_first_page_with_its_words_and_how_many_get_it(desk: Client, house: House) -> None:
    house.open()
    house.work()
    front = read(desk, "/desk/")
    assert "Mails on their way" in front and "goes in a moment, to 3 people" in front
    pk = Notice.objects.get().pk
    shown = read(desk, f"/desk/mails/{pk}/")
    assert "Tenim un problema amb Connexions." in shown
    assert "We have a problem with Connections." in shown
    assert "[Problem] Sense connexió" in shown


def test_who_wants_to_hear_of_other_services_only_is_not_counted(desk: Client, house: House) -> None:
    chosen = Subscriber.objects.order_by("pk")[0]
    for services, said in ((["video"], "to 2 people"), (["video", "links"], "to 3 people"), ([], "to 3 people")):
        Subscriber.objects.filter(pk=chosen.pk).update(services=services)
        form = {"title": "Sense connexió", "text": "Ho mirem.", "state": "investigating", "next": "1h", "tell": ""}
        form |= {"impact-links": "disruption", "preview": "1"}
        assert said in re.sub(r"\s+", " ", desk.post("/desk/incidents/new", form).content.decode()), services


def test_taken_back_in_one_tap_and_sent_after_all_in_another(desk: Client, house: House) -> None:
    house.open()
    house.work()
    pk = Notice.objects.get().pk
    said = desk.post(f"/desk/mails/{pk}/decide", {"take_back": "1"}, follow=True).content.decode()
    assert "It is taken back; nobody gets it." in said and "went to nobody" in said
    house.later(minutes=5).work()
    assert house.server.taken == []
    desk.post(f"/desk/mails/{pk}/decide", {"send": "1"})
    house.work().later(minutes=1).work()
    assert len(house.server.taken) == 3
    assert "went to 3 people" in read(desk, "/desk/incidents/2026-001/")
    refused = desk.post(f"/desk/mails/{pk}/decide", {"take_back": "1"}, follow=True).content.decode()
    assert "cannot be taken back" in refused


def test_a_problem_that_was_taken_back_is_not_sent_once_it_is_over(desk: Client, house: House) -> None:
    """Else the desk says "it goes", and whoever got it would read "we have a problem" of what is resolved."""
    event = house.open()
    house.work()
    pk = Notice.objects.get().pk
    desk.post(f"/desk/mails/{pk}/decide", {"take_back": "1"})
    assert 'name="send"' in read(desk, f"/desk/mails/{pk}/")
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Arreglat."}, house.now, by="anna")
    house.work()
    assert 'name="send"' not in read(desk, f"/desk/mails/{pk}/")
    said = desk.post(f"/desk/mails/{pk}/decide", {"send": "1"}, follow=True).content.decode()
    assert "it is no longer true" in said
    assert Notice.objects.get(pk=pk).state == Notice.TAKEN_BACK


def test_what_went_says_what_the_server_did_not_take_without_an_address(desk: Client, house: House) -> None:
    house.server.answers = lambda verb, argument: (
        "550 5.1.1 <anna@example.net>: unknown" if verb == "RCPT" and "anna" in argument else None
    )
    house.open()
    house.work().later(minutes=1).work()
    shown = read(desk, f"/desk/mails/{Notice.objects.get().pk}/")
    assert "went to 2 people, 1 refused" in shown and "550 5.1.1" in shown
    assert "anna@example.net" not in shown


def test_a_mail_that_cannot_go_on_goes_on_from_the_first_page_as_from_its_own(desk: Client, house: House) -> None:
    house.server.answers = lambda verb, _argument: "550 5.7.1 not for you" if verb == "MAIL" else None
    house.open()
    house.work().later(minutes=1).work()
    assert house.notices() == [("problem", "stuck", "")]
    parked = Delivery.objects.get(state=Delivery.PARKED)
    again = {"again": "1"}
    said = desk.post(f"/desk/deliveries/{parked.pk}", again, follow=True).content.decode()
    assert "It is tried again now." in said
    house.work()
    assert house.notices() == [("problem", "stuck", "")]  # it is still refused
    house.server.answers = lambda _verb, _argument: None
    desk.post(f"/desk/deliveries/{Delivery.objects.get(state=Delivery.PARKED).pk}", again)
    house.work()
    assert len(house.server.taken) == 3
    assert house.notices() == [("problem", "sent", "")]
    assert house.parked() == []
    assert Fact.objects.filter(kind="notice.resumed", by="anna").count() == 2


def test_a_test_goes_to_who_asks_and_to_nobody_else(desk: Client, house: House) -> None:
    said = desk.post("/desk/mails/test", {"what": "problem", "language": "es"}, follow=True).content.decode()
    assert "anna@example.org" in said
    house.work()
    [taken] = house.server.taken
    assert taken.to == "anna@example.org"
    assert taken.text.startswith("Tenemos un problema")


@pytest.mark.parametrize("name", STORIES)
def test_every_kind_can_be_looked_at_as_text_and_as_html_on_its_own(desk: Client, name: str) -> None:
    shown = read(desk, f"/desk/mails/kinds/{name}/")
    assert shown.count('<pre class="letter"') >= 6  # three languages, each with its headers
    alone = desk.get(f"/desk/mails/kinds/{name}/html?language=es")
    assert '<html lang="es">' in alone.content.decode()
    assert (
        "script-src" not in alone["Content-Security-Policy"]
        and "default-src 'none'" in alone["Content-Security-Policy"]
    )


def test_what_is_not_there_is_said(desk: Client) -> None:
    for address in ("/desk/mails/7/", "/desk/mails/kinds/poem/", "/desk/mails/7/html"):
        assert desk.get(address).status_code == 404
    assert desk.post("/desk/mails/test", {"what": "poem", "language": "es"}).status_code == 404
    assert desk.post("/desk/mails/7/decide", {}).status_code == 404


def test_who_may_only_look_sees_no_button_and_presses_none(desk: Client, house: House) -> None:
    house.open()
    house.work()
    pk = Notice.objects.get().pk
    viewer = Client(headers={"accept-language": "en"})
    viewer.force_login(member("vera", Role.VIEWER))
    assert "Take it back" not in read(viewer, f"/desk/mails/{pk}/")
    assert viewer.post(f"/desk/mails/{pk}/decide", {"take_back": "1"}).status_code == 403
    assert house.notices() == [("problem", "held", "")]


@pytest.mark.parametrize(
    ("level", "tell", "said"),
    [
        ("disruption", "", "A mail follows (There is a problem), to 3 people"),
        ("degraded", "", "No mail follows by itself: it disrupts no service."),
        ("degraded", "yes", "A mail follows"),
        ("disruption", "no", "No mail follows by itself: whoever wrote it chose so."),
    ],
)
def test_the_preview_says_which_mail_follows(desk: Client, level: str, tell: str, said: str) -> None:
    form = {"title": "Sense connexió", "text": "Ho mirem.", "state": "investigating", "next": "1h", "tell": tell}
    shown = desk.post("/desk/incidents/new", {**form, "impact-links": level, "preview": "1"}).content.decode()
    assert said in re.sub(r"\s+", " ", shown)


def test_the_choice_in_the_form_is_what_happens(desk: Client, house: House) -> None:
    form = {"title": "Sense connexió", "text": "Ho mirem.", "state": "investigating", "next": "1h", "tell": "no"}
    desk.post("/desk/incidents/new", {**form, "impact-links": State.DISRUPTION.value, "publish": "1"})
    house.work()
    assert house.notices() == [("problem", "withheld", "asked")]


def plan_form(desk: Client, hours: float) -> dict[str, str]:
    begins = timezone.now() + timedelta(hours=hours)
    given = {"title": "Canvi", "text": "Dos talls.", "impact-links": "disruption"}
    times = {"start": minute(begins), "end": minute(begins + timedelta(hours=1))}
    return {**form_of(desk, "/desk/maintenance/new"), **given, **times}


def as_shown(page: Any) -> dict[str, str]:
    """The form of a page as a browser sends it back."""
    values = {field.html_name: field.value() for field in page.context["form"]}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_before_a_plan_is_published_its_real_list_of_mails_is_shown(desk: Client, house: House) -> None:
    answer = desk.post("/desk/maintenance/new", plan_form(desk, 10))
    page = re.sub(r"\s+", " ", answer.content.decode())
    assert not Event.objects.exists() and "Nothing is published yet." in page
    listed = re.findall(r"<li[^>]*>([^<]*)", page.partition('class="plan"')[2].partition("</ul>")[0])
    assert [one.partition(":")[0] for one in listed] == [
        "7 days before",
        "at once, as it is short notice; for 1 min it can be taken back",
        "30 minutes before",
        "when it begins",
        "when it is over",
    ]
    assert "that has passed already" in listed[0]
    assert "when somebody says so" in listed[4] and "Mails go to 3 people." in page
    desk.post("/desk/maintenance/new", as_shown(answer))
    assert Event.objects.count() == 1
    house.later(minutes=2)
    told = read(desk, f"/desk/maintenance/{Event.objects.get().ref}/").partition('class="plan"')[2]
    assert re.search(r"<li>at once: <time", told) and "24 hours before" not in told


def test_what_waits_for_a_second_person_went_to_nobody_at_once(desk: Client) -> None:
    desk.post(
        "/desk/maintenance/new", as_shown(desk.post("/desk/maintenance/new", {**plan_form(desk, 10), "second": "on"}))
    )
    told = read(desk, f"/desk/maintenance/{Event.objects.get().ref}/")
    assert "It waits for a second person." in told
    assert "at once, as it is short notice" in told and "at once: <time" not in told


def shifted(desk: Client, event: Event, what: str, hours: float) -> Any:
    """The first tap on a form that moves a maintenance by so many hours."""
    event.refresh_from_db()
    address = f"/desk/maintenance/{event.ref}/{what}"
    times = {"start": event.window_start, "end": event.window_end}
    asked = {"end": times["end"]} if what == "extend" else times
    moved = {name: minute(at + timedelta(hours=hours)) for name, at in asked.items() if at}
    return desk.post(address, {**form_of(desk, address), "text": "", **moved})


@pytest.mark.parametrize(("what", "hours"), [("extend", 1), ("postpone", 48)])
def test_before_work_is_moved_the_mails_that_follow_are_shown(
    desk: Client, house: House, what: str, hours: int
) -> None:
    desk.post("/desk/maintenance/new", as_shown(desk.post("/desk/maintenance/new", plan_form(desk, 10))))
    event = Event.objects.get()
    house.work().later(minutes=3).work()
    assert [kind for kind, *_ in house.notices()] == ["advance"]
    answer = shifted(desk, event, what, hours)
    page = re.sub(r"\s+", " ", answer.content.decode())
    assert event.updates.count() == 1 and "Nothing is published yet." in page
    assert "A mail follows (" in page and "to 3 people, after 1 min" in page
    assert "short notice" not in page, "the mail that it was moved goes in place of it"
    assert ("24 hours before: <time" in page) is (what == "postpone") and "when it begins: <time" in page
    assert desk.post(f"/desk/maintenance/{event.ref}/{what}", as_shown(answer)).status_code == 302
    assert event.updates.count() == 2
    house.work()
    assert [kind for kind, *_ in house.notices()] == ["advance", "changed"]
    assert "at once:" not in read(desk, f"/desk/maintenance/{event.ref}/") or what == "extend"


def test_before_work_is_called_off_or_begins_the_mail_that_follows_is_shown(desk: Client, house: House) -> None:
    desk.post("/desk/maintenance/new", as_shown(desk.post("/desk/maintenance/new", plan_form(desk, 10))))
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}"
    assert "No mail follows by itself: nobody was mailed about it before." in read(desk, f"{address}/cancel")
    house.work().later(minutes=3).work()
    assert "A mail follows (" in read(desk, f"{address}/cancel") and "to the 3 people" in read(
        desk, f"{address}/cancel"
    )
    assert "A mail follows (" in read(desk, f"{address}/start")


def test_what_waits_for_a_second_yes_says_that_the_mail_does_too(desk: Client, house: House) -> None:
    desk.post("/desk/maintenance/new", as_shown(desk.post("/desk/maintenance/new", plan_form(desk, 10))))
    house.work().later(minutes=3).work()
    Event.objects.update(approved_by="berta")
    shown = shifted(desk, Event.objects.get(), "extend", 1).content.decode()
    assert "It waits for a second person first. Then: A mail follows (" in re.sub(r"\s+", " ", shown)


def test_work_of_which_nobody_hears_is_moved_in_one_tap(desk: Client) -> None:
    desk.post("/desk/maintenance/new", {**plan_form(desk, 10), "telling": "nobody"})
    assert shifted(desk, Event.objects.get(), "extend", 1).status_code == 302


def test_a_list_that_has_changed_since_it_was_shown_is_shown_again(desk: Client) -> None:
    answer = desk.post("/desk/maintenance/new", plan_form(desk, 10))
    begins = timezone.now() + timedelta(days=8)
    later = {"start": minute(begins), "end": minute(begins + timedelta(hours=1))}
    again = desk.post("/desk/maintenance/new", {**as_shown(answer), **later})
    assert not Event.objects.exists() and "Nothing is published yet." in again.content.decode()
    desk.post("/desk/maintenance/new", as_shown(again))
    assert Event.objects.count() == 1


def test_a_plan_that_mails_nobody_needs_no_second_look(desk: Client) -> None:
    desk.post("/desk/maintenance/new", {**plan_form(desk, 10), "telling": "nobody"})
    assert Event.objects.count() == 1
