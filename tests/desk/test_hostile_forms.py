"""What no form of ours would send: without its token, from another page, with what no database keeps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from talaia.desk.people.roles import Role
from talaia.desk.urls import urlpatterns
from tests.desk.conftest import log_in, member, with_app
from tests.desk.test_every_door import address
from tests.desk.test_every_form_twice import CASES, NAMES, Case, enter, everything, form, post

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["enter"]
FOREIGN = {"HTTP_ORIGIN": "https://elsewhere.example", "HTTP_REFERER": "https://elsewhere.example/"}


def test_no_address_of_the_desk_takes_a_form_without_its_token_or_of_another_page(anna: User) -> None:
    member("marta", Role.ADMIN)
    log_in("marta").get("/desk/")
    browser = log_in("marta")
    token = browser.get("/desk/me/password") and browser.cookies["talaia-csrf"].value
    before = everything()
    browser.handler.enforce_csrf_checks = True
    for route in sorted({str(pattern.pattern) for pattern in urlpatterns}):
        for given in ({}, {"csrfmiddlewaretoken": "x" * 32}, {"csrfmiddlewaretoken": ""}):
            assert browser.post(address(route), given).status_code == 403, route
        foreign = browser.post(address(route), {"csrfmiddlewaretoken": token}, secure=True, **FOREIGN)  # type: ignore[arg-type]
        assert foreign.status_code == 403, route
    assert everything() == before


@pytest.mark.torture
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_no_database_keeps_is_refused_as_what_it_is(enter: Callable[[], Client], case: Case) -> None:
    desk = enter()
    where, what = form(desk, case)
    for name in [name for name in what if name != "csrfmiddlewaretoken"]:
        spoilt = ["\0"] if isinstance(what[name], list) else "é\0"
        assert post(desk, (where, {**what, name: spoilt})).status_code in (200, 302, 400, 403, 404), name
    for more in ("?next=%00", "?services=%00&draft=%00", "?who=%00&since=%00"):
        assert desk.get(where.partition("?")[0] + more).status_code < 500


def test_one_recovery_code_at_two_doors_at_once_opens_one(anna: User) -> None:
    _secret, codes = with_app(log_in("anna"))
    doors, together = [log_in("anna") for _ in range(2)], Barrier(2)

    def knock(client: Client) -> bool:
        try:
            together.wait(10)
            return client.post("/desk/login/second", {"code": codes[0]}).status_code == 302
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(knock, doors)) == [False, True]
