"""Workbooks as people make them: no cell that cannot be read takes anybody off the list; merged ones count for all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from talaia.audience import reading
from talaia.audience.diff import What
from talaia.audience.reading import UnreadableFile
from tests.audience.exporting import HEADER, judged, ledger, members, of, row
from tests.audience.sheets import ods, xlsx, zipped

NAMES = ("anna", "berta", "carme", "dolors", "eva", "ferran")
PEOPLE = members(*NAMES)
BEFORE = ledger(PEOPLE)
ROW = '<row r="2">{}</row>'
OLD = Path(__file__).parent / "old-workbook.xls"


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


ANNA = cell("A2", "Anna Puig") + cell("B2", "anna@example.org")


def changed(book: bytes, part: str, *changes: tuple[str, str]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    for before, after in changes:
        assert before in files[part]
        files[part] = files[part].replace(before, after, 1)
    return zipped(files)


def of_xlsx(line: str, after: str = "") -> bytes:
    """With `line` in place of the one of anna, and `after` behind the cells."""
    book = xlsx([HEADER, *PEOPLE])
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        text = archive.read(part).decode()
    old = text[text.index('<row r="2">') : text.index('<row r="3">')]
    return changed(book, part, (old, line), ("</sheetData>", f"</sheetData>{after}"))


WRONG = ROW.format(ANNA + '<c r="C2" t="e"><v>#N/A</v></c>')


@pytest.mark.parametrize(
    "line",
    [
        WRONG,
        # As Excel writes it: what is empty and has a colour ends in itself.
        ROW.format(cell("B2", "anna@example.org") + '<c r="A2" s="1"/><c r="C2" t="e"><f>A1</f><v>#N/A</v></c>'),
        "<row r='2'>" + ANNA.replace('"', "'") + "<c r='C2' t='e'><v>#N/A</v></c></row>",
        "<row>" + ANNA.replace(' r="A2"', "").replace(' r="B2"', "") + '<c t="e"><v>#N/A</v></c></row>',
        ROW.format(ANNA + '<c t="e" r="C2" ><f>X( 1 &gt; 2 )</f><v >#N/A</v ></c >'),
        ROW.format(ANNA + '<c r="C2"><f t="shared" si="0"/></c>'),
        # As libraries write what they do not compute.
        ROW.format(ANNA + '<c r="C2"><f>IF(1,"sí","no")</f><v></v></c>'),
        ROW.format(ANNA + '<c r="C2" t="b"><f>TRUE()</f><v/></c>'),
        ROW.format(ANNA + '<c r="C2" t="n"><f>1</f><v><!-- c --></v></c>'),
        ROW.format(ANNA + '<c r="C2" t="e"/>'),
        ROW.format(ANNA + '<c r="C2" t="e"><!-- c --><v><![CDATA[#N/A]]></v></c>'),
    ],
)
def test_whatever_program_wrote_an_error_into_an_xlsx_it_is_no_empty_cell(line: str) -> None:
    found = judged(of_xlsx(line), BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT)) == ([], ["anna"])
    assert [(one.line, one.code) for one in found.roster.refused] == [(2, "formula")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("xl/worksheets/sheet1.xml", "xl/worksheets/Sheet1.xml"),
        ("xl/worksheets/sheet1.xml", "xl\\worksheets\\sheet1.xml"),  # as .NET packs
        ("xl/workbook.xml", "xl/Workbook.xml"),
        ("xl/_rels/workbook.xml.rels", "xl\\_rels\\workbook.xml.rels"),
    ],
)
def test_an_error_is_seen_however_the_parts_of_the_workbook_are_named(old: str, new: str) -> None:
    with zipfile.ZipFile(io.BytesIO(of_xlsx(WRONG))) as archive:
        files = {name.replace(old, new): archive.read(name).decode() for name in archive.namelist()}
    found = judged(zipped(files), BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT)) == ([], ["anna"])


@pytest.mark.parametrize("name", ["Sòcies\t2026", "Sòcies\n2026", " Sòcies  2026 ", "S&amp;S", "S&#10;S"])
def test_an_error_is_seen_however_the_sheet_is_called(name: str) -> None:
    book = changed(of_xlsx(WRONG), "xl/workbook.xml", ('name="', f'name="{name}" x="'))
    found = judged(book, BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT)) == ([], ["anna"])


def test_a_sheet_of_which_nothing_tells_what_is_wrong_in_it_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talaia.audience.reading.workbook.sheets", lambda archive: {})
    with pytest.raises(UnreadableFile):
        judged(of_xlsx(WRONG), BEFORE)


def test_a_computed_text_may_be_empty() -> None:
    cells = ANNA + '<c r="C2" t="str"><f>IF(1,"","sí")</f><v></v></c>'
    assert of(judged(of_xlsx(ROW.format(cells)), BEFORE), What.LEAVES) == ["anna"]


ERROR = 'table:formula="of:=NA()" office:value-type="string" office:string-value="" calcext:value-type="error"'


@pytest.mark.parametrize(
    "wrong",
    [
        f"<table:table-cell {ERROR}><text:p>#N/A</text:p></table:table-cell>",
        f"<table:table-cell {ERROR}><text:p>Err:502</text:p></table:table-cell>",
        '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>',
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="">'
        "<text:p>#N/D</text:p></table:table-cell>",
        '<table:table-cell table:formula="of:=1" office:value-type="float"/>',
        f"<table:table-cell {ERROR}><office:annotation><text:p>sí?</text:p></office:annotation>"
        "<text:p>#REF!</text:p></table:table-cell>",
    ],
)
def test_an_error_in_an_ods_is_no_empty_cell(wrong: str) -> None:
    found = judged(of_ods(wrong), BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT)) == ([], ["anna"])
    assert [(one.line, one.code) for one in found.roster.refused] == [(2, "formula")]


def of_ods(member: str, covered: int = 0) -> bytes:
    """`member`: whether anna is one. `covered`: how many people below her have a cell there that is covered."""
    said = '<table:table-cell office:value-type="string"><text:p>sí</text:p></table:table-cell>'
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    changes = [("<office:document-content ", f"<office:document-content {calc} "), (said, member)]
    return changed(ods([HEADER, *PEOPLE]), "content.xml", *changes, *[(said, "<table:covered-table-cell/>")] * covered)


def test_an_error_in_an_old_xls_is_no_empty_cell_and_its_merged_cells_count_for_all() -> None:
    """anna's cell shows #N/A; those of berta, carme and dolors are one."""
    found = judged(OLD.read_bytes(), BEFORE)
    assert (of(found, What.LEAVES), of(found, What.KEPT), of(found, What.CHANGES)) == ([], ["anna"], [])
    assert [(one.line, one.code) for one in found.roster.refused] == [(2, "formula")]


