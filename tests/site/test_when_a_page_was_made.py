"""Every page says when it was made; those that speak of now are made anew, and no other for its age alone."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from talaia.channels import channels
from talaia.config import current
from talaia.events import actions as events
from talaia.events.timeline import IncidentState
from talaia.panel.state import State
from talaia.site import snapshot
from talaia.site.folder import STAMP
from talaia.site.write import publish
from tests.site.test_publishing import NOW, open_cut, page, public, stamps

__all__ = ["public"]
pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=15)


def pages(public: Path) -> dict[str, str]:
    return {str(file.relative_to(public)): file.read_text() for file in public.rglob("*.html")}


def made(text: str) -> int:
    found = re.search(r'<p id="made" data-made="(\d+)"', text)
    assert found
    return int(found[1])


def test_every_page_says_when_it_was_made_with_the_date_and_has_the_script_for_its_age(public: Path) -> None:
    open_cut()
    publish(["all"], NOW)
    found = pages(public)
    assert len(found) > 30
    for name, text in found.items():
        assert made(text) == int(NOW.timestamp()), name
        assert "/static/script." in text, name
        if not name.startswith(("es/", "en/")):
            assert "4 de maig del 2026, 05:02" in text, name


def test_what_speaks_of_now_is_made_anew_though_nothing_changed_and_the_rest_stays_as_it_is(public: Path) -> None:
    ref = open_cut()
    over = open_cut()
    events.update_incident(over, IncidentState.RESOLVED, {"ca": "Fet."}, NOW + timedelta(minutes=1), by="a")
    publish(["all"], NOW)
    publish(["all", "living"], LATER)
    late = {name for name, text in pages(public).items() if made(text) == int(LATER.timestamp())}
    languages = ("", "es/", "en/")
    services = [f"services/{slug}" for slug in sorted(p.name for p in (public / "services").iterdir())]
    assert {f"{code}index.html" for code in languages} <= late
    assert late >= {f"{code}{path}/index.html" for code in languages for path in (*services, f"incidents/{ref}")}
    assert f"incidents/{over}/index.html" not in late
    assert "history/index.html" not in late and "about/index.html" not in late


def test_the_archive_is_not_written_again_for_its_age(public: Path) -> None:
    ref = open_cut()
    events.update_incident(ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW + timedelta(minutes=1), by="a")
    publish(["all"], NOW)
    before = stamps(public)
    publish([f"incident/{ref}", "history", "assets"], LATER)
    assert stamps(public) == before
    assert STAMP.search(b'<p id="made" data-made="1">x</p>')


def test_the_clock_of_the_archive_brings_what_speaks_of_now() -> None:
    archive = next(channel for channel in channels(current()) if channel.name == "archive")
    assert (archive.refresh, archive.refreshed) == (timedelta(minutes=15), ("living",))


def test_status_json_says_how_long_a_copy_is_believed(public: Path) -> None:
    publish(["front"], NOW)
    assert json.loads((public / "status.json").read_text())["stale_after_seconds"] == 600


def test_a_shared_link_tells_how_it_stands_how_long_it_took_and_the_latest_words(public: Path) -> None:
    ref = open_cut()
    publish([f"incident/{ref}"], NOW)
    said = re.search(r'<meta name="description" content="([^"]*)">', page(public, f"/incidents/{ref}/"))
    assert said and said[1] == "En investigació · des del 4 de maig del 2026 a les 05:02 · Ho mirem."
    events.update_incident(
        ref, IncidentState.RESOLVED, {"ca": "Ja torna a anar tot."}, NOW + timedelta(minutes=85), by="a"
    )
    publish([f"incident/{ref}"], LATER)
    said = re.search(r'<meta name="description" content="([^"]*)">', page(public, f"/incidents/{ref}/"))
    assert said and said[1] == "Resolta · 4 de maig del 2026, 06:27 · 1\xa0h 25\xa0min · Ja torna a anar tot."


def test_a_resolved_incident_shows_its_services_as_what_was(public: Path) -> None:
    ref = open_cut()
    publish([f"incident/{ref}"], NOW)
    assert 'class="touched"' in page(public, f"/incidents/{ref}/")
    events.update_incident(ref, IncidentState.RESOLVED, {"ca": "Fet."}, NOW + timedelta(minutes=9), by="a")
    publish([f"incident/{ref}", "front"], LATER)
    own = page(public, f"/incidents/{ref}/")
    assert 'class="touched over"' in own and "Afectació fins al final" in own and "data-lives" not in own
    assert '<li class="over">' in page(public, "/")


def test_the_step_of_an_incident_is_told_with_the_hour_at_which_it_was_taken(public: Path) -> None:
    ref = open_cut()
    for minutes, state in (
        (10, IncidentState.INVESTIGATING),
        (49, IncidentState.IDENTIFIED),
        (60, IncidentState.IDENTIFIED),
    ):
        events.update_incident(ref, state, {"ca": "…"}, NOW + timedelta(minutes=minutes), by="a")
    value = snapshot.event("incident", ref)
    assert value and value.stood_since == NOW + timedelta(minutes=49)
    assert value.impact is State.DISRUPTION
