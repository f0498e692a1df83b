"""Backdate, resolve with a cause, merge, open again, translate; who comes second sees the difference."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from talaia.desk.corrections.word_diff import difference
from talaia.desk.fields import minute
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, NotPossible
from talaia.outbox.models import Delivery, Fact
from talaia.panel.state import State
from tests.desk.test_writing_at_the_desk import FIRST, NEW, form_of, send

MINUTE = timedelta(minutes=1)


@pytest.fixture
def opened(desk: Client) -> Event:
    then = timezone.now() - 30 * MINUTE
    return actions.open_incident({"ca": "Sense xat"}, {"ca": "Ho mirem."}, {"chat": State.DEGRADED}, then)


def other(**more: Any) -> Event:
    then = timezone.now() - 20 * MINUTE
    return actions.open_incident({"ca": "Xat i vídeo"}, {"ca": "Ho mirem."}, {"video": State.PARTIAL}, then, **more)


@pytest.mark.django_db
def test_an_opening_is_backdated_and_its_first_words_are_of_now(desk: Client) -> None:
    began = timezone.now() - 75 * MINUTE
    desk.post(NEW, {**FIRST, "began": minute(began)})
    event = Event.objects.get()
    assert event.started_at == began.replace(second=0, microsecond=0)
    assert timezone.now() - event.updates.get().at < MINUTE
    page = desk.post(NEW, {**FIRST, "key": "k2", "began": "2199-01-01T10:00"}).content.decode()
    assert "that time has not come yet" in page
    page = desk.post(NEW, {**FIRST, "key": "k2", "began": "dimarts"}).content.decode()
    assert "Please write it as 2026-05-04T10:00." in page
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_an_entry_says_when_it_was_so(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    at = timezone.now() - 10 * MINUTE
    send(desk, address, text="Un cable.", state="identified", at=minute(at))
    assert opened.updates.get(number=2).at == at.replace(second=0, microsecond=0)
    # The minute in which it began is not before it began.
    send(desk, address, text="Ja.", state="identified", at=minute(opened.started_at))
    assert opened.updates.get(number=3).at == opened.started_at
    before = desk.post(address, {**form_of(desk, address), "text": "x", "at": minute(at - 60 * MINUTE)})
    assert "that is before the incident began" in before.content.decode()


@pytest.mark.django_db
def test_it_is_resolved_with_its_end_and_one_line_of_cause_per_language(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    ended = timezone.now() - 5 * MINUTE
    sent = {"text": "Fet.", "state": "resolved", "ended": minute(ended), "cause-ca": "Un disc", "cause-en": "A disk"}
    too_early = desk.post(address, {**form_of(desk, address), **sent, "ended": minute(ended - 60 * MINUTE)})
    assert "it cannot end before it began" in too_early.content.decode()
    assert "A disk" in too_early.content.decode()
    send(desk, address, **sent)
    opened.refresh_from_db()
    assert opened.causes == {"ca": "Un disc", "en": "A disk"}
    assert opened.ended_at == ended.replace(second=0, microsecond=0)
    assert "A disk" in desk.get(address).content.decode()
    # A postscript leaves the end as it is, to the second; an opening leaves the cause for the next end.
    send(desk, address, text="I gràcies.", state="resolved")
    opened.refresh_from_db()
    assert opened.ended_at == ended.replace(second=0, microsecond=0)


@pytest.mark.django_db
def test_who_resolves_second_wipes_out_no_cause(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/"
    second = {**form_of(desk, address), "text": "Ja va.", "state": "resolved"}
    head = form_of(desk, f"{address}edit")
    send(desk, address, text="Fet.", state="resolved", **{"cause-ca": "Una excavadora"})
    again = desk.post(address, second).context["form"]
    assert desk.post(address, {**second, "seen": again["seen"].value(), "key": "k9"}).status_code == 302
    opened.refresh_from_db()
    assert opened.causes == {"ca": "Una excavadora"}
    # Nor does who corrected the title of what was not over when they began.
    again = desk.post(f"{address}edit", {**head, "title-ca": "Sense missatges"}).context["form"]
    sent = {field.html_name: field.value() for field in again if field.value() not in (None, False)}
    assert desk.post(f"{address}edit", sent).status_code == 302
    opened.refresh_from_db()
    assert (opened.titles["ca"], opened.causes) == ("Sense missatges", {"ca": "Una excavadora"})


@pytest.mark.django_db
def test_a_cause_is_not_taken_while_it_is_not_over(desk: Client, opened: Event) -> None:
    send(
        desk,
        f"/desk/incidents/{opened.ref}/",
        text="x",
        state="identified",
        ended="2020-01-01T10:00",
        **{"cause-ca": "y"},
    )
    opened.refresh_from_db()
    assert (opened.causes, opened.ended_at) == ({}, None)


@pytest.mark.django_db
def test_a_duplicate_is_merged_keeps_its_address_and_gives_its_services_away(desk: Client, opened: Event) -> None:
    into = other()
    address = f"/desk/incidents/{opened.ref}/merge"
    page = desk.get(address).content.decode()
    assert into.ref in page and "where we go on writing" in page
    sent = {**form_of(desk, address), "into": into.ref, "move": "on"}
    assert [desk.post(address, sent).status_code for _ in range(2)] == [302, 302]
    opened.refresh_from_db()
    assert (opened.merged_into, opened.state) == (into, "resolved")
    assert opened.updates.count() == 2
    link = f"https://status.example.org/es/incidents/{into.ref}/"
    assert link in opened.updates.get(number=2).texts["es"]
    assert actions.mark_of(into) and {i.service_id: i.state for i in into.impacts.all()} == {
        "chat": "degraded",
        "video": "partial",
    }
    fact = Fact.objects.get(kind="incident.merged")
    assert fact.data["before"]["impacts"] == {"video": "partial"}
    assert fact.data["after"]["impacts"] == {"chat": "degraded", "video": "partial"}
    assert "A duplicate of:" in desk.get(f"/desk/incidents/{opened.ref}/").content.decode()
    assert "Its duplicates:" in desk.get(f"/desk/incidents/{into.ref}/").content.decode()
    # It is opened again: then it is nobody's duplicate any more.
    reopening = f"/desk/incidents/{opened.ref}/?state=investigating"
    assert desk.get(reopening).context["form"]["state"].value() == "investigating"
    desk.post(f"/desk/incidents/{opened.ref}/", {**form_of(desk, reopening), "text": "No era el mateix."})
    opened.refresh_from_db()
    assert (opened.merged_into, opened.state, opened.ended_at) == (None, "investigating", None)
    assert Fact.objects.filter(kind="incident.reopened").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mine", "theirs", "worse"),
    [
        (State.DISRUPTION, State.DEGRADED, "disruption"),
        (State.DEGRADED, State.DISRUPTION, "disruption"),
        (State.OPERATIONAL, State.PARTIAL, "partial"),
        (State.PARTIAL, State.OPERATIONAL, "partial"),
        (State.PARTIAL, State.PARTIAL, "partial"),
    ],
)
def test_of_two_impacts_on_one_service_the_worse_stays(
    desk: Client, opened: Event, mine: State, theirs: State, worse: str
) -> None:
    into, now = other(), timezone.now()
    actions.edit_event("incident", opened.ref, now, impacts={"website": mine})
    actions.edit_event("incident", into.ref, now, impacts={"website": theirs})
    actions.merge_incident(opened.ref, into.ref, {"ca": "x"}, now)
    assert {impact.service_id: impact.state for impact in into.impacts.all()} == {"website": worse}


@pytest.mark.django_db
def test_an_open_one_joins_one_that_is_over_only_by_opening_it_again(desk: Client, opened: Event) -> None:
    into, now = other(), timezone.now()
    actions.update_incident(into.ref, IncidentState.RESOLVED, {"ca": "Fet."}, now)
    address = f"/desk/incidents/{opened.ref}/merge"
    page = desk.get(address).content.decode()
    assert "; over since" in page and "open it again: it is not over" in page
    sent = {**form_of(desk, address), "into": into.ref, "move": "on"}
    refused = desk.post(address, sent).content.decode()
    assert f"{into.ref} is over, and {opened.ref} is not" in refused
    opened.refresh_from_db()
    assert (opened.merged_into, opened.ended_at) == (None, None)
    assert [desk.post(address, {**sent, "reopen": "on"}).status_code for _ in range(2)] == [302, 302]
    opened.refresh_from_db()
    into.refresh_from_db()
    assert (opened.merged_into, into.state, into.ended_at) == (into, "investigating", None)
    assert f"/incidents/{opened.ref}/" in into.updates.latest("number").texts["ca"]
    services = {impact.service_id: impact.state for impact in into.impacts.all()}
    assert services == {"video": "operational", "chat": "degraded"}, "what it touched before works"
    assert list(Fact.objects.filter(kind="incident.reopened").values_list("subject", flat=True)) == [
        f"incident/{into.ref}"
    ]


@pytest.mark.django_db
def test_one_that_is_over_joins_another_without_turning_its_services_red_again(desk: Client, opened: Event) -> None:
    into, now = other(), timezone.now()
    actions.update_incident(opened.ref, IncidentState.RESOLVED, {"ca": "Fet."}, now)
    address = f"/desk/incidents/{opened.ref}/merge"
    form = desk.get(address).context["form"]
    assert "reopen" not in form.fields and form["move"].value() is False
    actions.merge_incident(opened.ref, into.ref, {"ca": "x"}, now)
    assert {impact.service_id: impact.state for impact in into.impacts.all()} == {"video": "partial"}


@pytest.mark.django_db
def test_who_merges_what_changed_meanwhile_is_told(desk: Client, opened: Event) -> None:
    into = other()
    address = f"/desk/incidents/{opened.ref}/merge"
    sent = {**form_of(desk, address), "into": into.ref}
    actions.update_incident(opened.ref, IncidentState.MONITORING, {"ca": "Va millor."}, timezone.now())
    answer = desk.post(address, sent)
    assert "somebody else has written meanwhile" in answer.content.decode()
    opened.refresh_from_db()
    assert opened.merged_into is None
    again = {f.html_name: f.value() for f in answer.context["form"] if f.value()}
    assert desk.post(address, again).status_code == 302


@pytest.mark.django_db
def test_chains_of_duplicates_never_come_to_be(desk: Client, opened: Event) -> None:
    second, third = other(), other()
    now = timezone.now()
    actions.merge_incident(opened.ref, second.ref, {"ca": "x"}, now)
    actions.merge_incident(second.ref, third.ref, {"ca": "x"}, now)
    opened.refresh_from_db()
    assert opened.merged_into == third
    pages = Fact.objects.filter(kind="incident.merged").latest("id").data["pages"]
    assert pages == [f"incident/{third.ref}", f"incident/{opened.ref}"]
    for ref, into, said in (
        (third.ref, third.ref, "itself"),
        (third.ref, second.ref, "choose that one"),
        (second.ref, third.ref, "already"),
    ):
        with translation.override("en"), pytest.raises(NotPossible, match=said):
            actions.merge_incident(ref, into, {"ca": "x"}, now)


@pytest.mark.django_db
def test_what_is_not_translated_yet_is_seen_and_one_tap_away(desk: Client, opened: Event) -> None:
    page = desk.get(f"/desk/incidents/{opened.ref}/").content.decode()
    assert f'lang="es" href="/desk/incidents/{opened.ref}/entries/1#id_text-es"' in page
    assert f'lang="en" href="/desk/incidents/{opened.ref}/edit#id_title-en"' in page
    assert "Español, English: not translated yet" in page
    texts = {"ca": "Ho mirem.", "es": "Lo miramos.", "en": "We are looking."}
    actions.edit_update("incident", opened.ref, 1, texts, timezone.now())
    assert "entries/1#id_text" not in desk.get(f"/desk/incidents/{opened.ref}/").content.decode()


@pytest.mark.django_db
def test_an_incident_is_written_in_several_languages_at_once(desk: Client) -> None:
    sent = {**FIRST, "written_in": "es", "text-ca": "Ho mirem.", "text-en": "", "title-ca": "Sense xat"}
    twice = desk.post(NEW, {**sent, "text-es": "Otro."}).content.decode()
    assert "The main text is in this language too" in twice and "Otro." in twice
    assert not Event.objects.exists()
    desk.post(NEW, sent)
    event = Event.objects.get()
    assert event.titles == {"es": "Sense missatgeria", "ca": "Sense xat"}
    assert event.language == "es"
    assert event.updates.get().texts == {"es": "Ho mirem.", "ca": "Ho mirem."}


@pytest.mark.django_db
def test_the_second_who_corrects_sees_what_the_first_has_changed(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/entries/1"
    mine = {**form_of(desk, address), "text-ca": "Ho mirem bé."}
    actions.edit_update("incident", opened.ref, 1, {"ca": "Ho estem mirem."}, timezone.now())
    page = desk.post(address, mine).content.decode()
    assert "Ho<ins> estem</ins> mirem." in page and "Ho mirem bé." in page


@pytest.mark.django_db
def test_the_second_who_edits_the_head_sees_title_services_and_times(desk: Client, opened: Event) -> None:
    address = f"/desk/incidents/{opened.ref}/edit"
    writing = f"/desk/incidents/{opened.ref}/"
    mine, update = form_of(desk, address), {**form_of(desk, writing), "text": "Jo."}
    began = opened.started_at - 20 * MINUTE
    actions.edit_event("incident", opened.ref, timezone.now(), titles={"ca": "Sense missatges"})
    actions.edit_event("incident", opened.ref, timezone.now(), impacts={"chat": State.DISRUPTION}, started_at=began)
    for place, form in ((address, mine), (writing, update)):
        page = desk.post(place, {**form, "title-ca": "Sense res"}).content.decode()
        assert "Sense <del>xat</del><ins>missatges</ins>" in page
        assert "<dt>Messaging</dt>" in page and "When it began" in page and "<ins>Disruption</ins>" in page


@pytest.mark.django_db
def test_times_and_cause_are_corrected_above_the_timeline(desk: Client, opened: Event) -> None:
    actions.update_incident(opened.ref, IncidentState.RESOLVED, {"ca": "Fet."}, timezone.now())
    address = f"/desk/incidents/{opened.ref}/edit"
    assert send(desk, address).status_code == 302  # nothing was touched: nothing changes, to the second
    assert not Fact.objects.filter(kind="incident.edited").exists()
    began = opened.started_at - 30 * MINUTE
    send(desk, address, began=minute(began), **{"cause-es": "Un disco"})
    opened.refresh_from_db()
    assert opened.started_at == began.replace(second=0, microsecond=0)
    assert opened.causes == {"es": "Un disco"}
    late = desk.post(address, {**form_of(desk, address), "began": minute(timezone.now() + 5 * MINUTE)})
    assert "that time has not come yet" in late.content.decode()


@pytest.mark.django_db
def test_the_live_preview_is_that_of_the_button_in_every_language(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()  # both tell the second in which they are made
    monkeypatch.setattr("talaia.desk.incidents.views.timezone.now", lambda: now)
    sent = {**FIRST, "text-es": "Lo **miramos**.", "preview": "1"}
    part = desk.post(NEW, sent, HTTP_X_DESK="script").content.decode()
    assert "<html" not in part and "<strong>miramos</strong>" in part and 'lang="es"' in part
    assert part.strip() in desk.post(NEW, sent).content.decode()


@pytest.mark.django_db
def test_a_stuck_delivery_is_tried_again_or_let_go_once(desk: Client) -> None:
    now = timezone.now()
    fact = Fact.objects.create(at=now, kind="site.changed", subject="site", spread=True)
    first, second = (
        Delivery.objects.create(fact=fact, channel="site", target=t, state="parked", due=now, error="disk full")
        for t in ("a", "b")
    )
    page = desk.get("/desk/").content.decode()
    assert page.count("Try again") >= 2 and page.count("Let it go") >= 2
    for _ in range(2):
        desk.post(f"/desk/deliveries/{first.pk}", {"again": "1"})
    desk.post(f"/desk/deliveries/{second.pk}", {"let_go": "1"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (Delivery.READY, Delivery.LET_GO)
    facts = Fact.objects.filter(kind__startswith="delivery.").order_by("id")
    assert [(f.kind, f.by, f.data["target"]) for f in facts] == [
        ("delivery.tried_again", "anna", "a"),
        ("delivery.let_go", "anna", "b"),
    ]
    assert "disk full" not in desk.get("/desk/").content.decode()


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_difference_holds_both_texts_whole(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.how != "removed") == after
    assert len("".join(piece.text for piece in pieces if piece.how == "removed")) <= len(before)
