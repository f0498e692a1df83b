"""What a fact orders is all of what it changes: after it, no page of the archive is left to be made or to go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.config import Config
from talaia.events import actions
from talaia.events.actions.importing import ImportedEntry
from talaia.events.timeline import IncidentState
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.reactions import consequences
from talaia.site import snapshot
from talaia.site.write import publish

pytestmark = pytest.mark.django_db
TOML = (Path(__file__).parents[1] / "talaia.toml").read_text()
DECEMBER = datetime(2026, 12, 10, 9, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
WORDS = {"ca": "Ho mirem."}


class Archive:
    """The public folder, brought after each step to what the facts since then order, and to nothing else."""

    def __init__(self, config: Config) -> None:
        self.folder = config.home / "public"
        self.last = Fact.objects.latest("pk").pk
        publish(["all"], DECEMBER)

    def settle(self, now: datetime) -> None:
        for fact in Fact.objects.filter(pk__gt=self.last).order_by("pk"):
            self.last = fact.pk
            orders = list(consequences(fact))
            for channel in ("site", "archive"):
                publish(list(dict.fromkeys(order.target for order in orders if order.channel == channel)), now)

    def stale(self, now: datetime) -> set[str]:
        """What the whole site, made anew, would have otherwise. (The pages of services follow the days besides.)"""
        before = self.stamps()
        publish(["all"], now)
        after = self.stamps()
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        return {name for name in changed if not re.search(r"services/[^/]+/index|\.(br|gz)$", name)}

    def stamps(self) -> dict[str, int]:
        files = (file for file in self.folder.rglob("*") if file.is_file())
        return {str(file.relative_to(self.folder)): file.stat().st_mtime_ns for file in files}

    def page(self, path: str) -> str:
        return (self.folder / path.lstrip("/") / "index.html").read_text()

    def has(self, path: str) -> bool:
        return (self.folder / path.lstrip("/") / "index.html").exists()

    def index(self, name: str) -> str:
        return (self.folder / f"search/ca/{name}.json").read_text()

    @property
    def parts(self) -> list[str]:
        found: list[str] = json.loads((self.folder / "search/files.json").read_text())
        return found


@pytest.fixture
def archive(configure: Callable[[str], Config]) -> Archive:
    config = configure(TOML)
    list_services(headings(config), DECEMBER - timedelta(days=3))
    return Archive(config)


def cut(at: datetime, *services: str, title: str = "Tall") -> str:
    """An incident that begins at `at` and is over an hour later."""
    impacts = dict.fromkeys(services, State.DISRUPTION)
    ref = actions.open_incident({"ca": title}, WORDS, impacts, at).ref
    actions.update_incident(ref, IncidentState.RESOLVED, {"ca": "Fet."}, at + timedelta(hours=1))
    return ref


def import_2019() -> str:
    at = datetime(2019, 3, 5, 9, 0, tzinfo=UTC)
    told = [ImportedEntry(IncidentState.INVESTIGATING, at, WORDS), ImportedEntry(IncidentState.RESOLVED, at, WORDS)]
    return actions.import_incident({"ca": "De fa temps"}, told, DECEMBER + timedelta(days=1)).ref


def test_a_year_that_begins_with_planned_maintenance_is_found_once_something_happens_in_it(archive: Archive) -> None:
    cut(DECEMBER, "links")
    window = (datetime(2027, 1, 10, 22, 0, tzinfo=UTC), datetime(2027, 1, 10, 23, 0, tzinfo=UTC))
    actions.plan_maintenance({"ca": "Bateries"}, {"ca": "Text."}, {"links": State.PARTIAL}, window, DECEMBER)
    archive.settle(DECEMBER)
    assert archive.parts == ["2026"]
    assert not (archive.folder / "search/ca/2027.json").exists()
    cut(JANUARY, "links", title="Cap corrent")
    archive.settle(JANUARY + timedelta(hours=1))
    assert archive.parts == ["2027", "2026"]
    assert "Cap corrent" in archive.index("2027")
    assert not [name for name in archive.stale(JANUARY + timedelta(hours=1)) if name.startswith("search/")]


def test_a_list_of_the_index_that_lacks_a_year_is_mended(archive: Archive) -> None:
    cut(DECEMBER, "links")
    archive.settle(DECEMBER)
    (archive.folder / "search/files.json").write_text("[]")
    publish(["search/2026"], DECEMBER)
    assert archive.parts == ["2026"]


def test_the_history_leads_to_a_year_of_long_ago_that_is_imported(archive: Archive) -> None:
    cut(DECEMBER, "links")
    archive.settle(DECEMBER)
    import_2019()
    archive.settle(DECEMBER)
    assert archive.has("/history/2019/")
    assert 'href="/history/2019/"' in archive.page("/history/")
    assert archive.stale(DECEMBER) == set()


def test_the_history_of_a_service_leads_to_a_year_of_long_ago_in_which_it_is_touched_now(archive: Archive) -> None:
    cut(DECEMBER, "chat")
    ref = import_2019()
    archive.settle(DECEMBER)
    actions.edit_event("incident", ref, DECEMBER + timedelta(days=2), impacts={"chat": State.PARTIAL})
    archive.settle(DECEMBER)
    assert archive.has("/services/chat/history/2019/")
    assert 'href="/services/chat/history/2019/"' in archive.page("/services/chat/history/")
    assert archive.stale(DECEMBER) == set()


def test_a_service_that_nothing_touches_any_more_has_no_history(archive: Archive) -> None:
    ref = cut(DECEMBER, "chat")
    archive.settle(DECEMBER)
    assert archive.has("/services/chat/history/") and archive.has("/en/services/chat/history/")
    actions.edit_event("incident", ref, DECEMBER + timedelta(days=1), impacts={"links": State.DISRUPTION})
    archive.settle(DECEMBER)
    assert not list(archive.folder.glob("**/services/chat/history/**/index.html"))
    assert archive.has("/services/links/history/")
    assert archive.stale(DECEMBER) == set()


def test_the_year_before_the_latest_points_to_the_list_of_years_instead_of_having_one(archive: Archive) -> None:
    import_2019()
    cut(DECEMBER, "chat")
    archive.settle(DECEMBER)
    cut(JANUARY, "chat")
    archive.settle(JANUARY)
    assert 'href="/services/chat/history/"' in archive.page("/services/chat/history/2026/")
    assert 'class="years"' not in archive.page("/services/chat/history/2026/")
    assert archive.stale(JANUARY) == set()


def test_a_service_taken_off_the_only_event_of_the_latest_year_has_the_year_before_as_its_latest(
    archive: Archive,
) -> None:
    cut(DECEMBER, "chat")
    ref = cut(JANUARY, "chat")
    archive.settle(JANUARY)
    actions.edit_event("incident", ref, JANUARY + timedelta(days=1), impacts={"links": State.DISRUPTION})
    archive.settle(JANUARY)
    assert not archive.has("/services/chat/history/2027/")
    assert archive.page("/services/chat/history/").count("2026") >= 1
    assert archive.stale(JANUARY) == set()


def merged(archive: Archive) -> tuple[str, str]:
    """A duplicate of the old year that touches chat, merged into an incident of the new year: both references."""
    duplicate = cut(DECEMBER, "chat", title="El duplicat")
    into = cut(JANUARY, "links", title="El gros")
    archive.settle(JANUARY)
    actions.merge_incident(duplicate, into, {"ca": "És el mateix."}, JANUARY + timedelta(hours=2))
    archive.settle(JANUARY)
    return duplicate, into


def test_an_incident_that_takes_services_of_another_year_on_stands_in_their_history_and_in_the_index(
    archive: Archive,
) -> None:
    merged(archive)
    assert "El gros" in archive.page("/services/chat/history/2027/")
    assert "Missatgeria" in archive.index("2027")
    assert archive.stale(JANUARY) == set()


def test_an_incident_does_not_name_a_duplicate_that_was_opened_again(archive: Archive) -> None:
    duplicate, into = merged(archive)
    assert "El duplicat" in archive.page(f"/incidents/{into}/")
    later = JANUARY + timedelta(hours=3)
    actions.update_incident(duplicate, IncidentState.IDENTIFIED, {"ca": "No ho era."}, later)
    archive.settle(later)
    assert "El duplicat" not in archive.page(f"/incidents/{into}/")
    assert archive.stale(later) == set()


def test_a_corrected_title_stands_on_the_pages_of_duplicates_and_of_what_they_are_part_of(archive: Archive) -> None:
    duplicate, into = merged(archive)
    later = JANUARY + timedelta(hours=3)
    actions.edit_event("incident", into, later, titles={"ca": "Tall al port"})
    archive.settle(later)
    assert "Tall al port" in archive.page(f"/incidents/{duplicate}/")
    assert archive.stale(later) == set()
    actions.edit_event("incident", duplicate, later, titles={"ca": "Xat aturat"})
    archive.settle(later)
    assert "Xat aturat" in archive.page(f"/incidents/{into}/")
    assert archive.stale(later) == set()


@pytest.fixture
def busy(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Where a year with three events has so many that its months have pages and parts of their own."""
    monkeypatch.setattr(snapshot, "YEAR_PAGE", 2)
    return archive


