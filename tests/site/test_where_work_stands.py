"""What the page says of planned work that is not where its window says that it should be."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from talaia.config import current
from talaia.events.actions import plan_maintenance, update_maintenance
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.state import State
from talaia.reactions import consequences
from talaia.server.scheduler import Clock
from talaia.site import pages, snapshot
from talaia.site.write import house

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plan(**more: Any) -> Event:
    list_services(headings(current()), NOW)
    window = (NOW + HOUR, NOW + 3 * HOUR)
    asked = ({"ca": "Bateries", "en": "Batteries"}, {"ca": "Les canviem.", "en": "We change them."})
    return plan_maintenance(*asked, {"chat": State.DISRUPTION}, window, NOW, **more)


def read(files: dict[str, bytes], name: str) -> str:
    words = re.sub(r"<style.*?</style>|<script.*?</script>", "", files[name].decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", words))


def front(now: datetime, language: str = "en/") -> str:
    return read(pages.front(snapshot.front(now), house(current())), f"{language}index.html")


def own(event: Event, now: datetime, language: str = "en/") -> str:
    found = snapshot.event("maintenance", event.ref, now)
    assert found
    return read(pages.event(found, house(current())), f"{language}maintenance/{event.ref}/index.html")


@pytest.mark.parametrize("after", [HOUR, 2 * HOUR, 26 * HOUR])
def test_work_that_was_never_begun_has_not_begun(after: timedelta) -> None:
    event = plan(starts_itself=False)
    assert "Has not begun" not in front(NOW + HOUR / 2) and "Scheduled" in front(NOW + HOUR / 2)
    now = NOW + after
    assert "Has not begun" in front(now) and "No ha començat" in front(now, "")
    assert "It was planned for 4 May 2026, 12:00 and has not begun." in own(event, now)
    assert "no ha començat" in own(event, now, "")


def test_work_that_began_before_its_window_says_when() -> None:
    event, now = plan(), NOW + HOUR / 4
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, now, by="anna")
    assert "It began before the planned hour: 11:15." in front(now)
    assert "Ha començat abans de l’hora prevista: 11:15." in front(now, "")
    assert "Ha empezado antes de la hora prevista: 11:15." in front(now, "es/")
    assert "12:00–14:00 Began 4 May 2026, 11:15" in own(event, now)
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, now + HOUR, by="anna")
    page = own(event, now + HOUR)
    assert "Began 4 May 2026, 11:15 Ended 4 May 2026, 12:15" in page and "before the planned hour" not in page


def test_work_that_is_over_stands_in_lists_with_the_hours_in_which_it_was() -> None:
    """Not with those for which it was planned, which may not even have come."""
    event, now = plan(), NOW + HOUR / 4
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, now, by="anna")
    assert "In progress · Monday, 4 May 2026, 11:15–14:00" in history()
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, now + HOUR / 2, by="anna")
    assert "Completed · Monday, 4 May 2026, 11:15–11:45" in history() and "12:00" not in history()
    assert "12:00–14:00 Began 4 May 2026, 11:15 Ended 4 May 2026, 11:45" in own(event, now + HOUR)


def history() -> str:
    return read(
        pages.history(snapshot.year(2026, current().site.tz), [2026], house(current())), "en/history/index.html"
    )


def test_work_that_began_with_its_window_has_one_hour() -> None:
    event, now = plan(), NOW + HOUR + timedelta(seconds=40)
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, now, by="anna")
    assert "Began" not in own(event, now) and "planned hour" not in front(now)


def test_of_a_window_that_passed_unseen_it_says_what_is_known() -> None:
    event, now = plan(), NOW + 26 * HOUR
    assert "Not yet written whether it was done" in front(now)
    assert "We have not yet written whether it was done." in own(event, now)
    assert "Encara no hem escrit si s’ha fet." in own(event, now, "")
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {}, now, by="anna")
    assert "whether it was done" not in own(event, now)
    assert "The work has been done; we had not said so here." in own(event, now)


@pytest.mark.parametrize(("by_clock", "after"), [(False, HOUR), (True, 3 * HOUR)])
def test_at_that_minute_the_pages_are_made_anew(by_clock: bool, after: timedelta) -> None:
    event = plan(starts_itself=by_clock)
    now = NOW + after
    Clock(current, lambda: now).step(now)
    fact = Fact.objects.filter(subject=f"maintenance/{event.ref}").latest("pk")
    ordered = {(order.channel, order.target) for order in consequences(fact)}
    assert {("site", "front"), ("site", f"maintenance/{event.ref}")} <= ordered


@pytest.mark.parametrize("by", ["anna", ""])
def test_work_that_was_begun_without_a_word_stands_in_the_timeline_with_its_hour(by: str) -> None:
    event = plan()
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, NOW + HOUR, by=by)
    page = own(event, NOW + 2 * HOUR)
    assert re.search(r"In progress 4 May 2026, 12:00 The work has begun\.", page), page
    assert "La feina ha començat." in own(event, NOW + 2 * HOUR, "")


def test_work_that_is_called_off_is_so_since_that_was_said_and_not_since_it_was_to_begin() -> None:
    event, then = plan(), NOW + timedelta(minutes=10)
    assert "What to expect" in own(event, then)  # there is nothing to expect of what does not take place
    update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "No es fa.", "en": "Not now."}, then)
    assert "What to expect" not in own(event, NOW + HOUR / 2)
    assert "Cancelled 4 May 2026, 11:10 " in own(event, NOW + HOUR / 2)


def test_of_work_that_is_done_the_page_says_what_had_been_announced() -> None:
    event, end = plan(), NOW + 2 * HOUR
    update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, NOW + HOUR)
    assert "What to expect" in own(event, NOW + HOUR)
    update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet.", "en": "Done."}, end)
    done = own(event, end + HOUR)
    assert "What was announced" in done and "What to expect" not in done
