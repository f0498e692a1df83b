"""The days of a service: picture, legend, table and figures say the same, and none of them says more than is known."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from talaia import config as configuration
from talaia.panel.actions import judge_service, roll_up
from talaia.panel.catalogue import CatalogueService, Heading
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from talaia.panel.rollup import due_days
from talaia.panel.shown import ShownState
from talaia.panel.state import TROUBLE, Reason, State
from talaia.panel.uptime import DaySeconds, days_before, length
from talaia.site import pages, snapshot
from talaia.site.figures import figures
from talaia.site.values import ServicePage, SiteInfo
from tests.pages import story

OK, D, P, X, M, U = story.OK, story.D, story.P, story.X, story.M, story.U
TODAY = date(2026, 11, 23)
WORDS = {OK: "Operational", D: "Degraded performance", P: "Partial disruption", X: "Disruption", M: "Maintenance"}
SHORT, LONG = 60, 7_200


def page_of(value: ServicePage, house: SiteInfo = story.HOUSE) -> str:
    files = pages.service(value, house)
    return next(body.decode() for name, body in files.items() if name.startswith("en/"))


def said(html: str) -> str:
    body = html.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\xa0", " ").split())


def of(days: list[dict[State, int]], today: dict[State, int] | None = None) -> ServicePage:
    """A page whose last finished days are these; before them all was well."""
    every = [DaySeconds(day, {OK: length(day, story.ZONE)}) for day in days_before(TODAY, 90)]
    for back, seconds in enumerate(reversed(days), 1):
        every[-back] = DaySeconds(every[-back].day, seconds)
    every.append(DaySeconds(TODAY, today or {OK: 100}))
    return ServicePage(story.service("web"), TODAY, tuple(every), ())


def drawn(html: str) -> dict[int, str]:
    """Position → the state in whose colour that day's bar is, from the picture alone."""
    svg = re.search(r'<svg class="bars".*?</svg>', html, re.S)
    assert svg
    found: dict[int, str] = {}
    for state, path in re.findall(r'<path class="(\w+)" d="([^"]+)"', svg[0]):
        for left in re.findall(r"M(\d+) ", path):
            assert int(left) // 8 not in found, "two bars in one place"
            found[int(left) // 8] = state
    return found


def legend(html: str) -> list[str]:
    found = re.search(r'<ul class="legend".*?</ul>', html, re.S)
    assert found
    return re.findall(r'<li class="state (\w+)">', found[0])


def table(html: str) -> dict[str, list[tuple[str, str]]]:
    """Row head → (state, how long) of each part, in the order in which they stand."""
    found = re.search(r'<table class="days">.*?</table>', html, re.S)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', found[0], re.S) if found else []
    return {
        re.sub(r"<[^>]+>", "", head): [
            (state, " ".join(time.split()))
            for state, time in re.findall(r'<span class="state (\w+)">.*?</span>([^<]*)', cell, re.S)
        ]
        for head, cell in rows
    }


def expected(seconds: dict[State, int]) -> State:
    """S4 of docs/decisions/what-is-true.md, said once more in another way."""
    for trouble in (X, P, D):
        if trouble in seconds:
            return trouble
    if U in seconds and (seconds[U] >= 5 * 60 or set(seconds) == {U}):
        return U
    return M if M in seconds else OK


def mixtures() -> list[dict[State, int]]:
    """Every set of states that a day can have had, each of them short or long."""
    found = []
    for chosen in itertools.product((0, SHORT, LONG), repeat=6):
        seconds = {state: value for state, value in zip((OK, D, P, X, M, U), chosen, strict=True) if value}
        if seconds:
            found.append(seconds)
    return found


def test_for_every_mixture_of_a_days_states_picture_legend_and_table_agree() -> None:
    every = mixtures()
    assert len(every) == 3**6 - 1
    for first in range(0, len(every), 80):
        days = every[first : first + 80]
        html = page_of(of(days))
        bars, rows = drawn(html), table(html)
        assert len(bars) == 90
        assert set(legend(html)) == set(bars.values())
        for back, seconds in enumerate(reversed(days), 1):
            state, day = expected(seconds), TODAY - timedelta(days=back)
            assert bars[89 - back] == state.value, seconds
            row = next((parts for head, parts in rows.items() if head.startswith(f"{day:%-d %B %Y}")), None)
            if set(seconds) == {OK}:
                assert row is None
                continue
            if row is None:  # a whole day of one state stands together with those around it
                assert len(seconds) == 1
                continue
            assert {one for one, _ in row} == {one.value for one in seconds if one is not OK}, seconds
            if state is not OK:
                assert row[0][0] == state.value, seconds


@pytest.mark.parametrize("today", [{U: 400, OK: 50_000}, {M: 30, OK: 50}, {X: 5, U: 900, OK: 60}, {U: 40}])
def test_today_too_is_in_picture_legend_and_table(today: dict[State, int]) -> None:
    html = page_of(of([], today))
    state = expected(today).value
    assert drawn(html)[89] == state
    assert state in legend(html)
    assert table(html)["Today, so far"][0][0] == state


def test_a_restart_that_repaints_no_day_is_explained() -> None:
    html = page_of(of([{OK: 86_340, U: 60}]))
    assert legend(html) == ["operational"]
    assert table(html) == {"22 November 2026": [("unknown", "1 min")]}
    assert "Less than five minutes without data do not repaint a day" in said(html)
    assert "repaint" not in said(page_of(of([{OK: 86_100, U: 300}])))


def test_no_data_is_in_the_legend_by_its_name() -> None:
    html = said(page_of(of([{OK: 80_000, U: 6_400}])))
    assert "today Operational No data" in html


def test_what_was_filled_in_afterwards_is_marked() -> None:
    page = of([{OK: 86_400}, {OK: 82_800, X: 3_600}, {OK: 86_400}])
    days = list(page.days)
    for back in (3, 4):
        days[-back] = replace(days[-back], filled=43_200)
    html = said(page_of(replace(page, days=tuple(days))))
    assert (
        "Nobody was watching then; we know it only afterwards, as our monitoring remembers it: "
        "20 November – 21 November 2026 (1 d)" in html
    )
    assert "Known only afterwards 1 d 1 d 1 d" in html
    assert "afterwards" not in said(page_of(page))


# From the rows


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=story.ZONE).astimezone(UTC)  # type: ignore[arg-type,misc]


