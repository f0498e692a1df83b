"""What the values of a page know of themselves: every limit, from both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from talaia.events.anchors import fresh
from talaia.events.published import EventLink, PublishedEntry, PublishedEvent, TouchedService
from talaia.localization.texts import LocalizedText, in_language, words
from talaia.panel.state import Reason, State
from talaia.panel.uptime import DaySeconds
from talaia.site.history_values import Month, ServiceHistory, Year
from talaia.site.values import PageService, ServicePage, ToldTrouble
from tests.pages import story

OK, X, U, M = State.OPERATIONAL, State.DISRUPTION, State.UNKNOWN, State.MAINTENANCE
HOUR = timedelta(hours=1)
SILENT = {"code": "source_silent", "since": "2026-11-23T02:12:00Z"}


def test_words_are_shown_in_the_readers_language_and_else_as_they_were_written_first() -> None:
    both = words({"ca": "Correu", "es": "Correo"}, "es")
    assert both == (("es", "Correo"), ("ca", "Correu"))
    assert in_language(both, "ca") == LocalizedText("Correu")
    assert in_language(both, "en") == LocalizedText("Correo", "es")
    assert in_language((), "en") == LocalizedText("")
    assert in_language((("", "Talaia"),), "en") == LocalizedText("Talaia")


@pytest.mark.parametrize(
    ("reason", "state", "says"),
    [
        (Reason(), OK, False),
        (Reason("check", {"what": "down"}), X, False),
        (Reason("source_silent", {}), U, True),
        (Reason("never_measured", {}), U, False),
        (Reason("unstable", {}), X, True),
        (Reason("source_unreadable", {}), U, True),
        (Reason("source_unreadable", {}), X, False),  # of what stays red it tells another hour
        (Reason("improving", {"now": {}}), X, False),
        (Reason("improving", {"now": {}, "good_since": "…"}), X, True),
        (Reason("improving", {"now": {}, "better_since": "…"}), X, True),
        (Reason("check", {"what": "down", "good_since": "…"}), X, False),
        (Reason("check", {"what": "down", "unstable_since": "…"}), X, True),
        (Reason("incident", {"ref": "2026-014", "also": SILENT}), X, True),
        (Reason("incident", {"ref": "2026-014", "also": {"code": "check", "what": "down"}}), X, False),
    ],
)
def test_since_when_is_said_once(reason: Reason, state: State, says: bool) -> None:
    assert story.service("web", state, reason).says_since is says


@pytest.mark.parametrize(
    ("reason", "path", "also"),
    [
        (Reason(), "", ""),
        (Reason("incident", {"ref": "2026-014"}), "/incidents/2026-014/", ""),
        (Reason("maintenance", {"ref": "2026-004"}), "/maintenance/2026-004/", ""),
        (Reason("beyond_maintenance", {"ref": "2026-004"}), "/maintenance/2026-004/", ""),
        (Reason("incident", {}), "", ""),
        (Reason("check", {"ref": "2026-014"}), "", ""),
        (Reason("check", {"also": {"code": "incident", "ref": "2026-014"}}), "", "/incidents/2026-014/"),
    ],
)
def test_a_reason_leads_to_the_event_that_it_is(reason: Reason, path: str, also: str) -> None:
    service = story.service("web", X, reason)
    assert (service.event_path, service.also_path) == (path, also)


def test_a_service_is_quiet_while_it_is_well_and_tells_since_when_the_signals_see_it_so() -> None:
    service = story.service("web", X, since=story.ago(hours=2))
    assert (service.quiet, service.icon, service.path) == (False, "disruption.svg", "/services/web/")
    assert story.service("web").quiet
    assert service.began == story.ago(hours=2)
    assert replace(service, seen_since=story.ago(hours=9)).began == story.ago(hours=9)


def event(kind: str = "incident", state: str = "identified", **more: Any) -> PublishedEvent:
    return PublishedEvent(kind, "2026-014", (("ca", "Tall"),), state, story.ago(hours=3), **more)


DOWN = (TouchedService("web", (("", "Web"),), X), TouchedService("mail", (("", "Correu"),), State.DEGRADED))


@pytest.mark.parametrize(
    ("given", "path", "sign", "icon"),
    [
        (event(), "/incidents/2026-014/", None, "operational.svg"),
        (event(touched=DOWN), "/incidents/2026-014/", X, "disruption.svg"),
        (event(touched=DOWN[1:]), "/incidents/2026-014/", State.DEGRADED, "degraded.svg"),
        (event(state="resolved", touched=DOWN), "/incidents/2026-014/", X, "operational.svg"),
        (event("maintenance", "scheduled", touched=DOWN), "/maintenance/2026-014/", M, "maintenance.svg"),
        (event("maintenance", "completed"), "/maintenance/2026-014/", M, "operational.svg"),
    ],
)
def test_an_event_has_its_address_its_sign_and_its_icon(
    given: PublishedEvent, path: str, sign: State | None, icon: str
) -> None:
    assert (given.path, given.sign, given.icon) == (path, sign, icon)


def test_others_are_pointed_at_where_they_are() -> None:
    assert EventLink("incident", "2026-001", ()).path == "/incidents/2026-001/"
    assert EventLink("maintenance", "2026-001", ()).path == "/maintenance/2026-001/"
    assert DOWN[0].path == "/services/web/"
    assert ToldTrouble("web", "2026-001", None).path == "/incidents/2026-001/"


def test_an_event_lasted_from_its_beginning_to_its_end_and_while_it_is_open_for_nobody_knows_how_long() -> None:
    over = event(state="resolved", ended_at=story.ago(hours=1))
    assert (over.lasted, over.seconds) == (7200, 7200)
    assert (event().lasted, event().seconds) == (None, 0)


def entries(*states: str, first: int = 1) -> tuple[PublishedEntry, ...]:
    return tuple(
        PublishedEntry(number, state, story.ago(hours=9 - number), (("ca", "x"),))
        for number, state in enumerate(states, first)
    )


@pytest.mark.parametrize(
    ("told", "hours"),
    [
        (entries("investigating", "identified"), 7),
        (entries("investigating", "identified", "identified"), 7),
        (entries("identified", "investigating", "identified"), 6),
        (entries("identified", "identified"), 8),  # from its beginning
        (entries("identified", "identified", first=2), None),  # what was before is not known
        (entries("investigating", "identified", first=2), 6),
        (entries("investigating"), None),
        ((), None),
    ],
)
def test_since_when_an_event_stands_as_it_does(told: tuple[PublishedEntry, ...], hours: int | None) -> None:
    assert event(entries=told).stood_since == (story.ago(hours=hours) if hours is not None else None)


def test_the_addresses_inside_a_text_are_those_of_the_language_in_which_it_is_shown() -> None:
    written = {"ca": "## Causa\n\n## Canvis", "es": "## Causa"}
    anchors, texts = fresh(written, "ca"), words(written, "ca")
    entry = PublishedEntry(3, "identified", story.NOW, texts, anchors=anchors)
    assert [len(entry.names(language).parts) for language in ("ca", "es", "en")] == [2, 1, 2]
    assert {name[:3] for spot in entry.names("en").parts for name in spot} == {"u3-"}
    analysed = event(analyses=texts, anchors=anchors)
    assert [len(analysed.names(language).parts) for language in ("ca", "es", "en")] == [2, 1, 2]


def days(*back: int) -> tuple[DaySeconds, ...]:
    return tuple(DaySeconds(date(2026, 11, 23) - timedelta(days=n), {OK: 86_400}) for n in back)


def test_finished_is_every_day_but_today_and_of_a_retired_service_every_day() -> None:
    page = ServicePage(story.service("web"), date(2026, 11, 23), days(2, 1, 0), ())
    assert page.finished == days(2, 1)
    assert replace(page, today=None).finished == days(2, 1, 0)


def test_the_history_of_a_service_has_a_page_for_each_year_and_the_latest_is_the_first() -> None:
    service: PageService = story.service("web")
    past = [ServiceHistory(service, year, (2026, 2024), ()) for year in (2026, 2024)]
    assert [one.path for one in past] == ["/services/web/history/2026/", "/services/web/history/2024/"]
    assert [one.is_latest for one in past] == [True, False]


def test_a_year_of_which_any_month_has_a_page_of_its_own_is_told_by_months() -> None:
    few, many = Month(2026, 5, 1, (event(),)), Month(2026, 4, 90, None)
    assert [Year(2026, months).by_month for months in ((few,), (many,), (few, many), ())] == [False, True, True, False]
    assert (Year(2026, ()).path, few.path, few.year_path) == (
        "/history/2026/",
        "/history/2026/05/",
        "/history/2026/",
    )
