"""Guessing passwords is slow; no operator is kept out by somebody who guesses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from talaia.desk.people.login_throttle import FREE, LONGEST, LoginAttempts, pause, place
from talaia.desk.people.roles import Role
from tests.desk.conftest import PASSWORD, member

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def log_in(client: Client, password: str, name: str = "anna", address: str = "192.0.2.1") -> int:
    sent = {"username": name, "password": password}
    return client.post("/desk/login", sent, REMOTE_ADDR=address).status_code


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (1000, 60)]
)
def test_a_pause_grows_and_stays_bearable(failures: int, seconds: int) -> None:
    assert pause(failures) == seconds * SECOND


def test_many_tries_at_once_are_many() -> None:
    tries = LoginAttempts()
    assert [tries.begin("x", NOW) for _ in range(FREE + 2)] == [0] * FREE + [1, 1]
    assert tries.begin("y", NOW) == 0


def test_who_is_refused_does_not_wait_the_longer_for_having_asked() -> None:
    tries = LoginAttempts()
    for _ in range(FREE):
        tries.begin("x", NOW)
    for _ in range(50):
        assert tries.begin("x", NOW) == 1
    assert tries.begin("x", NOW + SECOND) == 0


@pytest.mark.parametrize("back", [SECOND, 30 * SECOND, timedelta(hours=3), timedelta(days=30)])
def test_though_the_clock_is_set_back_one_waits_no_longer_than_is_said(back: timedelta) -> None:
    tries, now = LoginAttempts(), NOW
    for _ in range(9):
        now += SECOND * tries.begin("x", now)
    now -= back
    said = tries.begin("x", now)
    assert 1 <= said <= 16
    assert tries.begin("x", now + SECOND * (said - 1)) == 1
    assert tries.begin("x", now + SECOND * said) == 0


def test_a_day_of_guessing_from_one_place_is_some_1500_tries() -> None:
    tries = LoginAttempts()
    taken = sum(tries.begin("x", NOW + n * SECOND) == 0 for n in range(24 * 3600))
    assert 1400 < taken < 1500


def test_after_an_hour_of_peace_all_is_forgotten_and_what_is_remembered_is_bounded() -> None:
    tries = LoginAttempts()
    for _ in range(20):
        tries.begin("x", NOW)
    assert tries.begin("x", NOW + LONGEST + timedelta(hours=1)) == 0
    for n in range(30_000):
        tries.begin(f"place {n}", NOW)
    assert len(tries._seen) == 20_000


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_whole_ipv6_network_is_one_place(address: str, counted: str) -> None:
    assert place(address) == counted


@pytest.mark.django_db
def test_a_stranger_who_guesses_is_slowed_down_and_anna_elsewhere_is_not(anna: User) -> None:
    stranger = Client()
    for _ in range(FREE):
        assert log_in(stranger, "wrong") == 200
    refused = stranger.post("/desk/login", {"username": "anna", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert log_in(Client(), PASSWORD, address="198.51.100.9") == 302


@pytest.mark.django_db
def test_a_browser_that_anna_has_used_is_not_slowed_down_by_others_at_her_address(anna: User) -> None:
    hers = Client()
    assert log_in(hers, PASSWORD) == 302
    hers.post("/desk/logout")
    for _ in range(FREE + 3):
        log_in(Client(), "wrong")
    assert log_in(Client(), PASSWORD) == 429
    assert log_in(hers, PASSWORD) == 302


@pytest.mark.django_db
def test_the_cookie_of_a_browser_helps_nobody_with_another_name(anna: User) -> None:
    member("berta", Role.VIEWER)
    hers = Client()
    assert log_in(hers, PASSWORD) == 302
    hers.post("/desk/logout")
    codes = [log_in(hers, "wrong", name="berta") for _ in range(FREE + 1)]
    assert codes == [200] * FREE + [429]


@pytest.mark.django_db
def test_a_forged_cookie_is_no_cookie(anna: User) -> None:
    client = Client()
    client.cookies["talaia-browser"] = "WyJhbm5hIiwieCJd:1:forged"
    assert [log_in(client, "wrong") for _ in range(FREE + 1)] == [200] * FREE + [429]


@pytest.mark.django_db
def test_the_right_password_begins_the_count_anew_in_that_browser(anna: User) -> None:
    client = Client()
    for _ in range(FREE - 1):
        log_in(client, "wrong")
    assert log_in(client, PASSWORD) == 302
    client.post("/desk/logout")
    assert [log_in(client, "wrong") for _ in range(FREE)] == [200] * FREE


@pytest.mark.django_db
def test_an_account_of_ones_own_buys_no_guesses_at_others(anna: User) -> None:
    member("vera", Role.VIEWER)
    codes = []
    for _ in range(5):
        codes += [log_in(Client(), "wrong") for _ in range(3)]
        codes.append(log_in(Client(), PASSWORD, name="vera"))
    assert codes[:4] == [200, 200, 200, 302]
    assert set(codes[8:]) == {429}
