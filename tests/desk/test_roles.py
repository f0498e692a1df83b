"""Roles, in and out: by admins at the desk and in the shell, never so that nobody is left who lets people in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk.models import Member
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from tests.desk.conftest import PASSWORD, log_in, member
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


@pytest.fixture
def admin(anna: User) -> Client:
    member("berta", Role.ADMIN)
    return log_in("berta")


def role(name: str) -> str:
    return Member.objects.get(user__username=name).role


def test_an_admin_changes_a_role_and_the_log_tells_what_it_was(admin: Client) -> None:
    answer = admin.post("/desk/people/anna/change", {"role": "viewer"}, follow=True)
    assert "Done." in answer.content.decode()
    assert role("anna") == "viewer"
    fact = Fact.objects.get(kind="user.role_changed")
    assert (fact.by, fact.subject, fact.data) == ("berta", "user/anna", {"before": "operator", "after": "viewer"})
    assert fact.place == "127.0.0.1"


def test_a_role_that_is_taken_is_taken_at_once(admin: Client) -> None:
    hers = log_in("anna")
    assert hers.get("/desk/audit/").status_code == 200
    admin.post("/desk/people/anna/change", {"role": "viewer"})
    assert hers.get("/desk/audit/").status_code == 403


def test_who_is_let_in_no_more_is_out_at_once_and_may_come_back(admin: Client) -> None:
    hers = log_in("anna")
    admin.post("/desk/people/anna/change", {"active": "no"})
    assert hers.get("/desk/").headers["Location"].startswith("/desk/login")
    assert log_in("anna").get("/desk/").status_code == 302
    admin.post("/desk/people/anna/change", {"active": "yes"})
    assert log_in("anna").get("/desk/").status_code == 200


@pytest.mark.parametrize("change", [{"role": "operator"}, {"role": "viewer"}, {"active": "no"}])
def test_the_last_admin_stays_one_at_the_desk(admin: Client, change: dict[str, str]) -> None:
    answer = admin.post("/desk/people/berta/change", change, follow=True)
    assert "berta is the last admin" in answer.content.decode()
    assert role("berta") == "admin" and User.objects.get(username="berta").is_active


def test_an_admin_who_is_let_in_no_more_is_no_admin_who_could_help(admin: Client) -> None:
    member("carla", Role.ADMIN)
    admin.post("/desk/people/carla/change", {"active": "no"})
    answer = admin.post("/desk/people/berta/change", {"role": "viewer"}, follow=True)
    assert "berta is the last admin" in answer.content.decode()
    admin.post("/desk/people/carla/change", {"active": "yes"})
    admin.post("/desk/people/berta/change", {"role": "viewer"})
    assert role("berta") == "viewer"


def test_the_last_admin_stays_one_in_the_shell(admin: Client, shell: Shell) -> None:
    for command in (["role", "berta", "editor"], ["disable", "berta"]):
        said = shell("user", *command)
        assert said.code == 1 and "last admin" in said.err
    assert shell("user", "role", "anna", "admin").out == "anna is admin now\n"
    assert shell("user", "role", "berta", "editor").code == 0
    assert Fact.objects.filter(kind="user.role_changed").values_list("place", flat=True).distinct().get() == "shell"


def test_a_role_that_is_none_and_a_person_who_is_nobody_change_nothing(admin: Client) -> None:
    admin.post("/desk/people/anna/change", {"role": "emperor"})
    assert role("anna") == "operator"
    answer = admin.post("/desk/people/nobody/change", {"role": "admin"}, follow=True)
    assert "nobody here is called like that" in answer.content.decode()
    assert not Fact.objects.filter(kind="user.role_changed").exists()


def test_the_first_person_is_an_admin_and_the_next_an_operator(shell: Shell) -> None:
    for name in ("first", "second"):
        assert shell("user", "add", name, "--password-file", "-", text=PASSWORD).code == 0
    assert (role("first"), role("second")) == ("admin", "operator")


def test_nobody_is_called_nearly_like_somebody_else(anna: User, shell: Shell) -> None:
    said = shell("user", "add", "Anna", "--password-file", "-", text=PASSWORD)
    assert said.code == 1 and "is there already" in said.err


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("/desk/people/", {"email": "x@example.org", "role": "admin"}),
        ("/desk/people/anna/change", {"role": "admin"}),
        ("/desk/people/anna/forget", {}),
    ],
)
def test_a_desk_that_was_left_open_lets_nobody_in(anna: User, address: str, sent: dict[str, str]) -> None:
    """The session of an admin who logged in long ago: whoever sits there shows first that it is still they."""
    left = Client()
    left.force_login(member("berta", Role.ADMIN))
    answer = left.post(address, sent)
    assert answer.headers["Location"] == "/desk/me/sure?next=%2Fdesk%2Fpeople%2F"
    assert not Fact.objects.exclude(by="").exclude(kind="user.logged_in").exists()
    assert left.post("/desk/me/sure", {"password": "guessed", "next": "/desk/people/"}).status_code == 200
    again = left.post("/desk/me/sure", {"password": PASSWORD, "next": "/desk/people/"})
    assert again.headers["Location"] == "/desk/people/"
    assert left.post(address, sent).status_code in (200, 302)
    assert Fact.objects.exclude(by="").exclude(kind="user.logged_in").exists()
