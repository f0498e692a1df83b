"""Write what happened once it is over: an editor keeps and offers, an operator publishes, and two lose nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from talaia.desk.models import Draft
from talaia.desk.people.roles import Role
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel.state import State
from tests.desk.conftest import member
from tests.desk.test_writing_at_the_desk import form_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def event(desk: Client) -> Event:
    """An incident of 90 minutes that is over."""
    began = timezone.now() - 120 * MINUTE
    made = actions.open_incident(
        {"ca": "Sense xat", "en": "No chat"}, {"ca": "Ho mirem."}, {"chat": State.DISRUPTION}, began, by="anna"
    )
    over = began + 90 * MINUTE
    actions.update_incident(made.ref, IncidentState.RESOLVED, {"ca": "Fet."}, over, causes={"ca": "Un disc."})
    made.refresh_from_db()
    return made


@pytest.fixture
def carla(event: Event) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("carla", Role.EDITOR))
    return client


def address(event: Event, language: str = "ca") -> str:
    return f"/desk/incidents/{event.ref}/analysis?language={language}"


def publishing(event: Event, language: str = "ca") -> str:
    return f"/desk/incidents/{event.ref}/analysis/publish?language={language}"


def test_it_begins_with_what_is_known_in_the_language_in_which_it_is_written(desk: Client, event: Event) -> None:
    text = desk.get(address(event)).context["form"]["text"].value().replace("\xa0", " ")
    for part in ("Sense xat", "1 h 30 min", "Un disc.", "Missatgeria", "…"):
        assert part in text
    with translation.override("ca"):
        assert text.count("\n## ") == 5 and text.startswith("## ")
    english = desk.get(address(event, "en")).context["form"]["text"].value()
    assert "No chat" in english and "## Chronology" in english and "Messaging" in english


def test_the_guidance_stands_beside_the_field_in_the_language_of_the_desk(desk: Client, event: Event) -> None:
    for language, said in (("ca", "denegació de servei"), ("es", "denegación de servicio"), ("en", "denial")):
        page = desk.get(address(event), headers={"accept-language": language}).content.decode()
        assert said in page and 'id="guidance"' in page


def test_what_is_not_filled_in_is_not_published(desk: Client, event: Event) -> None:
    page = desk.post(publishing(event), form_of(desk, address(event))).content.decode()
    assert "still to be filled in" in page
    event.refresh_from_db()
    assert event.analyses == {}


def test_it_is_published_corrected_and_both_are_remembered(desk: Client, event: Event) -> None:
    form = form_of(desk, address(event))
    desk.post(publishing(event), {**form, "text": "## Resum\n\nUn disc."})
    event.refresh_from_db()
    assert event.analyses == {"ca": "## Resum\n\nUn disc."} and event.analysed_at
    desk.post(publishing(event), {**form_of(desk, address(event)), "text": "## Resum\n\nDos discs."})
    first, second = Fact.objects.filter(kind="incident.analysed").order_by("id")
    assert (first.by, second.data["before"], second.data["after"]) == (
        "anna",
        {"ca": "## Resum\n\nUn disc."},
        {"ca": "## Resum\n\nDos discs."},
    )


def test_an_editor_keeps_and_offers_it_and_an_operator_publishes_it(desk: Client, carla: Client, event: Event) -> None:
    sent = {**form_of(carla, address(event)), "text": "## Resum\n\nUn disc."}
    assert "Nobody outside the desk reads it." in carla.post(address(event), {**sent, "keep": "1"}).content.decode()
    assert "Draft of" not in desk.get(address(event)).content.decode() or not Draft.objects.get().offered
    assert "sees that it is ready" in carla.post(address(event), {**sent, "offer": "1"}).content.decode()
    assert carla.post(publishing(event), sent).status_code == 403
    assert "Draft of carla" in desk.get(address(event)).content.decode()
    form = form_of(desk, f"{address(event)}&draft=carla")
    assert form["text"].strip() == "## Resum\n\nUn disc."
    desk.post(publishing(event), form)
    event.refresh_from_db()
    assert event.analyses == {"ca": "## Resum\n\nUn disc."} and not Draft.objects.exists()


def test_who_comes_second_sees_what_stands_and_loses_nothing(desk: Client, event: Event) -> None:
    mine = {**form_of(desk, address(event)), "text": "El meu."}
    actions.write_analysis("incident", event.ref, "ca", "El d’un altre.", timezone.now(), by="berta")
    page = desk.post(publishing(event), mine).content.decode()
    assert "Another version has been published meanwhile" in page
    assert "El meu." in page and "El d’un altre." in page
    event.refresh_from_db()
    assert event.analyses == {"ca": "El d’un altre."}


def test_the_chronology_is_refreshed_and_what_was_written_stands(desk: Client, event: Event) -> None:
    form = form_of(desk, address(event))
    mine = form["text"].replace("- …", "- Hem posat un altre disc.")
    later = event.ended_at
    assert later
    actions.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Una postdata."}, later + 20 * MINUTE)
    page = desk.post(address(event), {**form, "text": mine, "refresh": "1"})
    text = page.context["form"]["text"].value()
    assert "Una postdata." in text and "Hem posat un altre disc." in text and "Una postdata." not in mine


def test_before_it_is_over_it_is_only_kept(desk: Client) -> None:
    made = actions.open_incident({"ca": "Obert"}, {"ca": "Ho mirem."}, {}, timezone.now())
    page = desk.get(address(made)).content.decode()
    assert "It is not over yet." in page
    answer = desk.post(publishing(made), {**form_of(desk, address(made)), "text": "Ja."}).content.decode()
    assert "it is not over yet" in answer
    made.refresh_from_db()
    assert made.analyses == {}


def test_the_preview_is_what_everybody_would_read(desk: Client, event: Event) -> None:
    page = desk.post(address(event), {**form_of(desk, address(event)), "text": "Un **disc**.", "preview": "1"})
    assert "This is what everybody would read" in page.content.decode()
    assert "<strong>disc</strong>" in page.content.decode()
    assert "There is no text yet to show." in desk.post(address(event), {"text": " ", "preview": "1"}).content.decode()


def test_maintenance_has_one_too(desk: Client) -> None:
    now = timezone.now()
    made = actions.plan_maintenance(
        {"ca": "Obres"}, {"ca": "Obres."}, {"chat": State.PARTIAL}, (now - MINUTE, now + MINUTE), now
    )
    for state in (MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED):
        actions.update_maintenance(made.ref, state, {}, timezone.now())
    where = f"/desk/maintenance/{made.ref}/analysis"
    desk.post(f"{where}/publish", {**form_of(desk, where), "text": "Tot bé."})
    made.refresh_from_db()
    assert made.analyses == {"ca": "Tot bé."}


def draft_of(person: str) -> str:
    return str(Draft.objects.get(person=person).fields["ca"])


def test_what_was_offered_and_written_on_since_is_not_thrown_away_with_what_is_published(
    desk: Client, carla: Client, event: Event
) -> None:
    sent = {**form_of(carla, address(event)), "text": "Versió 1."}
    carla.post(address(event), {**sent, "offer": "1"})
    form = form_of(desk, f"{address(event)}&draft=carla")
    carla.post(address(event), {**sent, "text": "Versió 2, molt millor.", "keep": "1"})
    desk.post(publishing(event), form)
    event.refresh_from_db()
    assert event.analyses == {"ca": "Versió 1."} and draft_of("carla") == "Versió 2, molt millor."


def test_ones_own_draft_stays_where_that_of_somebody_else_is_published(
    desk: Client, carla: Client, event: Event
) -> None:
    desk.post(address(event), {**form_of(desk, address(event)), "text": "El meu.", "keep": "1"})
    carla.post(address(event), {**form_of(carla, address(event)), "text": "El de la Carla.", "offer": "1"})
    desk.post(publishing(event), form_of(desk, f"{address(event)}&draft=carla"))
    event.refresh_from_db()
    assert event.analyses == {"ca": "El de la Carla."} and draft_of("anna") == "El meu."
    assert not Draft.objects.filter(person="carla").exists()


def test_what_was_kept_on_the_way_is_no_draft_any_more_once_it_is_out(desk: Client, event: Event) -> None:
    for text in ("U.", "Dos."):
        page = desk.post(address(event), {**form_of(desk, address(event)), "text": text, "keep": "1"})
    form = {name: page.context["form"][name].value() for name in ("seen", "whose", "known")}
    desk.post(publishing(event), {**form, "text": "Tres."})
    event.refresh_from_db()
    assert event.analyses == {"ca": "Tres."} and not Draft.objects.exists()


@pytest.mark.parametrize("kept_again", [False, True])
def test_a_draft_from_before_another_version_was_published_does_not_replace_it_unseen(
    desk: Client, event: Event, kept_again: bool
) -> None:
    form = {**form_of(desk, address(event)), "text": "El meu esborrany."}
    desk.post(address(event), {**form, "keep": "1"})
    actions.write_analysis("incident", event.ref, "ca", "El d’un altre.", timezone.now(), by="berta")
    if kept_again:
        desk.post(address(event), {**form, "keep": "1"})
    page = desk.post(publishing(event), form_of(desk, address(event)))
    event.refresh_from_db()
    assert event.analyses == {"ca": "El d’un altre."}
    assert "Another version has been published meanwhile" in page.content.decode()
    again = {name: page.context["form"][name].value() for name in ("seen", "whose", "known", "text")}
    desk.post(publishing(event), again)
    event.refresh_from_db()
    assert event.analyses == {"ca": "El meu esborrany."} and not Draft.objects.exists()


def test_drafts_in_two_languages_do_not_overtake_each_other(desk: Client, event: Event) -> None:
    for language in ("ca", "es"):
        form = {**form_of(desk, address(event, language)), "text": f"En {language}."}
        desk.post(address(event, language), {**form, "keep": "1"})
    for language in ("ca", "es"):
        desk.post(publishing(event, language), form_of(desk, address(event, language)))
    event.refresh_from_db()
    assert event.analyses == {"ca": "En ca.", "es": "En es."} and not Draft.objects.exists()


def test_of_what_is_part_of_another_incident_no_end_is_written_down(desk: Client, event: Event) -> None:
    now = timezone.now()
    part, whole = (
        actions.open_incident({"en": title}, {"en": "We look."}, {"chat": State.DISRUPTION}, now - 120 * MINUTE)
        for title in ("No chat", "Nothing works")
    )
    actions.merge_incident(part.ref, whole.ref, {"en": "The same."}, now - 30 * MINUTE, by="anna")
    text = form_of(desk, address(part, "en"))["text"]
    assert f"Continues in {whole.ref}." in text and f"[Continues in {whole.ref}](#u2)" in text
    assert "Resolved" not in text and "lasted" not in text and "1\xa0h 30" not in text