def panel(*slugs: str, at: datetime) -> None:
    entries = tuple(CatalogueService(slug, {"": slug}, {}) for slug in slugs)
    list_services([Heading("g", {"": "G"}, entries)], at)


def show(slug: str, state: State, at: datetime) -> None:
    judge_service(slug, Computed(state, Reason()), ShownState(state, Reason()), at)


def store(now: datetime) -> None:
    for one in due_days(now, story.ZONE):
        roll_up(one.slug, one.day, one.seconds, now, one.filled)


def read(slug: str, now: datetime) -> ServicePage:
    page = snapshot.service(slug, now, configuration.current().site.tz)
    assert page is not None
    return page


@pytest.mark.django_db
@pytest.mark.parametrize("nights", [True, False])
def test_a_young_service_says_since_when_it_is_measured_and_how_long_it_was_not(nights: bool) -> None:
    """Before its first night and after it the figures say the same."""
    panel("old", at=local(2026, 1, 1))
    show("old", OK, local(2026, 1, 1))
    store(local(2026, 5, 1, 0, 5))
    panel("old", "web", at=local(2026, 5, 1, 10))
    show("web", OK, local(2026, 5, 1, 10))
    now = local(2026, 5, 4, 12)
    if nights:
        store(now)
    found = figures(read("web", now), story.HOUSE)
    assert [figure.share for figure in found] == [1.0, 1.0, 1.0]
    assert [figure.without_data for figure in found] == [
        4 * 86_400 + 36_000,
        27 * 86_400 + 36_000,
        87 * 86_400 + 36_000 - 3_600,  # the clocks changed in March
    ]
    assert {figure.measured_from for figure in found} == {date(2026, 5, 1)}
    html = said(page_of(read("web", now)))
    assert "Measured since 1 May 2026 ." in html
    assert "Operational 100% of the measured time 100% of the measured time 100% of the measured time" in html
    assert "No data 4 d 10 h 27 d 10 h 87 d 10 h" in html
    assert "4 February – 30 April 2026 No data" in html


@pytest.mark.django_db
def test_a_service_that_was_measured_all_the_time_says_a_hundred_percent_and_nothing_else() -> None:
    panel("web", at=local(2026, 1, 1))
    show("web", OK, local(2026, 1, 1))
    now = local(2026, 5, 4, 12)
    store(now)
    html = said(page_of(read("web", now)))
    assert "Operational 100% 100% 100%" in html
    assert "Measured since" not in html


@pytest.mark.django_db
def test_a_retired_service_says_since_when_and_its_last_days_and_nothing_after() -> None:
    panel("web", "chat", at=local(2026, 1, 1))
    show("web", OK, local(2026, 1, 1))
    show("web", X, local(2026, 5, 4, 9))
    panel("chat", at=local(2026, 5, 4, 12))
    for now in (local(2026, 5, 4, 13), local(2026, 5, 5, 1), local(2027, 2, 1, 9)):
        store(now)
        page = read("web", now)
        assert (page.today, page.days[-1].day, len(page.days)) == (None, date(2026, 5, 4), 90)
        html = page_of(page)
        words = said(html)
        assert "No longer on the panel. since 4 May 2026 at 12:00" in words
        assert not re.search(r"\btoday\b", words, re.I)
        assert "Its last 90 days" in words
        assert "Periods that end on 4 May 2026 , included" in words
        assert table(html) == {"4 May 2026": [("disruption", "3 h")]}
        assert set(drawn(html).values()) == {"operational", "disruption"}
        week = figures(page, story.HOUSE)[0]
        assert week.seconds == {OK: 6 * 86_400 + 9 * 3_600, X: 3 * 3_600}
        assert week.absent == 12 * 3_600


