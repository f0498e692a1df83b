"""Edit everything: every address that was ever published is there for ever, and hits the same entry or part."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from talaia.config import Config, current
from talaia.events import actions
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.site import window_change_text
from talaia.site.write import publish

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
TOML = (Path(__file__).parents[1] / "talaia.toml").read_text()
ANALYSIS = """## Resum
Un tall.

## Causa
- Una excavadora.
- Cap camí de reserva.

## Què queda
- Un segon camí.
"""


class Archive:
    """The public folder, and every address that was ever in it: page → id → the words it hit first."""

    def __init__(self, config: Config) -> None:
        self.folder = config.home / "public"
        self.known: dict[str, dict[str, str]] = {}
        self.now = NOW

    def later(self) -> datetime:
        self.now += timedelta(minutes=7)
        return self.now

    def published(self) -> None:
        publish(["all"], self.now)
        pages = [*self.folder.glob("**/incidents/*/index.html"), *self.folder.glob("**/maintenance/*/index.html")]
        assert len(pages) >= 3
        for file in pages:
            page = str(file.relative_to(self.folder))
            found = ids(file.read_text())
            lost = self.known.get(page, {}).keys() - found.keys()
            assert not lost, f"{page} has lost {sorted(lost)}"
            self.known.setdefault(page, {}).update(
                {name: said for name, said in found.items() if name not in self.known[page]}
            )

    def hits(self, page: str, name: str) -> str:
        return ids((self.folder / page / "index.html").read_text())[name]


def ids(html: str) -> dict[str, str]:
    """Every id of a page that people can link to, with the words that follow it."""
    main = html.partition("<main")[2].partition("</main>")[0]
    found = {}
    for match in re.finditer(r'\sid="([^"]+)"', main):
        after = re.sub(r"<[^>]+>", " ", main[match.end() :].partition(">")[2])
        found[match[1]] = " ".join(after.split())[:60]
    return found


@pytest.fixture
def archive(configure: Callable[[str], Config]) -> Archive:
    config = configure(TOML)
    list_services(headings(config), NOW - timedelta(days=3))
    return Archive(config)


def test_everything_of_an_incident_is_edited_and_every_old_address_hits_what_it_hit(archive: Archive) -> None:
    words = {"ca": "## Què passa\n- Un tall.\n- Ho mirem.", "en": "## What happens\n- A cut.\n- We look."}
    ref = actions.open_incident({"ca": "Tall"}, words, {"links": State.DISRUPTION}, archive.later()).ref
    page = f"incidents/{ref}"
    archive.published()
    assert {"u1", "u1-1", "u1-2", "u1-3"} <= archive.known[f"{page}/index.html"].keys()

    actions.edit_event("incident", ref, archive.later(), titles={"ca": "Un altre títol", "es": "Otro título"})
    fresh = {"ca": "## Què passava\n- Abans de tot.\n- Un tall.\n- Ho mirem.", "en": "## What happens\n- A cut."}
    actions.edit_update("incident", ref, 1, fresh, archive.later())
    archive.published()
    assert archive.hits(page, "u1-2").startswith("Un tall.") and archive.hits(page, "u1-3").startswith("Ho mirem.")

    actions.update_incident(
        ref, IncidentState.RESOLVED, {"ca": "Fet."}, archive.later(), causes={"ca": "Una excavadora."}
    )
    actions.write_analysis("incident", ref, "ca", ANALYSIS, archive.later())
    archive.published()
    analysis = {name: said for name, said in archive.known[f"{page}/index.html"].items() if re.fullmatch(r"a\d+", name)}
    by_words = {said.split(" #")[0].split(".")[0]: name for name, said in analysis.items()}

    # Other headings, another order, new parts between the old ones, one of them gone; then two translations.
    other = ANALYSIS.replace("## Resum", "## En dos mots").replace("- Un segon camí.", "- Primer.\n- Un segon camí.")
    first, cause = other.split("## Causa")
    other = (
        "## Causa" + cause.partition("## Què queda")[0] + first + "## Què queda" + cause.partition("## Què queda")[2]
    )
    actions.write_analysis("incident", ref, "ca", other.replace("- Cap camí de reserva.\n", ""), archive.later())
    archive.published()
    for said in ("Una excavadora", "Un segon camí"):
        name = next(name for words, name in by_words.items() if said in words)
        assert said in archive.hits(page, name)
    for language in ("es", "en"):
        actions.write_analysis("incident", ref, language, "## One\n- two\n", archive.later())
        archive.published()

    # Opened again, written on, merged into another one.
    actions.update_incident(ref, IncidentState.INVESTIGATING, {"ca": "Hi torna a ser."}, archive.later())
    actions.edit_update("incident", ref, 3, {"ca": "- Torna.", "en": "- It is back."}, archive.later())
    archive.published()
    into = actions.open_incident({"ca": "El gros"}, {"ca": "Tot."}, {"links": State.DISRUPTION}, archive.later()).ref
    actions.merge_incident(ref, into, {"ca": "És el mateix."}, archive.later())
    archive.published()
    for number, said in ((1, "En investigació"), (2, "Resolta"), (3, "En investigació"), (4, "Continua a 2026-002")):
        assert archive.hits(page, f"u{number}").startswith(said)


def test_everything_of_a_maintenance_is_edited_and_every_old_address_hits_what_it_hit(archive: Archive) -> None:
    window = (NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2))
    planned = {"ca": "## Motiu\n- Bateries.\n- I un ventilador."}
    event = actions.plan_maintenance({"ca": "Obres"}, planned, {"chat": State.PARTIAL}, window, archive.later())
    archive.published()
    page = f"maintenance/{event.ref}"
    after = (window[0] + timedelta(days=1), window[1] + timedelta(days=1))
    texts = window_change_text.postponed(window, after, ("ca", "es", "en"), current().site.tz, {"ca": "Plou."})
    actions.postpone_maintenance(event.ref, after, texts, archive.later())
    actions.edit_event("maintenance", event.ref, archive.later(), titles={"ca": "Unes altres obres"})
    actions.edit_update(
        "maintenance", event.ref, 1, {"ca": "## Per què\n- I un ventilador.\n- Bateries."}, archive.later()
    )
    archive.published()
    archive.now = after[0]
    for state in (MaintenanceState.IN_PROGRESS, MaintenanceState.COMPLETED):
        actions.update_maintenance(event.ref, state, {"ca": "- Anem fent."}, archive.later())
        archive.published()
    actions.write_analysis("maintenance", event.ref, "ca", ANALYSIS, archive.later())
    archive.published()
    starts = ("Programat", "Programat", "En curs", "Finalitzat")
    for number, said in enumerate(starts, 1):
        assert archive.hits(page, f"u{number}").startswith(said)
