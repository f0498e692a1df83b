"""Pages as bytes, from a told story: what they say, in every language, and what they leave out."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from talaia.events.published import EventLink, PublishedEvent
from talaia.panel.state import Reason, State
from talaia.panel.uptime import DaySeconds
from talaia.site import assets, pages
from talaia.site.figures import figures, measures, stretches
from talaia.site.history_values import Month
from talaia.site.state_icons import icon
from talaia.site.uptime_bars import bars
from talaia.site.values import FrontPage, PageGroup, ToldTrouble
from tests.pages import story


def words(html: bytes) -> str:
    """What is read: without tags, in one line."""
    body = html.decode().partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def front(value: FrontPage, language: str = "") -> str:
    return words(pages.front(value, story.HOUSE)[f"{language}index.html"])


def test_the_same_values_make_the_same_bytes() -> None:
    for value in story.FRONTS.values():
        assert pages.front(value, story.HOUSE) == pages.front(value, story.HOUSE)


def test_every_page_is_there_in_every_language_and_knows_the_others() -> None:
    files = pages.event(story.CUT, story.HOUSE)
    assert list(files) == [f"{prefix}incidents/2026-014/index.html" for prefix in ("", "es/", "en/")]
    for language, body in zip(("ca", "es", "en"), files.values(), strict=True):
        html = body.decode()
        assert f'<html lang="{language}">' in html
        prefix = "" if language == "ca" else f"/{language}"
        assert f'<link rel="canonical" href="https://status.example.org{prefix}/incidents/2026-014/">' in html
        for other, path in (("ca", ""), ("es", "/es"), ("en", "/en"), ("x-default", "")):
            address = f"https://status.example.org{path}/incidents/2026-014/"
            assert f'<link rel="alternate" hreflang="{other}" href="{address}">' in html


def test_the_front_with_an_incident_says_what_is_wrong_and_when_the_next_word_comes() -> None:
    said = front(story.FRONTS["incident"])
    for part in (
        "Un servei no funciona i un altre funciona malament",
        "Tall de fibra entre dos nodes",
        "Incidència 2026-014, des de les 03:12",
        "Propera actualització: abans de les 05:30.",
        "7 de 9 connexions de referència sense servei, des de les 03:12",
        "la monitorització no respon des de les 03:12",
        "Actualitzat a les 04:47",
        "Pàgina feta el dia 23 de novembre del 2026, 04:47 ; es torna a fer cada minut.",
    ):
        assert part in said
    assert said.index("Causa identificada") < said.index("En investigació")  # newest first
    assert said.index("Tall de fibra") < said.index("Serveis ")  # the incident stands above the panel


def test_an_incident_does_not_hide_why_the_signals_are_not_well() -> None:
    value = story.FRONTS["incident"]
    also = {"code": "connections_down", "down": 2, "of": 9}
    groups = tuple(
        replace(
            group,
            services=tuple(
                replace(service, reason=Reason("incident", {"ref": "2026-014", "also": also}))
                for service in group.services
            ),
        )
        for group in value.groups
    )
    said = front(replace(value, groups=groups))
    assert "Incidència 2026-014 : 2 de 9 connexions de referència sense servei, des de" in said or (
        "incidència 2026-014 : 2 de 9 connexions de referència sense servei, des de" in said
    )


NOT_WRITTEN = "Encara no n’hem escrit res."


def test_a_second_outage_has_its_own_card_above_the_timeline_of_the_first() -> None:
    said = front(story.FRONTS["two-outages"])
    cards = said[: said.index("Tall de fibra entre dos nodes")]
    assert "2 serveis no funcionen i 4 funcionen malament" in cards
    for card in (
        "Videoconferència Interrupció greu : no respon; pitjor del que anunciava el manteniment 2026-004 , "
        f"des de les 04:38 . {NOT_WRITTEN}",
        "Núvol Interrupció parcial : la monitorització hi detecta una fallada; s’hi està treballant, "
        f"des de les 04:27 . {NOT_WRITTEN}",
        f"Correu Rendiment degradat : respon amb lentitud; inestable des de les 03:40. {NOT_WRITTEN}",
        "Telefonia Interrupció parcial : l’equip tècnic diu: a la seu no hi ha llum; la companyia hi treballa, "
        "des de les 04:16 .",
    ):
        assert card in cards, card
    assert cards.count(NOT_WRITTEN) == 3  # of the fourth one somebody has spoken
    assert "Connexions de les sòcies i socis Interrupció" not in cards  # the incident speaks of it
    assert cards.index("Videoconferència Interrupció") < cards.index("Núvol Interrupció")


def test_where_no_person_has_spoken_yet_the_reader_is_told_so() -> None:
    assert NOT_WRITTEN in front(story.FRONTS["signals-only"])
    assert NOT_WRITTEN not in front(story.FRONTS["incident"])
    assert NOT_WRITTEN not in front(story.FRONTS["well"])


def test_an_outage_that_was_resolved_in_words_is_said_to_be_and_which_incident_it_was() -> None:
    down = story.panel(
        story.service("video", State.DISRUPTION, story.NO_ANSWER), story.service("mail", State.PARTIAL, story.NO_ANSWER)
    )
    told = (ToldTrouble("video", "2026-001", story.NOW - timedelta(minutes=5)),)
    value = replace(story.front(down), told=told)
    cards = front(value).partition("Serveis ")[0]
    assert (
        "Hem donat per resolta la incidència 2026-001 ( 04:42 ); la monitorització encara hi veu la fallada." in cards
    )
    assert cards.count(NOT_WRITTEN) == 1, "of the other one nobody has spoken"
    html = pages.front(value, story.HOUSE)["es/index.html"].decode()
    assert '<a href="/es/incidents/2026-001/">incidencia 2026-001</a>' in html
    speaks = front(replace(value, told=(ToldTrouble("video", "2026-001", None),)), "en/")
    assert "Incident 2026-001 speaks of it; the monitoring still sees it failing." in speaks


def test_while_the_first_incident_is_open_nobody_says_that_there_was_none() -> None:
    assert "Encara no hi ha hagut cap incidència." in front(story.front(resolved=()))
    open_one = front(story.front(incidents=(story.CUT,), resolved=()))
    assert "Encara no se n’ha resolt cap." in open_one and "no hi ha hagut cap" not in open_one


def test_what_became_part_of_another_incident_continues_there_and_lasted_nothing() -> None:
    into = EventLink("incident", "2026-015", (("ca", "Tall general"),))
    entries = (*story.CUT.entries, replace(story.CUT.entries[-1], number=9, state="resolved", at=story.NOW))
    began = story.CUT.started_at
    one = replace(
        story.CUT, state="resolved", ended_at=began + timedelta(seconds=20), merged_into=into, entries=entries
    )
    html = pages.event(one, story.HOUSE)["incidents/2026-014/index.html"].decode()
    said = words(html.encode())
    assert "Estat Continua a 2026-015" in said and said.count("Continua a 2026-015") == 2
    assert not re.search(r"Resolta|1 min|Durada|Final", said)
    description = re.findall(r'<meta name="description" content="([^"]+)"', html)[0]
    assert description.startswith("Continua a 2026-015 · 23 de novembre del 2026, 03:12")
    listed = front(story.front(resolved=(one,)))
    assert "continua a 2026-015" in listed and "1 min" not in listed.partition("Últimes incidències")[2]
    history = words(pages.month(Month(2026, 11, 1, (one,)), story.HOUSE)["history/2026/11/index.html"])
    assert "continua a 2026-015" in history and "1 min" not in history


def test_of_a_great_many_outages_the_first_five_stand_open_and_the_others_are_one_tap_away() -> None:
    down = tuple(
        replace(service, state=State.DISRUPTION, reason=story.NO_ANSWER)
        for group in story.panel()
        for service in group.services
    )
    html = pages.front(story.front((PageGroup("g", (("", "G"),), down),)), story.HOUSE)["index.html"].decode()
    open_ones, rest = html.split("<details>", 1)
    assert open_ones.count('class="card short disruption"') == 5
    assert rest.count('class="card short disruption"') == len(down) - 5
    assert f"{len(down) - 5} serveis més" in rest


@pytest.mark.parametrize(
    ("impact", "covered"),
    [(State.DISRUPTION, True), (State.DEGRADED, True), (State.OPERATIONAL, False), (None, False)],
)
def test_an_incident_covers_a_service_while_it_says_that_it_is_in_trouble(impact: State | None, covered: bool) -> None:
    touched = story.touched(video=impact) if impact else story.touched(links=State.DISRUPTION)
    open_one = replace(story.CUT, touched=touched)
    down = story.panel(story.service("video", State.DISRUPTION, story.NO_ANSWER))
    assert [service.slug for service in story.front(down, (open_one,)).uncovered] == ([] if covered else ["video"])


def test_a_planned_stop_is_said_as_what_it_is_in_the_colour_of_maintenance() -> None:
    stop = replace(
        story.COMING, touched=story.touched(links=State.DISRUPTION, mail=State.PARTIAL, web=State.OPERATIONAL)
    )
    page = pages.event(stop, story.HOUSE)["maintenance/2026-005/index.html"]
    html, said = page.decode(), words(page)
    for part in ("Aturat", "Aturat en part", "Sense afectació"):
        assert part in said
    assert "Interrupció" not in said
    assert '<span class="state disruption">' not in html
    assert html.count('<span class="state maintenance">') == 2
    incident = pages.event(story.CUT, story.HOUSE)["incidents/2026-014/index.html"].decode()
    assert '<span class="state disruption">' in incident


def test_a_service_that_works_says_so_and_nothing_more() -> None:
    html = pages.front(story.FRONTS["well"], story.HOUSE)["index.html"].decode()
    row = re.search(r'<li class="operational">.*?Missatgeria.*?</li>', html)
    assert row
    assert "since" not in row[0]
    assert "des de" not in row[0]


def test_a_promise_that_was_not_kept_is_owned() -> None:
    assert "Volíem escriure abans de les 04:27 i encara no hem pogut." in front(story.FRONTS["overdue"])
    assert "Queríamos escribir antes de las 04:27" in front(story.FRONTS["overdue"], "es/")
    # A page that is not made anew each minute must not say so for ever, nor not say it.
    said = words(pages.event(story.FRONTS["overdue"].incidents[0], story.HOUSE)["incidents/2026-014/index.html"])
    assert "Propera actualització: abans del 23 de novembre del 2026 a les 04:27." in said


def test_without_a_promised_time_the_next_word_is_still_promised() -> None:
    assert "Hi tornarem a escriure així que hi hagi novetats." in front(story.FRONTS["eighty"])


@pytest.mark.parametrize("name", ["empty", "never"])
def test_what_is_not_there_yet_is_said(name: str) -> None:
    said = front(story.FRONTS[name])
    assert "Encara no hi ha hagut cap incidència." in said
    assert ("Encara no hi ha cap servei. Quan n’hi hagi" in said) == (name == "empty")


def test_an_incident_page_is_a_story_from_its_beginning_with_an_address_for_each_entry() -> None:
    html = pages.event(story.CUT_ENDED, story.HOUSE)["incidents/2026-014/index.html"].decode()
    assert re.findall(r'<li id="(u\d)">', html) == ["u1", "u2", "u3", "u4"]
    said = words(html.encode())
    assert said.index("En investigació") < said.index("En observació")
    assert "Durada 5 h 35 min" in said.replace("\xa0", " ")
    assert re.findall(r'<(?:h\d|li)[^>]* id="(a\d)"', html) == ["a1", "a2", "a3", "a4", "a5"]
    assert "Text corregit: 23 de novembre del 2026, 09:47" in said


def test_the_long_way_to_the_latest_entry_is_short_while_it_goes_on() -> None:
    html = pages.event(story.EIGHTY, story.HOUSE)["incidents/2026-015/index.html"].decode()
    assert '<a href="#u80">' in html
    assert (
        '<a href="#u4">Ves' not in pages.event(story.CUT_ENDED, story.HOUSE)["incidents/2026-014/index.html"].decode()
    )


def test_words_from_outside_are_never_markup() -> None:
    nasty = (("ca", '<script>alert("x")</script>'),)
    event = replace(story.CUT, titles=nasty)
    service = replace(story.service("web", State.DISRUPTION), names=nasty, descriptions=nasty)
    page = replace(story.SERVICES["down"], service=service)
    house = replace(story.HOUSE, name=nasty)
    value = story.front(story.panel(service), (event,), resolved=(event,))
    for files in (pages.front(value, house), pages.event(event, house), pages.service(page, house)):
        for name, body in files.items():
            if name.endswith(".html"):
                assert b"<script>" not in body, name


def test_a_service_page_lists_its_days_and_every_figure_says_its_period() -> None:
    said = words(pages.service(story.SERVICES["down"], story.HOUSE)["services/links/index.html"]).replace("\xa0", " ")
    for part in (
        "Avui, fins ara Interrupció greu",
        "6 de novembre del 2026 Interrupció greu 6 min",
        "14 d’octubre del 2026 En manteniment 1 h",
        "26 d’agost – 4 de setembre del 2026 Sense dades",
        "Períodes fins al dia 22 de novembre del 2026 , inclòs",
        "7 dies des del 16 de novembre",
        "98,94 %",
    ):
        assert part in said


def test_no_data_is_not_a_hundred_percent() -> None:
    said = words(pages.service(story.SERVICES["new"], story.HOUSE)["services/cloud/index.html"])
    assert "100" not in said
    assert "Operatiu sense dades sense dades sense dades" in said


def test_ninety_days_make_ninety_bars_of_which_each_state_is_one_path() -> None:
    found = bars(story.SERVICES["down"].days[-90:])
    assert sum(path.count("M") for _, path in found.paths) == 90
    assert len({state for state, _ in found.paths}) == len(found.paths)
    assert found.width == 90 * 8 - 2


def test_the_worse_a_day_the_higher_its_bar_and_what_nobody_knows_lies_flat() -> None:
    days = [DaySeconds(date(2026, 5, 1), {state: 86_400}) for state in State]
    found = {state: re.fullmatch(r"M(\d+) (\d+)h6v(\d+)h-6z", path) for state, path in bars(days).paths}
    heights = {state: int(path[3]) for state, path in found.items() if path}
    assert [int(path[1]) for path in found.values() if path] == [8 * list(State).index(state) for state in found]
    assert all(path and int(path[2]) + int(path[3]) == bars(days).height for path in found.values())
    assert sorted(heights, key=heights.__getitem__) == [
        State.UNKNOWN,
        State.MAINTENANCE,
        State.OPERATIONAL,
        State.DEGRADED,
        State.PARTIAL,
        State.DISRUPTION,
    ]
    assert (bars(()).width, bars(()).paths) == (1, ())  # a box without width is none
    assert (heights[State.DISRUPTION], heights[State.UNKNOWN] * 4 < heights[State.OPERATIONAL]) == (64, True)


def test_days_alike_that_follow_each_other_are_one_line() -> None:
    found = list(stretches(story.SERVICES["down"].days, story.ZONE))
    assert [(one.first.isoformat(), one.several) for one in found if one.worst is State.UNKNOWN] == [
        ("2026-08-25", True)
    ]
    assert [one.parts[0][0] for one in found][:2] == [State.DISRUPTION, State.DEGRADED]


def test_figures_end_yesterday_and_only_what_there_was_is_listed() -> None:
    found = figures(story.SERVICES["down"], story.HOUSE)
    assert [(figure.days, figure.last.isoformat()) for figure in found] == [
        (7, "2026-11-22"),
        (30, "2026-11-22"),
        (90, "2026-11-22"),
    ]
    assert measures(figures(story.SERVICES["well"], story.HOUSE)) == ()


def test_a_year_with_many_events_points_to_its_months() -> None:
    html = pages.year(story.BUSY, story.HOUSE)["history/2025/index.html"].decode()
    assert [f"/history/2025/{month:02}/" in html for month in range(1, 13)] == [True] * 12
    assert "desembre del 2025" in html


def test_a_history_of_nothing_says_so() -> None:
    said = words(pages.history(None, [], story.HOUSE)["history/index.html"])
    assert "Encara no ha passat res" in said


def test_status_json_tells_programs_what_the_page_tells_people() -> None:
    found = json.loads(pages.front(story.FRONTS["incident"], story.HOUSE)["status.json"])
    assert found["made_at"] == "2026-11-23T03:47:00Z"
    assert found["state"] == "disruption"
    assert found["headline"]["en"] == "One service is down and one works badly"
    assert [service["state"] for service in found["services"]].count("operational") == 7
    assert {service["reason"] for service in found["services"]} >= {"", "connections_down", "source_silent"}
    assert found["open"] == [
        {
            "kind": "incident",
            "ref": "2026-014",
            "state": "identified",
            "address": "https://status.example.org/incidents/2026-014/",
        }
    ]


def test_the_icon_has_the_shape_of_the_whole() -> None:
    files = pages.front(story.FRONTS["incident"], story.HOUSE)
    assert files["favicon.svg"] == icon(State.DISRUPTION)
    assert assets.address("disruption.svg") in files["index.html"].decode()


def test_the_name_of_an_asset_follows_its_content() -> None:
    assert re.fullmatch(r"/static/style\.[0-9a-f]{10}\.css", assets.address("style.css"))
    assert assets.address("script.js") in pages.front(story.FRONTS["well"], story.HOUSE)["index.html"].decode()


def test_only_the_house_with_several_languages_shows_a_choice() -> None:
    alone = replace(story.HOUSE, languages=("ca",))
    html = pages.front(story.FRONTS["well"], alone)["index.html"].decode()
    assert 'class="languages"' not in html
    assert list(pages.missing(alone)) == ["404.html"]


def test_many_open_incidents_are_all_there() -> None:
    incidents = tuple(
        PublishedEvent(
            "incident", f"2026-{n:03}", (("ca", f"Cas {n}"),), "investigating", story.NOW - timedelta(hours=n)
        )
        for n in range(1, 13)
    )
    said = front(story.front(incidents=incidents))
    assert all(f"Cas {n} " in said for n in range(1, 13))
