"""The log of what people did: every kind of fact has its sentence, and each sentence is whole."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from talaia.desk.audit.export import harmless
from talaia.desk.audit.query import AT_ONCE
from talaia.desk.audit.sentences import SENTENCES, sentence
from talaia.desk.people.roles import Role
from talaia.outbox.models import Fact
from tests.desk.conftest import log_in, member
from tests.journeys.shell import Shell

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("language", ["ca", "es", "en"])
@pytest.mark.parametrize("kind", sorted(SENTENCES))
def test_a_sentence_stands_without_the_details_that_a_fact_may_lack(kind: str, language: str) -> None:
    with translation.override(language):
        said = sentence(kind, "incident/2026-003", {})
        assert said and "%(" not in said
        if language != "en":
            with translation.override("en"):
                assert sentence(kind, "incident/2026-003", {}) != said


def test_a_kind_of_another_version_is_told_by_its_name() -> None:
    assert sentence("moon.landed", "moon/1", {}) == "moon.landed (moon/1)"


def wrote(subject: str, at: datetime = NOW, by: str = "anna", place: str = "192.0.2.1", **data: Any) -> Fact:
    return Fact.objects.create(kind="incident.corrected", subject=subject, at=at, by=by, place=place, data=data)


@pytest.fixture
def admin(anna: User) -> Client:
    member("marta", Role.ADMIN)
    return log_in("marta")


@pytest.mark.django_db
def test_who_did_what_when_from_where_with_the_words_before_and_after(admin: Client) -> None:
    wrote(
        "incident/2026-003",
        before={"ca": "El xat <b>no</b> va."},
        after={"ca": "El xat torna a anar.", "es": "El chat vuelve a ir."},
    )
    page = admin.get("/desk/audit/").content.decode()
    assert "<strong>anna</strong> corrected an entry of incident 2026-003" in page
    assert "from 192.0.2.1" in page
    line = page.split('<ol class="rows log">')[1].split("</li>")[0]
    assert "<del>&lt;" in line and "<b>" not in line  # what people wrote is shown, not obeyed
    assert "<ins>" in line and 'lang="ca"' in line and "El chat vuelve a ir." in line


@pytest.mark.django_db
def test_an_operator_reads_the_log_and_not_from_where(admin: Client, desk: Client) -> None:
    wrote("incident/2026-003")
    page = desk.get("/desk/audit/").content.decode()
    assert "incident 2026-003" in page
    assert "192.0.2.1" not in page and "export" not in page


@pytest.mark.django_db
def test_machines_are_not_in_it(admin: Client) -> None:
    wrote("incident/2026-007", by="", place="")
    assert "2026-007" not in admin.get("/desk/audit/").content.decode()
    assert "2026-007" not in admin.get("/desk/audit/export.json").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "1 2 3 4"),
        ("who=berta", "2"),
        ("about=2026-003", "3"),
        ("about=incident", "1 2 3 4"),
        ("first=2026-05-05", "3 4"),
        ("last=2026-05-04", "1 2"),
        ("first=2026-05-05&last=2026-05-05", "3"),
        ("who=anna&first=2026-05-06", "4"),
        ("who=nobody", ""),
        ("first=0001-01-01&last=9999-12-31", "1 2 3 4"),
        ("first=yesterday&last=31.12.", "1 2 3 4"),
    ],
)
def test_one_looks_for_a_person_a_subject_and_the_days_of_the_house(admin: Client, query: str, found: str) -> None:
    wrote("incident/2026-001", datetime(2026, 5, 4, 10, tzinfo=UTC))
    wrote(
        "incident/2026-002", datetime(2026, 5, 4, 21, 59, tzinfo=UTC), by="berta"
    )  # a minute to midnight in Barcelona
    wrote("incident/2026-003", datetime(2026, 5, 4, 22, 1, tzinfo=UTC))
    wrote("incident/2026-004", datetime(2026, 5, 6, 10, tzinfo=UTC))
    told = json.loads(admin.get(f"/desk/audit/export.json?{query}").content)
    assert " ".join(sorted(one["subject"][-1] for one in told if one["kind"] == "incident.corrected")) == found
    page = admin.get(f"/desk/audit/?{query}").content.decode()
    assert [n for n in "1234" if f"of incident 2026-00{n}" in page] == found.split()


@pytest.mark.django_db
def test_a_page_at_a_time_and_nothing_twice_or_left_out(admin: Client) -> None:
    for n in range(2 * AT_ONCE + 7):
        wrote(f"incident/2026-{n:03}")
    seen: list[str] = []
    address: str | None = "/desk/audit/?about=incident/2026"
    while address:
        page = admin.get(address).content.decode()
        seen += re.findall(r"entry of incident (2026-\d+)", page.split("<main")[1].replace("The words", ""))
        older = re.findall(r'href="(/desk/audit/\?[^"]+)">Older', page)
        address = html.unescape(older[0]) if older else None
    assert seen == [f"2026-{n:03}" for n in reversed(range(2 * AT_ONCE + 7))]
    for before in ("x", "-1", "9" * 30, "²"):
        assert admin.get(f"/desk/audit/?before={before}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("cell", ["=1+1", "+34 600", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|'/c calc'!A1", "\n=1"])
def test_no_cell_of_the_table_is_a_formula(admin: Client, cell: str) -> None:
    wrote("incident/2026-003", by="=anna", before={"ca": cell}, after={"ca": cell + "!"})
    answer = admin.get("/desk/audit/export.csv?about=2026-003")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="talaia-log.csv"'
    head, row = csv.reader(io.StringIO(answer.content.decode(), newline=""))
    told = dict(zip(head, row, strict=True))
    assert told["who"] == "'=anna"
    assert (told["before"], told["after"]) == (f"'{cell}", f"'{cell}!")
    assert not any(value.lstrip().startswith(("=", "+", "-", "@")) for value in row)


@pytest.mark.django_db
def test_the_table_has_a_row_for_each_text_and_the_json_all_of_them(admin: Client) -> None:
    wrote("incident/2026-003", before={"ca": "a", "es": "b"}, after={"ca": "c", "es": "d"})
    rows = list(csv.DictReader(io.StringIO(admin.get("/desk/audit/export.csv?about=2026-003").content.decode())))
    assert [(row["language"], row["before"], row["after"], row["from"]) for row in rows] == [
        ("ca", "a", "c", "192.0.2.1"),
        ("es", "b", "d", "192.0.2.1"),
    ]
    told = json.loads(admin.get("/desk/audit/export.json?about=2026-003").content)
    assert told == [
        {
            "at": "2026-05-04T03:02:00+00:00",
            "who": "anna",
            "did": "corrected an entry of incident 2026-003",
            "kind": "incident.corrected",
            "subject": "incident/2026-003",
            "from": "192.0.2.1",
            "changes": [
                {"what": "text", "language": "ca", "before": "a", "after": "c"},
                {"what": "text", "language": "es", "before": "b", "after": "d"},
            ],
        }
    ]


@pytest.mark.django_db
def test_there_is_no_other_form_and_no_way_to_write(admin: Client) -> None:
    assert admin.get("/desk/audit/export.xml").status_code == 404
    before = Fact.objects.count()
    for address in ("/desk/audit/", "/desk/audit/export.csv"):
        for way in (admin.post, admin.put, admin.delete, admin.patch):
            assert way(address).status_code == 405
    assert Fact.objects.count() == before


@pytest.mark.django_db
def test_what_is_done_at_the_desk_and_in_the_shell_is_in_it(
    admin: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/desk/people/anna/change", {"role": "admin"})
    shell = Shell(capsys, monkeypatch)
    shell("user", "disable", "marta")
    page = log_in("anna").get("/desk/audit/").content.decode()
    assert "<strong>marta</strong> changed the role of anna" in page
    assert "from the shell" in page and "let marta in no more" in page
    assert "logged in with password" in page


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("＝1+1", "'＝1+1"),
        ("a;=1+1", "a;'=1+1"),
        ("a; -cmd|'/c calc'!A1", "a; '-cmd|'/c calc'!A1"),
        ("a\n@SUM(A1)", "a\n'@SUM(A1)"),
        ("'=1", "'=1"),
        ("two:\n- one\n- two; a-b, c = d", "two:\n- one\n- two; a-b, c = d"),
    ],
)
def test_no_cell_becomes_a_formula_where_semicolons_part_them(cell: str, written: str) -> None:
    assert harmless(cell) == written
