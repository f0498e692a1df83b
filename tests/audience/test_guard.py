"""What the guard asks about: whoever is told, columns that come empty, files that are cut, strangers by the hundred."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from django.utils import translation

from talaia.audience import reading, words
from talaia.audience.diff import RecipientStatus, What
from talaia.audience.guard import Last
from talaia.audience.reading import UnreadableFile
from talaia.audience.segments import place
from talaia.config import Audience, SegmentConfig, Threshold
from tests.audience.exporting import AUDIENCE, COLUMNS, HEADER, NAMES, codes, judged, ledger, members, of, row, text
from tests.audience.sheets import Formula, xlsx

BEFORE = ledger(members())
MANY = [f"p{n}" for n in range(40)]


def test_only_who_is_told_counts_among_those_who_leave() -> None:
    before = ledger(members(*MANY))
    opted_out = {f"p{n}@example.org" for n in range(20)}
    before = {
        key: replace(entry, standing=RecipientStatus.OPTED_OUT) if key in opted_out else entry
        for key, entry in before.items()
    }
    found = judged(text(members(*MANY[:20], *MANY[28:])), before)
    assert [dict(one.data) for one in found.objections] == [{"leaves": 8, "of": 20, "limit": "20%"}]
    assert codes(judged(text(members(*MANY[20:])), before)) == []  # of those who go nobody was told anything


def test_many_who_join_at_once_are_asked_about_and_a_few_are_not() -> None:
    more = members(*NAMES, *MANY[:6])
    found = judged(text(more), BEFORE)
    assert [(one.code, dict(one.data)) for one in found.objections] == [
        ("grow", {"joins": 6, "of": 20, "limit": "20%"})
    ]
    assert codes(judged(text(members(*NAMES, *MANY[:5])), BEFORE)) == []
    assert codes(judged(text(more), BEFORE, Audience(columns=COLUMNS, grow=Threshold(count=10)))) == []
    assert codes(judged(text(more), {})) == []  # the first time all of them join
    left = {key: replace(entry, standing=RecipientStatus.LEFT, left_at=None) for key, entry in BEFORE.items()}
    assert codes(judged(text(more), BEFORE | dict([*left.items()][:10]))) == ["grow"]  # who comes back counts too


def test_a_column_that_comes_empty_takes_no_places_away_without_a_question() -> None:
    before = ledger([row(name, Enllaç="Port1") for name in MANY])
    found = judged(text(members(*MANY)), before)
    assert [(one.code, dict(one.data)) for one in found.objections] == [
        ("emptied", {"column": "Enllaç", "lost": 40, "of": 40})
    ]
    half = [row(name, Enllaç="Port1" if n % 2 else "NULL") for n, name in enumerate(MANY)]
    assert codes(judged(text(half), before)) == ["emptied"]
    one = [row(name, Enllaç="" if name == "p1" else "Port1") for name in MANY]
    found = judged(text(one), before)
    assert (of(found, What.CHANGES), codes(found)) == (["p1"], [])


def test_a_column_of_which_nothing_is_left_is_asked_about_however_few_had_it() -> None:
    before = ledger([row(name, Enllaç="Port1" if name in NAMES[:3] else "") for name in NAMES])
    audience = Audience(columns=COLUMNS, shrink=Threshold(count=5))
    assert codes(judged(text(members()), before, audience)) == ["emptied"]
    one = [row(name, Enllaç="Port1" if name == NAMES[0] else "") for name in NAMES]
    assert codes(judged(text(one), before, audience)) == []


def test_a_column_that_is_no_longer_asked_for_is_named_by_what_was_in_it() -> None:
    before = ledger([row(name, Enllaç="Port1") for name in MANY])
    without = Audience(columns=msgspec.structs.replace(COLUMNS, connection=None))
    found = judged(text(members(*MANY)), before, without)
    assert [(one.code, dict(one.data)) for one in found.objections] == [
        ("emptied", {"column": "connections", "lost": 40, "of": 40})
    ]


PLACED = [row(name, Enllaç=f"Port{n}") for n, name in enumerate(MANY)]


def sorted_alone(rows: list[tuple[str, ...]], head: str) -> list[tuple[str, ...]]:
    """As a spreadsheet does of which one column was marked."""
    at = HEADER.index(head)
    cells = sorted(one[at] for one in rows)
    return [(*one[:at], cell, *one[at + 1 :]) for one, cell in zip(rows, cells, strict=True)]


@pytest.mark.parametrize("head", ["Correu", "Enllaç"])
def test_a_column_that_is_sorted_without_the_others_gives_nobody_anothers_connection_unasked(head: str) -> None:
    rows = PLACED[::-1] if head == "Correu" else PLACED
    export = text(sorted_alone(rows, head))
    [found] = judged(export, ledger(PLACED)).objections
    data = dict(found.data)
    assert (found.code, found.final, data.pop("moved") > 8) == ("moved", False, True)
    assert data == {"column": "Enllaç", "of": 40, "limit": "20%"}
    wide = Audience(columns=COLUMNS, shrink=Threshold(share=1))
    assert codes(judged(export, ledger(PLACED), wide)) == []


def test_an_area_that_is_somebody_elses_is_asked_about_too() -> None:
    audience = Audience(columns=msgspec.structs.replace(COLUMNS, connection=None, area="Notes"))
    before = [row(name, Notes=f"Barri{n % 3}") for n, name in enumerate(MANY)]
    known = {one.after.key: one.after for one in judged(text(before), {}, audience).diff.changes}
    found = judged(text(sorted_alone(before, "Notes")), known, audience)
    assert [(one.code, one.data["column"]) for one in found.objections] == [("moved", "Notes")]


@pytest.mark.parametrize(("moved", "asked"), [(8, False), (9, True)])
def test_a_few_who_move_in_a_month_are_not_asked_about(moved: int, asked: bool) -> None:
    export = [row(name, Enllaç=f"Port{n + 100 * (n < moved)}") for n, name in enumerate(MANY)]
    assert codes(judged(text(export), ledger(PLACED))) == (["moved"] if asked else [])


def test_of_very_few_one_may_move_and_two_that_change_places_are_asked_about() -> None:
    three, rest = PLACED[:3], PLACED[2]
    assert codes(judged(text([row("p0", Enllaç="Port9"), PLACED[1], rest]), ledger(three))) == []
    swapped = [row("p0", Enllaç="Port1"), row("p1", Enllaç="Port0"), rest]
    assert codes(judged(text(swapped), ledger(three))) == ["moved"]


def test_who_gets_a_connection_for_the_first_time_or_in_another_form_has_not_moved() -> None:
    assert codes(judged(text(PLACED), ledger(members(*MANY)))) == []
    forms = [row(name, Enllaç=f"ＰＯＲＴ{n}") for n, name in enumerate(MANY)]
    assert codes(judged(text(forms), ledger(PLACED))) == []


def test_some_who_have_lost_theirs_and_some_who_have_anothers_are_counted_together() -> None:
    export = [
        row(name, Enllaç=(["", f"Port{n + 100}"][n % 2] if n < 10 else f"Port{n}")) for n, name in enumerate(MANY)
    ]
    [found] = judged(text(export), ledger(PLACED)).objections
    assert (found.code, found.data["moved"]) == ("moved", 10)


def test_a_connection_is_found_in_whatever_form_it_is_written() -> None:
    audience = Audience(columns=COLUMNS, behind=(SegmentConfig(service="links", connections=("Paral·lel",)),))
    where = place(audience, ["links"], [])
    assert where.holds(["PARAŀLEL"], []) and where.holds(["paral•lel"], []) and not where.holds(["Paral"], [])


WHOLE = text(members())


@pytest.mark.parametrize("length", range(len(WHOLE.encode()) - 120, len(WHOLE.encode())))
def test_a_file_that_is_cut_anywhere_is_asked_about(length: int) -> None:
    cut = WHOLE.encode()[:length]
    ended = cut.endswith(b"\n")
    found = judged(cut, BEFORE, last=Last(ended=True))
    whole = text(
        members(*of(found, What.KEPT), *[name for name in NAMES if f"{name}@example.org" in found.roster.wanted])
    )
    assert "cut" in codes(found) or (ended and len(whole) < len(WHOLE))


def test_a_file_whose_last_address_is_cut_is_asked_about_also_by_who_never_saw_one_before() -> None:
    order = (0, 2, 3, 4, 5, 6, 7, 8, 1)
    rows = [[one[n] for n in order] for one in members()]
    cut = text(rows, [HEADER[n] for n in order]).removesuffix("teresa@example.org\n").removesuffix("rg\n")
    for end in ("org", "co"):
        found = judged(text(rows[:-1], [HEADER[n] for n in order]).removesuffix("org\n") + end, BEFORE)
        assert codes(found) == (["cut"] if end == "co" else []), cut
    assert codes(judged(text(members()).removesuffix("\n"), BEFORE, last=Last(ended=False))) == []


def test_a_last_row_that_is_torn_is_asked_about_also_of_a_program_that_never_ends_its_last_line() -> None:
    for before in (True, False, None):
        found = judged(text(members()).removesuffix(",,,\n"), BEFORE, last=Last(ended=before))
        assert (of(found, What.KEPT), codes(found)) == (["teresa"], ["cut"])


def test_a_program_that_never_ends_its_last_line_is_not_asked_about_each_month() -> None:
    export = text(members(*NAMES[1:], "zoe")).removesuffix("\n")
    assert codes(judged(export, BEFORE, last=Last(ended=False))) == []
    assert codes(judged(export, BEFORE, last=Last(ended=True))) == ["cut"]
    joins = text(members(*NAMES, "zoe")).removesuffix("\n")  # it is nobody's address that was cut, where nobody goes
    assert codes(judged(joins, BEFORE, last=Last(ended=None))) == []
    assert codes(judged(export, BEFORE, last=Last(ended=None))) == ["cut"]


@pytest.mark.parametrize(
    ("joins", "asked"),
    [
        ("teresa@example.or", True),
        ("teresa@example.org.net", True),
        ("xteresa@example.org", True),
        ("eresa@example.org", True),
        ("=teresa@example.org", True),
        ("ter.esa@example.org", True),
        ("tere@example.net", False),
    ],
)
def test_an_address_that_is_another_one_cut_or_with_something_stuck_to_it_is_asked_about(
    joins: str, asked: bool
) -> None:
    found = judged(text([*members(*NAMES[:-1]), row("nova", Correu=joins)]), BEFORE)
    assert (of(found, What.LEAVES), codes(found)) == (["teresa"], ["resemble"] if asked else [])


def test_a_day_with_its_month_first_is_asked_about_as_the_others_may_be_read_wrongly() -> None:
    found = judged(text([row("zoe", until="12/25/2026"), row("ivet", until="05/06/2027"), *members()]), BEFORE)
    assert codes(found) == ["month_first"]


@pytest.mark.parametrize("tells", [{"until": "12/31/2019"}, {"Alta": "12/31/2019"}, {"Fi factura": "12/31/2019"}])
def test_a_row_of_somebody_who_is_not_told_shows_as_well_that_months_come_first(
    tells: dict[str, str],
) -> None:
    former = row("vella", member="no", **tells)
    found = judged(text([row("anna", until="12/01/2026"), former, *members(*NAMES[1:])]), BEFORE)
    assert (of(found, What.LEAVES), codes(found)) == (["anna"], ["month_first"])
    # Where nobody comes or goes no day has decided anything: a slip of years ago is not asked about each night.
    assert codes(judged(text([former, *members()]), BEFORE)) == []


CHILD = ("", "", "", "", "", "S0099", "", "Port2", "")


def test_a_row_without_address_and_name_belongs_to_the_row_above() -> None:
    gone = row("anna", member="no", invoice="S0012", Enllaç="Port1")
    gone = (*gone[:6], "2025-01-31", *gone[7:])
    found = judged(text([gone, CHILD, *members(*NAMES[1:])]), BEFORE)
    assert (found.roster.refused, of(found, What.LEAVES), codes(found)) == ((), [], [])
    anna = found.roster.wanted["anna@example.org"]
    assert (anna.reasons, anna.connections) == (("invoice S0099",), ("Port1", "Port2"))


def test_where_everybody_has_several_rows_none_is_refused() -> None:
    rows = [line for one in members() for line in (one, CHILD)]
    found = judged(text(rows), BEFORE)
    assert (found.roster.refused, len(of(found, What.CHANGES)), codes(found)) == ((), 20, [])


def test_a_row_below_one_that_cannot_be_read_is_not_somebody_elses() -> None:
    found = judged(
        text([members("berta")[0], (*row("anna")[:1], "x", *row("anna")[1:]), CHILD, *members(*NAMES[2:])]), BEFORE
    )
    assert [one.code for one in found.roster.refused] == ["cells_many", "row_above"]
    assert (of(found, What.KEPT), found.roster.wanted["berta@example.org"].reasons) == (["anna"], ("member",))
    bad = (*CHILD[:5], "??", *CHILD[6:])
    found = judged(text([row("anna", member="no", invoice="S1", Enllaç="x"), bad, *members(*NAMES[1:])]), BEFORE)
    assert [(one.code, one.of_above) for one in found.roster.refused] == [("invoice_word", True)]


def test_a_row_of_blanks_with_a_word_of_its_own_for_members_is_somebody_without_an_address() -> None:
    found = judged(text([*members(*NAMES[1:]), ("", "", "sí", *[""] * 6)]), BEFORE)
    assert [one.code for one in found.roster.refused] == ["no_address"]
    assert codes(found) == ["strangers"]
    assert [one.code for one in judged(text([CHILD, *members()]), BEFORE).roster.refused] == ["no_address"]


def test_two_exports_in_one_file_have_one_header() -> None:
    assert judged(text(members(*NAMES[:9])) + text(members(*NAMES[9:])), BEFORE).roster.refused == ()


def test_utf8_with_a_line_of_something_else_is_read_line_by_line() -> None:
    people = [row("anna", Nom="Núria Sòria"), row("berta", Nom="Àngels Grau"), row("carme", Nom="Remei Bàrcena")]
    lines = text(people).encode().splitlines(keepends=True)
    mixed = b"".join([*lines[:2], lines[2].decode().encode("cp1252"), *lines[3:]])
    assert judged(mixed, ledger(people)).diff.to_write == ()


SHEET = [HEADER, *members()]


@pytest.mark.parametrize(
    ("book", "code"),
    [
        (xlsx(SHEET, [HEADER, *members(*NAMES[:9])]), "sheets"),
        (xlsx(SHEET, hidden=(1,)), "sheet_hidden"),
        (xlsx(SHEET, far=(1_048_576, "XFD")), "sheet_far"),
    ],
)
def test_a_workbook_of_which_nobody_knows_what_is_meant_is_refused(book: bytes, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        judged(book, BEFORE)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "book",
    [
        xlsx(SHEET, SHEET, hidden=(2,)),
        xlsx([HEADER], SHEET),  # a form with nothing in it
        xlsx([("Correu", "Comentari"), ("anna@example.org", "viu al Port")], SHEET),
        xlsx([("Resum", 20)], SHEET),
        xlsx([[head.replace("è", "e\u0300") for head in HEADER], *members()]),
    ],
)
def test_of_several_sheets_the_one_that_is_meant_is_read(book: bytes) -> None:
    assert judged(book, BEFORE).diff.to_write == ()


def test_a_cell_that_shows_an_error_is_not_an_empty_one() -> None:
    for wrong in (Formula("VLOOKUP(1,A:A,2)", "#N/A", error=True), Formula("A1")):
        lines: list[list[object]] = [[*one] for one in SHEET]
        lines[1][2] = wrong
        found = judged(xlsx(lines), BEFORE)
        assert [(one.line, one.code) for one in found.roster.refused] == [(2, "formula")]
        assert (of(found, What.KEPT), of(found, What.LEAVES)) == (["anna"], [])


def test_an_empty_file_is_still_empty() -> None:
    with pytest.raises(UnreadableFile, match="empty"):
        reading.read(b"", HEADER, "Correu")
    assert AUDIENCE.grow == Threshold(share=0.2)


@pytest.mark.parametrize(
    ("code", "data", "language", "said"),
    [
        ("refused", {"refused": 1, "of": 5, "limit": "10%"}, "ca", "es rebutja 1 de 5 files"),
        ("refused", {"refused": 3, "of": 6, "limit": "10%"}, "ca", "es rebutgen 3 de 6 files"),
        ("refused", {"refused": 1, "of": 5, "limit": "10%"}, "en", "1 of 5 rows is refused"),
        ("shrink", {"leaves": 1, "of": 4, "limit": "20%"}, "es", "saldría 1 de 4 direcciones"),
        ("grow", {"joins": 1, "of": 1, "limit": "20%"}, "ca", "hi entraria 1 adreça"),
        ("nobody", {"rows": 1, "refused": 0}, "en", "in 1 row"),
        ("emptied", {"lost": 1, "of": 1, "column": "x"}, "ca", "es quedaria sense res"),
        ("moved", {"moved": 1, "of": 3, "column": "x", "limit": "20%"}, "es", "tendría otra cosa"),
    ],
    ids=range(8),
)
def test_the_verb_of_an_objection_follows_its_number(code: str, data: dict[str, Any], language: str, said: str) -> None:
    with translation.override(language):
        assert said in words.objection(code, data)


@pytest.mark.parametrize(
    ("language", "limit", "said"),
    [
        ("ca", "10%", "es rebutgen 2 de 7 files, més del 10\N{NO-BREAK SPACE}%"),
        ("es", "12.5%", "se rechazan 2 de 7 filas, más del 12,5\N{NO-BREAK SPACE}%"),
        ("en", "12.5%", "2 of 7 rows are refused, which is more than 12.5%"),
        ("ca", "1", "es rebutgen 2 de 7 files, més de 1"),
    ],
)
def test_a_limit_is_written_as_the_language_writes_a_share_or_a_number(language: str, limit: str, said: str) -> None:
    with translation.override(language):
        assert words.objection("refused", {"refused": 2, "of": 7, "limit": limit}) == said
