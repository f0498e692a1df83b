"""Events to be told, for the tests of the mirror."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from talaia.forum.post import ForumEntry, ForumSite, ForumStory
from talaia.panel.state import State

BEGAN = datetime(2026, 10, 3, 2, 12, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
HOUSE = ForumSite("https://status.example.org", "ca", MADRID)


def house(language: str) -> ForumSite:
    return ForumSite("https://status.example.org", language, MADRID, first=language == "ca")


def entry(number: int, state: str = "investigating", text: str = "", minutes: int | None = None) -> ForumEntry:
    at = BEGAN + timedelta(minutes=20 * number if minutes is None else minutes)
    return ForumEntry(number, state, at, text or f"Paraules de l’entrada {number}.", "ca")


STORY = ForumStory(
    kind="incident",
    ref="2026-014",
    title="Tall de fibra a Sants",
    state="resolved",
    started_at=BEGAN,
    ended_at=BEGAN + timedelta(hours=2),
    touched=(("Connexions", State.PARTIAL), ("Web", State.OPERATIONAL)),
    entries=(
        entry(1, "investigating", "No hi ha connexió a Sants. Ho mirem."),
        entry(2, "identified", "Han tallat un cable al carrer Major."),
        entry(3, "resolved", "El cable està refet."),
    ),
    cause="un cable tallat per unes obres",
    analysis="# Què va passar\n\nUna excavadora va tallar el cable.\n\n## Què farem\n\n- un segon camí",
)
WORK = ForumStory(
    kind="maintenance",
    ref="2026-003",
    title="Canvi d’encaminador",
    state="scheduled",
    started_at=BEGAN,
    window=(BEGAN, BEGAN + timedelta(hours=3)),
    touched=(("Connexions", State.MAINTENANCE),),
    entries=(entry(1, "scheduled", "Canviem l’encaminador vell."),),
)
