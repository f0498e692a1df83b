"""Follow maintenance at the desk: begin, write, extend, postpone, cancel, end; two at once; correct what stands."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from talaia.config import current
from talaia.desk.fields import minute
from talaia.desk.maintenance.lifecycle import MOVES
from talaia.events import actions
from talaia.events.formatting import as_json, lines, local, plan_lines, told_when
from talaia.events.models import Event
from talaia.events.timeline import MaintenanceState
from talaia.outbox.models import Fact
from talaia.panel.state import State
from tests.desk.test_writing_at_the_desk import form_of
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def planned(begins: timedelta = 9 * 24 * HOUR, **more: Any) -> Event:
    now = timezone.now()
    window = (now + begins, now + begins + 2 * HOUR)
    asked: dict[str, Any] = {"by": "anna", **more}
    return actions.plan_maintenance(
        {"ca": "Bateries"}, {"ca": "Les canviem."}, {"chat": State.DISRUPTION}, window, now, **asked
    )


def address(event: Event, what: str = "") -> str:
    return f"/desk/maintenance/{event.ref}/{what}"


def send(desk: Client, where: str, **fields: str) -> str:
    return desk.post(where, {**form_of(desk, where), **fields}, follow=True).content.decode()


@pytest.fixture
def running(desk: Client) -> Event:
    event = planned(begins=-HOUR)
    actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, timezone.now())
    event.refresh_from_db()
    return event


def test_it_begins_is_written_of_and_ends_by_hand(desk: Client) -> None:
    event = planned(begins=HOUR)
    assert "Published." in send(desk, address(event, "start"), text="Ja hi som.")
    page = send(
        desk, address(event), text="A la meitat.", state="in_progress", next="1h", **{"impact-chat": "degraded"}
    )
    assert "A la meitat." in page and "News is promised" in page
    event.refresh_from_db()
    assert event.impacts.get().state == "degraded" and event.next_update_at
    send(desk, address(event, "complete"))
    over = Event.objects.get()
    assert (over.state, over.next_update_at) == ("completed", None)
    states = ["scheduled", "in_progress", "in_progress", "completed"]
    assert [update.state for update in over.updates.order_by("number")] == states
    done = desk.get(address(event)).content.decode()
    assert "It is over" in done and f"/desk/maintenance/{event.ref}/extend" not in done
    assert f"/desk/maintenance/{event.ref}/analysis" in done


def test_two_taps_on_it_is_over_say_so_once(desk: Client, running: Event) -> None:
    form = form_of(desk, address(running, "complete"))
    for _ in range(2):
        assert desk.post(address(running, "complete"), {**form, "text": "Fet."}).status_code == 302
    assert running.updates.count() == 3 and Fact.objects.filter(kind="maintenance.completed").count() == 1


@pytest.mark.parametrize("what", ["start", "complete", "cancel"])
@pytest.mark.parametrize("quicker", ["", "berta"])
def test_words_of_who_taps_when_it_is_so_already_are_not_lost(desk: Client, what: str, quicker: str) -> None:
    """The clock was quicker, and said nothing: they are the next entry. A person was: who wrote sees what they said."""
    event, now = planned(begins=-timedelta(minutes=1)), timezone.now()
    if what == "complete":
        actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, now)
    event.refresh_from_db()
    form = {**form_of(desk, address(event, what)), "text": "Hi ha un cable per canviar."}
    at = event.window_start if what == "start" and not quicker else None
    said = {"ca": "Ja ho he fet."} if quicker else {}
    actions.update_maintenance(event.ref, MOVES[what], said, now, by=quicker, at=at)
    page = desk.post(address(event, what), form, follow=True).content.decode()
    if quicker or what != "start":  # when it ended is another hour than who wrote saw
        assert "Somebody else has changed it meanwhile." in page
        assert form["text"] in page and not event.updates.filter(texts__ca=form["text"]).exists()
        page = send(desk, address(event, what), **{**form, "seen": actions.mark_of(Event.objects.get())})
    assert "Published." in page
    assert event.updates.get(texts__ca=form["text"]).state == MOVES[what]


def test_extending_says_both_times_in_every_language(desk: Client, running: Event) -> None:
    assert running.window_end
    later = running.window_end + 3 * HOUR
    send(desk, address(running, "extend"), end=minute(later), text="Un cargol.")
    running.refresh_from_db()
    assert running.window_end == later.replace(second=0, microsecond=0)
    texts = running.updates.latest("number").texts
    assert set(texts) == {"ca", "es", "en"} and all("Un cargol." in text for text in texts.values())
    assert "durarà més" in texts["ca"] and "longer" in texts["en"]
    earlier = send(desk, address(running, "extend"), end=minute(later - HOUR))
    assert "that is no later than its window ends already" in earlier


def test_the_time_that_is_left_as_it_was_stays_exact(desk: Client) -> None:
    event = planned()
    assert event.window_start and event.window_end
    send(desk, address(event, "postpone"), end=minute(event.window_end + HOUR))
    start = event.window_start
    event.refresh_from_db()
    assert event.window_start == start and event.window_start.microsecond


def test_postponing_keeps_the_address_and_what_is_told_is_planned_anew(desk: Client) -> None:
    event = planned()
    assert event.window_start
    start = event.window_start + 24 * HOUR
    page = send(desk, address(event, "postpone"), start=minute(start), end=minute(start + HOUR))
    event.refresh_from_db()
    assert event.window_start == start.replace(second=0, microsecond=0)
    assert "moved this maintenance" in event.updates.latest("number").texts["en"] and "7 days before" in page
    assert Fact.objects.filter(kind="maintenance.postponed", by="anna").count() == 1


def test_what_is_cancelled_stays_to_be_read_and_nothing_more_can_be_done(desk: Client) -> None:
    event = planned()
    send(desk, address(event, "cancel"), text="No cal.")
    event.refresh_from_db()
    assert event.state == "cancelled"
    page = send(desk, address(event, "start"))
    assert "cannot become" in page
    event.refresh_from_db()
    assert event.state == "cancelled"


def test_who_comes_second_sees_what_changed_and_loses_nothing(desk: Client, running: Event) -> None:
    mine = {**form_of(desk, address(running)), "text": "El meu text.", "state": "in_progress"}
    actions.update_maintenance(
        running.ref, MaintenanceState.IN_PROGRESS, {"ca": "Un altre."}, timezone.now(), by="berta"
    )
    page = desk.post(address(running), mine).content.decode()
    assert "Somebody else has written meanwhile" in page and "Un altre." in page and "El meu text." in page
    assert running.updates.count() == 3
    longer = form_of(desk, address(running, "extend"))
    actions.update_maintenance(running.ref, MaintenanceState.IN_PROGRESS, {"ca": "I un altre."}, timezone.now())
    assert running.window_end
    sent = {**longer, "end": minute(running.window_end + HOUR), "text": "Per què."}
    answer = desk.post(address(running, "extend"), sent).content.decode()
    assert "Somebody else has changed it meanwhile." in answer and "Per què." in answer


def test_title_services_and_words_are_corrected_and_its_address_stays(desk: Client) -> None:
    event = planned()
    page = send(desk, address(event, "edit"), **{"title-ca": "Bateries noves", "title-en": "New batteries"})
    assert "Published." in page
    send(desk, address(event, "entries/1"), **{"text-en": "We change them."})
    event.refresh_from_db()
    assert event.titles == {"ca": "Bateries noves", "en": "New batteries"}
    assert event.updates.get().texts["en"] == "We change them."
    head = desk.get(address(event, "edit")).content.decode()
    assert "Goes on working" in head and 'name="began"' not in head


def test_how_it_runs_is_arranged_without_a_word_outside(desk: Client) -> None:
    event = planned()
    send(
        desk,
        address(event, "arrange"),
        starts="hand",
        ends="clock",
        silence="on",
        telling="chosen",
        **{"notice-7d": ""},
    )
    event.refresh_from_db()
    assert (event.starts_itself, event.ends_itself, event.silence) == (False, True, True)
    assert event.notices == ["24h", "30m", "start", "end"] and event.updates.count() == 1
    assert Fact.objects.get(kind="maintenance.arranged").by == "anna"


def test_an_incident_is_declared_inside_it_with_its_services(desk: Client, running: Event) -> None:
    page = desk.get(address(running)).content.decode()
    assert '/desk/incidents/new?service=chat"' in page


def test_what_outlasts_its_window_stands_out_first(desk: Client) -> None:
    event = planned(begins=-HOUR)
    actions.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, timezone.now())
    Event.objects.update(window_end=timezone.now() - HOUR)
    planned(begins=48 * HOUR)
    front = desk.get("/desk/").content.decode()
    assert 'class="overdue"' in front and "Its window ended" in front
    assert "Is it over? If not, extend it." in desk.get(address(event)).content.decode()


@pytest.mark.parametrize(
    "what", ["", "approve", "extend", "postpone", "start", "complete", "cancel", "arrange", "edit"]
)
def test_what_is_not_there_is_said(desk: Client, what: str) -> None:
    answer = desk.get(f"/desk/maintenance/2026-777/{what}")
    assert answer.status_code in (404, 405)


def plan_told(desk: Client, event: Event) -> list[str]:
    """What the desk says is told when, a line each."""
    shown = desk.get(address(event)).content.decode().partition('class="plan"')[2].partition("</ul>")[0]
    return [" ".join(re.sub(r"<[^>]+>", "", line).split()) for line in re.findall(r"<li[^>]*>(.*?)</li>", shown, re.S)]


@pytest.mark.parametrize("left", [timedelta(minutes=50), timedelta(hours=3)])
def test_what_is_told_of_work_that_began_before_its_hour_is_when_it_was(desk: Client, left: timedelta) -> None:
    """A mail that went is not announced for later, and none that will never go."""
    event = planned(begins=left)
    assert [line.partition(":")[0] for line in plan_told(desk, event)][-3:] == [
        "30 minutes before",
        "when it begins",
        "when it is over",
    ]
    send(desk, address(event, "start"))
    event.refresh_from_db()
    zone = current().site.tz
    began, window = (local(at, zone)[-5:] for at in (event.started_at, event.window_start) if at)
    told = plan_told(desk, event)
    assert began != window and told[-2].startswith("when it begins: ") and told[-2].endswith(began)
    assert not any(line.startswith("30 minutes before") for line in told), "none goes in advance of what has begun"
    assert told[-1] == "when it is over: when somebody says so"
    shell = list(told_when(plan_lines(event), zone))
    assert shell[-2].endswith(began) and not any(line.startswith("told 30m") for line in shell)
    send(desk, address(event, "complete"))
    event.refresh_from_db()
    assert event.ended_at
    assert plan_told(desk, event)[-1].endswith(local(event.ended_at, zone)[-5:])
    head = desk.get(address(event)).content.decode().partition('class="step"')[2].partition("</p>")[0]
    assert began in head and window not in head, "what is over was in its own hours"


def test_of_work_that_was_called_off_nothing_is_announced_for_later(desk: Client) -> None:
    event = planned(begins=timedelta(hours=3))
    send(desk, address(event, "cancel"))
    event.refresh_from_db()
    assert event.state == "cancelled"
    assert not any("begins" in line or "is over" in line or "30 minutes" in line for line in plan_told(desk, event))


def test_of_work_that_was_called_off_the_shell_and_the_analysis_say_when_that_was(desk: Client) -> None:
    event = planned(begins=9 * 24 * HOUR)
    actions.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "Encara no."}, timezone.now())
    event.refresh_from_db()
    said = event.updates.latest("number").at
    zone = current().site.tz
    assert as_json(event)["ended_at"] == said.isoformat()
    shown = list(lines(event, "ca", zone))
    assert f"cancelled: {local(said, zone)}" in shown
    assert not any(line.startswith("ended:") for line in shown)
    draft = desk.get(address(event, "analysis")).content.decode()
    assert "Va començar" not in draft and "Cancel·lat: " in draft


def test_what_is_added_to_work_that_was_called_off_was_written_now_and_not_when_it_was_to_begin(
    desk: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    event, shell = planned(begins=9 * 24 * HOUR), Shell(capsys, monkeypatch)
    assert shell("maintenance", "cancel", event.ref, text="Encara no.").code == 0
    assert shell("maintenance", "update", event.ref, text="La farem a la tardor.").code == 0
    assert [one.state for one in event.updates.order_by("number")] == ["scheduled", "cancelled", "cancelled"]
    assert event.updates.latest("number").at <= timezone.now()


def test_of_work_that_was_called_off_within_its_window_the_analysis_says_no_interruption(desk: Client) -> None:
    event = planned(begins=-HOUR)
    actions.update_maintenance(event.ref, MaintenanceState.CANCELLED, {"ca": "Avui no."}, timezone.now())
    draft = desk.get(address(event, "analysis")).content.decode()
    assert "Interrupció" not in draft and "| Missatgeria" not in draft and "## Afectació" in draft
