"""The bytes of whole published trees, as they were stored: what changes within changes no page without our knowing.

Stored are the names of all files and what their bytes add up to, apart from our version and the names of our assets:
`TALAIA_STORE=1 pytest tests/site/test_stored_tree.py` writes them anew, where pages are to be other than they were.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import talaia
from talaia.config import Config
from talaia.demo.folder import configuration, kinds
from talaia.demo.seed import seed
from talaia.events import actions
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.panel.actions import judge_service, roll_up
from talaia.panel.catalogue import headings
from talaia.panel.holds import Computed
from talaia.panel.listing.actions import list_services
from talaia.panel.rollup import due_days
from talaia.panel.shown import ShownState
from talaia.panel.state import Reason, State
from talaia.site.write import publish

NOW = datetime(2026, 6, 18, 10, 24, 10, tzinfo=UTC)
STORED = Path(__file__).parent / "trees"
ASSET = re.compile(rb"(/static/[a-z-]+)\.[0-9a-f]{8,}")
TROUBLE = (State.DEGRADED, State.PARTIAL, State.DISRUPTION)
pytestmark = pytest.mark.django_db


def the_demo(config: Config) -> None:
    seed(config, NOW, "anna")


def three_hundred(config: Config) -> None:
    """Events of every kind over two years, each with a life of its own, by the same actions as ever."""
    dice = random.Random(12)
    begun = NOW - timedelta(days=730)
    list_services(headings(config), begun)
    slugs = [one.slug for one in config.tables.services]
    for slug in slugs:
        judge_service(slug, Computed(State.OPERATIONAL), _shown(State.OPERATIONAL), begun + timedelta(hours=1))
    refs: list[str] = []
    for number in range(300):
        at = begun + timedelta(hours=2 + 58 * number, minutes=dice.randrange(60))
        impacts = {slug: dice.choice(TROUBLE) for slug in dice.sample(slugs, dice.choice((0, 1, 1, 2, 3)))}
        if number % 5 == 4:
            work(dice, number, at, dict.fromkeys(impacts, State.MAINTENANCE))
        else:
            refs.append(incident(dice, number, at, impacts, refs))
        for slug, state in impacts.items():
            judge_service(slug, Computed(state), _shown(state), at)
            well = at + timedelta(minutes=dice.randrange(5, 900))
            judge_service(slug, Computed(State.OPERATIONAL), _shown(State.OPERATIONAL), well)
    for day in due_days(NOW, config.site.tz):
        roll_up(day.slug, day.day, day.seconds, NOW, day.filled)


def _shown(state: State) -> ShownState:
    return ShownState(state, Reason("check", {"what": "down"}) if state in TROUBLE else Reason())


def words(number: int, dice: random.Random) -> dict[str, str]:
    """In Catalan, and now and then in the other languages, with what people write."""
    texts = {
        "ca": f"L'equip **{number}** és a l'antena: [mapa](https://example.org/m{number}), l·l, «així» & <b>."
        "\n\n- un\n- dos"
    }
    if dice.random() < 0.4:
        texts["es"] = f"El equipo **{number}** está en la antena.\n\n> cita"
    if dice.random() < 0.3:
        texts["en"] = f"Team **{number}** is at the antenna. `ping`"
    return texts


def incident(dice: random.Random, number: int, at: datetime, impacts: dict[str, State], refs: list[str]) -> str:
    titles = {"ca": f"Tall {number} a la zona nord", **({"en": f"Outage {number}"} if number % 3 == 0 else {})}
    event = actions.open_incident(
        titles, words(number, dice), impacts, at, by="anna", started_at=at - timedelta(minutes=dice.choice((0, 0, 20)))
    )
    for state in (IncidentState.IDENTIFIED, IncidentState.MONITORING):
        at += timedelta(minutes=dice.randrange(3, 200))
        if dice.random() < 0.7:
            actions.update_incident(event.ref, state, words(number, dice), at, by="bernat")
    if number < 297:
        at += timedelta(minutes=5)
        actions.update_incident(event.ref, IncidentState.RESOLVED, words(number, dice), at, by="anna")
        if number % 7 == 0:
            actions.write_analysis(
                "incident", event.ref, "ca", f"## Què va passar\n\nEl {number} va caure.", at, by="carla"
            )
        if number % 11 == 0:
            actions.edit_update(
                "incident", event.ref, 1, {"ca": f"Corregit {number}."}, at + timedelta(minutes=1), by="anna"
            )
    if refs and number % 17 == 0:
        actions.merge_incident(event.ref, refs[-1], {"ca": "És la mateixa."}, at, by="anna")
        return refs[-1]
    return event.ref


def work(dice: random.Random, number: int, at: datetime, impacts: dict[str, State]) -> None:
    window = (at + timedelta(days=2), at + timedelta(days=2, hours=3))
    event = actions.plan_maintenance({"ca": f"Canvi {number}"}, words(number, dice), impacts, window, at, by="anna")
    if number % 3 == 0:
        actions.update_maintenance(
            event.ref, MaintenanceState.CANCELLED, words(number, dice), at + timedelta(hours=5), by="anna"
        )
    elif window[1] < NOW:
        actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {"ca": "Comencem."}, window[0], by="anna")
        actions.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, window[1], by="anna")


def tree(public: Path) -> Iterator[str]:
    """A line for each file: what it adds up to, and its name."""
    version = talaia.__version__.encode()
    for path in sorted(public.rglob("*")):
        name = path.relative_to(public).as_posix()
        if path.is_file() and path.suffix not in (".gz", ".br") and not name.startswith((".", "static/")):
            told = ASSET.sub(rb"\1", path.read_bytes()).replace(version, b"VERSION")
            yield f"{hashlib.sha256(told).hexdigest()[:20]}  {name}\n"


def made(config: Config, fill: Callable[[Config], None]) -> list[str]:
    fill(config)
    publish(["all"], NOW)
    return list(tree(config.home / "public"))


@pytest.mark.parametrize("fill", [the_demo, pytest.param(three_hundred, marks=pytest.mark.torture)])
def test_every_page_is_as_it_was(fill: Callable[[Config], None], configure: Callable[[str], Config]) -> None:
    config = configure(configuration("127.0.0.1", 8000, dict.fromkeys(kinds(), 9)))
    lines, stored = made(config, fill), STORED / f"{fill.__name__}.txt"
    if os.environ.get("TALAIA_STORE"):
        stored.write_text("".join(lines))
    assert lines == stored.read_text().splitlines(keepends=True)
    assert len(lines) > 100
