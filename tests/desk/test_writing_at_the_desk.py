"""What a form may hold, what is said when it is wrong, and that nothing which was written is ever lost."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from talaia.config import current
from talaia.desk.fields import LONGEST_TEXT, LONGEST_TITLE
from talaia.events import actions
from talaia.events.models import Event, Update
from talaia.events.timeline import IncidentState, NotPossible
from talaia.outbox.models import Fact
from talaia.panel.models import Service
from talaia.panel.state import State
from talaia.panel.uptime import local_day

pytestmark = pytest.mark.django_db
NEW = "/desk/incidents/new"
FIRST: dict[str, Any] = {
    "title": "Sense missatgeria",
    "text": "Ho mirem.",
    "state": "investigating",
    "next": "30m",
    "written_in": "ca",
    "impact-chat": "disruption",
    "key": "k1",
}


@pytest.fixture
def opened(desk: Client) -> Event:
    return actions.open_incident(
        {"ca": "Sense missatgeria"}, {"ca": "Ho mirem."}, {"chat": State.DISRUPTION}, timezone.now()
    )


def form_of(desk: Client, address: str) -> dict[str, Any]:
    """The form at an address, as a browser would send it back untouched."""
    form = desk.get(address).context["form"]
    values = {field.html_name: field.value() for field in form}
    return {name: value for name, value in values.items() if value not in (None, False)}


def send(desk: Client, address: str, **given: Any) -> Any:
    return desk.post(address, {**form_of(desk, address), **given})


def test_an_incident_is_opened_with_all_that_the_form_says(desk: Client) -> None:
    before = timezone.now()
    answer = desk.post(NEW, {**FIRST, "plain": "on", "state": "identified", "written_in": "es"})
    event = Event.objects.get()
    assert event.ref == f"{local_day(event.started_at, current().site.tz).year}-001"
    assert answer.headers["Location"] == f"/desk/incidents/{event.ref}/"
    update = event.updates.get()
    assert (event.titles, event.state) == ({"es": "Sense missatgeria"}, "identified")
    assert (update.texts, update.plain, update.by, update.number) == ({"es": "Ho mirem."}, True, "anna", 1)
    assert {impact.service_id: impact.state for impact in event.impacts.all()} == {"chat": "disruption"}
    assert event.next_update_at is not None
    assert timedelta(minutes=29) < event.next_update_at - before < timedelta(minutes=32)
    page = desk.get(answer.headers["Location"]).content.decode()
    assert f"https://status.example.org/incidents/{event.ref}/#u1" in page


def test_a_form_that_comes_twice_is_answered_twice_and_done_once(desk: Client) -> None:
    answers = [desk.post(NEW, FIRST) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert Event.objects.count() == 1
    address = answers[0].headers["Location"]
    sent = {**form_of(desk, address), "text": "Un cable.", "state": "identified"}
    assert [desk.post(address, sent).status_code for _ in range(2)] == [302, 302]
    assert Update.objects.count() == 2


def test_each_form_has_a_number_of_its_own(desk: Client, opened: Event) -> None:
    for address in (NEW, f"/desk/incidents/{opened.ref}/"):
        assert form_of(desk, address)["key"] != form_of(desk, address)["key"]


def test_who_goes_back_and_sends_other_words_is_told_where_they_belong(desk: Client) -> None:
    desk.post(NEW, FIRST)
    page = desk.post(NEW, {**FIRST, "text": "Ja sabem què és."}).content.decode()
    assert Event.objects.get().ref in page
    assert "Ja sabem què és." in page
    assert Update.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"title": "  "}, "title", "This field is required."),
        ({"text": " \n "}, "text", "This field is required."),
        ({"title": "x" * (LONGEST_TITLE + 1)}, "title", "at most 140"),
        ({"text": "x" * (LONGEST_TEXT + 1)}, "text", "at most 20000"),
        ({"state": "resolved"}, "state", "valid choice"),
        ({"state": ""}, "state", "required"),
        ({"next": "2026-01-01T09:00"}, "next", "that time has passed"),
        ({"next": "soon"}, "next", "Please choose again"),
        ({"written_in": "de"}, "written_in", "valid choice"),
        ({"impact-chat": "maintenance"}, "impact-chat", "valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_opened(
    desk: Client, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = desk.post(NEW, {**FIRST, **wrong})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not Event.objects.exists()
    error = re.search(rf'<p class="error" id="id_{field}_error">([^<]*)</p>', page)
    assert error and said in error[1]
    assert page.count(f'aria-describedby="id_{field}_error"') == 1
    assert f'href="#id_{field}"' in page
    assert "Sense missatgeria" in page or field == "title"


def test_what_the_timeline_refuses_is_an_error_of_the_form(desk: Client, opened: Event, monkeypatch: Any) -> None:
    Service.objects.filter(pk="video").delete()  # talaia.toml was reloaded while the form was open
    answer = desk.post(NEW, {**FIRST, "impact-video": "degraded"})
    assert answer.status_code == 302  # a service that is gone has no field, and is not looked at

    def refuse(*_: Any, **__: Any) -> None:
        raise NotPossible("not today")

    monkeypatch.setattr(actions, "open_incident", refuse)
    page = desk.post(NEW, {**FIRST, "key": "k2"}).content.decode()
    assert "not today" in page and "Ho mirem." in page


def test_lines_end_as_they_were_typed_and_a_title_is_one_line(desk: Client) -> None:
    desk.post(NEW, {**FIRST, "title": " Sense\r\nmissatgeria  ", "text": "Primer.\r\n\r\n- un\r\n- dos\r\n"})
    event = Event.objects.get()
    assert event.titles == {"ca": "Sense missatgeria"}
    assert event.updates.get().texts == {"ca": "Primer.\n\n- un\n- dos"}


def test_a_preview_shows_what_would_appear_keeps_all_that_was_typed_and_publishes_nothing(desk: Client) -> None:
    sent = {**FIRST, "text": "No funciona **res**. <b>ai</b>", "title": "", "preview": "1", "plain": ""}
    answer = desk.post(NEW, sent)
    page = answer.content.decode()
    assert not Event.objects.exists() and not Fact.objects.filter(kind="incident.opened").exists()
    preview = page[page.index('id="preview"') :]
    assert "<strong>res</strong>" in preview and "&lt;b&gt;ai" in preview
    assert 'lang="ca"' in preview and "En investigació" in preview and "Missatgeria" in preview
    assert 'class="error"' not in page
    form = answer.context["form"]
    assert {name: form[name].value() for name in ("text", "state", "next", "impact-chat", "key")} == {
        "text": sent["text"],
        "state": "investigating",
        "next": "30m",
        "impact-chat": "disruption",
        "key": "k1",
    }


def test_a_preview_of_nothing_says_so(desk: Client, opened: Event) -> None:
    for address in (NEW, f"/desk/incidents/{opened.ref}/"):
        assert "There is no text yet to show." in desk.post(address, {"preview": "1"}).content.decode()
    page = desk.post(f"/desk/incidents/{opened.ref}/entries/1", {"preview": "1"}).content.decode()
    assert "There is no text yet to show." in page


def test_a_preview_of_plain_text_shows_it_as_written(desk: Client, opened: Event) -> None:
    page = send(desk, f"/desk/incidents/{opened.ref}/", text="**a**\nb", plain="on", preview="1").content.decode()
    assert "<p>**a**<br>b</p>" in page
    assert Update.objects.count() == 1


def test_an_update_moves_the_incident_on_and_its_services_with_it(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    send(desk, address, text="Un cable.", state="monitoring", next="none", **{"impact-chat": "operational"})
    opened.refresh_from_db()
    assert (opened.state, opened.next_update_at) == ("monitoring", None)
    assert opened.impacts.get().state == "operational"
    send(desk, address, text="Fet.", state="resolved")
    opened.refresh_from_db()
    assert opened.ended_at is not None
    assert opened.impacts.get().state == "operational"
    page = desk.get(address).content.decode()
    assert "It is resolved" in page and "Add something" in page and "Open it again" in page


def test_two_write_at_once_the_second_sees_the_first_and_loses_nothing(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    mine = {**form_of(desk, address), "text": "El meu text.", "state": "identified", "impact-video": "degraded"}
    actions.update_incident(opened.ref, IncidentState.MONITORING, {"ca": "El d’una altra."}, timezone.now())
    answer = desk.post(address, mine)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert Update.objects.count() == 2
    shown = page[page.index('class="overtaken"') : page.index("<form method", page.index('class="overtaken"'))]
    assert "El d’una altra." in shown and "Ho mirem." not in shown
    form = answer.context["form"]
    assert (form["text"].value(), form["state"].value(), form["impact-video"].value()) == (
        "El meu text.",
        "identified",
        "degraded",
    )
    # Having seen it, one more tap publishes.
    again = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    assert desk.post(address, again).status_code == 302
    assert [update.number for update in opened.updates.order_by("number")] == [1, 2, 3]


def test_who_writes_while_title_or_services_change_is_told_that_too(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    mine = {**form_of(desk, address), "text": "El meu text."}
    actions.edit_event("incident", opened.ref, timezone.now(), titles={"ca": "Sense xat"})
    page = desk.post(address, mine).content.decode()
    assert "The title or the services have changed" in page and "<h1>" in page and "Sense xat" in page
    assert Update.objects.count() == 1


def test_an_entry_is_corrected_in_its_place_and_in_other_languages(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/entries/1"
    answer = send(desk, address, **{"text-ca": "Ho estem mirant.", "text-en": "We are looking into it."})
    assert answer.status_code == 302
    update = opened.updates.get()
    assert update.texts == {"ca": "Ho estem mirant.", "en": "We are looking into it."}
    assert update.edited_at is not None
    page = send(desk, address, **{"text-ca": "", "text-en": ""}).content.decode()
    assert "This field is required." in page
    assert opened.updates.get().texts == update.texts


def test_two_correct_one_entry_and_nobody_is_undone(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/entries/1"
    mine = {**form_of(desk, address), "text-ca": "La meva correcció."}
    actions.edit_update("incident", opened.ref, 1, {"ca": "La seva."}, timezone.now())
    answer = desk.post(address, mine)
    page = answer.content.decode()
    assert "La seva." in page and "La meva correcció." in page
    assert opened.updates.get().texts == {"ca": "La seva."}
    form = answer.context["form"]
    assert desk.post(address, {field.html_name: field.value() or "" for field in form}).status_code == 302
    assert opened.updates.get().texts == {"ca": "La meva correcció."}


def test_a_correction_can_be_looked_at_first(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/entries/1"
    page = send(desk, address, **{"text-ca": "Ho **estem** mirant.", "preview": "1"}).content.decode()
    assert "<strong>estem</strong>" in page
    assert opened.updates.get().texts == {"ca": "Ho mirem."}


def test_title_and_services_change_without_an_entry_and_the_address_stays(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/edit"
    sent = {"title-ca": "Sense xat", "title-es": "Sin chat", "impact-chat": "", "impact-video": "partial"}
    assert send(desk, address, **sent).headers["Location"] == f"/desk/incidents/{opened.ref}/"
    opened.refresh_from_db()
    assert opened.titles == {"ca": "Sense xat", "es": "Sin chat"}
    assert opened.impacts.get().service_id == "video"
    assert opened.updates.count() == 1
    page = send(desk, address, **{"title-ca": "", "title-es": ""}).content.decode()
    assert "This field is required." in page


def test_two_change_the_title_and_the_second_is_shown_the_first(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/edit"
    mine = {**form_of(desk, address), "title-ca": "El meu"}
    actions.edit_event("incident", opened.ref, timezone.now(), titles={"ca": "El seu"})
    answer = desk.post(address, mine)
    assert "El seu" in answer.content.decode() and "El meu" in answer.content.decode()
    opened.refresh_from_db()
    assert opened.titles == {"ca": "El seu"}
    again = {field.html_name: field.value() for field in answer.context["form"] if field.value() is not None}
    assert desk.post(address, again).status_code == 302


def test_a_service_that_left_the_panel_keeps_what_was_said_of_it(desk: Client, opened: Event) -> None:
    Service.objects.filter(pk="chat").update(retired_at=timezone.now())
    address = f"/desk/incidents/{opened.ref}/"
    assert "impact-chat" not in form_of(desk, address)
    send(desk, address, text="Un cable.", **{"impact-video": "partial"})
    assert {impact.service_id for impact in opened.impacts.all()} == {"chat", "video"}


def test_a_long_panel_begins_folded_but_for_what_matters(desk: Client, opened: Event) -> None:
    group = Service.objects.get(pk="website").group
    for number in range(20):
        Service.objects.create(
            slug=f"s{number}",
            names={"": f"S{number}"},
            group=group,
            position=9,
            since=timezone.now(),
            state="operational",
        )
    Service.objects.filter(pk="website").update(state="operational")
    Service.objects.filter(pk="links").update(state="operational")
    form = desk.get(f"/desk/incidents/{opened.ref}/").context["form"]
    assert [(found.name, found.open) for found in form.service_groups()] == [
        ("Communications", True),
        ("Web services", False),
        ("Connectivity", False),
    ]


def test_the_morning_that_a_form_showed_is_the_one_that_is_stored(desk: Client) -> None:
    choices = [value for value, _ in desk.get(NEW).context["form"].fields["next"].choices]
    morning = next(value for value in choices if "T" in value)
    desk.post(NEW, {**FIRST, "next": morning})
    event = Event.objects.get()
    assert event.next_update_at is not None
    assert morning.endswith("T09:00")
    page = desk.get(f"/desk/incidents/{event.ref}/").content.decode()
    assert "09:00" in page
