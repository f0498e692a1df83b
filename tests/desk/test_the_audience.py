"""The administration at the desk: upload, look, confirm; and nobody is lost by a mistake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from talaia.audience.actions import confirm
from talaia.audience.importing import AudienceChannel, Plan, plan, propose
from talaia.audience.models import Import, Recipient
from talaia.config import Config
from talaia.desk.models import Member
from talaia.desk.people.roles import Role
from tests.audience.ledger import CONFIG
from tests.audience.sheets import xlsx
from tests.product import ROOT

pytestmark = pytest.mark.django_db
USUAL = (ROOT / "tests" / "talaia.toml").read_text()
HEADER = "Nom,Correu electrònic,Idioma,Sòcia,Baixa,Factura,Zona\n"


@pytest.fixture(autouse=True)
def _audience(configure: Callable[[str], Config], anna: User) -> None:
    configure(USUAL + CONFIG)
    Member.objects.filter(user=anna).update(role=Role.ADMIN)


def test_the_list_of_people_is_for_those_who_let_people_in(desk: Client, anna: User) -> None:
    Member.objects.filter(user=anna).update(role=Role.OPERATOR)
    assert desk.get("/desk/audience/").status_code == 403
    assert "/desk/audience/" not in desk.get("/desk/").content.decode()


def upload(desk: Client, *rows: str, header: str = HEADER) -> HttpResponse:
    file = SimpleUploadedFile("socies.csv", (header + "".join(f"{row}\n" for row in rows)).encode())
    return cast(HttpResponse, desk.post("/desk/audience/", {"export": file}, follow=True))


def members(*names: str) -> list[str]:
    return [f"{name.title()},{name}@example.org,,sí,,," for name in names]


def apply_all() -> None:
    AudienceChannel().deliver(
        [f"import/{row.pk}" for row in Import.objects.filter(state=Import.CONFIRMED)], timezone.now()
    )


def test_upload_look_confirm(desk: Client) -> None:
    page = upload(desk, *members("anna", "berta")).content.decode()
    assert "2 join" in page and "anna@example.org" in page
    assert not Recipient.objects.exists()
    (row,) = Import.objects.all()
    page = desk.post(f"/desk/audience/{row.pk}/decide", {"confirm": "1"}, follow=True).content.decode()
    assert "Is being applied: 0 of 2" in page
    apply_all()
    assert "It is applied." in desk.get(f"/desk/audience/{row.pk}/").content.decode()
    assert "<strong>2</strong> are told" in desk.get("/desk/audience/").content.decode()
    assert "changes nothing" in upload(desk, *members("anna", "berta")).content.decode()


def test_a_workbook_that_asks_for_a_terabyte_is_one_clear_line(desk: Client) -> None:
    book = xlsx([HEADER.split(",")], far=(1_048_576, "XFD"))
    file = SimpleUploadedFile("socies.xlsx", book)
    answer = desk.post("/desk/audience/", {"export": file})
    assert answer.status_code == 200
    assert "a cell stands far away from the others" in answer.content.decode()


def test_what_the_guard_objects_to_needs_a_tick(desk: Client) -> None:
    upload(desk, *members("anna", "berta"))
    desk.post(f"/desk/audience/{Import.objects.get().pk}/decide", {"confirm": "1"})
    apply_all()
    page = upload(desk, *members("anna")).content.decode()
    assert "1 of 2 addresses would leave, which is more than 20%" in page
    number = Import.objects.get(state=Import.WAITING).pk
    answer = desk.post(f"/desk/audience/{number}/decide", {"confirm": "1"})
    assert answer.status_code == 409 and "Tick that you have looked" in answer.content.decode()
    desk.post(f"/desk/audience/{number}/decide", {"confirm": "1", "looked": "1"})
    apply_all()
    assert Recipient.objects.filter(standing="left").count() == 1


def test_an_export_that_is_overtaken_while_it_is_read_is_said_beside_the_field(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(data: bytes, config: Config, now: datetime) -> Plan:
        found = plan(data, config, now)
        another = plan((HEADER + members("berta")[0]).encode(), config, now)
        confirm(propose(another, "x.csv", now).pk, now)
        apply_all()
        return found

    monkeypatch.setattr("talaia.desk.audience.views.plan", overtaken)
    assert "another import came meanwhile" in upload(desk, *members("anna")).content.decode()
    assert not Import.objects.filter(state=Import.WAITING).exists()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Compte,Saldo\n", "the export has no column “Correu electrònic”"),
        ("", "the export is empty"),
        (HEADER, "the export has no rows"),
    ],
)
def test_a_broken_export_is_said_beside_the_field(header: str, words: str, desk: Client) -> None:
    assert words in upload(desk, header=header).content.decode()
    assert not Import.objects.exists()


def test_a_row_that_is_not_taken_is_told_with_its_line_and_what_is_dropped_is_over(desk: Client) -> None:
    page = upload(desk, *members(*(f"p{n}" for n in range(20))), "X,<script>,,sí,,,").content.decode()
    assert "Line 22: this is no address" in page and "<script>" not in page
    number = Import.objects.get().pk
    desk.post(f"/desk/audience/{number}/decide", {"drop": "1"})
    assert "It was dropped" in desk.get(f"/desk/audience/{number}/").content.decode()
    answer = desk.post(f"/desk/audience/{number}/decide", {"confirm": "1"})
    assert answer.status_code == 409
    assert not Recipient.objects.exists()


@pytest.mark.parametrize("address", ["/desk/audience/", "/desk/audience/1/", "/desk/audience/1/decide"])
def test_a_stranger_sees_nothing(address: str, client: Client) -> None:
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 302 and answer.headers["Location"].startswith("/desk/login")


def test_what_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get("/desk/audience/77/").status_code == 404
