"""What cells mean: days, yes and no, invoices, nothing; and texts that are one in whatever form they come."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talaia.audience.cells import CellRefused, day, invoices, is_yes, optional, within
from talaia.audience.diff import What
from talaia.audience.unicode_text import plain, tidy
from talaia.config import Audience
from tests.audience.exporting import AUDIENCE, HEADER, judged, ledger, members, of, row, text

TODAY = date(2026, 11, 29)
MADRID = ZoneInfo("Europe/Madrid")
YES, NO = ({plain(word) for word in words} for words in (AUDIENCE.yes, AUDIENCE.no))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026/1/31", "2026-01-31"),
        ("20260131", "2026-01-31"),
        ("31/01/2026", "2026-01-31"),
        ("31.1.2026", "2026-01-31"),
        ("31-01-2026 00:00", "2026-01-31"),
        ("2026-01-31 23:59:59", "2026-01-31"),
        ("2026-01-31T00:00:00Z", "2026-01-31"),
        ("2026-01-30T23:00:00.000Z", "2026-01-31"),  # midnight in Madrid, as a browser writes it
        ("2026-07-31T22:00:00+00:00", "2026-08-01"),
        ("2026-01-31T00:00:00+01:00", "2026-01-31"),
        ("2026-01-30T20:00:00-05:00", "2026-01-31"),
        ("２０２６－０１－３１", "2026-01-31"),
        ("31‑01‑2026", "2026-01-31"),
        ("\u200e31/01/2026\u200e", "2026-01-31"),
        ("9999-12-31", "9999-12-31"),
        ("1.2.27", "2027-02-01"),
        ("1/5/87", "1987-05-01"),
        ("1/5/76", "1976-05-01"),  # fifty years ago, and no day less
        ("1900-05-01", "1900-05-01"),
        ("31-12-87", "1987-12-31"),
        ("31/12/46", "2046-12-31"),
        ("9999-12-31T23:59:59Z", "9999-12-31"),  # as .NET and Java write "without an end"
        ("9999-12-31T23:59:59.9999999+00:00", "9999-12-31"),
        ("2026-01-30 23:00:00.000 +0000 UTC", "2026-01-31"),
        ("2026-01-30T23:00:00Z[UTC]", "2026-01-31"),
        ("2026-01-31T00:00+01:00[Europe/Madrid]", "2026-01-31"),
        ("31/01/2026, 0:00:00", "2026-01-31"),
        ("31/01/2026 11:30:15 p. m.", "2026-01-31"),
        ("31/01/2026 12:00 AM", "2026-01-31"),
        ("31/01/2026 10h30", "2026-01-31"),
        ("31/01/2026 00:00:00 (CET)", "2026-01-31"),
        ("1904-01-01", None),
        ("", None),
        ("0000-00-00 00:00:00", None),
        ("01/01/0001 0:00:00", None),
        ("1899-12-30", None),
        ("00/01/1900", None),
        ("1970-01-01", None),
        ("1969-12-31T23:00:00Z", None),  # the same midnight in Madrid, as a browser writes it
        ("1969-12-31 23:59:59", None),  # -1
        ("1899-12-31T23:00:00.000Z", None),
        ("1901-12-13 20:45:52", None),
        ("NULL", None),
        ("—", None),
    ],
)
def test_a_day_is_read_however_programs_write_it(said: str, meant: str | None) -> None:
    assert day(said, TODAY, MADRID) == (date.fromisoformat(meant) if meant else None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("31/02/2026", "day"),
        ("46053", "day"),
        ("31 de gener", "day"),
        ("2026-13-01", "day"),
        ("31/12/0026", "day"),
        ("indefinit", "day"),
        ("01/01/2025 - 31/12/2030", "day"),
        ("2019-12-31 / 2030-12-31", "day"),
        ("31/12/2019 → 31/12/2030", "day"),
        ("31/12/2019 prorrogat fins al 31/12/2030", "day"),
        ("31/12/2019 31/12/2030", "day"),
        ("31/12/2019 10:00 - 31/12/2030 10:00", "day"),
        ("31/12/2019 (?)", "day"),
        ("12/25/2026", "month_first"),
        ("12/13/2026", "month_first"),
        ("1/1/60", "year"),
        ("26-01-31", "year"),
        ("#VALUE!", "formula"),
    ],
)
def test_a_day_of_which_nobody_knows_which_it_is_is_refused(said: str, code: str) -> None:
    with pytest.raises(CellRefused) as caught:
        day(said, TODAY, MADRID)
    assert caught.value.code == code


def test_an_end_that_was_put_off_in_words_takes_nobody_off_the_list() -> None:
    rows = [row("anna"), *members("berta", "carme", "dolors")]
    found = judged(
        text([row("anna", until="31/12/2019, prorrogada al 31/12/2030"), *rows[1:]], delimiter=";"), ledger(rows)
    )
    assert (of(found, What.LEAVES), [one.code for one in found.roster.refused]) == ([], ["day"])


def test_a_beginning_in_two_digits_is_long_ago_and_an_end_is_refused() -> None:
    assert within("01/05/87", "", TODAY)
    assert within("", "31/12/46", TODAY)
    with pytest.raises(CellRefused):
        within("", "31/12/99", TODAY)  # long over, or without an end?


NOTHING = [
    "NULL",
    "(null)",
    "\\N",
    "None",
    "N/A",
    "nan",
    "NaN",
    "<NA>",
    "—",
    "-",
    "s/d",
    "cap",
    "Sense dades",
    "\u200b",
]


@pytest.mark.parametrize("said", [*NOTHING, "", "no", "NO", "f", "False", "0", "0.0", "0,00", "ｎｏ"])
def test_words_for_nothing_make_nobody_a_recipient(said: str) -> None:
    assert not is_yes(said, YES, NO)
    assert invoices(said, YES, NO) == []
    found = judged(text([*members(), row("zoe", member="no", invoice=said)]), {})
    assert "zoe@example.org" not in found.roster.wanted


@pytest.mark.parametrize("said", ["inactiva", "cancel·lada", "pendent", "#N/A", "#REF!", "Err:502", "¿?"])
def test_a_word_without_a_digit_is_no_number_of_an_invoice(said: str) -> None:
    with pytest.raises(CellRefused):
        invoices(said, YES, NO)
    found = judged(text([*members(), row("zoe", member="no", invoice=said)]), {})
    assert ("zoe@example.org" in found.roster.wanted, len(found.roster.refused)) == (False, 1)


@pytest.mark.parametrize(
    "said", ["sí", "si\u0301", "SÍ", "s\u00ad\u00ed", "ｓí", " sí\u00a0", "1.0", "t", "TRUE", "Verdader"]
)
def test_yes_is_yes_in_every_form(said: str) -> None:
    assert is_yes(said, YES, NO)


def test_numbers_of_invoices_keep_their_signs() -> None:
    assert invoices("S0099; 123.0, sí", YES, NO) == ["invoice S0099", "invoice 123", "invoice"]


def test_an_address_in_the_column_of_invoices_is_no_number_although_it_has_a_digit() -> None:
    with pytest.raises(CellRefused) as caught:
        invoices("anna7@example.org", YES, NO)
    assert (caught.value.code, caught.value.word) == ("invoice", "")  # and is repeated nowhere


def test_a_number_of_an_invoice_that_never_ends_is_cut() -> None:
    assert invoices("9" * 500, YES, NO) == ["invoice " + "9" * 52]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-01-31T00:00:00Z", date(2026, 1, 31)),  # midnight of UTC: so programs write a day
        ("2026-01-31T00:00:30Z", date(2026, 1, 30)),  # a moment, which is the evening before
        ("2026-01-31T00:30:00Z", date(2026, 1, 30)),
    ],
)
def test_a_moment_falls_on_the_day_that_it_is_where_we_are(said: str, meant: date) -> None:
    assert day(said, TODAY, ZoneInfo("America/New_York")) == meant


def test_the_first_and_the_last_day_of_a_membership_belong_to_it() -> None:
    assert within("2026-11-29", "", TODAY) and within("", "2026-11-29", TODAY)
    assert not within("2026-11-30", "", TODAY) and not within("", "2026-11-28", TODAY)
    assert not within("", "31/12/1999", TODAY)  # its year is said in full


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Paral·lel", "Paraŀlel"),
        ("Paral·lel", "PARAL•LEL"),
        ("Paral·lel", "Paral.lel"),
        ("L’Hospitalet", "L'Hospitalet"),
        ("L´Hospitalet", "L'Hospitalet"),
        ("L‵Hospitalet", "L'Hospitalet"),
        ("Lʻhospitalet", "L'Hospitalet"),
        ("c⁄ Major", "c/ Major"),
        ("½", "1/2"),
        ("Vilanova – nord", "Vilanova - nord"),
        ("Núria", "Nu\u0301ria"),
        ("Straße", "STRASSE"),
        ("Zona\u00a0 7", "zona 7"),
        ("Vex\u200bPort7", "VexPort7"),
        ("ﬁbra", "fibra"),
        ("Ｐｏｒｔ１", "port1"),
        ("½", "1⁄2"),
        ("nº 7", "no 7"),
    ],
)
def test_texts_that_people_read_alike_are_compared_as_one(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(("one", "other"), [("Núria", "Nuria"), ("Port1", "Port11"), ("a-b", "ab"), ("al.a", "al·a")])
def test_texts_that_people_read_as_two_stay_two(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@given(st.text())
def test_comparing_is_settled_at_once_and_does_not_see_the_form(word: str) -> None:
    assert plain(plain(word)) == plain(word)
    for form in ("NFC", "NFD"):
        assert plain(unicodedata.normalize(form, word)) == plain(word)
    assert tidy(tidy(word)) == tidy(word)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_export_from_another_kind_of_machine_changes_nothing(form: Literal["NFC", "NFD"]) -> None:
    people = [row("anna", Nom="Núria Sòria", Enllaç="Sants–Montjuïc; l’Eixample"), *members("berta")]
    whole = text(people, HEADER)
    found = judged(unicodedata.normalize(form, whole), ledger(people))
    assert (found.diff.to_write, found.roster.refused) == ((), ())


def test_an_error_in_a_column_that_decides_nothing_takes_nobodys_mails_away() -> None:
    assert optional("#N/A") == optional("NULL") == ""
    assert optional("Na") == "Na"  # a person may be called so
    found = judged(text([row("anna", Enllaç="#REF!", Nom="NULL"), *members("berta")]), {})
    assert found.roster.wanted["anna@example.org"].connections == ()
    assert of(found, What.JOINS) == ["anna", "berta"]


def test_words_of_talaia_toml_are_compared_likewise() -> None:
    audience = Audience(columns=AUDIENCE.columns, yes=("Activa’",), no=("de baixa",))
    found = judged(text([row("anna", member="ACTIVA'"), row("berta", member="De\u00a0baixa")]), {}, audience)
    assert (of(found, What.JOINS), found.roster.refused) == (["anna"], ())
