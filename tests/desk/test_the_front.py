"""What the desk shows first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from talaia.audience.models import Import
from talaia.config import Config, current
from talaia.desk.front.dashboard import SilentSource, incidents_by_urgency, silent, unexplained
from talaia.desk.people.roles import Role
from talaia.events.actions import open_incident, plan_maintenance, update_incident, update_maintenance
from talaia.events.published import PublishedEvent, TouchedService
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.forwarded import note_file
from talaia.outbox.models import Delivery, Fact
from talaia.panel.models import Service as Row
from talaia.panel.state import Reason, State
from talaia.signals.models import CheckFinding, Signal, SourceState
from talaia.site.models import Publication
from talaia.site.values import FrontPage, PageGroup, PageService
from tests.desk.conftest import log_in, member

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def read(desk: Client) -> str:
    return desk.get("/desk/").content.decode().replace("\N{NO-BREAK SPACE}", " ")


def incident(ref: str, promised: datetime | None = None, **more: Any) -> PublishedEvent:
    return PublishedEvent(
        "incident", ref, (("ca", ref),), "identified", NOW - 60 * MINUTE, next_update_at=promised, **more
    )


def front(states: dict[str, State], incidents: tuple[PublishedEvent, ...] = (), **more: Any) -> FrontPage:
    services = tuple(PageService(slug, (("", slug),), state, Reason(), NOW) for slug, state in states.items())
    given: dict[str, Any] = {"in_progress": (), "coming": (), "resolved": (), **more}
    return FrontPage(made_at=NOW, groups=(PageGroup("g", (("", "g"),), services),), incidents=incidents, **given)


def test_what_is_overdue_stands_first_and_what_promises_nothing_last() -> None:
    events = [incident("none"), incident("soon", NOW + MINUTE), incident("late", NOW - MINUTE)]
    events.append(incident("later", NOW - 40 * MINUTE))
    found = incidents_by_urgency(events, NOW)
    assert [(one.event.ref, one.late) for one in found] == [("later", 2400), ("late", 60), ("soon", 0), ("none", 0)]


def test_services_that_nobody_has_explained_the_worst_first() -> None:
    states = {
        "a": State.OPERATIONAL,
        "b": State.DEGRADED,
        "c": State.DISRUPTION,
        "d": State.UNKNOWN,
        "e": State.MAINTENANCE,
        "f": State.PARTIAL,
        "g": State.PARTIAL,
    }
    told = incident("x", touched=(TouchedService("f", (("", "f"),), State.DEGRADED),))
    worked_on = PublishedEvent(
        "maintenance", "y", (("", "y"),), "in_progress", NOW, touched=(TouchedService("g", (), State.PARTIAL),)
    )
    found = unexplained(front(states, (told,), in_progress=(worked_on,)))
    # What is shown during maintenance is worse than it announced: of that nobody has spoken either.
    assert [service.slug for service in found] == ["c", "g", "b", "d"]


def test_a_source_is_silent_when_it_was_not_heard_for_longer_than_it_may() -> None:
    limits = {"a": MINUTE, "b": MINUTE, "c": MINUTE}
    heard = {"a": (NOW - MINUTE, ""), "b": (NOW - 2 * MINUTE, "refused"), "gone": (NOW - 900 * MINUTE, "")}
    assert silent(limits, heard, NOW) == (SilentSource("b", NOW - 2 * MINUTE, "refused"), SilentSource("c", None))


@pytest.mark.django_db
def test_an_overdue_promise_stands_out(desk: Client) -> None:
    now = timezone.now()
    open_incident({"ca": "Correu"}, {"ca": "Ho mirem."}, {}, now - 90 * MINUTE, next_update_at=now - 31 * MINUTE)
    open_incident({"ca": "Web"}, {"ca": "Ho mirem."}, {}, now - 5 * MINUTE, next_update_at=now + 31 * MINUTE)
    open_incident({"ca": "Xat"}, {"ca": "Ho mirem."}, {}, now)
    page = read(desk)
    assert page.index("Correu") < page.index("Web") < page.index("Xat")
    assert page.count("overdue") == 1
    assert "it is 31 min late" in page
    assert "News is promised" in page
    assert "No news is promised." in page


@pytest.mark.django_db
def test_a_link_leads_to_a_form_that_knows_a_service_and_its_state(desk: Client) -> None:
    Row.objects.filter(pk="chat").update(state="disruption", reason={"code": "check", "what": "down"})
    Row.objects.exclude(pk="chat").update(state="operational")
    form = desk.get("/desk/incidents/new?service=chat").context["form"]
    assert form["impact-chat"].value() == State.DISRUPTION
    assert form["impact-video"].value() == ""
    open_incident({"ca": "Xat"}, {"ca": "Ho mirem."}, {"chat": State.DISRUPTION}, timezone.now())
    assert "suggestion" not in read(desk)


@pytest.mark.django_db
def test_maintenance_silent_sources_and_stuck_deliveries_are_there_when_there_are_any(desk: Client) -> None:
    now = timezone.now()
    SourceState.objects.create(source="prometheus", heard_at=now)
    SourceState.objects.create(source="alertmanager", heard_at=now - 60 * MINUTE, error="connection refused")
    fact = Fact.objects.create(at=now, kind="site.changed", subject="site", spread=True)
    for number in range(12):
        Delivery.objects.create(
            fact=fact, channel="site", target=f"t{number}", state="parked", due=now, error="disk full", hint="make room"
        )
    work = plan_maintenance(
        {"ca": "Canvi de disc"}, {"ca": "Canviem."}, {}, (now - 90 * MINUTE, now - 30 * MINUTE), now - 120 * MINUTE
    )
    plan_maintenance({"ca": "Canvi de cable"}, {"ca": "Ja."}, {}, (now + MINUTE, now + 2 * MINUTE), now)
    update_maintenance(work.ref, MaintenanceState.IN_PROGRESS, {}, now)
    page = read(desk)
    assert "Its window ended 30 min ago." in page
    assert page.index("Canvi de disc") < page.index("Canvi de cable")
    assert "<strong>alertmanager</strong>" in page and "connection refused" in page
    assert "<strong>prometheus</strong>" not in page
    assert "12 deliveries are stuck" in page
    assert page.count("disk full; make room") == 10


@pytest.mark.django_db
def test_what_alerts_say_and_means_nothing_here_is_told(desk: Client) -> None:
    now = timezone.now()
    for number in range(3):
        Signal.objects.create(
            source="prometheus",
            key=str(number),
            labels={"alertname": "MailDown", "talaia_service": "mial", "talaia_impact": "<b>bad</b>", "n": str(number)},
            state="firing",
            starts_at=now,
            last_seen=now,
            via="poll",
        )
    page = read(desk)
    assert "speaks of the service “mial”, which is not listed: it counts for nothing. 2 more say the same." in page
    assert "“&lt;b&gt;bad&lt;/b&gt;”" in page
    Signal.objects.update(state="resolved")
    assert "mial" not in read(desk)


@pytest.mark.django_db
def test_a_quiet_desk_says_so(desk: Client) -> None:
    Row.objects.update(state="operational")
    now = timezone.now()
    for source in ("prometheus", "alertmanager"):
        SourceState.objects.create(source=source, heard_at=now)
    page = read(desk)
    assert "No incident is open." in page
    assert "There has been no incident so far." in page
    open_incident({"ca": "Correu"}, {"ca": "Ho mirem."}, {}, now)
    first = read(desk)
    assert "None has been resolved yet." in first and "no incident so far" not in first
    assert "silent" not in page and "stuck" not in page and "Not well" not in page


@pytest.mark.django_db
def test_resolved_incidents_can_be_found_again(desk: Client) -> None:
    now = timezone.now()
    event = open_incident({"ca": "Correu"}, {"ca": "Ho mirem."}, {}, now - 90 * MINUTE)
    update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, now)
    page = read(desk)
    assert f'href="/desk/incidents/{event.ref}/"' in page
    assert "1 h 30 min" in page


CHECKED = """
[site]
name = "Cooperativa Exemple"
address = "https://status.example.org"
languages = ["en"]
[[groups]]
id = "web"
name = "Web"
[[services]]
slug = "website"
group = "web"
name = "Our web site"
[[checks]]
id = "front-door"
service = "website"
kind = "http"
target = "https://www.example.org/"
[[checks]]
id = "shop"
service = "website"
kind = "http"
target = "https://www.example.org/shop/"
[[checks]]
id = "far"
canary = true
kind = "ping"
target = "192.0.2.1"
"""


@pytest.mark.django_db
def test_why_a_check_of_ours_fails_is_read_here(desk: Client, configure: Callable[[str], Config]) -> None:
    configure(CHECKED)
    now = timezone.now()
    for check, kind, what in (
        ("front-door", "failing", "status 404 <Not Found>"),
        ("shop", "well", "status 200, in 0.1 s, certificate until 2026-12-01 12:00 UTC (2 days)"),
        ("far", "blind", "here: Network is unreachable"),
    ):
        CheckFinding.objects.create(check_id=check, kind=kind, what=what, since=now - 5 * MINUTE, at=now)
    read_now = read(desk)
    section = read_now[read_now.index('id="checks"') :]
    assert "<strong>front-door</strong> · Our web site" in section
    assert "answers with code 404 &lt;Not Found&gt;" in section
    assert "<strong>far</strong> · our own line" in section
    assert "here: that network cannot be reached" in section
    assert "<strong>shop</strong>" not in section
    SourceState.objects.create(
        source="checks", heard_at=now, notes=[{"code": "certificate", "check": "shop", "what": "x"}]
    )
    assert "Its certificate ends soon" in read(desk)
    CheckFinding.objects.update(kind="well")
    SourceState.objects.update(notes=[])
    assert 'id="checks"' not in read(desk)


@pytest.mark.django_db
def test_where_nothing_comes_to_the_page_who_writes_here_is_told(desk: Client) -> None:
    now = timezone.now()
    row = Publication.objects.create(at=now, seconds=0.1, pages=1, written=1)
    assert "has not been renewed" not in read(desk)
    Publication.objects.filter(pk=row.pk).update(at=now - timedelta(minutes=9))
    assert "The public page has not been renewed since " in read(desk)
    Publication.objects.create(at=now, seconds=0.1, pages=1, written=1)
    fact = Fact.objects.create(at=now - timedelta(minutes=3), kind="incident.opened", subject="incident/2026-001")
    Delivery.objects.create(fact=fact, channel="site", target="event/incident/2026-001", due=now)
    assert "A change has been waiting since " in read(desk)
    Delivery.objects.update(state=Delivery.DONE)
    assert "Our own server" not in read(desk)


@pytest.mark.django_db
def test_a_proxy_of_which_we_are_not_told_is_said(desk: Client) -> None:
    assert "behind_proxy" not in read(desk)
    file = note_file(current().home)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    try:
        assert "behind_proxy = true" in read(desk)
    finally:
        file.unlink()


@pytest.mark.django_db
def test_an_export_that_waits_is_said_to_who_may_confirm_it_and_to_nobody_else(desk: Client) -> None:
    """It may have come by itself, from a folder: else nobody would learn that the list stands still."""
    objections = [{"code": "refused", "data": {"refused": 2, "of": 7, "limit": "10%"}}]
    one = Import.objects.create(at=timezone.now(), source="members.csv", digest="", objections=objections)
    assert "members.csv" not in read(desk)
    member("mar", Role.ADMIN)
    admin = log_in("mar")
    assert f'<a href="/desk/audience/{one.pk}/">Import {one.pk}</a> members.csv' in read(admin)
    assert "The guard objects." in read(admin)
    Import.objects.update(objections=[])
    assert "Waits to be confirmed." in read(admin)
    Import.objects.update(state=Import.DONE)
    assert "members.csv" not in read(admin)
