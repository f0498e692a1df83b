"""Plan maintenance at the desk: its window, what is told, the second person, and what nobody outside sees before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from talaia.config import Config, current
from talaia.desk.fields import minute
from talaia.desk.models import Draft
from talaia.desk.people.roles import Role
from talaia.events import actions
from talaia.events.models import Event
from talaia.outbox.models import Fact
from talaia.server.scheduler import Clock
from talaia.site import snapshot
from tests.desk.conftest import member
from tests.desk.test_writing_at_the_desk import form_of

pytestmark = pytest.mark.django_db
NEW = "/desk/maintenance/new"
HOUR = timedelta(hours=1)


@pytest.fixture
def berta(anna: object) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("berta", Role.OPERATOR))
    return client


def plan(desk: Client, begins: timedelta = 9 * 24 * HOUR, lasts: timedelta = 2 * HOUR, **more: Any) -> str:
    """The page after a plan was sent."""
    start = timezone.now() + begins
    asked = {
        "title": "Canvi de bateries",
        "text": "Canviem les bateries.",
        "impact-chat": "disruption",
        "start": minute(start),
        "end": minute(start + lasts),
    }
    return desk.post(NEW, {**form_of(desk, NEW), **asked, **more}, follow=True).content.decode()


def test_a_plan_is_public_at_once_and_says_what_is_told_when(desk: Client) -> None:
    page = plan(desk)
    event = Event.objects.get()
    assert (event.kind, event.state, event.planned_by) == ("maintenance", "scheduled", "anna")
    assert (event.starts_itself, event.ends_itself, event.silence) == (True, False, False)
    assert event.notices == ["7d", "24h", "30m", "start", "end"]
    assert "Published." in page and f"/maintenance/{event.ref}/" in page
    assert page.count('<ul class="plan">') == 1 and "7 days before" in page and 'class="warnings"' not in page
    assert Fact.objects.filter(kind="maintenance.planned", by="anna").count() == 1
    assert [one.ref for one in snapshot.front(timezone.now()).coming] == [event.ref]
    assert f'href="/desk/maintenance/{event.ref}/"' in desk.get("/desk/").content.decode()


def test_two_taps_make_one_plan(desk: Client) -> None:
    form = form_of(desk, NEW)
    start = timezone.now() + HOUR
    asked = {**form, "title": "T", "text": "x", "start": minute(start), "end": minute(start + HOUR)}
    pages = {desk.post(NEW, asked).headers["Location"] for _ in range(2)}
    assert len(pages) == 1 and Event.objects.count() == 1


def test_where_nothing_is_interrupted_nobody_is_woken_unless_somebody_says_so(desk: Client) -> None:
    calm: dict[str, Any] = {"impact-chat": "operational"}
    plan(desk, **calm)
    assert Event.objects.get().notices == []
    Event.objects.all().delete()
    some: dict[str, Any] = {
        "impact-chat": "degraded",
        "telling": "chosen",
        "notice-7d": "",
        "notice-30m": "",
        "notice-end": "",
    }
    plan(desk, **some)
    assert Event.objects.get().notices == ["24h", "start"]
    Event.objects.all().delete()
    plan(desk, telling="nobody")
    assert Event.objects.get().notices == []


def test_a_plan_that_comes_late_is_warned_of_and_not_refused(desk: Client) -> None:
    page = plan(desk, begins=10 * HOUR)
    assert "our rule is" in page and "that has passed already" in page
    assert Event.objects.get().state == "scheduled"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"start": ""}, "This field is required."),
        ({"end": "dimarts"}, "Please write it as 2026-05-04T10:00."),
        ({"start": "2027-03-28T02:30", "end": "2027-03-28T04:00"}, "the clocks go forward that night"),
        ({"start": "2028-05-01T10:00", "end": "2028-05-01T10:00"}, "the window ends before it starts"),
        ({"start": "2020-05-01T10:00", "end": "2020-05-01T11:00"}, "that window has passed already"),
        ({"title": " "}, "This field is required."),
        ({"text": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    desk: Client, more: dict[str, Any], said: str
) -> None:
    page = plan(desk, **more)
    assert said in page and not Event.objects.exists()
    assert "Canviem les bateries." in page or "text" in more


def test_the_hour_that_october_has_twice_is_asked_for(desk: Client) -> None:
    more: dict[str, Any] = {"start": "2027-10-31T02:30", "end": "2027-10-31T04:00"}
    page = plan(desk, **more)
    assert "That hour is twice that night. Which one?" in page and not Event.objects.exists()
    assert "02:30+02:00" in page and "02:30+01:00" in page
    plan(desk, **more, start_which="1")
    assert Event.objects.get().window_start == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    Event.objects.all().delete()
    plan(desk, **more, start_which="0")
    assert Event.objects.get().window_start == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_nobody_outside_knows_before_a_second_person_approves(desk: Client, berta: Client) -> None:
    page = plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    assert "It waits for a second person." in page and "Approve and publish" not in page
    assert event.awaits_approval and not Fact.objects.filter(kind="maintenance.planned").exists()
    assert snapshot.front(timezone.now()).coming == () and snapshot.event("maintenance", event.ref) is None
    assert f"/maintenance/{event.ref}/" not in list(snapshot.paths(current().site.tz))
    assert "Waits for a second person" in desk.get("/desk/").content.decode()

    refused = desk.post(f"{address}approve", follow=True).content.decode()
    assert "whoever planned it, or changed any of it, cannot approve it" in refused
    seen = re.findall(r'name="seen" value="([^"]+)"', berta.get(address).content.decode())[0]
    approved = berta.post(f"{address}approve", {"seen": seen}, follow=True).content.decode()
    assert "Published." in approved
    event.refresh_from_db()
    assert (event.awaits_approval, event.approved_by) == (False, "berta")
    assert snapshot.event("maintenance", event.ref) is not None


def test_who_approves_what_was_changed_meanwhile_sees_it_first(desk: Client, berta: Client) -> None:
    plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    seen = re.findall(r'name="seen" value="([^"]+)"', berta.get(address).content.decode())[0]
    actions.edit_event("maintenance", event.ref, timezone.now(), titles={"ca": "Una altra cosa"})
    page = berta.post(f"{address}approve", {"seen": seen}, follow=True).content.decode()
    assert "somebody else has written meanwhile" in page and "Una altra cosa" in page
    event.refresh_from_db()
    assert event.awaits_approval


def test_nor_is_anything_approved_that_runs_otherwise_than_it_was_read(desk: Client, berta: Client) -> None:
    plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    seen = re.findall(r'name="seen" value="([^"]+)"', berta.get(address).content.decode())[0]
    hers = form_of(berta, f"{address}arrange")
    desk.post(f"{address}arrange", {**form_of(desk, f"{address}arrange"), "telling": "nobody", "ends": "clock"})
    page = berta.post(f"{address}approve", {"seen": seen}, follow=True).content.decode()
    assert "somebody else has written meanwhile" in page
    event.refresh_from_db()
    assert event.awaits_approval and event.notices == [] and event.ends_itself
    # Nor does she put it back without having seen it.
    page = berta.post(f"{address}arrange", hers).content.decode()
    assert "Somebody else has changed it meanwhile." in page
    event.refresh_from_db()
    assert event.notices == [] and event.ends_itself
    seen = re.findall(r'name="seen" value="([^"]+)"', page)[0]
    assert berta.post(f"{address}arrange", {**hers, "seen": seen}).status_code == 302
    event.refresh_from_db()
    assert event.notices and not event.ends_itself


def test_where_the_house_wants_it_every_plan_needs_a_second_person(
    desk: Client, configure: Callable[[str], Config]
) -> None:
    configure((current().path or "").read_text() + "\n[maintenance]\napproval = true\n")  # type: ignore[union-attr]
    plan(desk)
    assert Event.objects.get().awaits_approval


def test_a_plan_is_kept_as_a_draft_and_offered_again(desk: Client) -> None:
    plan(desk, keep="1")
    draft = Draft.objects.get()
    assert draft.subject == "maintenance/new" and not Event.objects.exists()
    assert "Canvi de bateries" in desk.get("/desk/").content.decode()
    form = desk.get(f"{NEW}?draft={draft.pk}").context["form"]
    assert form["title"].value() == "Canvi de bateries" and form["start"].value()
    plan(desk, draft=str(draft.pk))
    assert not Draft.objects.exists() and Event.objects.count() == 1


def test_the_preview_shows_the_card_and_the_plan_before_anything_is_published(desk: Client) -> None:
    page = plan(desk, begins=30 * HOUR, preview="1")
    assert "This is what everybody would read" in page and "Canviem les bateries." in page
    assert "our rule is" in page and "when it begins" in page
    assert not Event.objects.exists()


def test_an_editor_writes_and_does_not_publish(anna: object) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(member("carla", Role.EDITOR))
    start = timezone.now() + HOUR
    asked = {**form_of(client, NEW), "title": "T", "text": "x", "start": minute(start), "end": minute(start + HOUR)}
    assert client.post(NEW, asked).status_code == 403
    assert client.post(NEW, {**asked, "offer": "1"}).status_code == 302
    assert Draft.objects.get().offered and not Event.objects.exists()


def test_a_change_of_what_was_approved_waits_for_somebody_else(desk: Client, berta: Client) -> None:
    plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    berta.post(f"{address}approve")
    window = (event.window_start, event.window_end)
    later = timezone.now() + 30 * 24 * HOUR
    asked = {"start": minute(later), "end": minute(later + HOUR)}
    page = desk.post(f"{address}postpone", {**form_of(desk, f"{address}postpone"), **asked}, follow=True)
    shown = page.content.decode()
    assert "A change waits for a second person." in shown and "Approve the change" not in shown
    event.refresh_from_db()
    assert (event.window_start, event.window_end) == window
    refused = desk.post(f"{address}approve", follow=True).content.decode()
    assert "whoever proposed any part of the change cannot approve it" in refused
    assert "Approve the change" in berta.get(address).content.decode()
    berta.post(f"{address}approve", {"seen": form_of(berta, address)["seen"]})
    event.refresh_from_db()
    assert event.window_start != window[0] and event.proposed is None


def test_a_proposed_change_can_be_dropped_and_the_levels_wait_too(desk: Client, berta: Client) -> None:
    plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    berta.post(f"{address}approve")
    head = form_of(desk, f"{address}edit")
    desk.post(f"{address}edit", {**head, "impact-chat": "degraded"})
    assert [one.state for one in event.impacts.all()] == ["disruption"]
    event.refresh_from_db()
    assert event.proposed and event.proposed["impacts"] == {"chat": "degraded"}
    assert "Degraded" in desk.get(address).content.decode().partition("A change waits")[2]
    desk.post(f"{address}withdraw")
    event.refresh_from_db()
    assert event.proposed is None


def test_who_drops_a_change_that_was_approved_meanwhile_is_not_told_that_it_is_dropped(
    desk: Client, berta: Client
) -> None:
    plan(desk, second="on")
    event = Event.objects.get()
    address = f"/desk/maintenance/{event.ref}/"
    berta.post(f"{address}approve")
    desk.post(f"{address}edit", {**form_of(desk, f"{address}edit"), "impact-chat": "degraded"})
    old = form_of(desk, address)["seen"]
    berta.post(f"{address}approve", {"seen": old})
    said = desk.post(f"{address}withdraw", {"seen": old}, follow=True).content.decode()
    assert "That has changed meanwhile." in said and "The change is dropped" not in said
    assert [one.state for one in event.impacts.all()] == ["degraded"]


def test_of_a_window_that_passed_unseen_the_desk_asks_whether_it_was_done(desk: Client) -> None:
    plan(desk)
    event = Event.objects.get()
    then = timezone.now() - 3 * 24 * HOUR
    Event.objects.filter(pk=event.pk).update(window_start=then, window_end=then + HOUR, started_at=then)
    address = f"/desk/maintenance/{event.ref}/"
    page = desk.get(address).content.decode()
    assert "Its window has passed while talaia was not running. Was it done?" in page and "It was done" in page
    assert "It should have begun" in desk.get("/desk/").content.decode()
    asked = desk.get(f"{address}complete").content.decode()
    assert "though it was not said here then" in asked
    desk.post(f"{address}complete", form_of(desk, f"{address}complete"))
    event.refresh_from_db()
    assert (event.state, event.ended_at) == ("completed", then + HOUR)


def test_the_clock_starts_it_notes_once_that_it_outlasts_its_window_and_the_pages_say_so(desk: Client) -> None:
    plan(desk, begins=HOUR, lasts=HOUR)
    event = Event.objects.get()
    assert event.window_start and event.window_end
    at = [event.window_start + HOUR / 60]
    clock = Clock(current, lambda: at[0])
    clock.step(at[0])
    event.refresh_from_db()
    assert event.state == "in_progress"
    at[0] = event.window_end + timedelta(seconds=1)
    for _ in range(3):
        clock.step(at[0])
    assert Fact.objects.filter(kind="maintenance.overrun").count() == 1
    with translation.override("en"):
        (shown,) = snapshot.front(at[0]).in_progress
    assert shown.overrun
    found = snapshot.event("maintenance", event.ref, at[0])
    assert found and found.overrun
