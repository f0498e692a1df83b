"""The second step: an authenticator app, recovery codes, passkeys; each code once, and no way around it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk.people import auth_flows
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from tests.desk.conftest import PASSWORD, log_in, member, question, with_app, with_passkey
from tests.desk.proofs import Passkey, code

pytestmark = pytest.mark.django_db


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def facts() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("kind", flat=True))


def test_with_an_app_the_password_alone_opens_nothing(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client = log_in("anna")
    assert not is_in(client)
    assert "The password of anna was right" in client.get("/desk/login/second").content.decode()
    wrong = client.post("/desk/login/second", {"code": "000000"})
    assert wrong.status_code == 200 and "That code is not right" in wrong.content.decode()
    assert not is_in(client)
    assert client.post("/desk/login/second", {"code": code(secret, 1)}).headers["Location"] == "/desk/"
    assert is_in(client)
    fact = Fact.objects.filter(kind="user.logged_in").latest("id")
    assert fact.data == {"with": ["password", "totp"]}


def test_the_second_step_leads_to_where_one_wanted_to_be(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client = Client()
    client.post("/desk/login", {"username": "anna", "password": PASSWORD, "next": "/desk/incidents/new"})
    answer = client.post("/desk/login/second", {"code": code(secret, 1)})
    assert answer.headers["Location"] == "/desk/incidents/new"


def test_a_code_is_good_once_also_that_which_connected_the_app(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client = log_in("anna")
    assert client.post("/desk/login/second", {"code": code(secret)}).status_code == 200
    assert not is_in(client)
    used = code(secret, 1)
    assert client.post("/desk/login/second", {"code": used}).status_code == 302
    seen = log_in("anna")  # by somebody who knows the password and looked over the shoulder
    assert seen.post("/desk/login/second", {"code": used}).status_code == 200
    assert not is_in(seen)


@pytest.mark.parametrize("later", [-40, -3, 3, 40])
def test_a_code_of_another_time_opens_nothing(anna: User, later: int) -> None:
    secret, _ = with_app(log_in("anna"))
    client = log_in("anna")
    client.post("/desk/login/second", {"code": code(secret, later)})
    assert not is_in(client)


def test_a_code_is_read_with_the_spaces_that_people_put_in(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client, shown = log_in("anna"), code(secret, 1)
    client.post("/desk/login/second", {"code": f" {shown[:3]} {shown[3:]} "})
    assert is_in(client)


def test_a_wrong_code_connects_no_app_and_the_picture_stays_the_same(anna: User) -> None:
    client = log_in("anna")
    page = client.get("/desk/me/app").content.decode()
    again = client.post("/desk/me/app", {"code": "12345"}).content.decode()
    assert "That code is not right" in again
    assert page.split('class="secret">')[1][:39] == again.split('class="secret">')[1][:39]
    assert is_in(log_in("anna"))
    assert "user.totp_added" not in facts()


def test_there_is_one_app_and_the_next_comes_when_it_is_taken_away(anna: User) -> None:
    hers = log_in("anna")
    secret, _ = with_app(hers)
    for answer in (hers.get("/desk/me/app"), hers.post("/desk/me/app", {"code": code(secret, 1)})):
        assert "an authenticator app is connected already" in answer.content.decode()
    hers.post(f"/desk/me/remove/{auth_flows.proofs(anna, 'totp')[0].pk}")
    assert hers.get("/desk/me/app").status_code == 200


def test_who_never_gave_the_password_sees_no_second_step(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client = Client()
    assert client.get("/desk/login/second").headers["Location"] == "/desk/login"
    assert client.post("/desk/login/second", {"code": code(secret, 1)}).headers["Location"] == "/desk/login"
    assert not is_in(client)


def test_who_begins_again_gives_the_password_again(anna: User) -> None:
    secret, _ = with_app(log_in("anna"))
    client = log_in("anna")
    client.get("/desk/login")
    client.post("/desk/login/second", {"code": code(secret, 1)})
    assert not is_in(client)


def test_a_recovery_code_opens_once_and_new_ones_replace_the_old(anna: User) -> None:
    hers = log_in("anna")
    _, paper = with_app(hers)
    assert len(paper) == 10 and len(set(paper)) == 10
    for expected in (True, False):
        client = log_in("anna")
        client.post("/desk/login/second", {"code": paper[0]})
        assert is_in(client) is expected
    assert "9 codes are left" in hers.get("/desk/me/").content.decode()
    hers.post("/desk/me/codes")
    client = log_in("anna")
    client.post("/desk/login/second", {"code": paper[1]})
    assert not is_in(client)
    assert facts().count("user.codes_made") == 1


def test_recovery_codes_are_shown_once(anna: User) -> None:
    hers = log_in("anna")
    _, paper = with_app(hers)
    page = hers.get("/desk/me/codes").content.decode()
    assert "not shown again" in page
    assert not any(one in page for one in paper)


def test_recovery_codes_alone_are_no_second_factor(anna: User) -> None:
    hers = log_in("anna")
    answer = hers.post("/desk/me/codes")
    assert answer.status_code == 404
    assert "add one first" in answer.content.decode()


def test_a_passkey_alone_is_both_steps_at_once(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    client = Client()
    asked = client.get("/desk/login/passkey").json()
    assert asked["publicKey"]["userVerification"] == "required"
    answer = client.post("/desk/login/passkey", {"credential": key.show(asked), "next": "/desk/audit/"})
    assert answer.headers["Location"] == "/desk/audit/"
    assert is_in(client)
    assert Fact.objects.filter(kind="user.logged_in").latest("id").data == {"with": ["webauthn"]}


def test_a_passkey_is_a_second_step_after_the_password(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    client = log_in("anna")
    assert not is_in(client)
    asked = question(client.get("/desk/login/second").content.decode())
    assert client.post("/desk/login/second", {"credential": key.show(asked)}).status_code == 302
    assert is_in(client)


def test_an_answer_is_good_for_its_own_question_only(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    client, other = Client(), Client()
    shown = key.show(client.get("/desk/login/passkey").json())
    other.get("/desk/login/passkey")
    assert other.post("/desk/login/passkey", {"credential": shown}).headers["Location"] == "/desk/login?passkey"
    assert client.post("/desk/login/passkey", {"credential": shown}).headers["Location"] == "/desk/"
    client.post("/desk/logout")
    assert client.post("/desk/login/passkey", {"credential": shown}).headers["Location"] == "/desk/login?passkey"


def test_a_key_that_was_found_in_the_street_opens_nothing(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    key.verified = False
    client = Client()
    client.post("/desk/login/passkey", {"credential": key.show(client.get("/desk/login/passkey").json())})
    assert not is_in(client)


def test_nor_does_it_by_the_question_of_somebody_elses_second_step(anna: User) -> None:
    stolen = with_passkey(log_in("anna"))
    stolen.verified = False
    member("vera", Role.VIEWER)
    with_passkey(log_in("vera"))
    client = log_in("vera")
    asked = question(client.get("/desk/login/second").content.decode())
    assert asked["publicKey"]["userVerification"] == "required"
    client.post("/desk/login/passkey", {"credential": stolen.show(asked)})
    assert not is_in(client)


def test_a_passkey_of_another_site_or_of_nobody_opens_nothing(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    for origin, place in (("https://elsewhere.example", "testserver"), ("https://testserver", "elsewhere.example")):
        key.origin, key.place = origin, place
        client = Client()
        client.post("/desk/login/passkey", {"credential": key.show(client.get("/desk/login/passkey").json())})
        assert not is_in(client)
    stranger = Passkey()
    for owner in (key.owner, "", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "!"):
        stranger.owner, client = owner, Client()
        shown = stranger.show(client.get("/desk/login/passkey").json())
        answer = client.post("/desk/login/passkey", {"credential": shown})
        assert answer.headers["Location"] == "/desk/login?passkey"


NO_PASSKEY = ["", "{}", "[]", "null", "5", '{"response": 5}', '{"id": "x", "response": {}}', "{", "[" * 100_000]


@pytest.mark.parametrize("sent", NO_PASSKEY)
def test_what_is_no_passkey_is_told_as_such(anna: User, sent: str) -> None:
    client = Client()
    client.get("/desk/login/passkey")
    assert client.post("/desk/login/passkey", {"credential": sent}).headers["Location"] == "/desk/login?passkey"
    hers = log_in("anna")
    hers.get("/desk/me/passkey")
    answer = hers.post("/desk/me/passkey", {"credential": sent, "name": "x"})
    assert answer.status_code == 200 and "That did not work out" in answer.content.decode()


def test_with_the_last_second_factor_the_recovery_codes_go(anna: User) -> None:
    hers = log_in("anna")
    with_app(hers)
    with_passkey(hers)
    app, key = auth_flows.proofs(anna, "totp")[0], auth_flows.proofs(anna, "webauthn")[0]
    assert "last second factor" not in hers.get(f"/desk/me/remove/{app.pk}").content.decode()
    hers.post(f"/desk/me/remove/{app.pk}")
    assert len(auth_flows.proofs(anna, "recovery_codes")) == 1
    assert "last second factor" in hers.get(f"/desk/me/remove/{key.pk}").content.decode()
    hers.post(f"/desk/me/remove/{key.pk}")
    assert auth_flows.proofs(anna) == []
    assert is_in(log_in("anna"))
    assert facts()[-4:-1] == ["user.passkey_added", "user.totp_removed", "user.passkey_removed"]


def test_nobody_takes_away_what_is_not_theirs(anna: User) -> None:
    with_app(log_in("anna"))
    member("berta", Role.ADMIN)
    pk = auth_flows.proofs(anna, "totp")[0].pk
    assert log_in("berta").post(f"/desk/me/remove/{pk}").status_code == 404
    assert len(auth_flows.proofs(anna, "totp")) == 1


def shown(key: Passkey) -> bool:
    """Whether one comes in with it."""
    client = Client()
    client.post("/desk/login/passkey", {"credential": key.show(client.get("/desk/login/passkey").json())})
    return is_in(client)


def test_a_copy_of_a_passkey_is_told_by_its_count(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    assert shown(key)
    copy_of = key.count
    assert shown(key)
    key.count = copy_of
    assert not shown(key)
    key.count = copy_of + 5
    assert shown(key)


def test_a_passkey_that_never_counts_is_none_the_worse(anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Passkey, "count", property(lambda _self: 0, lambda _self, _count: None), raising=False)
    key = with_passkey(log_in("anna"))
    assert shown(key) and shown(key)


def test_a_page_below_our_own_name_is_another_site(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    for origin in ("https://evil.testserver", "http://testserver", "https://testserver.evil.example"):
        key.origin = origin
        assert not shown(key), origin
    key.origin = "https://testserver"
    assert shown(key)
