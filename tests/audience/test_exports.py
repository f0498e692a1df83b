"""A folder of ugly exports: each has its diff against one small ledger, or its error, and none loses anybody."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from django.utils import translation

from talaia.audience import reading, words
from talaia.audience.diff import What
from talaia.audience.evaluate import judge
from talaia.audience.reading import UnreadableFile
from talaia.audience.roster import Roster, roster
from talaia.audience.row_cells import names
from talaia.audience.serialize import pack, unpack
from talaia.config import Threshold
from tests.audience.ledger import AUDIENCE as USUAL
from tests.audience.ledger import COLUMNS, NOW, ledger
from tests.audience.make_exports import files

AUDIENCE = msgspec.structs.replace(USUAL, shrink=Threshold(share=0.4))  # of three people who are told one leaves
EXPORTS = Path(__file__).parent / "exports"


@dataclass(frozen=True)
class Same:
    """As usual: gina joins, eva comes back, hug leaves, carme and dolors stay out; and what is said here."""

    joins: str = ""
    changes: str = ""
    refused: str = ""
    leaves: str = "hug"
    guard: str = ""
    without: str = ""  # people of the usual export who are not touched


@dataclass(frozen=True)
class Error:
    words: str


@dataclass(frozen=True)
class Final:
    guard: str


CASES: dict[str, Same | Error | Final] = {
    "usual.csv": Same(),
    "latin1-semicolons.csv": Same(),
    "windows-1252.csv": Same(joins="ivet"),
    "bom.csv": Same(),
    "utf16-little.csv": Same(),
    "utf16-big.csv": Same(),
    "utf16-without-mark.csv": Same(),
    "utf16-torn.csv": Error("the file says it is utf-16-le and is not, at byte"),
    "pipes.csv": Same(),
    "carets.csv": Same(),
    "sep-line.csv": Same(),
    "every-cell-quoted.csv": Same(),
    "old-line-ends.csv": Same(),
    "no-last-line-end.csv": Same(),
    "shuffled-columns.csv": Same(),
    "shuffled-rows.csv": Same(),
    "capitals-in-header.csv": Same(),
    "decomposed-accents.csv": Same(),
    "more-columns.csv": Same(),
    "titles-above.csv": Same(),
    "empty-lines.csv": Same(),
    "quoted-line-ends.csv": Same(refused="23 address_form", guard="strangers"),
    "excel-text-cells.csv": Same(),
    "nul-in-name.csv": Same(refused="9 name_controls", guard="strangers"),
    "nul-in-address.csv": Same(refused="9 address_controls", guard="strangers"),
    "header-injection.csv": Same(
        refused="9 name_controls, 11 address_form, 13 name_controls", guard="strangers, refused"
    ),
    "known-in-a-refused-row.csv": Same(refused="8 name_controls, 9 yes_or_no", leaves="", guard="refused"),
    "direction-override.csv": Same(refused="9 name_controls", guard="strangers"),
    "duplicate-header.csv": Error("the column “Correu electrònic” stands twice"),
    "duplicate-header-unused.csv": Same(),
    "missing-column.csv": Error(
        "the export has no column “Sòcia”: was another report exported, or is the column renamed?"
    ),
    "renamed-column.csv": Error("the export has no column “Sòcia”; it has “Sòcies”"),
    "without-header.csv": Error("the export has no column “Correu electrònic”: was another report"),
    "wrong-report.csv": Error("the export has no column “Correu electrònic”: was another report"),
    "twice-encoded.csv": Error("the export has no column “Correu electrònic”; it has “Correu electrÃ²nic”"),
    "nothing.csv": Error("the export is empty"),
    "only-blanks.csv": Error("the export is empty"),
    "only-a-header.csv": Final("empty"),
    "nobody.csv": Final("nobody"),
    "shrunk.csv": Same(leaves="berta hug", guard="shrink", without="gina eva"),
    "mostly-refused.csv": Same(refused="9 address_form, 10 address_form, 11 address_form", guard="strangers, refused"),
    "quote-never-closed.csv": Error("a quotation mark in line 4, or after it, is never closed"),
    "broken-quotes.csv": Error("line 4 cannot be read as CSV: ',' expected after '\"'"),
    "quotes-inside.csv": Same(changes="anna"),
    "unquoted-comma.csv": Same(refused="7 cells_many", without="gina", guard="strangers"),
    "delimiter-ends-every-row.csv": Same(),
    "unquoted-line-end.csv": Same(refused="7 cells_few", guard="strangers"),
    "short-rows.csv": Same(refused="7 cells_few", without="gina", guard="strangers"),
    "look-alikes.csv": Same(
        refused="9 address_mixed, 10 address_mixed, 11 address_form, 12 address_letters, 13 address_controls",
        guard="strangers, refused",
    ),
    "honest-scripts.csv": Same(joins="ivet@xn--e1afmkfd.org jan@xn--r8jz45g.jp"),
    "idn.csv": Same(joins="ivet@xn--caf-8la.example"),
    "several-contracts.csv": Same(joins="ivet", changes="anna"),
    "several-addresses.csv": Same(joins="ivet jan"),
    "dates.csv": Same(joins="b c d e", guard="grow"),
    "bad-dates.csv": Same(refused="9 day", guard="strangers"),
    "unknown-words.csv": Same(refused="9 yes_or_no", guard="strangers"),
    "no-address.csv": Same(refused="9 no_address", guard="strangers"),
    "invalid-addresses.csv": Same(refused="9 address_form, 10 address_form", guard="strangers, refused"),
    "too-long.csv": Same(refused="9 address_long", guard="strangers"),
    "longest.csv": Same(joins="i" * 64),
    "mailto.csv": Same(joins="ivet jan"),
    "formula-as-name.csv": Same(refused="9 name_formula", guard="strangers"),
    "usual.xlsx": Same(),
    "second-sheet.xlsx": Same(),
    "starts-below.xlsx": Same(refused="12 address_form", guard="strangers"),
    "dates.xlsx": Same(joins="b"),
    "formulas.xlsx": Same(joins="ivet", refused="10 formula", guard="strangers"),
    "torn.xlsx": Error("the spreadsheet cannot be opened: it is torn, or has a password"),
    "no-workbook.xlsx": Error("the spreadsheet cannot be opened"),
    "usual.ods": Same(),
    "web-page.xls": Error("this is a web page, or a table in the form of one"),
    "usual.json": Same(),
    "inside.json": Same(),
    "typed.json": Same(joins="ivet"),
    "lines.jsonl": Same(),
    "broken.json": Error("this is no JSON, at line 1"),
    "key-twice.json": Error("the column “Correu electrònic” stands twice"),
    "no-objects.json": Error("this JSON is no list of objects"),
    "empty-list.json": Error("the export is empty"),
    "deep.json": Error("this is no JSON, at line 1: it is nested too deep"),
}


def addresses(words: str) -> list[str]:
    return sorted(word if "@" in word else f"{word}@example.org" for word in words.split())


def read(data: bytes) -> Roster:
    table = reading.read(data, [*names(COLUMNS).values()], COLUMNS.address)
    return roster(table, AUDIENCE, NOW.date())


def test_every_export_of_the_folder_has_its_case_and_can_be_made_again() -> None:
    folder = {path.name: path.read_bytes() for path in EXPORTS.iterdir() if not path.name.startswith(".")}
    assert folder == files()
    assert folder.keys() == CASES.keys()
    assert len(CASES) >= 30


@pytest.mark.parametrize("name", CASES)
def test_an_export_gives_its_diff_or_its_error(name: str) -> None:
    wanted, data = CASES[name], (EXPORTS / name).read_bytes()
    if isinstance(wanted, Error):
        with pytest.raises(UnreadableFile) as caught:
            read(data)
        with translation.override("en"):
            said = words.unreadable(caught.value.code, caught.value.data)
        assert said.startswith(wanted.words)
        assert "@" not in said
        return
    found = read(data)
    judged = judge(found, ledger(), (), AUDIENCE, NOW)
    found, change, against = judged.roster, judged.diff, judged.objections
    if isinstance(wanted, Final):
        assert [(one.code, one.final) for one in against] == [(wanted.guard, True)]
        return

    def of(what: What) -> list[str]:
        return sorted(one.after.key for one in change.of(what))

    untouched = wanted.without.split()
    assert of(What.JOINS) == addresses(f"{'' if 'gina' in untouched else 'gina'} {wanted.joins}")
    assert of(What.RETURNS) == addresses("" if "eva" in untouched else "eva")
    assert of(What.LEAVES) == addresses(wanted.leaves)
    assert of(What.CHANGES) == addresses(wanted.changes)
    assert of(What.STAYS_OUT) == [key for key in addresses("carme dolors") if key not in of(What.LEAVES)]
    assert ", ".join(f"{one.line} {one.code}" for one in found.refused) == wanted.refused
    assert ", ".join(one.code for one in against) == wanted.guard
    assert not any(one.final for one in against)


def test_several_contracts_are_one_entry_with_all_its_reasons() -> None:
    found = read((EXPORTS / "several-contracts.csv").read_bytes()).wanted
    ivet = found["ivet@example.org"]
    assert ivet.reasons == ("invoice 501", "invoice 502", "member")
    assert (ivet.address, ivet.name) == ("ivet@example.org", "Nou")
    assert found["anna@example.org"].reasons == ("invoice 77", "member")


def test_every_refusal_has_words_in_which_no_placeholder_is_left() -> None:
    codes = {
        part.split()[1]
        for case in CASES.values()
        if isinstance(case, Same)
        for part in case.refused.split(", ")
        if part
    }
    for code in codes | {"place_controls", "invoice", "address_domain"}:
        assert "%" not in words.refusal(code, "x")


def as_json(address: str, **cells: str) -> str:
    """An object with every column; `cells` by our words, as JSON."""
    both = {name: cells.get(word, '""') for word, name in names(COLUMNS).items()}
    return "{" + ",".join(f'"{name}":{cell}' for name, cell in (both | {COLUMNS.address: f'"{address}"'}).items()) + "}"


def test_half_a_letter_that_json_may_hold_is_refused_and_can_be_kept() -> None:
    half = "\\ud83d"
    found = read(f"[{as_json('a@example.org', member=f'{chr(34)}{half}{chr(34)}')}]".encode())
    assert [(one.code, one.word) for one in found.refused] == [("yes_or_no", half)]
    assert unpack(pack(found)) == found
    with pytest.raises(UnreadableFile) as caught:
        read(f"[{as_json('a@example.org').replace(COLUMNS.address, COLUMNS.address + half)}]".encode())
    assert caught.value.data["near"] == COLUMNS.address + half
    json.dumps(caught.value.data, ensure_ascii=False).encode()


def test_an_import_that_waited_since_before_rows_had_texts_is_read_all_the_same() -> None:
    whole = [[["a@example.org", "a@example.org", "", "", ["member"], [], []]], [[3, "day", "x"]], ["b@example.org"], 2]
    found = unpack(zlib.compress(json.dumps(whole).encode()))
    assert (list(found.wanted), found.rows, found.ended) == (["a@example.org"], 2, None)
    assert [(one.line, one.text) for one in found.refused] == [(3, "b@example.org")]


def test_lists_in_lists_are_an_error_of_the_file_however_deep_they_are() -> None:
    said = set()
    for depth in range(500, 1100, 5):
        deep = as_json("b@example.org", member="[" * depth + "]" * depth)
        try:
            read(f"[{as_json('a@example.org')},{deep}]".encode())
        except UnreadableFile as error:
            said.add((error.code, error.data["line"]))
    assert ("json", 2) in said
