"""Nobody signs up: one comes with a link that opens once, written by an admin at the desk or in the shell."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from talaia.config import Config
from talaia.desk.actions import set_active, set_role
from talaia.desk.models import Invitation, Member
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from tests.desk.conftest import PASSWORD, log_in, member, with_app
from tests.journeys.desk import CONFIG
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db
JOINING = {"name": "berta", "password": "una altra de llarga", "repeated": "una altra de llarga"}


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(capsys, monkeypatch)


@pytest.fixture
def admin(anna: User) -> Client:
    member("marta", Role.ADMIN)
    return log_in("marta")


def invite(admin: Client, email: str = "berta@example.org", role: str = "editor") -> str:
    """The path of the link that the page shows, this once."""
    page = html.unescape(admin.post("/desk/people/", {"email": email, "role": role}).content.decode())
    link = re.findall(r"https://status\.example\.org(/desk/join/[\w-]+)", page)
    assert len(set(link)) == 1, page
    return str(link[0])


def there(path: str) -> int:
    return Client().get(path).status_code


def test_a_link_is_shown_once_and_lets_one_person_in_once(admin: Client) -> None:
    link = invite(admin)
    assert link.rpartition("/")[2] not in admin.get("/desk/people/").content.decode()
    client = Client(headers={"accept-language": "en"})
    page = client.get(link).content.decode()
    assert "marta has invited berta@example.org" in page and 'value="berta"' in page
    answer = client.post(link, JOINING)
    assert answer.headers["Location"] == "/desk/me/?joined"
    assert "Add a passkey now" in client.get("/desk/me/?joined").content.decode()
    user = User.objects.get(username="berta")
    assert (user.email, user.member.role) == ("berta@example.org", "editor")
    assert not Invitation.objects.exists()
    assert there(link) == 404
    again = Client().post(link, {**JOINING, "name": "clara"})
    assert again.status_code == 404 and not User.objects.filter(username="clara").exists()
    told = {fact.kind: (fact.by, fact.data) for fact in Fact.objects.exclude(by="").exclude(kind="user.logged_in")}
    assert told == {
        "user.invited": ("marta", {"role": "editor"}),
        "user.joined": ("berta", {"role": "editor", "invited_by": "marta", "way": "link"}),
    }


def test_a_link_from_the_shell_is_the_same(anna: User, shell: Shell) -> None:
    said = shell("user", "invite", "berta@example.org", "--role", "viewer", "--name", "bertona")
    assert said.code == 0
    link = re.fullmatch(r"https://status\.example\.org(/desk/join/[\w-]{32})\n", said.out)
    assert link
    assert 'value="bertona"' in Client().get(link[1]).content.decode()
    assert Client().post(link[1], JOINING).status_code == 302
    assert Member.objects.get(user__username="berta").role == "viewer"
    assert Fact.objects.get(kind="user.invited").place == "shell"


def test_the_database_holds_nothing_that_opens(admin: Client) -> None:
    secret = invite(admin).rpartition("/")[2]
    assert secret not in str(list(Invitation.objects.values())) + str(list(Fact.objects.values()))


def test_the_mail_that_is_offered_has_the_link_in_it(admin: Client) -> None:
    page = admin.post("/desk/people/", {"email": "berta@example.org", "role": "editor"}).content.decode()
    mail = unquote(html.unescape(re.findall(r'href="(mailto:[^"]+)"', page)[0]))
    link = re.findall(r"<code>([^<]+)", page)[0]
    assert mail.startswith("mailto:berta@example.org?subject=Invitation") and link in mail


def test_an_old_link_opens_nothing_until_it_is_made_anew(admin: Client) -> None:
    link = invite(admin)
    Invitation.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert there(link) == 404
    assert Client().post(link, JOINING).status_code == 404
    assert "It was not used in time." in admin.get("/desk/people/").content.decode()
    page = admin.post(f"/desk/people/invitations/{Invitation.objects.get().pk}/again").content.decode()
    newer = re.findall(r"https://status\.example\.org(/desk/join/[\w-]+)", page)[0]
    assert there(link) == 404 and there(newer) == 200


def test_a_link_is_good_for_seven_days(admin: Client) -> None:
    invite(admin)
    row = Invitation.objects.get()
    assert row.ends_at - row.made_at == timedelta(days=7)


def test_who_is_invited_twice_has_one_link_the_newer(admin: Client) -> None:
    old, new = invite(admin, "berta@example.org", "viewer"), invite(admin, "Berta@Example.org", "operator")
    assert (there(old), there(new)) == (404, 200)
    assert Invitation.objects.get().role == "operator"


def test_what_is_withdrawn_opens_nothing(admin: Client) -> None:
    link = invite(admin)
    pk = Invitation.objects.get().pk
    answer = admin.post(f"/desk/people/invitations/{pk}/withdraw", follow=True)
    assert "The invitation is withdrawn." in answer.content.decode()
    assert there(link) == 404
    assert Fact.objects.latest("id").kind == "user.invitation_withdrawn"
    for what in ("withdraw", "again"):
        assert admin.post(f"/desk/people/invitations/{pk}/{what}").status_code == 404


def test_a_browser_in_which_somebody_else_is_logged_in_uses_up_nothing(
    admin: Client, caplog: pytest.LogCaptureFixture
) -> None:
    link = invite(admin)
    for answer in (admin.get(link), admin.post(link, JOINING)):
        assert answer.status_code == 200
        assert "This browser is logged in as marta" in answer.content.decode()
    assert there(link) == 200
    assert link not in caplog.text  # it is still good, and the log is read by others


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"name": "anna"}, "somebody here is called anna already"),
        ({"name": "ANNA"}, "somebody here is called ANNA already"),
        ({"name": "no spaces"}, "Enter a valid username"),
        ({"name": ""}, "This field is required"),
        ({"password": "curta", "repeated": "curta"}, "too short"),
        ({"password": "1234567890", "repeated": "1234567890"}, "too common"),
        ({"repeated": "una altra de distinta"}, "The two are not the same."),
    ],
)
def test_what_will_not_do_is_told_and_the_link_stays_good(admin: Client, sent: dict[str, str], told: str) -> None:
    link = invite(admin)
    answer = Client(headers={"accept-language": "en"}).post(link, {**JOINING, **sent})
    assert answer.status_code == 200
    assert told in html.unescape(answer.content.decode())
    assert there(link) == 200 and not User.objects.filter(username="berta").exists()


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "anna@example.org", "ANNA@example.org"])
def test_an_address_that_is_none_or_is_here_already_is_not_invited(admin: Client, shell: Shell, email: str) -> None:
    User.objects.filter(username="anna").update(email="anna@example.org")
    answer = admin.post("/desk/people/", {"email": email, "role": "admin"})
    assert answer.status_code == 200 and "/desk/join/" not in answer.content.decode()
    assert shell("user", "invite", email).code == 1
    assert not Invitation.objects.exists()


def test_a_role_that_is_none_is_not_invited(admin: Client, shell: Shell) -> None:
    assert "/desk/join/" not in admin.post("/desk/people/", {"email": "x@example.org", "role": "root"}).content.decode()
    assert shell("user", "invite", "x@example.org", "--role", "root").code == 2
    assert not Invitation.objects.exists()


def test_where_a_second_factor_is_required_nothing_else_opens_before(
    anna: User, configure: Callable[[str], Config]
) -> None:
    configure(CONFIG + '\n[login]\nsecond_factor = "required"\n')
    client = log_in("anna", PASSWORD)
    assert client.get("/desk/").headers["Location"] == "/desk/me/?second"
    assert client.get("/desk/incidents/new").headers["Location"] == "/desk/me/?second"
    assert "a password alone is not enough" in client.get("/desk/me/?second").content.decode()
    with_app(client)
    assert client.get("/desk/").status_code == 200


@pytest.mark.parametrize("how", ["disabled", "demoted"])
def test_who_lets_people_in_no_more_leaves_no_link_behind(admin: Client, how: str) -> None:
    member("olga", Role.ADMIN)
    theirs, others = invite(admin, "back@example.org", "admin"), invite(log_in("olga"))
    if how == "disabled":
        set_active("marta", False, timezone.now(), by="olga")
    else:
        set_role("marta", Role.EDITOR, timezone.now(), by="olga")
    assert (there(theirs), there(others)) == (404, 200)
    assert Client().post(theirs, JOINING).status_code == 404
    assert not User.objects.filter(username="berta").exists()
    assert Fact.objects.get(kind="user.invitation_withdrawn").subject == "invitation/back@example.org"
