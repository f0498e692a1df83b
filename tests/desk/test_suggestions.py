"""Machines suggest, people speak: what is drafted from which troubles, and what one tap does and does not do."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone, translation

from talaia.desk.models import Dismissal, FirstWords
from talaia.desk.suggestions.suggest import Desk, drafted, kind_of, suggest
from talaia.desk.text_templates.text_templates import (
    KINDS,
    LONGEST_TITLE,
    TextTemplate,
    listed,
    name,
    shipped,
    unknown_placeholders,
)
from talaia.events import actions
from talaia.events.models import Event
from talaia.events.timeline import Overtaken
from talaia.localization.dates import Dates
from talaia.outbox.models import Fact
from talaia.panel.models import Service as Row
from talaia.panel.state import Reason, State
from talaia.site.values import PageService

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LANGUAGES = ("ca", "es", "en")
DESK = Desk(LANGUAGES, ZoneInfo("Europe/Madrid"), {"chat": "messaging", "links": "connection", "site": "web"}, {})


def service(slug: str, state: State, since: int = 0, code: str = "", **values: Any) -> PageService:
    return PageService(slug, (("", slug.title()),), state, Reason(code, values), NOW + since * MINUTE)


@pytest.mark.parametrize(
    ("services", "kind"),
    [
        ([service("chat", State.DISRUPTION)], "messaging"),
        ([service("chat", State.DEGRADED)], "slow"),
        ([service("wiki", State.DISRUPTION)], "unknown"),
        ([service("wiki", State.DISRUPTION, code="check", what="slow")], "slow"),
        ([service("wiki", State.DISRUPTION, code="alert", summary="TLS certificate expired")], "certificate"),
        ([service("links", State.DISRUPTION)], "no-connection"),
        ([service("links", State.PARTIAL)], "part-connection"),
        ([service("nine", State.PARTIAL, code="connections_down", down=3, of=9)], "part-connection"),
        ([service("nine", State.DEGRADED, code="connections_poor", poor=3, of=9)], "slow"),
        ([service("chat", State.DISRUPTION), service("links", State.DISRUPTION)], "no-connection"),
        ([service("chat", State.DISRUPTION), service("wiki", State.DISRUPTION)], "unknown"),
        ([service("chat", State.DISRUPTION), service("links", State.PARTIAL)], "unknown"),
        ([service("chat", State.PARTIAL), service("links", State.PARTIAL)], "part-connection"),
        ([service("chat", State.DEGRADED), service("links", State.PARTIAL)], "part-connection"),
        ([service("links", State.DEGRADED, code="alert")], "slow"),
        ([service("site", State.DISRUPTION)], "web"),
        ([service("site", State.PARTIAL)], "unknown"),
    ],
)
def test_the_kind_of_trouble(services: list[PageService], kind: str) -> None:
    assert kind_of(services, DESK.kinds) == kind


def test_what_went_wrong_together_is_one_incident_and_what_came_later_another() -> None:
    found = suggest(
        [
            service("links", State.DISRUPTION, 4),
            service("chat", State.PARTIAL, 0),
            service("wiki", State.DEGRADED, 30),
            service("web", State.UNKNOWN),
        ],
        {},
        DESK,
        NOW,
    )
    assert [[s.slug for s in one.services] for one in found] == [["links", "chat"], ["wiki"]]
    assert [one.since for one in found] == [NOW, NOW + 30 * MINUTE]
    assert found[0].impacts == {"links": State.DISRUPTION, "chat": State.PARTIAL}


def test_the_words_are_there_in_every_language_with_hours_and_figures() -> None:
    (one,) = suggest([service("links", State.PARTIAL, 0, "connections_down", down=2, of=9)], {}, DESK, NOW)
    assert one.words.titles == {
        "ca": "Links: una part, sense servei",
        "es": "Links: una parte, sin servicio",
        "en": "Links: some without service",
    }
    assert "des de les 05:02 (2 de 9 connexions de referència sense servei)." in one.words.texts["ca"]
    assert "desde las 05:02" in one.words.texts["es"] and "since 05:02 (2 of 9" in one.words.texts["en"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_what_is_wholly_out_is_not_drafted_as_out_for_some(order: tuple[int, ...]) -> None:
    together = [
        service("chat", State.DISRUPTION, 0, "check", what="down"),
        service("wiki", State.DISRUPTION, 0, "check", what="down"),
        service("links", State.PARTIAL, 0, "connections_down", down=1, of=4),
    ]
    (one,) = suggest([together[place] for place in order], {}, DESK, NOW)
    assert one.kind == "unknown"
    said = " ".join([*one.words.titles.values(), *one.words.texts.values()])
    assert not re.search(r"una part|some|1 de 4|1 of 4", said.replace("something", "")), said


def test_figures_are_those_of_the_worst_and_belittle_nothing_that_is_worse() -> None:
    chat, links = (
        service("chat", State.DISRUPTION),
        service("links", State.PARTIAL, 0, "connections_down", down=1, of=4),
    )
    everywhere = service("nine", State.DISRUPTION, 0, "connections_down", down=9, of=9)
    said = [drafted("no-connection", given, NOW, DESK, NOW).texts["en"] for given in ([links], [chat, links])]
    assert "(1 of 4" in said[0] and "of 4" not in said[1]
    assert "(9 of 9" in drafted("no-connection", [links, everywhere], NOW, DESK, NOW).texts["en"]


def test_what_was_dismissed_stays_away_until_its_next_trouble() -> None:
    was, again = service("chat", State.DISRUPTION), service("chat", State.DISRUPTION, 40)
    no = {("chat", was.since): "anna"}
    assert suggest([was], no, DESK, NOW) == ()
    assert len(suggest([again], no, DESK, NOW)) == 1


def test_another_state_or_time_is_another_suggestion() -> None:
    marks = {
        suggest([one], {}, DESK, NOW)[0].mark
        for one in (
            service("chat", State.DISRUPTION),
            service("chat", State.PARTIAL),
            service("chat", State.PARTIAL, 1),
            service("video", State.PARTIAL, 1),
        )
    }
    assert len(marks) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_our_words_are_whole_in_each_language(kind: str) -> None:
    words = shipped(kind, LANGUAGES)
    assert name(kind)
    for texts in (words.titles, words.texts):
        assert len(set(texts.values())) == 3, "two languages say it in the same words"
        for text in texts.values():
            assert "{services}" in text and not unknown_placeholders(text)
    assert all("{since}" in text for text in words.texts.values())


def test_names_are_listed_and_a_title_never_grows_too_long() -> None:
    with translation.override("en"):
        assert listed([]) == "Some services"
        assert listed(["A"]) == "A" and listed(["A", "B"]) == "A and B" and listed(list("ABCD")) == "A, B, C and D"
        assert listed(list("ABCDE")) == "A, B, C and 2 more"
    long = [service(f"{letter * 80}", State.DISRUPTION) for letter in "abc"]
    (one,) = suggest(long, {}, DESK, NOW)
    assert all(len(title) <= LONGEST_TITLE for title in one.words.titles.values())


def test_words_of_the_operators_take_the_place_of_ours() -> None:
    changed = Desk(
        LANGUAGES, DESK.zone, DESK.kinds, {"messaging": TextTemplate({"ca": "Xat: {services}"}, {"ca": "Ai!"})}
    )
    (one,) = suggest([service("chat", State.DISRUPTION)], {}, changed, NOW)
    assert (one.words.titles, one.words.texts) == ({"ca": "Xat: Chat"}, {"ca": "Ai!"})


@pytest.fixture
def broken(desk: Client) -> datetime:
    """Only the messaging is down, since some minutes ago."""
    since = timezone.now() - 12 * MINUTE
    Row.objects.update(state="operational")
    Row.objects.filter(pk="chat").update(state="disruption", reason={"code": "check", "what": "down"}, since=since)
    return since


def suggestion_form(page: str) -> dict[str, str]:
    """What the one tap on [Publish] sends."""
    card = page[page.index('class="card suggestion') :]
    form = card[card.index("<form") : card.index("</form>")]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found} | {"publish": "1"}


pytestmark = pytest.mark.django_db


def test_one_tap_publishes_exactly_what_the_card_shows_in_all_languages(desk: Client, broken: datetime) -> None:
    page = desk.get("/desk/").content.decode()
    sent = suggestion_form(page)
    answers = [desk.post("/desk/incidents/new", sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    event = Event.objects.get()
    (update,) = event.updates.all()
    assert set(event.titles) == set(update.texts) == {"ca", "es", "en"}
    assert next(iter(update.texts)) in ("ca", "en", "es") and update.language == "ca"
    for words in (*event.titles.values(), *update.texts.values()):
        assert html.escape(words) in page or words in html.unescape(page)
    assert event.started_at == broken.replace(second=0, microsecond=0)
    assert timezone.now() - update.at < MINUTE
    assert {impact.service_id: impact.state for impact in event.impacts.all()} == {"chat": "disruption"}
    assert event.next_update_at is not None
    assert "card suggestion" not in desk.get("/desk/").content.decode()


def test_when_it_works_again_meanwhile_nothing_is_published_and_nothing_lost(desk: Client, broken: datetime) -> None:
    sent = suggestion_form(desk.get("/desk/").content.decode())
    Row.objects.update(state="operational", since=timezone.now())
    answer = desk.post("/desk/incidents/new", sent)
    assert not Event.objects.exists()
    page = answer.content.decode()
    assert "That has changed meanwhile, and nothing was published." in page and sent["text"] in html.unescape(page)
    # Having read that, a person may publish it all the same.
    again = {f.html_name: f.value() for f in answer.context["form"] if f.value() not in (None, False)}
    assert desk.post("/desk/incidents/new", again).status_code == 302
    assert Event.objects.count() == 1


def test_two_people_tap_the_same_suggestion_and_one_incident_is_opened(desk: Client, broken: datetime) -> None:
    mine, hers = (suggestion_form(desk.get("/desk/").content.decode()) for _ in range(2))
    assert mine["key"] != hers["key"]
    desk.post("/desk/incidents/new", mine)
    page = desk.post("/desk/incidents/new", hers).content.decode()
    assert Event.objects.count() == 1
    assert "nothing was published" in page


def test_of_two_at_the_same_instant_the_rows_decide(desk: Client, broken: datetime) -> None:
    actions.open_incident({"ca": "Xat"}, {"ca": "x"}, {"chat": State.DISRUPTION}, timezone.now())
    with pytest.raises(Overtaken, match="speaks of it already"):
        actions.open_incident({"ca": "Xat"}, {"ca": "x"}, {"chat": State.PARTIAL}, timezone.now(), only_if_untold=True)
    assert Event.objects.count() == 1


def test_change_it_first_is_the_open_form_filled_in(desk: Client, broken: datetime) -> None:
    page = desk.get("/desk/").content.decode()
    (link,) = re.findall(r'href="(/desk/incidents/new\?suggestion=[^"]+)"', page)
    form = desk.get(link).context["form"]
    sent = suggestion_form(page)
    for field in ("title", "text", "text-es", "title-en", "impact-chat", "began", "suggestion"):
        assert form[field].value() == sent[field]
    Row.objects.update(state="operational", since=timezone.now())
    assert "That has changed meanwhile" in desk.get(link).content.decode()


CHANGED = {"text": "No es pot entrar a cap sala."}


@pytest.mark.parametrize(
    ("changes", "titles", "texts"),
    [
        ({}, {"ca", "es", "en"}, {"ca", "es", "en"}),
        (CHANGED, {"ca", "es", "en"}, {"ca"}),
        ({"title": "El xat no va"}, {"ca"}, {"ca", "es", "en"}),
        (CHANGED | {"text-es": "No se puede entrar en ninguna sala."}, {"ca", "es", "en"}, {"ca", "es"}),
        ({"text-en": "Nobody gets in."}, {"ca", "es", "en"}, {"ca", "es", "en"}),
        ({"text": ""}, {"ca", "es", "en"}, set()),
    ],
    ids=["as-drafted", "the-text", "the-title", "two-of-three", "a-translation", "emptied"],
)
def test_ready_words_in_other_languages_are_not_published_beside_other_words(
    desk: Client, broken: datetime, changes: dict[str, str], titles: set[str], texts: set[str]
) -> None:
    """At three at night somebody changes the Catalan; who reads Spanish must not be told the draft that it was."""
    (link,) = re.findall(r'href="(/desk/incidents/new\?suggestion=[^"]+)"', desk.get("/desk/").content.decode())
    page = desk.get(link)
    assert "Español, English: ready words; if you change those above" in page.content.decode()
    sent = {f.html_name: f.value() for f in page.context["form"] if f.value() not in (None, False)} | changes
    for again in ("keep", "preview"):  # the way through a draft and a preview changes nothing of it
        there = desk.post("/desk/incidents/new", sent | {again: "1"}, follow=True).context["form"]
        assert there["given_text"].value() == sent["given_text"] and there["given_title"].value() == sent["given_title"]
    answer = desk.post("/desk/incidents/new", sent | {"publish": "1"})
    if not texts:
        assert answer.status_code == 200 and not Event.objects.exists()
        return
    event = Event.objects.get()
    assert set(event.titles) == titles and set(event.updates.get().texts) == texts
    for field, words in changes.items():
        assert words in {*event.titles.values(), *event.updates.get().texts.values()}, field


def test_ready_words_of_a_kind_are_left_out_likewise(desk: Client, broken: datetime) -> None:
    begun = desk.post("/desk/incidents/new", {"begin": "web", "impact-chat": "disruption"}).context["form"]
    sent = {f.html_name: f.value() for f in begun if f.value() not in (None, False)}
    desk.post("/desk/incidents/new", sent | {"title": "El xat no va", "text": "No va.", "publish": "1"})
    assert Event.objects.get().titles == {"ca": "El xat no va"}
    assert Event.objects.get().updates.get().texts == {"ca": "No va."}


def test_ready_words_follow_when_somebody_corrects_since_when_it_is_so(desk: Client, broken: datetime) -> None:
    """It began at 02:10, and is written at 03:00: the words must not say 02:50 beside an incident since 02:10."""
    (link,) = re.findall(r'href="(/desk/incidents/new\?suggestion=[^"]+)"', desk.get("/desk/").content.decode())
    sent = {f.html_name: f.value() for f in desk.get(link).context["form"] if f.value() not in (None, False)}
    zone = ZoneInfo("Europe/Madrid")
    earlier = datetime.fromisoformat(sent["began"]).replace(tzinfo=zone) - timedelta(minutes=40)
    sent["began"] = f"{earlier:%Y-%m-%dT%H:%M}"
    said = Dates("ca", zone).since(earlier, timezone.now())
    assert said not in sent["text"]
    there = desk.post("/desk/incidents/new", sent | {"preview": "1"}, follow=True)
    assert said in there.context["form"]["text"].value(), "the form shows what the preview shows"
    again = {f.html_name: f.value() for f in there.context["form"] if f.value() not in (None, False)}
    desk.post("/desk/incidents/new", again | {"publish": "1"})
    texts = Event.objects.get().updates.get().texts
    assert said in texts["ca"] and Dates("en", zone).since(earlier, timezone.now()) in texts["en"]


def test_words_of_a_person_stay_as_they_are_when_the_beginning_is_corrected(desk: Client, broken: datetime) -> None:
    (link,) = re.findall(r'href="(/desk/incidents/new\?suggestion=[^"]+)"', desk.get("/desk/").content.decode())
    sent = {f.html_name: f.value() for f in desk.get(link).context["form"] if f.value() not in (None, False)}
    sent |= {
        "text": sent["text"] + " Hi som.",
        "began": f"{broken.astimezone(ZoneInfo('Europe/Madrid')):%Y-%m-%dT00:00}",
    }
    desk.post("/desk/incidents/new", sent | {"publish": "1"})
    assert Event.objects.get().updates.get().texts == {"ca": sent["text"]}


def test_not_an_incident_is_remembered_with_who_said_so_and_can_be_taken_back(desk: Client, broken: datetime) -> None:
    (mark,) = re.findall(r"/desk/suggestions/(\w+)/dismiss", desk.get("/desk/").content.decode())
    for _ in range(2):
        desk.post(f"/desk/suggestions/{mark}/dismiss")
    page = desk.get("/desk/").content.decode()
    assert "card suggestion" not in page and "anna says that it is no incident." in page
    assert Fact.objects.filter(kind="suggestion.dismissed").count() == 1
    desk.post("/desk/services/chat/again")
    assert "card suggestion" in desk.get("/desk/").content.decode()
    desk.post(f"/desk/suggestions/{mark}/dismiss")
    Row.objects.filter(pk="chat").update(since=timezone.now())
    assert "card suggestion" in desk.get("/desk/").content.decode()
    assert Dismissal.objects.count() == 1


def test_first_words_are_changed_used_and_taken_back(desk: Client, broken: datetime) -> None:
    listed = desk.get("/desk/words/").content.decode()
    assert all(f"/desk/words/{kind}" in listed for kind in KINDS)
    form = desk.get("/desk/words/messaging").context["form"]
    sent = {field.html_name: field.value() for field in form}
    wrong = desk.post("/desk/words/messaging", {**sent, "text-ca": "{qui} ai"}).content.decode()
    assert "{qui} means nothing here" in wrong and not FirstWords.objects.exists()
    assert desk.post("/desk/words/messaging", {**sent, "title-ca": "Xat caigut ({services})"}).status_code == 302
    assert "Xat caigut (Missatgeria)" in desk.get("/desk/").content.decode()
    assert "changed by you" in desk.get("/desk/words/").content.decode()
    desk.post("/desk/words/messaging", {"ours": "1"})
    assert not FirstWords.objects.exists()
    assert "Xat caigut" not in desk.get("/desk/").content.decode()
    assert list(Fact.objects.filter(kind__startswith="words.").values_list("kind", flat=True)) == [
        "words.changed",
        "words.reset",
    ]
    assert desk.get("/desk/words/nothing").status_code == 404


def test_ready_words_take_the_place_of_title_and_text_for_the_services_that_are_chosen(desk: Client) -> None:
    sent = {"title": "x", "text": "", "impact-video": "partial", "began": "", "state": "investigating", "next": "2h"}
    form = desk.post("/desk/incidents/new", {**sent, "begin": "cut", "key": "k7"}).context["form"]
    assert form["title"].value() == "Videoconferència: sense servei, per un tall de llum o de fibra"
    assert "Videoconferencia" in form["text-es"].value() and "Video conferencing" in form["text-en"].value()
    assert (form["next"].value(), form["impact-video"].value(), form["key"].value()) == ("2h", "partial", "k7")
    assert not Event.objects.exists()
