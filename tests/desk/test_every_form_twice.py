"""Every form of the desk that is sent twice, in turn or at once, has the effect of once: two taps of a tired thumb."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from talaia.audience import actions as audience
from talaia.config import Config, current
from talaia.desk import actions as people
from talaia.desk.models import Draft, Invitation
from talaia.desk.people.roles import Role
from talaia.desk.urls import urlpatterns
from talaia.desk.writing.actions import keep_draft
from talaia.events import actions as events
from talaia.events.models import Event
from talaia.events.timeline import IncidentState, MaintenanceState
from talaia.forum.models import Proposal
from talaia.notices import actions as notices
from talaia.notices.models import Notice
from talaia.outbox.models import Delivery, Fact
from talaia.panel.by_hand.actions import set_by_hand
from talaia.panel.catalogue import headings
from talaia.panel.listing.actions import list_services
from talaia.panel.models import Service
from talaia.panel.state import State
from tests.audience.ledger import CONFIG as AUDIENCE
from tests.desk.conftest import PASSWORD, log_in, member, question, with_passkey
from tests.desk.forms import read
from tests.desk.proofs import Passkey, code
from tests.desk.test_every_door import LEAST, OPEN, address
from tests.desk.test_proposals_from_the_forum import proposed

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
MAIL = '\n[mail]\nsender = "estat@example.org"\nhost = "127.0.0.1"\nport = 9\n'
HEADER = "Nom,Correu electrònic,Idioma,Sòcia,Baixa,Factura,Zona\n"
# They decide who sits here; each is a session of its own, and nothing else comes of them.
SESSIONS = {"login", "login/second", "login/passkey", "login/openid/<str:provider_id>", "logout", "language", "me/sure"}
Sent = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """`make` brings about what the form is for, and says where it stands, where it leads, and what is filled in."""

    route: str
    make: Callable[[Client], tuple[str, str, dict[str, Any]]]
    button: str = ""
    same_answer: bool = True


def opened(**more: Any) -> Event:
    impacts = {"chat": State.DISRUPTION}
    return events.open_incident({"ca": "Sense xat"}, {"ca": "Ho mirem."}, impacts, timezone.now(), by="berta", **more)


def resolved() -> Event:
    event = opened()
    events.update_incident(event.ref, IncidentState.RESOLVED, {"ca": "Fet."}, timezone.now(), by="berta")
    return event


def planned(begins: timedelta = 24 * HOUR, **more: Any) -> Event:
    now = timezone.now()
    window, impacts = (now + begins, now + begins + 2 * HOUR), {"chat": State.MAINTENANCE}
    return events.plan_maintenance({"ca": "Bateries"}, {"ca": "Canvi."}, impacts, window, now, by="berta", **more)


def of_incident(
    what: str, event: Callable[[], Event], **given: Any
) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(_desk: Client) -> tuple[str, str, dict[str, Any]]:
        here = f"/desk/incidents/{event().ref}/{what}"
        return here, here, given

    return make


def of_work(
    what: str, event: Callable[[], Event] = planned, **given: Any
) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(_desk: Client) -> tuple[str, str, dict[str, Any]]:
        here = f"/desk/maintenance/{event().ref}/{what}"
        return here, here, given

    return make


def running() -> Event:
    event = planned(-HOUR)
    events.update_maintenance(event.ref, MaintenanceState.IN_PROGRESS, {}, timezone.now())
    return event


def local(delta: timedelta) -> str:
    return f"{(timezone.now() + delta).astimezone(current().site.tz):%Y-%m-%dT%H:%M}"


def shifting(what: str) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(desk: Client) -> tuple[str, str, dict[str, Any]]:
        here = f"/desk/maintenance/{planned().ref}/{what}"
        given = {"end": local(40 * HOUR)} | ({"start": local(30 * HOUR)} if what == "postpone" else {})
        return here, here, given | as_shown(desk, here, given)

    return make


def approving(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    here = f"/desk/maintenance/{planned(needs_approval=True).ref}/"
    return here, here + "approve", {}


def merging(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    first, here = opened(), f"/desk/incidents/{opened().ref}/merge"
    return here, here, {"into": first.ref}


def analysing(kind: str, ref: str) -> tuple[str, str, dict[str, Any]]:
    here = f"/desk/{kind}/{ref}/analysis"
    return here, here, {"text": "## Què va passar\n\nUn cable."}


def publishing(kind: str, ref: str) -> tuple[str, str, dict[str, Any]]:
    here = f"/desk/{kind}/{ref}/analysis"
    return here, here + "/publish", {"text": "## Què va passar\n\nUn cable."}


def completed() -> Event:
    event = running()
    events.update_maintenance(event.ref, MaintenanceState.COMPLETED, {"ca": "Fet."}, timezone.now())
    return event


def dropping(desk: Client) -> tuple[str, str, dict[str, Any]]:
    keep_draft("anna", "incident/new", {"title": "x", "text": "y"}, timezone.now())
    return "/desk/incidents/new", f"/desk/drafts/{Draft.objects.get().pk}/drop", {}


def broken() -> None:
    Service.objects.update(state="operational")
    since = timezone.now() - timedelta(minutes=5)
    Service.objects.filter(pk="chat").update(state="disruption", since=since, reason={"code": "check", "what": "down"})


def suggested(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    broken()
    return "/desk/", "/desk/incidents/new", {}


def dismissing(desk: Client) -> tuple[str, str, dict[str, Any]]:
    broken()
    page = desk.get("/desk/").content.decode()
    return "/desk/", "/desk/suggestions/" + page.partition("/desk/suggestions/")[2].partition('"')[0], {}


def dismissed(desk: Client) -> tuple[str, str, dict[str, Any]]:
    here, there, _given = dismissing(desk)
    desk.post(*read(desk.get(here).content.decode(), here, there).sent())
    return "/desk/", "/desk/services/chat/again", {}


def stuck(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    fact = Fact.objects.create(at=timezone.now(), kind="site.changed", subject="site", spread=True)
    row = Delivery.objects.create(fact=fact, channel="site", target="a", state="parked", due=timezone.now(), error="x")
    return "/desk/", f"/desk/deliveries/{row.pk}", {}


def edited_there(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    event = opened()
    proposed(event, ("Ho mirem.", "Ho estem mirant."))
    here = f"/desk/forum/{Proposal.objects.get(state=Proposal.OPEN).pk}"
    return here, here, {"section": ["u1"]}


def uploading(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    return "/desk/audience/", "/desk/audience/", {"export": HEADER + "Anna,anna@example.org,,sí,,,\n"}


def imported(desk: Client) -> tuple[str, str, dict[str, Any]]:
    here, there, given = uploading(desk)
    where, what = read(desk.get(here).content.decode(), here, there).sent(**given)
    answer = desk.post(where, files(what))
    one = answer.headers["Location"]
    return one, f"{one}decide", {}


def mailed(turn: str) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(_desk: Client) -> tuple[str, str, dict[str, Any]]:
        now, event = timezone.now(), opened()
        notices.draft_notice(f"incident/{event.ref}", now)
        pk = Notice.objects.get().pk
        if turn == "back":
            notices.take_back(pk, now, by="berta")
        if turn in ("begun", "stuck"):
            audience.add("carla@example.net", "", now)
            notices.begin(pk, now + HOUR)
        if turn == "stuck":
            notices.stop(pk, "away", "ask", now)
        return f"/desk/mails/{pk}/", f"/desk/mails/{pk}/decide", {}

    return make


def trying(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    return "/desk/mails/kinds/problem/", "/desk/mails/test", {}


def at(here: str, there: str = "", **given: Any) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    return lambda _desk: (here, there or here, given)


def with_key(desk: Client) -> tuple[str, str, dict[str, Any]]:
    return "/desk/me/passkey", "/desk/me/passkey", {"credential": Passkey(), "name": "Clauer"}


def removing(desk: Client) -> tuple[str, str, dict[str, Any]]:
    with_passkey(desk)
    here = f"/desk/me/remove/{Authenticator.objects.get(type='webauthn').pk}"
    return here, here, {}


def renewing(desk: Client) -> tuple[str, str, dict[str, Any]]:
    with_passkey(desk)
    desk.get("/desk/me/codes")
    return "/desk/me/codes", "/desk/me/codes", {}


def elsewhere(desk: Client) -> tuple[str, str, dict[str, Any]]:
    log_in("anna")
    return "/desk/me/", "/desk/me/sessions/end", {}


def one_elsewhere(desk: Client) -> tuple[str, str, dict[str, Any]]:
    log_in("anna")
    return "/desk/me/", f"/desk/me/sessions/{UserSession.objects.latest('pk').pk}/end", {}


def invitation(what: str) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(_desk: Client) -> tuple[str, str, dict[str, Any]]:
        people.invite("pau@example.org", Role.EDITOR, timezone.now(), by="berta")
        return "/desk/people/", f"/desk/people/invitations/{Invitation.objects.get().pk}/{what}", {}

    return make


def joining(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    here = f"/desk/join/{people.invite('pau@example.org', Role.EDITOR, timezone.now(), by='berta')}"
    return here, here, {"name": "pau", "password": PASSWORD, "repeated": PASSWORD}


NEW = {"title": "Sense xat", "text": "Ho mirem.", "impact-chat": "disruption"}
PLAN = {"title": "Bateries", "text": "Canvi.", "impact-chat": "disruption"}
ENTRY = {"text": "Un cable.", "state": "identified"}


def planning(desk: Client) -> tuple[str, str, dict[str, Any]]:
    here = "/desk/maintenance/new"
    given = PLAN | {"start": local(30 * HOUR), "end": local(32 * HOUR)}
    return here, here, given | as_shown(desk, here, given)


def as_shown(desk: Client, here: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a form carries once the list of its mails has been shown."""
    where, what = read(desk.get(here).content.decode(), here, here, "publish").sent("publish", **given)
    shown = desk.post(where, what).content.decode()
    return {"foreseen": read(shown, here, here, "publish").fields["foreseen"][0]}