MERGED = '<mergeCells count="1"><mergeCell ref="{}"/></mergeCells>'


def merged(place: str, rows: list[tuple[str, ...]]) -> bytes:
    part = "xl/worksheets/sheet1.xml"
    return changed(xlsx([HEADER, *rows]), part, ("</sheetData>", "</sheetData>" + MERGED.format(place)))


def test_what_merged_cells_show_is_so_for_each_row_with_an_address() -> None:
    rows = [
        row("anna"),
        row("berta", member=""),
        row("carme", member=""),
        *members("dolors", "eva"),
        row("ferran", member=""),
    ]
    assert of(judged(merged("C2:C4", rows), BEFORE), What.LEAVES) == ["ferran"]
    assert of(judged(xlsx([HEADER, *rows]), BEFORE), What.LEAVES) == ["berta", "carme", "ferran"]
    spanned = '<table:table-cell table:number-rows-spanned="3" office:value-type="string">'
    member = f"{spanned}<text:p>sí</text:p></table:table-cell>"
    assert of(judged(of_ods(member, covered=2), BEFORE), What.LEAVES) == []


def test_rows_whose_address_is_merged_belong_to_the_one_above() -> None:
    more = row("anna", member="", Nom="", Correu="", Enllaç="Port")
    found = judged(merged("B2:B3", [row("anna", Enllaç="Sants"), more, *PEOPLE[1:]]), {})
    assert found.roster.wanted["anna@example.org"].connections == ("Port", "Sants")
    assert found.roster.refused == ()


def test_cells_merged_above_the_header_or_to_the_side_mean_nothing() -> None:
    title = ("Sòcies 2026",)
    part = "xl/worksheets/sheet1.xml"
    book = changed(
        xlsx([title, [], HEADER, *PEOPLE]),
        part,
        ("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A1:I2"/><mergeCell ref="H4:I4"/></mergeCells>'),
    )
    assert judged(book, BEFORE).diff.to_write == ()


@pytest.mark.parametrize(
    "data",
    [
        b"<html><table><tr><td>Nom</td><td>Correu</td></tr></table></html>",
        '\ufeff<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'.encode(),
        b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n",
        zipped({"xl/workbook.bin": "", "[Content_Types].xml": ""}),
    ],
)
def test_what_only_a_spreadsheet_opens_is_refused_in_words_of_its_own(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"sheet_form|web_page"):
        reading.read(data, HEADER, "Correu")


@pytest.mark.parametrize("sheet", ['<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>', "<worksheet><sheetData>", "\x00", ""])
def test_a_sheet_that_is_no_xml_or_has_entities_is_refused(sheet: str) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx([HEADER, *PEOPLE]))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    with pytest.raises(UnreadableFile, match="sheet"):
        reading.read(zipped(files | {"xl/worksheets/sheet1.xml": sheet}), HEADER, "Correu")


def test_a_cell_far_away_in_an_ods_is_told_and_not_read() -> None:
    far = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row><table:table-row>'
    far += '<table:table-cell table:number-columns-repeated="16000"/><table:table-cell office:value-type="float" '
    far += 'office:value="1"/></table:table-row></table:table>'
    with pytest.raises(UnreadableFile, match="sheet_far"):
        reading.read(changed(ods([HEADER, *PEOPLE]), "content.xml", ("</table:table>", far)), HEADER, "Correu")
    empty = '<table:table-row table:number-rows-repeated="1048000">'
    empty += '<table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'
    assert judged(changed(ods([HEADER, *PEOPLE]), "content.xml", ("</table:table>", empty)), BEFORE).diff.to_write == ()
