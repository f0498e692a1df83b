"""A visitor says that a service fails: counted once a place and hour, seen by operators alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from talaia.config import Config, current
from talaia.outbox.models import Fact
from talaia.panel.actions import judge_service
from talaia.panel.catalogue import headings
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.reports.actions import forget_reports, report
from talaia.reports.counts import last_hour
from talaia.reports.models import VisitorReport
from talaia.site.write import publish
from tests.api.conftest import USUAL
from tests.desk.conftest import anna, desk

__all__ = ["anna", "desk"]
pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 10, 59, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OPEN = """
[reports]
rate = 3
least = 2
[[reports.areas]]
slug = "gracia"
name = { ca = "Gràcia", en = "Gracia" }
[[reports.areas]]
slug = "sants"
name = "Sants"
"""


class House:
    def __init__(self, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config, self.now = config, NOW
        list_services(headings(config), NOW - 24 * HOUR)
        for place in ("talaia.api.reports", "talaia.desk.front.views", "talaia.api.metrics"):
            monkeypatch.setattr(f"{place}.timezone.now", lambda: self.now)

    def say(self, slug: str = "chat", place: str = "192.0.2.1", area: str = "", spoken: str = "", **head: str) -> int:
        sent = Client(REMOTE_ADDR=place, enforce_csrf_checks=True).post(
            f"{spoken}/too/{slug}", {"area": area}, headers=head
        )
        assert not sent.cookies
        self.page = sent.content.decode()
        return sent.status_code

    def show(self, slug: str, state: State) -> None:
        judge_service(slug, Computed(state, Reason("x")), ShownState(state, Reason("x")), self.now)


@pytest.fixture
def house(configure: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch) -> House:
    return House(configure(USUAL + OPEN), monkeypatch)


def total(house: House, slug: str = "chat") -> int:
    found = last_hour(house.now).get(slug)
    return found.total if found else 0


def test_a_place_counts_once_in_an_hour_also_over_the_turn_of_the_clock(house: House) -> None:
    for minutes in (0, 1, 5, 58):
        house.now = NOW + minutes * MINUTE
        assert house.say() == 200
        assert "ho hem apuntat" in house.page
        assert total(house) == 1
    house.now = NOW + 61 * MINUTE
    assert house.say() == 200
    assert VisitorReport.objects.count() == 2
    assert total(house) == 1


def test_an_address_of_ipv6_counts_as_the_connection_that_it_belongs_to(house: House) -> None:
    for place in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "::ffff:192.0.2.1"):
        house.say(place=place)
    assert total(house) == 3


def test_of_the_place_nothing_is_kept_that_leads_back_to_it_and_after_two_hours_nothing_at_all(house: House) -> None:
    house.say(place="192.0.2.77", area="gracia")
    row = VisitorReport.objects.get()
    assert "192.0.2.77" not in str(vars(row)) and len(row.place) == 64
    forget_reports(NOW + 2 * HOUR - MINUTE)
    assert VisitorReport.objects.get().place == row.place
    forget_reports(NOW + 2 * HOUR)
    assert (VisitorReport.objects.get().place, VisitorReport.objects.get().area) == ("", "gracia")
    forget_reports(NOW + timedelta(days=30))
    assert not VisitorReport.objects.exists()
    assert "192.0.2" not in str(list(Fact.objects.values()))


def test_one_place_says_it_of_so_many_services_in_an_hour_and_another_one_still_may(house: House) -> None:
    said = [house.say(slug) for slug in ("chat", "video", "links", "website", "chat")]
    assert said == [200, 200, 200, 429, 200]
    assert house.say("website", place="192.0.2.2") == 200
    house.now += HOUR
    assert house.say("website") == 200


def test_all_together_are_counted_up_to_a_limit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.reports.actions.MOST", 4)
    assert [house.say(place=f"192.0.2.{n}") for n in range(6)] == [200] * 4 + [429] * 2
    assert total(house) == 4


def test_operators_see_how_many_and_where_and_whether_the_machines_see_it(house: House, desk: Client) -> None:
    house.show("chat", State.OPERATIONAL)
    for n, area in enumerate(["sants", "sants", "gracia", "", "atlantis"]):
        assert house.say(place=f"192.0.2.{n}", area=area) == 200
    page = desk.get("/desk/", headers={"accept-language": "en"}).content.decode()
    assert "From 5 connections in the last hour. The monitoring sees nothing." in page
    assert "Sants: 2 · Gracia: 1 · without saying where: 2" in page
    house.now += MINUTE
    house.show("chat", State.DISRUPTION)
    assert "The monitoring sees it, too." in desk.get("/desk/", headers={"accept-language": "en"}).content.decode()
    house.now += HOUR
    assert "in the last hour" not in desk.get("/desk/", headers={"accept-language": "en"}).content.decode()


def test_a_fact_says_once_an_hour_that_many_say_so(house: House) -> None:
    def told() -> int:
        return Fact.objects.filter(kind="service.reported", subject="service/chat").count()

    house.say(place="192.0.2.1")
    assert told() == 0
    for n in range(2, 5):
        house.say(place=f"192.0.2.{n}")
        assert told() == 1
    house.now += HOUR + MINUTE
    house.say(place="192.0.2.1")
    house.say(place="192.0.2.2")
    assert told() == 2


def test_it_is_never_public_and_changes_no_state(house: House) -> None:
    house.show("chat", State.OPERATIONAL)
    publish(["all"], house.now)
    folder = house.config.home / "public"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for n in range(20):
        house.say(place=f"192.0.2.{n}", area="sants")
    publish(["all"], house.now)
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert Service.objects.get(pk="chat").state == State.OPERATIONAL


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.OPERATIONAL, "A mi em falla"),
        (State.UNKNOWN, "A mi em falla"),
        (State.DEGRADED, "A mi també em passa"),
        (State.DISRUPTION, "A mi també em passa"),
        (State.MAINTENANCE, ""),
    ],
)
def test_the_page_of_a_service_has_the_button_that_fits(house: House, state: State, words: str) -> None:
    if state is not State.UNKNOWN:
        house.show("chat", state)
    publish(["service/chat"], house.now)
    page = (house.config.home / "public/services/chat/index.html").read_text()
    assert ('action="/too/chat"' in page) == bool(words)
    assert words in page
    assert ("<select" in page) == bool(words)


def test_where_it_is_not_opened_there_is_no_button_and_no_door(configure: Callable[[str], Config]) -> None:
    config = configure(USUAL)
    list_services(headings(config), NOW)
    publish(["service/chat"], NOW)
    assert "/too/" not in (config.home / "public/services/chat/index.html").read_text()
    assert Client().post("/too/chat").status_code == 404
    assert current().tables.reports is None


def test_looking_changes_nothing_and_leads_to_the_page(house: House) -> None:
    answer = Client().get("/es/too/chat")
    assert (answer.status_code, answer["Location"]) == (302, "/es/services/chat/")
    assert not VisitorReport.objects.exists()


@pytest.mark.parametrize("address", ["/too/nothing", "/fr/too/chat", "/ca/too/chat", "/too/", "/too/chat/"])
def test_of_what_is_not_listed_nobody_says_anything(house: House, address: str) -> None:
    assert Client().post(address).status_code == 404
    assert not VisitorReport.objects.exists()


@pytest.mark.parametrize(
    ("sent", "code"),
    [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)],
)
def test_another_page_cannot_have_its_readers_count(house: House, sent: str, code: int) -> None:
    assert house.say(**{"Sec-Fetch-Site": sent}) == code
    assert VisitorReport.objects.count() == (1 if code == 200 else 0)


def test_the_answer_speaks_the_language_of_the_page(house: House) -> None:
    assert house.say(spoken="/en") == 200
    assert "Thank you, we have noted it" in house.page and 'href="/en/services/chat/"' in house.page
    assert house.say(spoken="/es") == 200
    assert "Gracias, lo hemos apuntado" in house.page


def test_metrics_tell_the_number_where_it_is_open(house: House) -> None:
    house.say()
    text = Client(REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode()
    assert 'talaia_reports_last_hour{service="chat"} 1.0' in text
    assert 'talaia_reports_last_hour{service="video"} 0.0' in text


def test_it_is_counted_as_one_counts_by_hand(house: House) -> None:
    """Against a list of what was said, over many random hours."""
    dice = random.Random(7)
    for _ in range(40):
        VisitorReport.objects.all().delete()
        taken: list[tuple[datetime, str, str]] = []
        now = NOW + dice.randrange(3600) * timedelta(seconds=1)
        for _ in range(25):
            now += dice.choice([1, 60, 600, 1800]) * timedelta(seconds=1)
            place, slug = dice.choice("abcd"), dice.choice(["chat", "video", "links", "website"])
            lately = [one for one in taken if now - HOUR < one[0] <= now]
            mine = {said for _, where, said in lately if where == place}
            expected = slug in mine or len(mine) < 3
            assert report(slug, "", place, b"secret", 3, 99, now) is expected
            if expected and slug not in mine:
                taken.append((now, place, slug))
            counts = last_hour(now)
            for one in ("chat", "video", "links", "website"):
                wanted = sum(1 for at, _, said in taken if said == one and at > now - HOUR)
                assert (counts[one].total if one in counts else 0) == wanted
