"""Where one is logged in: each place is listed, and what is ended has ended. Passwords end them, too."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from talaia.desk.actions import forget_sessions
from talaia.desk.people import auth_flows
from talaia.desk.people.roles import Role
from talaia.desk.people.user_agents import device
from talaia.outbox.models import Fact
from tests.desk.conftest import PASSWORD, log_in, member, with_app, with_passkey
from tests.desk.proofs import code
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0"
ANOTHER = "una altra de llarga"


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


def on_the_phone() -> Client:
    phone = Client(headers={"user-agent": PHONE, "accept-language": "en"})
    phone.post("/desk/login", {"username": "anna", "password": PASSWORD}, REMOTE_ADDR="198.51.100.9")
    return phone


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def ends(client: Client) -> list[str]:
    """Where the buttons of one's own page lead: the session here first."""
    return re.findall(r'action="(/desk/me/sessions/\d+/end)"', client.get("/desk/me/").content.decode())


def test_each_session_is_listed_with_its_device_and_place(anna: User) -> None:
    here, _ = log_in("anna"), on_the_phone()
    page = here.get("/desk/me/").content.decode()
    assert "Firefox · Android" in page and "198.51.100.9" in page and "here, now" in page
    assert len(ends(here)) == 2


def test_an_ended_session_has_really_ended(anna: User) -> None:
    here, phone = log_in("anna"), on_the_phone()
    assert is_in(phone)
    answer = here.post(ends(here)[1], follow=True)
    assert "Ended." in answer.content.decode()
    assert not is_in(phone) and is_in(here)
    assert Session.objects.filter(session_key=phone.session.session_key).count() == 0
    assert len(ends(here)) == 1
    fact = Fact.objects.latest("id")
    assert (fact.kind, fact.by, fact.data) == ("user.session_ended", "anna", {"count": 1})


def test_all_the_others_end_at_once_and_this_one_stays(anna: User) -> None:
    here, others = log_in("anna"), [on_the_phone(), log_in("anna"), log_in("anna")]
    here.post("/desk/me/sessions/end")
    assert [is_in(one) for one in others] == [False] * 3
    assert is_in(here)
    assert Fact.objects.latest("id").data == {"count": 3}


def test_who_ends_the_session_here_is_out(anna: User) -> None:
    here, phone = log_in("anna"), on_the_phone()
    assert here.post(ends(here)[0]).headers["Location"] == "/desk/login"
    assert not is_in(here) and is_in(phone)


def test_nobody_ends_the_session_of_somebody_else(anna: User) -> None:
    member("berta", Role.ADMIN)
    hers, mine = log_in("anna"), log_in("berta")
    assert mine.post(ends(hers)[0]).status_code == 404
    mine.post("/desk/me/sessions/end")
    assert is_in(hers)


def test_a_session_that_has_ended_is_not_there_to_be_ended_again(anna: User) -> None:
    here, phone = log_in("anna"), on_the_phone()
    address = ends(here)[1]
    phone.post("/desk/logout")
    assert here.post(address).status_code in (302, 404)
    assert len(ends(here)) == 1


def test_the_key_of_a_session_before_the_login_is_worth_nothing_after_it(anna: User) -> None:
    client = Client()
    client.get("/desk/login/passkey")
    before = client.session.session_key
    client.post("/desk/login", {"username": "anna", "password": PASSWORD})
    planted = Client()
    planted.cookies["talaia"] = str(before)
    assert is_in(client) and not is_in(planted)


def test_another_password_ends_every_other_session(anna: User) -> None:
    here, phone = log_in("anna"), on_the_phone()
    answer = here.post("/desk/me/password", {"password": ANOTHER, "repeated": ANOTHER}, follow=True)
    assert "Every other session has ended." in answer.content.decode()
    assert is_in(here) and not is_in(phone)
    assert len(ends(here)) == 1
    assert is_in(log_in("anna", ANOTHER)) and not is_in(log_in("anna", PASSWORD))
    assert "user.password_set" in Fact.objects.values_list("kind", flat=True)


@pytest.mark.parametrize("password", ["curta", "password123", "1234567890"])
def test_a_weak_password_is_not_taken(anna: User, password: str) -> None:
    here = log_in("anna")
    answer = here.post("/desk/me/password", {"password": password, "repeated": password})
    assert answer.status_code == 200 and 'aria-invalid="true"' in answer.content.decode()
    assert is_in(log_in("anna", PASSWORD))


