"""A person says how a service is: at the desk, with an end and a reason, and the log knows who."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from talaia.desk.fields import minute
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from talaia.panel.actions import judge_service
from talaia.panel.by_hand.actions import set_by_hand
from talaia.panel.holds import Computed
from talaia.panel.models import Service
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.site import pages, snapshot
from talaia.site.values import SiteInfo
from tests.desk.conftest import log_in, member

pytestmark = pytest.mark.django_db
FORM = "/desk/services/chat/by-hand"


def read(client: Client, address: str) -> str:
    return client.get(address).content.decode().replace("\N{NO-BREAK SPACE}", " ")


def sent(state: str = "partial", hours: float = 3) -> dict[str, str]:
    until = minute(timezone.now() + timedelta(hours=hours))
    return {"state": state, "until": until, "why-ca": "Veiem que només hi entra la meitat."}


def test_a_state_is_set_by_hand_with_its_end_and_its_reason_and_taken_back(desk: Client) -> None:
    assert "/desk/services/" in read(desk, "/desk/")
    assert FORM in read(desk, "/desk/services/")
    assert 'name="until"' in read(desk, FORM)
    answer = desk.post(FORM, {**sent(), "why-en": "Half of us get in."}, follow=True)
    assert answer.redirect_chain == [("/desk/services/", 302)]
    row = Service.objects.get(pk="chat")
    assert (row.override_state, row.override_by) == ("partial", "anna")
    assert row.override_words == {"ca": "Veiem que només hi entra la meitat.", "en": "Half of us get in."}
    assert row.override_until is not None
    assert timedelta(hours=2, minutes=58) < row.override_until - timezone.now() <= timedelta(hours=3)
    for page in ("/desk/", "/desk/services/", FORM):
        assert "Set by hand by anna" in read(desk, page)
    assert "Half of us get in." in read(desk, FORM)  # what stands is where one goes on
    for _ in range(2):
        assert desk.post("/desk/services/chat/hand-back").status_code == 302
    row.refresh_from_db()
    assert (row.override_state, row.override_words) == ("", {})
    kinds = Fact.objects.filter(subject="service/chat").values_list("kind", "by")
    assert list(kinds) == [("service.set_by_hand", "anna"), ("service.taken_back", "anna")]
    assert "set the state of chat by hand" in read(desk, "/desk/audit/")


@pytest.mark.parametrize("shown", State)
def test_no_state_is_chosen_beforehand_whatever_the_service_is_like(desk: Client, shown: State) -> None:
    Service.objects.filter(pk="chat").update(state=shown.value)
    assert not re.search(r"<input[^>]*\bchecked\b", read(desk, FORM))
    assert "This field is required." in desk.post(FORM, {**sent(), "state": ""}).content.decode()


@pytest.mark.parametrize("state", [State.PARTIAL, State.OPERATIONAL])
def test_the_page_says_until_when_the_word_of_a_person_stands(anna: object, state: State) -> None:
    now = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
    set_by_hand("chat", state, now + timedelta(hours=3), {"ca": "Veiem que sí."}, "anna", now)
    judge_service(
        "chat", Computed(State.OPERATIONAL), ShownState(state, Reason("by_hand", {"words": {"ca": "Sí."}})), now
    )
    house = SiteInfo((("", "X"),), "https://status.example.org", ("ca", "es", "en"), ZoneInfo("Europe/Madrid"), "")
    files = pages.front(snapshot.front(now), house)
    for language, said in (("", "fins a les 08:02"), ("es/", "hasta las 08:02"), ("en/", "until 08:02")):
        assert said in files[f"{language}index.html"].decode()
    Service.objects.filter(pk="chat").update(reason={"code": "check", "what": "down"})
    assert "until 08:02" not in pages.front(snapshot.front(now), house)["en/index.html"].decode()


def test_the_same_form_twice_is_once(desk: Client) -> None:
    form = sent()
    for _ in range(2):
        assert desk.post(FORM, form).status_code == 302
    assert Fact.objects.filter(kind="service.set_by_hand").count() == 1


def seen_on(client: Client, address: str) -> str:
    return str(re.findall(r'name="seen" value="([^"]+)"', read(client, address))[-1])


def test_who_decides_about_what_another_has_changed_since_is_shown_what_stands(desk: Client) -> None:
    now = timezone.now()
    nothing = seen_on(desk, FORM)
    set_by_hand("chat", State.OPERATIONAL, now + timedelta(hours=1), {"ca": "Va bé."}, "berta", now)
    answer = desk.post(FORM, {**sent("degraded"), "seen": nothing})
    assert "That has changed meanwhile." in answer.content.decode()
    assert "Set by hand by berta" in answer.content.decode()
    old = seen_on(desk, "/desk/services/")
    set_by_hand("chat", State.DISRUPTION, now + timedelta(hours=3), {"ca": "No va."}, "berta", now)
    said = desk.post("/desk/services/chat/hand-back", {"seen": old}, follow=True).content.decode()
    assert "That has changed meanwhile." in said and "speaks for it again" not in said
    assert Service.objects.get(pk="chat").override_state == "disruption"
    assert desk.post(FORM, {**sent("degraded"), "seen": seen_on(desk, FORM)}).status_code == 302
    desk.post("/desk/services/chat/hand-back", {"seen": seen_on(desk, "/desk/services/")})
    assert Service.objects.get(pk="chat").override_state == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"until": ""}, "This field is required."),
        ({"until": "2026-01-01T10:00"}, "that time has passed"),
        ({"until": "2099-01-01T10:00"}, "at most 31 days"),
        ({"until": "tomorrow"}, "Please write it as"),
        ({"why-ca": " "}, "This field is required."),
        ({"state": "maintenance"}, "maintenance"),
        ({"state": ""}, "This field is required."),
    ],
)
def test_without_an_end_or_a_reason_nothing_is_set_and_what_was_written_stays(
    desk: Client, wrong: dict[str, str], said: str
) -> None:
    answer = desk.post(FORM, {**sent(), **wrong})
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert "Veiem que" in answer.content.decode() or "why-ca" in wrong
    assert Service.objects.get(pk="chat").override_state == ""


def test_what_stands_by_hand_and_is_left_alone_in_the_form_stays_exact(desk: Client) -> None:
    until = timezone.now() + timedelta(hours=3, seconds=17)
    set_by_hand("chat", State.PARTIAL, until, {"ca": "Veiem que sí."}, "bernat", timezone.now())
    desk.post(FORM, {"state": "degraded", "until": minute(until), "why-ca": "Veiem que sí."})
    row = Service.objects.get(pk="chat")
    assert (row.override_state, row.override_until, row.override_by) == ("degraded", until, "anna")


def test_who_reads_sees_the_panel_and_no_door_that_does_not_open(desk: Client) -> None:
    member("vera", Role.VIEWER)
    viewer = log_in("vera")
    assert "Messaging" in read(viewer, "/desk/services/")
    assert FORM not in read(viewer, "/desk/services/")
    assert viewer.post(FORM, sent()).status_code == 403
    assert viewer.post("/desk/services/chat/hand-back").status_code == 403


@pytest.mark.parametrize("address", ["/desk/services/chta/by-hand", "/desk/services/chta/hand-back"])
def test_a_service_that_is_not_there_is_said(desk: Client, address: str) -> None:
    answer = desk.post(address, sent())
    assert answer.status_code == 404
    assert "no service “chta”" in answer.content.decode()


def test_what_is_set_by_hand_is_on_the_page_in_the_words_of_whoever_set_it(desk: Client) -> None:
    now: datetime = timezone.now()
    words = {"ca": "Veiem que sí.", "en": "We see that it does."}
    set_by_hand("chat", State.PARTIAL, now + timedelta(hours=1), words, "anna", now)
    shown = ShownState(State.PARTIAL, Reason("by_hand", {"words": words}))
    judge_service("chat", Computed(State.OPERATIONAL), shown, now)
    assert "the technical team says: We see that it does · " in read(desk, "/desk/services/")


def test_the_list_says_what_was_just_set_or_taken_back_before_the_next_judgement(desk: Client) -> None:
    now = timezone.now()
    words = {"en": "Half of us get in."}
    judge_service(
        "chat", Computed(State.DISRUPTION), ShownState(State.DISRUPTION, Reason("check", {"what": "down"})), now
    )
    set_by_hand("chat", State.OPERATIONAL, now + timedelta(hours=1), words, "anna", now)
    for page in ("/desk/services/", "/desk/"):
        row = read(desk, page).partition("Set by hand by anna")[0].rpartition("<li")[2]
        assert "Operational" in row
        assert "Disruption" not in row and "does not answer" not in row
    judge_service(
        "chat", Computed(State.DISRUPTION), ShownState(State.OPERATIONAL, Reason("by_hand", {"words": words})), now
    )
    assert "the technical team says: Half of us get in" in read(desk, "/desk/services/")
    desk.post("/desk/services/chat/hand-back")
    left = read(desk, "/desk/services/")
    assert "the technical team says" not in left
    assert "the monitoring is being asked" in left


def test_words_by_hand_whose_end_has_passed_stand_no_longer_for_what_is_shown(desk: Client) -> None:
    now = timezone.now()
    judge_service(
        "chat", Computed(State.DISRUPTION), ShownState(State.DISRUPTION, Reason("check", {"what": "down"})), now
    )
    set_by_hand("chat", State.OPERATIONAL, now + timedelta(hours=1), {"en": "So it is."}, "anna", now)
    Service.objects.filter(pk="chat").update(override_until=now - timedelta(seconds=1))
    row = read(desk, "/desk/services/").partition("Set by hand by anna")[0].rpartition("<li")[2]
    assert "Disruption" in row