@pytest.mark.parametrize("alone", [True, False])
def test_an_incident_that_turns_out_to_have_begun_in_another_month_leaves_the_one_before(
    busy: Archive, alone: bool
) -> None:
    april = datetime(2026, 4, 3, 9, 0, tzinfo=UTC)
    for at in (april, april + timedelta(days=1), april - timedelta(days=90 if alone else 10)):
        cut(at, "chat")
    began = april - timedelta(days=6)
    impacts = {"links": State.DISRUPTION}
    ref = actions.open_incident({"ca": "Mal datat"}, WORDS, impacts, april, started_at=began).ref
    busy.settle(DECEMBER)
    assert "Mal datat" in busy.page("/history/2026/03/")
    assert "Mal datat" in busy.index("2026-03")
    actions.edit_event("incident", ref, april, started_at=april - timedelta(hours=1))
    busy.settle(DECEMBER)
    assert "Mal datat" in busy.page("/history/2026/04/")
    assert "Mal datat" in busy.index("2026-04")
    assert busy.has("/history/2026/03/") is not alone
    assert alone or "Mal datat" not in busy.page("/history/2026/03/")
    assert ("2026-03" in busy.parts) is not alone
    assert alone or "Mal datat" not in busy.index("2026-03")
    assert busy.stale(DECEMBER) == set()


