"""Spreadsheets of a few cells, written by hand: what real programs write, with only what matters."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Formula:
    """`shown`: what it showed when the file was last saved; None: it was never computed. `error`: an error."""

    text: str
    shown: str | None = None
    error: bool = False


def zipped(files: Mapping[str, str]) -> bytes:
    """Always the same bytes for the same files."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return whole.getvalue()


def column(number: int) -> str:
    return chr(ord("A") + number)


def xlsx_cell(place: str, value: object) -> str:
    match value:
        case None | "":
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{value}</v></c>'
        case date():
            return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        case Formula(text, None):
            return f'<c r="{place}"><f>{escape(text)}</f></c>'
        case Formula(text, shown, error):
            return f'<c r="{place}" t="{"e" if error else "str"}"><f>{escape(text)}</f><v>{escape(str(shown))}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def xlsx(*sheets: Rows, first_row: int = 1, hidden: Sequence[int] = (), far: tuple[int, str] | None = None) -> bytes:
    """`hidden`: the numbers of sheets that are. `far`: row and column of one more cell in the first sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    numbers = range(1, len(sheets) + 1)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>'
        + "".join(
            f'<sheet name="Full{n}" sheetId="{n}" state="{"hidden" if n in hidden else "visible"}" r:id="r{n}"/>'
            for n in numbers
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
        )
        + f'<Relationship Id="s" Type="{relations}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
    }
    for number, rows in zip(numbers, sheets, strict=True):
        lines = "".join(
            f'<row r="{line}">'
            + "".join(xlsx_cell(f"{column(n)}{line}", cell) for n, cell in enumerate(row))
            + "</row>"
            for line, row in enumerate(rows, first_row)
        )
        if far and number == 1:
            lines += f'<row r="{far[0]}"><c r="{far[1]}{far[0]}"><v>1</v></c></row>'
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>'
        )
    return zipped(files)


def ods_cell(value: object) -> str:
    match value:
        case None | "":
            return "<table:table-cell/>"
        case date():
            return f'<table:table-cell office:value-type="date" office:date-value="{value.isoformat()}"/>'
        case int() | float():
            return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(str(value))}</text:p></table:table-cell>'


def ods(rows: Rows) -> bytes:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    lines = "".join("<table:table-row>" + "".join(map(ods_cell, row)) + "</table:table-row>" for row in rows)
    return zipped(
        {
            "mimetype": kind,
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
            "content.xml": f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0"'
            f' xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Full1">{lines}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        }
    )