def test_a_password_from_the_shell_ends_all_sessions(anna: User, shell: Shell) -> None:
    here = log_in("anna")
    assert shell("user", "password", "anna", "--password-file", "-", text=ANOTHER).code == 0
    assert not is_in(here)
    assert is_in(log_in("anna", ANOTHER))


def test_another_password_ends_also_a_login_that_waits_at_its_second_step(anna: User, shell: Shell) -> None:
    secret, _ = with_app(log_in("anna"))
    thief = log_in("anna")
    assert thief.get("/desk/login/second").status_code == 200
    assert shell("user", "password", "anna", "--password-file", "-", text=ANOTHER).code == 0
    thief.post("/desk/login/second", {"code": code(secret, 1)})
    assert not is_in(thief)


@pytest.mark.parametrize("way", ["shell", "desk"])
def test_lost_factors_are_forgotten_and_every_session_ends(anna: User, shell: Shell, way: str) -> None:
    here = log_in("anna")
    with_app(here)
    with_passkey(here)
    if way == "shell":
        assert shell("user", "forget-factors", "anna").code == 0
    else:
        member("berta", Role.ADMIN)
        admin = log_in("berta")
        assert "Make sure, by voice" in admin.get("/desk/people/anna/forget").content.decode()
        assert admin.post("/desk/people/anna/forget").status_code == 302
    assert auth_flows.proofs(anna) == []
    assert not is_in(here)
    assert is_in(log_in("anna"))


@pytest.mark.parametrize("address", ["me/password", "me/app", "me/passkey", "me/codes"])
def test_a_desk_that_was_left_open_shows_first_who_sits_there(anna: User, address: str) -> None:
    left = Client()
    left.force_login(anna)
    assert (
        left.get(f"/desk/{address}").headers["Location"]
        == f"/desk/me/sure?next=%2Fdesk%2F{address.replace('/', '%2F')}"
    )
    assert left.post(f"/desk/{address}", {"password": ANOTHER, "repeated": ANOTHER}).status_code == 302
    left.post("/desk/me/sure", {"password": "guessed"})
    assert left.get(f"/desk/{address}").status_code == 302
    assert left.post("/desk/me/sure", {"password": PASSWORD, "next": f"/desk/{address}"}).status_code == 302
    assert left.get(f"/desk/{address}").status_code == 200


def test_a_proof_is_good_for_a_quarter_of_an_hour(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    here = log_in("anna")
    assert here.get("/desk/me/password").status_code == 200
    monkeypatch.setattr(auth_flows, "SURE", 0)
    assert here.get("/desk/me/password").status_code == 302


def test_guessing_who_sits_here_is_slowed_down(anna: User) -> None:
    left = Client()
    left.force_login(anna)
    answers = [left.post("/desk/me/sure", {"password": "guessed"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_a_password_is_not_put_aside_when_the_login_has_ended_meanwhile(anna: User) -> None:
    here = log_in("anna")
    here.cookies.pop("talaia")  # the session ends; the browser is still one that anna has used
    here.post("/desk/me/password", {"password": ANOTHER, "repeated": ANOTHER})
    here.post("/desk/me/sure", {"code": "123456"})
    assert [
        ANOTHER in str(row.get_decoded()) or "123456" in str(row.get_decoded()) for row in Session.objects.all()
    ] == [False] * Session.objects.count()


def test_what_strangers_begin_is_over_soon_and_the_clock_sweeps_it_up(anna: User) -> None:
    Client().get("/desk/login/passkey")
    now = timezone.now()
    assert Session.objects.get().expire_date < now + timedelta(minutes=16)
    here = Client()
    here.get("/desk/login/passkey")
    here.post("/desk/login", {"username": "anna", "password": PASSWORD})
    assert here.session.get_expiry_age() > 13 * 24 * 3600
    forget_sessions(now + timedelta(minutes=20))
    assert Session.objects.get().session_key == here.session.session_key
    assert UserSession.objects.count() == 1 and is_in(here)
    forget_sessions(now + timedelta(days=30))
    assert Session.objects.count() == UserSession.objects.count() == 0


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (PHONE, "Firefox · Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari · iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        ("curl/8.14.1", "curl"),
        ("Something/1.0", "Something"),
        ("", ""),
    ],
)
def test_a_device_is_told_as_people_know_it(agent: str, told: str) -> None:
    assert device(agent) == told
