"""Events to be told, for the tests of the mirror."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.events.published import PublishedEntry, PublishedEvent, TouchedService
from talaia.forum.post import ForumSite
from talaia.panel.state import State

BEGAN = datetime(2026, 10, 3, 2, 12, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
HOUSE = ForumSite("https://status.example.org", "ca", MADRID)


def house(language: str) -> ForumSite:
    return ForumSite("https://status.example.org", language, MADRID, first=language == "ca")


def entry(number: int, state: str = "investigating", text: str = "", minutes: int | None = None) -> PublishedEntry:
    at = BEGAN + timedelta(minutes=20 * number if minutes is None else minutes)
    return PublishedEntry(number, state, at, (("ca", text or f"Paraules de l’entrada {number}."),))


def touched(name: str, state: State) -> TouchedService:
    return TouchedService(name.lower(), (("ca", name),), state)


STORY = PublishedEvent(
    kind="incident",
    ref="2026-014",
    titles=(("ca", "Tall de fibra a Sants"),),
    state="resolved",
    started_at=BEGAN,
    ended_at=BEGAN + timedelta(hours=2),
    touched=(touched("Connexions", State.PARTIAL), touched("Web", State.OPERATIONAL)),
    entries=(
        entry(1, "investigating", "No hi ha connexió a Sants. Ho mirem."),
        entry(2, "identified", "Han tallat un cable al carrer Major."),
        entry(3, "resolved", "El cable està refet."),
    ),
    causes=(("ca", "un cable tallat per unes obres"),),
    analyses=(("ca", "# Què va passar\n\nUna excavadora va tallar el cable.\n\n## Què farem\n\n- un segon camí"),),
)
WORK = PublishedEvent(
    kind="maintenance",
    ref="2026-003",
    titles=(("ca", "Canvi d’encaminador"),),
    state="scheduled",
    started_at=BEGAN,
    window=(BEGAN, BEGAN + timedelta(hours=3)),
    touched=(touched("Connexions", State.MAINTENANCE),),
    entries=(entry(1, "scheduled", "Canviem l’encaminador vell."),),
)