def test_an_incident_that_turns_out_to_have_begun_before_new_year_is_searched_where_it_stands(busy: Archive) -> None:
    for days in (30, 31):
        cut(JANUARY + timedelta(days=days), "chat")
    ref = cut(JANUARY, "links", title="Sant Silvestre")
    busy.settle(JANUARY)
    actions.edit_event(
        "incident", ref, JANUARY + timedelta(days=1), started_at=datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
    )
    busy.settle(JANUARY)
    later = JANUARY + timedelta(days=2)
    actions.edit_event("incident", ref, later, titles={"ca": "Nit de Sant Silvestre"})
    busy.settle(later)
    assert "Nit de Sant Silvestre" in busy.page("/history/2027/01/")
    assert "Nit de Sant Silvestre" in busy.index("2027-01")
    assert busy.stale(later) == set()


def test_a_beginning_corrected_by_an_hour_orders_nothing_of_the_rest_of_its_year(archive: Archive) -> None:
    ref = cut(DECEMBER, "chat")
    archive.settle(DECEMBER)
    actions.edit_event("incident", ref, DECEMBER + timedelta(days=1), started_at=DECEMBER - timedelta(hours=1))
    orders = {order.target for order in consequences(Fact.objects.latest("pk"))}
    assert f"search/incident/{ref}" in orders
    assert orders.isdisjoint({"search/2026", "history/2026/12"})
