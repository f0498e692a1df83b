"""No more mails: one click of the mail program, or one on a page; and nothing by only looking."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from talaia.audience.actions import add, forget
from talaia.audience.mailing import readers
from talaia.audience.models import Recipient
from talaia.config import Config
from talaia.notices import tokens
from talaia.outbox.models import Fact
from tests.journeys.desk import CONFIG

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def address() -> str:
    add("anna@example.net", "Anna", timezone.now())
    Recipient.objects.update(language="es")
    [anna] = readers()
    return f"/u/{tokens.sign(settings.SECRET_KEY.encode(), anna.key)}"


def standing() -> str:
    return Recipient.objects.get().standing


def test_looking_changes_nothing_and_asks_in_the_language_of_the_mails(client: Client, address: str) -> None:
    for _ in range(2):
        answer = client.get(address)
        assert answer.status_code == 200
        assert '<html lang="es">' in answer.content.decode()
        assert "¿No queréis recibir más correos nuestros?" in answer.content.decode()
        client.head(address)
    assert standing() == "on"
    assert not answer.cookies


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart"])
def test_one_click_of_a_mail_program_is_enough_and_may_come_twice(address: str, content_type: str) -> None:
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        if content_type == "multipart":
            answer = program.post(address, ONE_CLICK)
        else:
            answer = program.post(address, "List-Unsubscribe=One-Click", content_type=content_type)
        assert (answer.status_code, answer.has_header("Location"), bool(answer.cookies)) == (200, False, False)
    assert standing() == "opted_out"
    assert Fact.objects.filter(kind="audience.opted_out").count() == 1
    assert list(readers()) == []


def test_whoever_thinks_better_of_it_is_told_again(client: Client, address: str) -> None:
    client.post(address, {"stop": "1"})
    client.post(address, {"again": "1"})
    assert standing() == "on"


def test_nobody_unsubscribes_somebody_else(client: Client, address: str) -> None:
    for wrong in (
        address[:-1] + ("0" if address[-1] != "0" else "1"),
        "/u/r000000000001",
        "/u/x.y",
        "/u/" + "a" * 3000,
    ):
        assert client.post(wrong, ONE_CLICK).status_code == 404
    assert standing() == "on"


def test_no_reader_is_promised_where_a_machine_answers(client: Client, configure: Callable[[str], Config]) -> None:
    assert "or answer the mail" in client.get("/u/x", headers={"accept-language": "en"}).content.decode()
    configure(CONFIG + '\n[mail]\nsender = "a@example.org"\nreply_to = "b@example.org"\nanswer = true\n')
    said = client.get("/u/x", headers={"accept-language": "en"}).content.decode()
    assert "Copy all of it from the mail." in said and "a person reads it" not in said


def test_who_is_forgotten_by_now_gets_the_same_answer(client: Client, address: str) -> None:
    forget("anna@example.net", timezone.now())
    assert client.get(address).status_code == 200
    assert client.post(address, ONE_CLICK).status_code == 200
