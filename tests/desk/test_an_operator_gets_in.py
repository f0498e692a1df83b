"""A stranger hammers at anna's name during an outage: from another place, from her own, with her password.

Whatever they do, a way in stays open to her: a browser that she has used, a passkey, the shell.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from talaia.config import Config
from talaia.desk.people import login_throttle
from talaia.events.models import Event
from tests.desk.conftest import PASSWORD, log_in, question, with_app, with_passkey
from tests.desk.proofs import code
from tests.journeys.desk import CONFIG
from tests.journeys.shell import Shell

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"
HAMMERED = 20


def login(client: Client, password: str, place: str = HOME) -> int:
    sent = {"username": "anna", "password": password}
    return client.post("/desk/login", sent, REMOTE_ADDR=place).status_code


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def hammer(place: str) -> None:
    """All night, and just now."""
    a_night_of(f"place {place}")
    assert [login(Client(), f"guess {n}", place) for n in range(HAMMERED)] == [200] + [429] * (HAMMERED - 1)


def a_night_of(who: str) -> None:
    for minutes in range(50, 0, -2):
        assert login_throttle.TRIES.begin(who, timezone.now() - timedelta(minutes=minutes)) == 0


def known() -> Client:
    """A browser that anna has used, logged out."""
    hers = log_in("anna")
    hers.post("/desk/logout")
    return hers


def test_a_stranger_elsewhere_costs_anna_nothing_even_in_a_new_browser(anna: User) -> None:
    hammer(ELSEWHERE)
    assert login(Client(), PASSWORD, HOME) == 302


def test_at_her_own_address_the_browser_that_she_has_used_opens(anna: User) -> None:
    hers = known()
    hammer(HOME)
    assert login(Client(), PASSWORD, HOME) == 429  # what the stranger has brought upon new browsers there
    assert login(hers, PASSWORD, HOME) == 302
    assert is_in(hers)


def test_at_her_own_address_a_passkey_opens_in_a_browser_that_was_never_hers(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    hammer(HOME)
    new = Client()
    shown = key.show(new.get("/desk/login/passkey", REMOTE_ADDR=HOME).json())
    assert new.post("/desk/login/passkey", {"credential": shown}, REMOTE_ADDR=HOME).status_code == 302
    assert is_in(new)


def test_a_false_passkey_a_thousand_times_makes_the_right_one_wait_for_nothing(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    stranger = Client()
    for _ in range(HAMMERED):
        stranger.post("/desk/login/passkey", {"credential": "{}"}, REMOTE_ADDR=HOME)
    new = Client()
    shown = key.show(new.get("/desk/login/passkey").json())
    assert new.post("/desk/login/passkey", {"credential": shown}, REMOTE_ADDR=HOME).status_code == 302


def test_a_passkey_made_it_through_and_the_next_password_from_there_is_not_slow_any_more(anna: User) -> None:
    key = with_passkey(log_in("anna"))
    hammer(HOME)
    new = Client()
    shown = key.show(new.get("/desk/login/passkey").json())
    new.post("/desk/login/passkey", {"credential": shown}, REMOTE_ADDR=HOME)
    new.post("/desk/logout")
    assert login(new, PASSWORD, HOME) == 302


def test_who_is_in_stays_in(anna: User) -> None:
    hers = log_in("anna")
    hammer(HOME)
    hammer(ELSEWHERE)
    assert is_in(hers)


def test_from_the_shell_one_publishes_whatever_happens_at_the_door(
    anna: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hammer(HOME)
    shell = Shell(capsys, monkeypatch)
    said = shell("incident", "open", "--title", "Sense xat", "--service", "chat=disruption", text="Ho mirem.")
    assert said.code == 0
    assert Event.objects.get().titles["ca"] == "Sense xat"


def test_who_has_stolen_the_password_guesses_codes_slowly_from_everywhere(anna: User) -> None:
    with_app(log_in("anna"))
    a_night_of("second step of anna")
    answers = []
    for n in range(12):  # each from another place and in another browser
        thief, place = Client(), f"203.0.113.{n}"
        assert login(thief, PASSWORD, place) == 302
        answers.append(thief.post("/desk/login/second", {"code": f"{n:06}"}, REMOTE_ADDR=place).status_code)
    assert answers == [200] + [429] * 11


def test_a_thief_at_the_second_step_keeps_anna_out_neither_by_code_in_her_browser_nor_by_passkey(anna: User) -> None:
    first = log_in("anna")
    secret, _ = with_app(first)
    key = with_passkey(first)
    first.post("/desk/logout")
    thief = Client()
    login(thief, PASSWORD, ELSEWHERE)
    for n in range(HAMMERED):
        thief.post("/desk/login/second", {"code": f"{n:06}"}, REMOTE_ADDR=ELSEWHERE)
    assert login(first, PASSWORD) == 302
    assert first.post("/desk/login/second", {"code": code(secret, 1)}).status_code == 302
    assert is_in(first)
    new = Client()
    assert login(new, PASSWORD) == 302
    asked = question(new.get("/desk/login/second").content.decode())
    assert new.post("/desk/login/second", {"credential": key.show(asked)}).status_code == 302
    assert is_in(new)


def test_the_waiting_page_offers_the_ways_that_are_open(anna: User) -> None:
    hammer(HOME)
    answer = Client(headers={"accept-language": "en"}).post(
        "/desk/login", {"username": "anna", "password": PASSWORD}, REMOTE_ADDR=HOME
    )
    page = answer.content.decode()
    assert "Too many tries from here." in page and "Use a passkey" in page and 'value="anna"' in page
    assert PASSWORD not in page


def test_behind_a_proxy_the_place_is_what_our_proxy_has_written(anna: User, configure: Callable[[str], Config]) -> None:
    configure(CONFIG + "\n[web]\nbehind_proxy = true\n")
    for n in range(login_throttle.FREE):
        sent = {"username": "anna", "password": "wrong"}
        Client().post("/desk/login", sent, headers={"x-forwarded-for": f"203.0.113.{n}, {ELSEWHERE}"})
    told = Client().post(
        "/desk/login", {"username": "anna", "password": PASSWORD}, headers={"x-forwarded-for": f"8.8.8.8, {ELSEWHERE}"}
    )
    assert told.status_code == 429  # an invented first address is no other place
    free = Client().post(
        "/desk/login", {"username": "anna", "password": PASSWORD}, headers={"x-forwarded-for": f"{ELSEWHERE}, {HOME}"}
    )
    assert free.status_code == 302