def narrow(event: Event) -> Event:
    Event.objects.filter(pk=event.pk).update(only_behind=[])
    return event


def widening(kind: str) -> Callable[[Client], tuple[str, str, dict[str, Any]]]:
    def make(_desk: Client) -> tuple[str, str, dict[str, Any]]:
        here = f"/desk/{kind}/{narrow(opened() if kind == 'incidents' else planned()).ref}/"
        return here, here + "widen", {}

    return make


def withdrawing(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    event, now = planned(needs_approval=True), timezone.now()
    events.approve_maintenance(event.ref, now, by="anna")
    window = (now + 40 * HOUR, now + 42 * HOUR)
    events.postpone_maintenance(event.ref, window, {"ca": "Més tard."}, now, by="berta")
    here = f"/desk/maintenance/{event.ref}/"
    return here, here + "withdraw", {}


def handing_back(_desk: Client) -> tuple[str, str, dict[str, Any]]:
    now = timezone.now()
    set_by_hand("chat", State.PARTIAL, now + HOUR, {"ca": "La meitat."}, "berta", now)
    return "/desk/services/", "/desk/services/chat/hand-back", {}


CASES = [
    Case("incidents/new", at("/desk/incidents/new", **NEW), "publish"),
    Case("incidents/new", at("/desk/incidents/new", **NEW), "keep"),
    Case("incidents/new", at("/desk/incidents/new", **NEW), "offer"),
    Case("incidents/new", suggested, "publish"),
    Case("incidents/<str:ref>/", of_incident("", opened, **ENTRY), "publish"),
    Case("incidents/<str:ref>/", of_incident("", opened, **ENTRY | {"state": "resolved"}), "publish"),
    Case("incidents/<str:ref>/", of_incident("", resolved, **ENTRY), "publish"),
    Case("incidents/<str:ref>/edit", of_incident("edit", opened, **{"title-ca": "Sense missatges"}), "publish"),
    Case(
        "incidents/<str:ref>/entries/<int:number>", of_incident("entries/1", opened, **{"text-ca": "Altra."}), "publish"
    ),
    Case("incidents/<str:ref>/merge", merging, "publish"),
    Case("incidents/<str:ref>/analysis", lambda _: analysing("incidents", resolved().ref), "keep"),
    Case("incidents/<str:ref>/analysis/publish", lambda _: publishing("incidents", resolved().ref), "publish"),
    Case("incidents/<str:ref>/widen", widening("incidents")),
    Case("maintenance/new", planning, "publish"),
    Case("maintenance/<str:ref>/", of_work("", running, **ENTRY | {"state": "in_progress"}), "publish"),
    Case("maintenance/<str:ref>/approve", approving),
    Case("maintenance/<str:ref>/extend", shifting("extend"), "publish"),
    Case("maintenance/<str:ref>/postpone", shifting("postpone"), "publish"),
    Case("maintenance/<str:ref>/start", of_work("start", text="Ja hi som."), "publish"),
    Case("maintenance/<str:ref>/complete", of_work("complete", running, text="Fet."), "publish"),
    Case("maintenance/<str:ref>/cancel", of_work("cancel", text="No es fa."), "publish"),
    Case("maintenance/<str:ref>/arrange", of_work("arrange", starts="hand"), "publish"),
    Case("maintenance/<str:ref>/withdraw", withdrawing),
    Case("maintenance/<str:ref>/widen", widening("maintenance")),
    Case("maintenance/<str:ref>/edit", of_work("edit", planned, **{"title-ca": "Altres bateries"}), "publish"),
    Case(
        "maintenance/<str:ref>/entries/<int:number>", of_work("entries/1", planned, **{"text-ca": "Altra."}), "publish"
    ),
    Case("maintenance/<str:ref>/analysis", lambda _: analysing("maintenance", completed().ref), "keep"),
    Case("maintenance/<str:ref>/analysis/publish", lambda _: publishing("maintenance", completed().ref), "publish"),
    Case("drafts/<int:pk>/drop", dropping),
    Case("suggestions/<str:mark>/dismiss", dismissing),
    Case("services/<str:slug>/again", dismissed),
    Case(
        "services/<str:slug>/by-hand",
        at("/desk/services/chat/by-hand", **{"state": "partial", "until": local(3 * HOUR), "why-ca": "La meitat."}),
    ),
    Case("services/<str:slug>/hand-back", handing_back),
    Case("deliveries/<int:pk>", stuck, "again"),
    Case("deliveries/<int:pk>", stuck, "let_go"),
    Case("forum/<int:pk>", edited_there, "take"),
    Case("forum/<int:pk>", edited_there, "leave"),
    Case("words/<str:kind>", at("/desk/words/video", **{"title-ca": "Vídeo: {services}"})),
    Case("audience/", uploading),
    Case("audience/<int:number>/decide", imported, "confirm"),
    Case("audience/<int:number>/decide", imported, "drop"),
    Case("mails/<int:pk>/decide", mailed("held"), "take_back"),
    Case("mails/<int:pk>/decide", mailed("held"), "send_now"),
    Case("mails/<int:pk>/decide", mailed("back"), "send"),
    Case("mails/<int:pk>/decide", mailed("stuck"), "try_again"),
    Case("mails/<int:pk>/decide", mailed("begun"), "give_up"),
    Case("mails/test", trying),
    Case(
        "me/password",
        at("/desk/me/password", password="una altra de llarga", repeated="una altra de llarga"),
        "",
        False,
    ),
    Case("me/app", at("/desk/me/app", code="of the app")),
    Case("me/passkey", with_key),
    Case("me/remove/<int:pk>", removing),
    Case("me/codes", renewing),
    Case("me/sessions/end", elsewhere),
    Case("me/sessions/<int:pk>/end", one_elsewhere),
    Case("people/", at("/desk/people/", email="nova@example.org", role="editor")),
    Case("people/invitations/<int:pk>/again", invitation("again")),
    Case("people/invitations/<int:pk>/withdraw", invitation("withdraw")),
    Case("people/<str:name>/change", at("/desk/people/", "/desk/people/berta/change", role="editor")),
    Case("people/<str:name>/forget", at("/desk/people/berta/forget")),
    Case("join/<str:secret>", joining, "", False),
]
NAMES = [f"{case.route} {case.button} {number}" for number, case in enumerate(CASES)]


@pytest.fixture
def enter(settings: Settings, configure: Callable[[str], Config]) -> Callable[[], Client]:
    """A browser in which anna, who may do all, has just logged in; what is sent needs the token of its page."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    url = current().tables.database.url
    database = f'\n[database]\nurl = "{url}"\n' if url else ""
    configure((Path(__file__).parents[1] / "talaia.toml").read_text() + AUDIENCE + MAIL + database)

    def entered() -> Client:
        list_services(headings(current()), timezone.now())
        member("anna", Role.ADMIN, email="anna@example.org")
        member("berta", Role.OPERATOR)
        client = log_in("anna")
        client.handler.enforce_csrf_checks = True
        return client

    return entered


def files(what: dict[str, Any]) -> dict[str, Any]:
    """What is sent, with a file where one is chosen."""
    made = dict(what)
    if "export" in made:
        made["export"] = SimpleUploadedFile("socies.csv", made["export"].encode())
    return made


def form(desk: Client, case: Case) -> Sent:
    """What a browser would send of the form, filled in and with its button pressed."""
    stranger = case.route.startswith("join/")
    if stranger:
        desk.logout()
    desk.handler.enforce_csrf_checks = False
    here, there, given = case.make(desk)
    desk.handler.enforce_csrf_checks = True
    page = desk.get(here).content.decode()
    where, what = read(page, here, there, case.button).sent(case.button, **given)
    if isinstance(key := what.get("credential"), Passkey):
        what["credential"] = key.make(question(page))
    if what.get("code") == "of the app":
        what["code"] = code(re.findall(r'<code class="secret">([^<]+)', page)[0])
    return where, what


def everything() -> dict[str, list[Any]]:
    """All rows of all tables; not which forms were sent, and when somebody was last seen."""
    found = {}
    for model in apps.get_models():
        name = model._meta.label
        if name not in ("talaia.SentForm", "sessions.Session", "usersessions.UserSession"):
            found[name] = list(model._default_manager.order_by("pk").values())
    for draft in found["talaia.Draft"]:
        del draft["saved_at"]  # kept once more, it is the same
    return found


def counted() -> dict[str, Any]:
    """How many rows there are of each kind, and what has happened, in order."""
    return {name: len(rows) for name, rows in everything().items()} | {
        "facts": sorted(Fact.objects.values_list("kind", flat=True)),
        "notices": sorted(Notice.objects.values_list("kind", "state")),
        "events": sorted(Event.objects.values_list("kind", "state")),
        "people": sorted(User.objects.values_list("username", "is_active")),
    }


def told(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.headers.get("Location", "")


def post(client: Client, sent: Sent) -> HttpResponse:
    found = client.post(sent[0], files(sent[1]))
    assert isinstance(found, HttpResponse)
    return found


def test_no_two_addresses_have_one_name() -> None:
    names = [pattern.name for pattern in urlpatterns if pattern.name]
    assert sorted(names) == sorted(set(names))


def test_no_form_is_forgotten(enter: Callable[[], Client]) -> None:
    desk = enter()
    asked = {str(pattern.pattern) for pattern in urlpatterns} - SESSIONS - {case.route for case in CASES}
    assert not SESSIONS - OPEN - LEAST.keys()
    for route in sorted(asked):
        desk.handler.enforce_csrf_checks = False
        assert desk.post(address(route)).status_code in (404, 405), f"{route} takes forms: give it a case"


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_sent_twice_in_turn_it_has_the_effect_of_once(enter: Callable[[], Client], case: Case) -> None:
    desk = enter()
    sent = form(desk, case)
    before = everything()
    first = post(desk, sent)
    assert first.status_code in (200, 302) and "login" not in told(first)[1]
    once = everything()
    assert once != before, "the form did something"
    second = post(desk, sent)
    assert everything() == once
    if case.same_answer:
        assert told(second) == told(first)
        assert b'class="wrong"' not in second.content


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_sent_twice_at_once_it_has_the_effect_of_once(enter: Callable[[], Client], case: Case) -> None:
    alone = enter()
    post(alone, form(alone, case))
    once = counted()
    call_command("flush", verbosity=0, interactive=False)
    desk = enter()
    sent, together = form(desk, case), Barrier(2)

    def tap(client: Client) -> tuple[int, str]:
        try:
            together.wait(10)
            return told(post(client, sent))
        finally:
            connection.close()

    clients = [Client(headers={"accept-language": "en"}, enforce_csrf_checks=True) for _ in range(2)]
    for one in clients:
        one.cookies.load({name: value.value for name, value in desk.cookies.items()})
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(tap, clients))
    assert counted() == once
    assert all(status in (200, 302, 404) for status, _where in answers)
    if case.same_answer:
        assert answers[0] == answers[1]
