"""What somebody writes is never lost: drafts, a login that ended, a form from before a login."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk.models import Draft
from talaia.desk.people.roles import Role
from talaia.events.models import Event
from talaia.outbox.models import Fact
from tests.desk.conftest import PASSWORD, member

pytestmark = pytest.mark.django_db
NEW = "/desk/incidents/new"
SCRIPT = {"X-Desk": "script"}
FIRST: dict[str, Any] = {
    "title": "Sense missatgeria",
    "text": "Ho mirem.",
    "state": "identified",
    "next": "2h",
    "written_in": "ca",
    "impact-chat": "disruption",
    "text-es": "Lo miramos.",
    "key": "k1",
}


@pytest.fixture
def berta(anna: User) -> Client:
    member("berta", Role.OPERATOR)
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.get(username="berta"))
    return client


def kept(desk: Client, button: str = "keep", **more: str) -> Draft:
    desk.post(NEW, {**FIRST, **more, button: "1"})
    return Draft.objects.get()


def test_a_draft_is_kept_offered_when_the_form_is_opened_again_and_gone_when_published(desk: Client) -> None:
    answer = desk.post(NEW, {**FIRST, "keep": "1"})
    draft = Draft.objects.get()
    assert answer.headers["Location"] == f"{NEW}?draft={draft.pk}"
    assert not Event.objects.exists()
    page = desk.get(NEW).content.decode()
    assert "You began to write this" in page and f"?draft={draft.pk}" in page
    assert f"?draft={draft.pk}" in desk.get("/desk/").content.decode()
    form = desk.get(f"{NEW}?draft={draft.pk}").context["form"]
    assert {name: form[name].value() for name in FIRST} == FIRST
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    assert desk.post(NEW, sent).status_code == 302
    assert Event.objects.count() == 1 and not Draft.objects.exists()
    assert 'data-out="incident/new"' in desk.get(f"/desk/incidents/{Event.objects.get().ref}/").content.decode()


def test_keeping_again_keeps_one_and_leaves_no_trail(desk: Client) -> None:
    before = Fact.objects.count()
    kept(desk)
    assert kept(desk, text="Ja sabem què és.").fields["text"] == "Ja sabem què és."
    assert Fact.objects.count() == before


def test_the_script_is_told_when_it_was_kept(desk: Client) -> None:
    told = desk.post(NEW, {**FIRST, "keep": "1"}, headers=SCRIPT).json()
    assert told["kept"].startswith("Kept at ") and told["draft"] == Draft.objects.get().pk


def test_a_late_word_of_the_script_brings_no_published_draft_back(desk: Client) -> None:
    desk.post(NEW, FIRST)
    assert desk.post(NEW, {**FIRST, "keep": "1"}, headers=SCRIPT).json()["out"] is True
    assert not Draft.objects.exists()


def test_a_draft_is_its_writers_own_until_it_is_offered(desk: Client, berta: Client) -> None:
    draft = kept(desk)
    assert "Sense missatgeria" not in berta.get("/desk/").content.decode()
    assert berta.get(f"{NEW}?draft={draft.pk}").context["form"]["text"].value() is None
    assert berta.post(f"/desk/drafts/{draft.pk}/drop").status_code == 404
    kept(desk, "offer")
    assert Fact.objects.filter(kind="draft.offered").count() == 1
    page = berta.get("/desk/").content.decode()
    assert "Sense missatgeria" in page and "anna" in page
    form = berta.get(f"{NEW}?draft={draft.pk}").context["form"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    assert berta.post(NEW, sent).status_code == 302
    assert not Draft.objects.exists()
    assert Event.objects.get().updates.get().by == "berta"


def test_what_was_written_since_an_offered_draft_was_opened_is_not_lost_with_it(desk: Client, berta: Client) -> None:
    draft = kept(desk, "offer")
    form = berta.get(f"{NEW}?draft={draft.pk}").context["form"]
    sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    assert sent["key"] != FIRST["key"]
    kept(desk, text="Ho mirem, i ja sabem on és.")
    assert [berta.post(NEW, sent).status_code for _ in range(2)] == [302, 302]
    assert Event.objects.count() == 1
    assert Draft.objects.get().fields["text"] == "Ho mirem, i ja sabem on és."
    told = desk.post(NEW, {**FIRST, "text": "I encara més.", "keep": "1"}, headers=SCRIPT).json()
    assert "out" not in told and Draft.objects.get().fields["text"] == "I encara més."


def test_two_who_publish_the_same_offered_draft_make_one_incident(desk: Client, berta: Client) -> None:
    draft = kept(desk, "offer")
    carme = Client(headers={"accept-language": "en"})
    carme.force_login(member("carme", Role.OPERATOR))
    forms = [(one, one.get(f"{NEW}?draft={draft.pk}").context["form"]) for one in (berta, carme)]
    for one, form in forms:
        sent = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
        one.post(NEW, sent)
    assert Event.objects.count() == 1
    # What carme has made of it meanwhile is kept all the same.
    assert carme.post(NEW, {**sent, "text": "Encara més.", "keep": "1"}, headers=SCRIPT).json().get("out") is None
    assert Draft.objects.get(person="carme").fields["text"] == "Encara més."


def test_a_draft_can_be_thrown_away(desk: Client) -> None:
    desk.post(f"/desk/drafts/{kept(desk).pk}/drop")
    assert not Draft.objects.exists()
    assert "You began" not in desk.get(NEW).content.decode()


def test_a_draft_of_an_update_belongs_to_its_incident(desk: Client) -> None:
    desk.post(NEW, FIRST)
    address = f"/desk/incidents/{Event.objects.get().ref}/"
    desk.post(address, {"text": "Un cable.", "state": "monitoring", "keep": "1"})
    draft = Draft.objects.get()
    assert "You began to write this" in desk.get(address).content.decode()
    assert "You began" not in desk.get(NEW).content.decode()
    form = desk.get(f"{address}?draft={draft.pk}").context["form"]
    assert (form["text"].value(), form["state"].value()) == ("Un cable.", "monitoring")


def test_what_is_far_too_long_is_no_draft(desk: Client) -> None:
    assert desk.post(NEW, {**FIRST, "text": "x" * 200_001, "keep": "1"}).status_code != 302
    assert not Draft.objects.exists()


def test_a_login_that_ended_meanwhile_loses_nothing(anna: User) -> None:
    client = Client(headers={"accept-language": "en"})
    client.post("/desk/login", {"username": "anna", "password": PASSWORD})
    client.cookies.pop("talaia")  # the session has expired
    asked = client.post(NEW, FIRST)
    assert asked.headers["Location"] == f"/desk/login?next={NEW}"
    back = client.post("/desk/login", {"username": "anna", "password": PASSWORD, "next": NEW})
    answer = client.get(back.headers["Location"])
    form = answer.context["form"]
    assert {name: form[name].value() for name in FIRST} == FIRST
    assert "Your login had ended when you sent this." in answer.content.decode()
    assert not Event.objects.exists()
    assert client.get(NEW).context["form"]["text"].value() is None  # once


def test_a_stranger_fills_no_table_of_ours(client: Client) -> None:
    client.post(NEW, FIRST)
    assert "talaia" not in client.cookies


def test_a_form_from_before_the_last_login_is_there_again(anna: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    client.force_login(anna)
    page = client.post(NEW, FIRST).content.decode()
    assert f'href="{NEW}"' in page and "your text is still there" in page
    assert client.get(NEW).context["form"]["text"].value() == "Ho mirem."
