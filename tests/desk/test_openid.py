"""Coming in through an issuer of the co-operative's own: known people and invited ones, and nobody else."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from talaia.config import Config
from talaia.desk.actions import forget_factors, invite
from talaia.desk.models import Invitation
from talaia.desk.people import auth_flows
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from tests.desk.conftest import log_in, member, with_app
from tests.desk.issuer import CLIENT, SECRET, Issuer, issuer
from tests.desk.proofs import code
from tests.journeys.desk import CONFIG

pytestmark = pytest.mark.django_db
BERTA = {
    "sub": "b-1",
    "email": "berta@example.org",
    "email_verified": True,
    "preferred_username": "berta",
    "phone_number": "+34 600 000 000",
}


@pytest.fixture
def there(anna: User, configure: Callable[[str], Config], tmp_path: Path) -> Iterator[Issuer]:
    (tmp_path / "openid").write_text(SECRET + "\n")
    with issuer() as running:
        put(configure, running.address)
        running.person = dict(BERTA)
        yield running


def put(configure: Callable[[str], Config], address: str, more: str = "") -> None:
    configure(
        CONFIG
        + f'\n[[login.openid]]\nid = "house"\nname = "la Casa"\nissuer = "{address}"\n'
        + f'client_id = "{CLIENT}"\nclient_secret_file = "openid"\n{more}'
    )


def leave(client: Client, then: str = "") -> str:
    """To the issuer: the address that the page leads to, by itself and by its button."""
    page = client.post("/desk/login/openid/house", {"next": then}).content.decode()
    links = {html.unescape(link) for link in re.findall(r'(?:url=|href=")(http[^"]+/authorize[^"]+)"', page)}
    assert len(links) == 1, page
    return links.pop()


def come(client: Client, there: Issuer, then: str = "") -> str:
    """There and back: where the desk sends who comes back."""
    back = there.authorize(leave(client, then)).replace("http://testserver", "")
    return client.get(back).headers["Location"]


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def browser() -> Client:
    return Client(headers={"accept-language": "en"})


def test_a_stranger_is_refused_and_leaves_no_trace(there: Issuer) -> None:
    client = browser()
    assert come(client, there) == "/desk/login?stranger"
    assert "Nobody here has that address" in client.get("/desk/login?stranger").content.decode()
    assert not is_in(client)
    assert User.objects.count() == 1 and not SocialAccount.objects.exists()
    assert there.faults == []


def test_who_was_invited_comes_in_with_the_role_of_the_invitation_and_by_no_password(there: Issuer) -> None:
    invite("Berta@example.org", Role.EDITOR, timezone.now(), by="anna")
    client = browser()
    assert come(client, there, "/desk/incidents/new") == "/desk/incidents/new"
    assert is_in(client) and there.faults == []
    user = User.objects.get(username="berta")
    assert (user.member.role, user.email, user.has_usable_password()) == ("editor", "Berta@example.org", False)
    assert not Invitation.objects.exists()
    joined, came = Fact.objects.filter(by="berta").order_by("id")
    assert (joined.kind, joined.data) == ("user.joined", {"role": "editor", "invited_by": "anna", "way": "house"})
    assert (came.kind, came.data) == ("user.logged_in", {"with": ["openid"]})
    assert "Change the password" not in client.get("/desk/me/").content.decode()


def test_what_else_the_issuer_tells_is_not_kept(there: Issuer) -> None:
    invite("berta@example.org", Role.EDITOR, timezone.now(), by="anna")
    come(browser(), there)
    account = SocialAccount.objects.get()
    assert (account.uid, account.extra_data) == ("b-1", {})
    assert not SocialToken.objects.exists()
    assert "600 000 000" not in str(list(Fact.objects.values()))


def test_somebody_who_is_here_is_found_by_the_address_first_and_by_the_number_from_then_on(there: Issuer) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    assert come(browser(), there) == "/desk/"
    there.person["email"] = "berta.married@example.org"
    client = browser()
    assert come(client, there) == "/desk/" and is_in(client)
    there.person["sub"] = "b-2"  # another person, who has been given nothing
    assert come(browser(), there) == "/desk/login?stranger"
    assert [fact.data for fact in Fact.objects.filter(kind="user.openid_added")] == [{"issuer": "house"}]


def test_who_has_the_address_after_somebody_does_not_have_their_account(there: Issuer) -> None:
    member("berta", Role.ADMIN, email="berta@example.org")
    assert come(browser(), there) == "/desk/"
    there.person["sub"] = "b-2"
    client = browser()
    assert come(client, there) == "/desk/login?renumbered" and not is_in(client)
    assert "had another number there" in client.get("/desk/login?renumbered").content.decode()
    assert list(SocialAccount.objects.values_list("uid", flat=True)) == ["b-1"]
    assert Fact.objects.filter(kind="user.openid_added").count() == 1
    forget_factors("berta", timezone.now(), by="anna")  # an admin knows that it is she
    assert come(browser(), there) == "/desk/"
    assert list(SocialAccount.objects.values_list("uid", flat=True)) == ["b-2"]


@pytest.mark.parametrize("verified", [False, None, "true", "false", 1])
def test_an_address_that_is_not_verified_proves_nothing(there: Issuer, verified: object) -> None:
    member("berta", Role.ADMIN, email="berta@example.org")
    there.person["email_verified"] = verified
    client = browser()
    assert come(client, there) == "/desk/login?unverified"
    assert "no verified mail address" in client.get("/desk/login?unverified").content.decode()
    assert not is_in(client) and not SocialAccount.objects.exists()


def test_an_address_that_two_have_lets_in_neither(there: Issuer) -> None:
    member("berta", Role.ADMIN, email="berta@example.org")
    User.objects.create_user("berta2", email="BERTA@example.org")
    assert come(browser(), there) == "/desk/login?stranger"


def test_who_is_let_in_no_more_is_told_so_only_after_the_issuer_has_spoken(there: Issuer) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    User.objects.filter(username="berta").update(is_active=False)
    client = browser()
    assert come(client, there) == "/desk/login?closed"
    assert not is_in(client)


def test_the_second_step_is_asked_of_who_has_one(there: Issuer) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    secret, _ = with_app(log_in("berta"))
    client = browser()
    assert come(client, there) == "/desk/login/second"
    assert not is_in(client)
    client.post("/desk/login/second", {"code": code(secret, 1)})
    assert is_in(client)


def test_where_a_second_factor_is_required_the_issuer_has_asked_for_it(
    there: Issuer, configure: Callable[[str], Config]
) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    put(configure, there.address, '[login]\nsecond_factor = "required"\n')
    client = browser()
    come(client, there)
    assert is_in(client)


def test_an_answer_that_this_browser_never_asked_for_is_none(there: Issuer) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    back = there.authorize(leave(browser())).replace("http://testserver", "")
    planted = browser()
    assert planted.get(back).headers["Location"] == "/desk/login?unheard"
    assert not is_in(planted)
    for address in ("/desk/login/openid/house/back", "/desk/login/openid/nobody/back?code=x&state=y"):
        assert planted.get(address).headers["Location"] == "/desk/login?unheard"


def test_an_answer_is_good_once(there: Issuer) -> None:
    member("berta", Role.VIEWER, email="berta@example.org")
    client = browser()
    back = there.authorize(leave(client)).replace("http://testserver", "")
    assert client.get(back).headers["Location"] == "/desk/"
    client.post("/desk/logout")
    assert client.get(back).headers["Location"] == "/desk/login?unheard"


@pytest.mark.parametrize(
    ("fault", "value", "where"),
    [
        ("audience", "somebody-else", "unheard"),
        ("signs_as", "https://elsewhere.example", "unheard"),
        ("another_sub", "b-2", "stranger"),
        ("refuses", True, "unheard"),
    ],
)
def test_a_word_that_was_not_for_us_or_was_not_given_lets_nobody_in(
    there: Issuer, fault: str, value: object, where: str
) -> None:
    member("berta", Role.ADMIN, email="berta@example.org")
    setattr(there, fault, value)
    client = browser()
    assert come(client, there) == f"/desk/login?{where}"
    assert not is_in(client) and not SocialAccount.objects.exists()


def test_our_secret_follows_an_issuer_nowhere_else(there: Issuer) -> None:
    member("berta", Role.ADMIN, email="berta@example.org")
    with issuer() as other:
        there.moves = f"{other.address}/token"
        client = browser()
        assert come(client, there) == "/desk/login?unheard"
        assert not other.faults, "our code, and with it our secret, came to another machine"
    assert not is_in(client)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "nowhere"])
def test_an_issuer_that_does_not_answer_costs_nobody_the_other_ways(
    there: Issuer, configure: Callable[[str], Config], address: str
) -> None:
    put(configure, address if address != "nowhere" else f"{there.address}/nowhere")
    client = browser()
    assert client.post("/desk/login/openid/house", {}).headers["Location"] == "/desk/login?unheard"
    assert client.post("/desk/login/openid/nobody", {}).headers["Location"] == "/desk/login?unheard"
    page = client.get("/desk/login?unheard").content.decode()
    assert "That did not work out" in page and "Log in with la Casa" in page
    assert is_in(log_in("anna"))


def test_who_came_through_an_issuer_logs_in_once_more_before_changing_their_access(there: Issuer) -> None:
    invite("berta@example.org", Role.EDITOR, timezone.now(), by="anna")
    client = browser()
    come(client, there)
    assert client.get("/desk/me/passkey").status_code == 200
    long_ago = client.session
    long_ago["account_authentication_methods"] = [
        {**one, "at": one["at"] - auth_flows.SURE} for one in long_ago["account_authentication_methods"]
    ]
    long_ago.save()
    assert client.get("/desk/me/passkey").status_code == 302
    assert "You came in through another service." in client.get("/desk/me/sure").content.decode()


@pytest.mark.parametrize(
    "told",
    [{"sub": None}, {"sub": ""}, {"sub": 5}, {"sub": "\0"}, {"sub": "x" * 5000}, {"email": "berta@example.org\0"},
     {"email": ["berta@example.org"]}, {"email": "\ud800@example.org"}, {"preferred_username": {"a": 1}, "email": "x"}],
    ids=["no-sub", "empty", "number", "nul", "long", "nul-in-address", "list", "half-a-character", "object"],
)  # fmt: skip
def test_what_an_issuer_must_not_say_lets_nobody_in(there: Issuer, told: dict[str, object]) -> None:
    invite("berta@example.org", Role.EDITOR, timezone.now())
    there.person = {**BERTA, **told}
    client = browser()
    assert come(client, there) in ("/desk/login?unheard", "/desk/login?stranger")
    assert not is_in(client) and not SocialAccount.objects.exists()


def test_a_letter_that_a_database_takes_for_another_opens_nobody_elses_account(there: Issuer) -> None:
    member("kim", Role.ADMIN, email="kim@example.org")
    there.person = {**BERTA, "email": "\u212aim@example.org"}  # the sign of Kelvin
    assert come(browser(), there) == "/desk/login?stranger"
    there.person = {**BERTA, "email": "KIM@Example.org"}
    assert come(browser(), there) == "/desk/"


def test_however_long_the_issuer_calls_somebody_they_come_in(there: Issuer) -> None:
    email = "b" * 64 + "@example.org"
    invite(email, Role.EDITOR, timezone.now())
    there.person = {**BERTA, "email": email, "preferred_username": "x" * 200}
    assert come(browser(), there) == "/desk/"