@pytest.mark.django_db
def test_a_service_that_left_and_came_back_shows_the_days_between_as_not_on_the_panel() -> None:
    panel("web", "chat", at=local(2026, 1, 1))
    show("web", X, local(2026, 1, 1))
    panel("chat", at=local(2026, 5, 4, 12))
    store(local(2026, 5, 10))
    panel("web", "chat", at=local(2026, 5, 12, 12))
    assert Service.objects.get(pk="web").state == "unknown"
    show("web", OK, local(2026, 5, 12, 13))
    now = local(2026, 5, 14, 9)
    store(now)
    html = page_of(read("web", now))
    assert "5 May – 11 May 2026 Not on the panel" in said(html)
    assert [drawn(html)[at] for at in range(79, 90)] == ["disruption"] + ["unknown"] * 8 + ["operational"] * 2
    month = figures(read("web", now), story.HOUSE)[1]
    assert month.absent == 12 * 3_600 + 7 * 86_400 + 12 * 3_600
    assert month.without_data == 3_600
    assert month.seconds[OK] == 11 * 3_600 + 86_400
    assert "Not on the panel 5 d 12 h 8 d 8 d" in said(html)


@pytest.mark.parametrize(
    ("today", "words"), [(TODAY, "Measured since 19 November 2026"), (None, "It was measured from 19")]
)
def test_of_a_retired_service_it_is_told_from_when_it_was_measured(today: date | None, words: str) -> None:
    unknown = [{U: length(day, story.ZONE)} for day in days_before(TODAY, 90)]
    value = of([*unknown[:-4], *({OK: 86_400} for _ in range(4))])
    service = value.service if today else replace(value.service, retired_at=story.NOW)
    html = said(page_of(replace(value, today=today, service=service, days=value.days if today else value.days[:-1])))
    assert words in html
    assert ("Measured since" in html) is bool(today)


def test_days_of_which_nothing_is_known_are_counted_in_days_whatever_the_clocks_do() -> None:
    """The last ninety days before 23 November have the night of October in which an hour comes twice."""
    unknown = [{U: length(day, story.ZONE)} for day in days_before(TODAY, 90)]
    assert "No data 7 d 30 d 90 d " in said(page_of(of(unknown)))
    long = days_before(TODAY, 90).index(date(2026, 10, 25))
    alone = [{OK: length(day, story.ZONE)} for day in days_before(TODAY, 90)]
    alone[long] = {X: 25 * 3_600}
    assert "25 October 2026 Disruption 1 d In figures" in said(page_of(of(alone)))
    unknown[0] = {U: 12 * 3_600, OK: 12 * 3_600}
    assert "No data 7 d 30 d 89 d 12 h" in said(page_of(of(unknown)))


@pytest.mark.django_db
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("late", [0, 0.4])
@pytest.mark.parametrize("at", [local(2026, 5, 4), local(2026, 5, 4, 9, 30), local(2026, 5, 4, 23, 59, 59)])
def test_today_holds_what_is_shown_from_the_very_second_in_which_it_began(
    state: State, late: float, at: datetime
) -> None:
    """The page is made at once when something changes, and then not for a quarter of an hour."""
    panel("web", at=local(2026, 1, 1))
    show("web", OK if state is not OK else X, local(2026, 1, 1))
    show("web", state, at)
    page = read("web", at + timedelta(seconds=late))
    assert page.days[-1].day == date(2026, 5, 4)
    assert page.days[-1].seconds[state] == 1
    html = page_of(page)
    if state in TROUBLE:
        assert drawn(html)[89] == state.value
    if state is not OK:
        assert state.value in [one for one, _ in table(html)["Today, so far"]]


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_hide_what_is_shown() -> None:
    panel("web", at=local(2026, 1, 1))
    show("web", OK, local(2026, 1, 1))
    show("web", X, local(2026, 5, 4, 9, 30))
    page = read("web", local(2026, 5, 4, 9, 29))
    assert page.days[-1].seconds == {OK: 9 * 3_600 + 1_800, X: 1}


@pytest.mark.django_db
def test_at_midnight_itself_the_new_day_is_no_more_than_what_is_shown() -> None:
    panel("web", at=local(2026, 1, 1))
    show("web", OK, local(2026, 1, 1))
    page = read("web", local(2026, 5, 4))
    assert page.days[-1].seconds == {OK: 1}
    assert "Today, so far" not in said(page_of(page))
