"""Nobody is put off the list by a row that cannot be read: it is found out whose it is, or the guard asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from talaia.audience.diff import What
from talaia.audience.guard import Last
from talaia.audience.reading import UnreadableFile
from talaia.audience.roster import Refusal
from talaia.audience.row_owners import owners
from tests.audience.exporting import HEADER, NAMES, codes, judged, ledger, members, of, row, text
from tests.audience.ledger import NOW

BEFORE = ledger(members())
OTHERS = members(*NAMES[1:])


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org",
        "Anna Puig <anna@example.org>",
        "'anna@example.org'",
        "'anna@example.org",
        '"""anna@example.org"""',
        "MAILTO:anna@example.org",
        "mailto:anna@example.org?subject=Hola",
        "\u200banna@example.org",
        "\ufeffanna@example.org\u00a0",
        "anna@example.org\u00ad",
        "\u202aanna@example.org\u202c",
        "\u3000anna@Example.ORG\u2003",
    ],
)
def test_an_address_is_read_with_what_programs_put_around_it(address: str) -> None:
    found = judged(text([row("anna", Correu=address), *OTHERS]), BEFORE)
    assert (found.roster.refused, found.diff.to_write, found.objections) == ((), (), ())


@pytest.mark.parametrize(
    "line",
    [
        "Anna Puig,anna@example.org (casa),sí,,,,,,",
        "Anna Puig,anna@example.org / pere@example.net,sí,,,,,,",
        "Anna Puig,pere@example.net i anna@example.org,sí,,,,,,",
        "Anna Puig,anna@example.org?,sí,,,,,,",
        "Anna Puig,Email: anna@example.org,sí,,,,,,",
        "Anna Puig,anna\uff20example.org,sí,,,,,,",
        "Anna Puig,an\u200bna@exam\u00adple.org,sí,,,,,,",
        "Anna Puig,Anna Puig|anna@example.org,sí,,,,,,",
        "Anna Puig,anna (at) example.org,sí,,,,,,",
        "Anna Puig,anna arroba example.org,sí,,,,,,",
        "Anna Puig,anna%40example.org,sí,,,,,,",
        "Anna Puig,anna&#64;example.org,sí,,,,,,",
        "Anna Puig,anna @ example . org,sí,,,,,,",
        "Anna Puig,annaexample.org,sí,,,,,,",
        "Anna Puig,anna@example,sí,,,,,,",
        "Anna Puig,anna@,sí,,,,,,",
        "Anna Puig,na@example.org@,sí,,,,,,",
        'Anna Puig,"<a href=""mailto:anna@example.org"">aquí</a>",sí,,,,,,',
        '"Anna Puig", "anna@example.org", "sí","","","","","",""',
        "Anna\\, Puig,anna@example.org,sí,,,,,,",
        "Puig, Anna,anna@example.org,sí,,,,,,",
        "Puig, Anna,anna@example.org,sí,,,,,",
        "Anna Puig,anna@example.org",
        "Anna Puig,sí,,,,,,,anna@example.org",
        "Anna Puig,anna@example.org,,sí,,,,,",
        "Anna Puig,anna@example.org,sí,,mai,,,,",
        "Anna Puig,anna@example.org,sí,,31/12/99,,,,",
        "Anna Puig,anna@example.org,potser,,,,,,",
        "Anna Puig,anna@example.org,#REF!,,,,,,",
        "Anna\x00 Puig,anna@example.org,sí,,,,,,",
        "Anna Puig,,sí,,,,,,",
        '"Puig, Anna",no en té,sí,,,,,,',
        "PUIG  ANNA,???,sí,,,,,,",
    ],
)
def test_whoever_stands_in_a_row_that_cannot_be_read_stays_and_is_named(line: str) -> None:
    found = judged(text([*OTHERS]) + line + "\n", BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT)) == ([], ["anna"])
    (refused,) = found.roster.refused
    assert refused.line == len(NAMES) + 1
    assert found.owners == (("anna@example.org",),)
    assert "Anna" in refused.text.title()


def test_a_row_that_swallowed_others_keeps_all_of_them() -> None:
    lines = text([row("anna", Notes='"Carrer Major'), *members("berta", "carme"), row("dolors", Notes='7"')])
    found = judged(lines + "".join(text(members(*NAMES[4:])).splitlines(keepends=True)[1:]), BEFORE)
    assert [one.code for one in found.roster.refused] == ["cells_swallowed"]
    assert (of(found, What.KEPT), of(found, What.LEAVES)) == (["anna", "berta", "carme", "dolors"], [])


def test_an_address_on_several_lines_of_its_cell_swallows_nothing() -> None:
    several = '"anna@example.org,\npere@example.net,\nmar@example.net"'
    found = judged(text([row("anna", Correu=several, Notes='"truca a pere@example.net,\no no"'), *OTHERS]), BEFORE)
    assert (found.roster.refused, of(found, What.JOINS)) == ((), ["mar@example.net", "pere@example.net"])


def test_somebody_of_whom_one_row_cannot_be_read_loses_nothing_that_the_others_do_not_say() -> None:
    both = [row("anna", invoice="S1", Enllaç="Port1"), row("anna", invoice="S2", Enllaç="Port2"), *OTHERS]
    before = ledger(both)
    found = judged(text([both[0], row("anna", invoice="S2", Enllaç="Port2", Sòcia="potser"), *OTHERS]), before)
    assert (of(found, What.KEPT), found.diff.to_write) == (["anna"], ())


def test_a_row_of_nobody_we_know_is_counted_where_somebody_would_leave() -> None:
    lines = text(OTHERS) + "???,???,sí,,,,,,\n"
    found = judged(lines, BEFORE)
    assert (of(found, What.LEAVES), codes(found)) == (["anna"], ["strangers"])
    assert codes(judged(lines, BEFORE, last=Last(strangers=1))) == []  # as every month
    assert codes(judged(text(members()) + "Total,20,,,,,,,\n", BEFORE)) == []  # nobody leaves


def test_of_somebody_who_is_not_to_be_told_a_broken_row_is_no_news() -> None:
    gone = row("zoe", member="no", until="fa temps")
    assert judged(text([*members(), gone]), BEFORE).roster.refused == ()
    found = judged(text([*OTHERS, row("anna", member="no", until="fa temps")]), BEFORE)
    assert (of(found, What.KEPT), [one.code for one in found.roster.refused]) == (["anna"], ["day"])


ANNA, BERTA = "anna@example.org", "berta@example.org"


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        (f"x | {ANNA} | ?", [ANNA]),
        ("x | anna%40example.org", [ANNA]),
        ("x | anna&#64;example.org", [ANNA]),
        ("x | anna\uff20example.org", [ANNA]),
        ("x | an\u200bna@exam\u00adple.org", [ANNA]),
        ("x | anna@exam", [ANNA]),  # its end is cut
        ("x | na@example.org", [ANNA]),  # its beginning is
        ("x | annaexample.org", [ANNA]),
        ("sí;Anna Puig;?", [ANNA]),
        ("sí | Puig, Anna | ?", [ANNA]),
        (f"{BERTA} i anna@exam", [ANNA, BERTA]),  # that somebody else stands there too hides nobody
        ("x | zoe@example.net", []),
        ("x | @", []),
        ("", []),
    ],
)
def test_whoever_is_missing_is_recognised_by_whatever_is_left_of_them(text: str, whose: list[str]) -> None:
    people = {key: BEFORE[key] for key in (ANNA, BERTA)}
    assert owners([Refusal(1, "day", "", text)], people, [BERTA]) == (tuple(whose),)


@pytest.mark.parametrize(
    ("text", "is_theirs"),
    [
        (f"x | /{ANNA}.", True),
        (f"x | {ANNA}-casa", True),
        ("x | anna\uff20example.org", True),
        ("x | an\u200bna@exam\u00adple.org", True),
        (f"x | x{ANNA}", False),
        (f"x | {ANNA}a", False),
        ("x | annaexample.org", False),
        ("x | Anna Puig", False),
        ("x | na@example.org", False),
    ],
)
def test_a_row_is_of_somebody_who_stands_in_another_one_only_by_their_address_as_it_is(
    text: str, is_theirs: bool
) -> None:
    assert owners([Refusal(1, "day", "", text)], {ANNA: BEFORE[ANNA]}, [ANNA]) == ((ANNA,) if is_theirs else (),)


def test_a_row_is_nobodys_whom_no_export_has_any_more() -> None:
    left = replace(BEFORE[ANNA], left_at=NOW)
    assert owners([Refusal(1, "day", "", f"x | {ANNA}")], {ANNA: left}, []) == ((),)


def test_a_host_of_three_letters_alone_tells_of_nobody() -> None:
    assert owners([Refusal(1, "day", "", "@b.c")], {"anna@b.c": BEFORE[ANNA]}, []) == ((),)


def test_of_a_torn_address_a_host_of_four_letters_tells_who_is_there() -> None:
    people = dict.fromkeys(("anna@t.co", "berta@t.com", "carme@at.co"), BEFORE[ANNA])
    assert owners([Refusal(1, "day", "", "@t.co | x")], people, []) == (("anna@t.co",),)
    assert owners([Refusal(1, "day", "", "x | anna@")], people, []) == (("anna@t.co",),)


def test_an_address_of_a_few_letters_is_not_found_in_the_middle_of_other_words() -> None:
    people = dict.fromkeys(("a@b.cc", "ann@b.c", "anna@b.c", "anna@b.cc"), BEFORE["anna@example.org"])
    rows = [Refusal(1, "day", "", text) for text in ("xabccx xannabcdx", "xannabccx", "xannbcx")]
    assert owners(rows, people, ()) == (("anna@b.c",), ("anna@b.c", "anna@b.cc"), ())


def test_whose_a_row_is_takes_no_long_time_where_a_whole_export_is_broken() -> None:
    rows = [Refusal(n, "day", "", f"P {n} | p{n}@example.org | potser") for n in range(8_000)]
    people = {f"p{n}@example.org": BEFORE["anna@example.org"] for n in range(8_000)}
    assert owners(rows, people, {}) == tuple((f"p{n}@example.org",) for n in range(8_000))


# Each takes a row apart in a way of its own; nothing of it says any more that somebody is no member.
Damage = Callable[[list[str], int, str], str]


def joined(cells: list[str]) -> str:
    return ",".join(cells)


def split_cell(cells: list[str], at: int, junk: str) -> str:
    cells[at] = f"{cells[at][:2]},{cells[at][2:]}"
    return joined(cells)


def lost_cells(cells: list[str], at: int, junk: str) -> str:
    return joined(cells[: max(2, at)])


def moved(cells: list[str], at: int, junk: str) -> str:
    at = min(at, 2)  # beyond the column of members nothing is read that would tell
    return joined([*cells[:at], junk.replace(",", ""), *cells[at:-1]])


def line_end(cells: list[str], at: int, junk: str) -> str:
    cells[min(at, 1)] += "\n"
    return joined(cells)


def open_quote(cells: list[str], at: int, junk: str) -> str:
    cells[at] = f'"{cells[at]}'
    return joined(cells)


def in_the_address(cells: list[str], at: int, junk: str) -> str:
    place = at % len(cells[1])
    cells[1] = cells[1][:place] + junk + cells[1][place:]
    assume(cells[1].strip(" \u200b\ufeff\u00ad") != "")
    return joined(cells)


def no_address(cells: list[str], at: int, junk: str) -> str:
    cells[1] = ""
    return joined(cells)


def in_the_name(cells: list[str], at: int, junk: str) -> str:
    cells[0] = f"{cells[0]}{junk}\x07"
    return joined(cells)


def no_word(cells: list[str], at: int, junk: str) -> str:
    cells[2] = f"potser{junk}".replace(",", "")
    return joined(cells)


def no_day(cells: list[str], at: int, junk: str) -> str:
    cells[3 + at % 2] = f"mai{junk}".replace(",", "")
    return joined(cells)


DAMAGES = (
    split_cell,
    lost_cells,
    moved,
    line_end,
    open_quote,
    in_the_address,
    no_address,
    in_the_name,
    no_word,
    no_day,
)
JUNK = (" ", "\u200b", "\ufeff", "\x00", "<", ">", "@", " i ", "(casa)", "\u202e", ";;", "|", "'", "=", "-")
WHAT = st.one_of(
    st.tuples(st.sampled_from(DAMAGES), st.integers(0, len(HEADER) - 1), st.sampled_from(JUNK)),
    st.sampled_from(["stays", "stays", "stays", "away"]),
)
PEOPLE = st.dictionaries(st.sampled_from(NAMES), WHAT, min_size=2)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), WHAT, min_size=2), st.sets(st.sampled_from(NAMES)), st.sampled_from(",;\t")
)
def test_nobody_whose_row_is_damaged_leaves_without_a_question(
    people: dict[str, str | tuple[Damage, int, str]], invoiced: set[str], delimiter: str
) -> None:
    """Whoever is "away" has really left; they may be asked about, and never hide somebody else."""
    rows = {name: row(name, invoice="S1" if name in invoiced else "") for name in people}
    before = ledger(rows.values())
    lines, damaged = [",".join(HEADER)], {}
    for name, what in people.items():
        if isinstance(what, tuple):
            damage, at, junk = damaged[name] = what
            lines.append(damage([*rows[name]], at, junk))
        elif what == "stays":
            lines.append(joined([*rows[name]]))
    try:
        found = judged("\n".join(lines).replace(",", delimiter) + "\n", before)
    except UnreadableFile as error:
        event(f"the whole file is refused: {error.code}")
        return
    lost = damaged.keys() & {*of(found, What.LEAVES)}
    event(f"{'asked' if found.objections else 'applied'}, {'somebody' if lost else 'nobody'} of them would leave")
    assert not lost or found.objections
    # Whatever the guard says, they stay if anything of them can be recognised.
    destroyed = {name for name in damaged if damaged[name][0] in (moved, lost_cells, split_cell, line_end)}
    assert lost <= destroyed or "resemble" in codes(found), [damaged[name] for name in lost]
