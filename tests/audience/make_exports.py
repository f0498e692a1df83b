"""Writes tests/audience/exports/, with invented people: `python -m tests.audience.make_exports`."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from tests.audience.sheets import Formula, ods, xlsx

FOLDER = Path(__file__).parent / "exports"
HEADER = ("Nom", "Correu electrònic", "Idioma", "Sòcia", "Baixa", "Factura", "Zona")

# Against the ledger of tests/audience/test_exports.py: gina joins, eva comes back, hug is missing and leaves.
PEOPLE: tuple[tuple[str, ...], ...] = (
    ("Anna Puig", "anna@example.org", "català", "sí", "", "", "Sants"),
    ("Berta Solé", "berta@example.org", "castellano", "no", "", "123", ""),
    ("Carme Roig", "carme@example.org", "", "sí", "", "", ""),
    ("Dolors Vall", "dolors@example.org", "", "sí", "", "", ""),
    ("Eva Mas", "eva@example.org", "", "sí", "", "", ""),
    ("Gina Font", "gina@example.org", "", "sí", "", "", ""),
    ("Ningú Enlloc", "ningu@example.org", "", "no", "", "", ""),
)


def text(
    rows: Iterable[Sequence[str]] = PEOPLE, header: Sequence[str] = HEADER, delimiter: str = ",", end: str = "\r\n"
) -> str:
    whole = io.StringIO()
    writer = csv.writer(whole, delimiter=delimiter, lineterminator=end)
    writer.writerows([header, *rows])
    return whole.getvalue()


def also(*rows: Sequence[str]) -> str:
    return text((*PEOPLE, *rows))


def person(address: str, name: str = "Nou", member: str = "sí", until: str = "", invoice: str = "") -> tuple[str, ...]:
    return (name, address, "", member, until, invoice, "")


def shuffled(order: Sequence[int]) -> str:
    return text([[row[n] for n in order] for row in PEOPLE], [HEADER[n] for n in order])


def objects() -> list[dict[str, object]]:
    return [dict(zip(HEADER, row, strict=True)) for row in PEOPLE]


def files() -> dict[str, bytes]:
    usual = text()
    header = ",".join(HEADER)
    in_excel = [HEADER, *[tuple(int(cell) if cell == "123" else cell for cell in row) for row in PEOPLE]]
    made: dict[str, str | bytes] = {
        "usual.csv": usual,
        "latin1-semicolons.csv": text(delimiter=";").encode("latin-1"),
        "windows-1252.csv": text(delimiter=";", rows=(*PEOPLE, person("ivet@example.org", "Ivet “la gran” €"))).encode(
            "cp1252"
        ),
        "bom.csv": b"\xef\xbb\xbf" + usual.encode(),
        "utf16-little.csv": b"\xff\xfe" + text(delimiter="\t").encode("utf-16-le"),
        "utf16-big.csv": b"\xfe\xff" + usual.encode("utf-16-be"),
        "utf16-without-mark.csv": usual.encode("utf-16-le"),
        "utf16-torn.csv": b"\xff\xfe" + usual.encode("utf-16-le")[:-1],
        "pipes.csv": text(delimiter="|"),
        "carets.csv": text(delimiter="^"),
        "sep-line.csv": "sep=;\r\n" + text(delimiter=";"),
        "every-cell-quoted.csv": "".join(";".join(f'"{cell}"' for cell in row) + "\n" for row in (HEADER, *PEOPLE)),
        "old-line-ends.csv": text(end="\r"),
        "no-last-line-end.csv": usual.rstrip(),
        "shuffled-columns.csv": shuffled((6, 3, 1, 5, 0, 4, 2)),
        "shuffled-rows.csv": text(PEOPLE[::-1]),
        "capitals-in-header.csv": text(
            header=("NOM ", "correu  ELECTRÒNIC", " Idioma", "SÒCIA", "baixa", "Factura", "ZONA")
        ),
        "decomposed-accents.csv": text(header=[*HEADER[:3], "So\u0300cia", *HEADER[4:]]).replace(
            "Correu electrònic", "Correu electro\u0300nic"
        ),
        "more-columns.csv": text(
            [(*row, "08014", "Carrer Major, 7\n2n 1a") for row in PEOPLE], (*HEADER, "Codi postal", "Adreça")
        ),
        "titles-above.csv": "Llistat de sòcies i socis\r\n\r\nFet el 25/11/2026,,,,,,\r\n" + usual,
        "empty-lines.csv": usual.replace("\r\n", "\r\n\r\n,,,,,,\r\n"),
        "quoted-line-ends.csv": text(
            [(*row, "Carrer Major, 7\n2n 1a\nSants") for row in (*PEOPLE, person("sense-arrova"))], (*HEADER, "Adreça")
        ),
        "excel-text-cells.csv": usual.replace("anna@example.org", '="anna@example.org"').replace(",123,", ',="123",'),
        "nul-in-name.csv": also(person("ivet@example.org", "Ivet\x00Pla")),
        "nul-in-address.csv": also(person("iv\x00et@example.org")),
        "header-injection.csv": also(
            person("ivet@example.org", "Ivet\r\nBcc: tothom@example.net"),
            person("jan@example.org\r\nBcc: tothom@example.net"),
            person("anna@example.org", "Anna\nSubject: hola"),
        ),
        "known-in-a-refused-row.csv": text(
            (
                *PEOPLE[1:],
                ("Anna\x07", "anna@example.org", "", "sí", "", "", ""),
                person("hug@example.org", member="potser"),
            )
        ),
        "direction-override.csv": also(person("ivet@example.org", "Ivet \u202egro.elpmaxe")),
        "duplicate-header.csv": text(header=[*HEADER[:-1], "Correu electrònic"]),
        "duplicate-header-unused.csv": text(
            [(*row, "x", "y") for row in PEOPLE], (*HEADER, "Observacions", "Observacions")
        ),
        "missing-column.csv": text([row[:3] + row[4:] for row in PEOPLE], HEADER[:3] + HEADER[4:]),
        "renamed-column.csv": text(header=[*HEADER[:3], "Sòcies", *HEADER[4:]]),
        "without-header.csv": "\r\n".join(",".join(row) for row in PEOPLE),
        "wrong-report.csv": "Compte,Saldo\r\n430001,12.50\r\n430002,0\r\n",
        "twice-encoded.csv": usual.encode().decode("latin-1"),
        "nothing.csv": b"",
        "only-blanks.csv": b"\xef\xbb\xbf \r\n\r\n\t\r\n",
        "only-a-header.csv": header + "\r\n",
        "nobody.csv": text([(*row[:3], "no", row[4], "", row[6]) for row in PEOPLE]),
        "shrunk.csv": text((PEOPLE[0], *PEOPLE[2:4])),
        "mostly-refused.csv": also(person("a"), person("b"), person("c")),
        "quote-never-closed.csv": usual.replace("Carme Roig", '"Carme Roig'),
        "broken-quotes.csv": usual.replace("Carme Roig", '"Carme" Roig'),
        "quotes-inside.csv": usual.replace("Anna Puig", '"Anna ""la Nona"" Puig"'),
        "unquoted-comma.csv": usual.replace("Gina Font", "Font, Gina"),
        "delimiter-ends-every-row.csv": usual.replace("\r\n", ",\r\n").replace("Zona,", "Zona"),
        "unquoted-line-end.csv": usual.replace("Gina Font,", "Gina Font\r\n,"),
        "short-rows.csv": usual.replace("gina@example.org,,sí,,,", "gina@example.org,,sí"),
        "look-alikes.csv": also(
            person("ivet@ex\u0430mple.org"),  # a Cyrillic a in a Latin word
            person("ivet@\u0430\u0440\u0440\u04cf\u0435.org"),  # five Cyrillic letters that read "apple"
            person("ivet\uff20example.org"),  # a full-width @
            person("iv\u0435t@example.org"),  # a Cyrillic e before the @
            person("ivet@exam\u200bple.org"),  # a blank of no width
        ),
        "honest-scripts.csv": also(person("ivet@пример.org"), person("jan@例え.jp")),
        "idn.csv": also(
            person("ivet@cafè.example"), person("IVET@xn--caf-8la.EXAMPLE", invoice="9"), person("ivet@CAFÈ.example.")
        ),
        "several-contracts.csv": also(
            person("Ivet@Example.ORG", member="no", invoice="501"),
            person("ivet@example.org", member="no", invoice="502"),
            person("IVET@EXAMPLE.ORG", "IVET PLA"),
            person("anna@example.org", "Anna Puig", "no", invoice="77"),
        ),
        "several-addresses.csv": also(person("ivet@example.org; jan@example.org,ivet@example.org")),
        "dates.csv": also(
            person("a@example.org", until="2026-11-24"),
            person("b@example.org", until="25/11/2026"),
            person("c@example.org", until="1.2.27"),
            person("d@example.org", until="0000-00-00"),
            person("e@example.org", until="2026-11-26 00:00:00"),
        ),
        "bad-dates.csv": also(person("a@example.org", until="31/02/2027")),
        "unknown-words.csv": also(person("a@example.org", member="potser")),
        "no-address.csv": also(person("")),
        "invalid-addresses.csv": also(*[person(a) for a in ("ivet", "@example.org")]),
        "too-long.csv": also(person("i" * 65 + "@example.org")),
        "longest.csv": also(person("i" * 64 + "@example.org")),
        "mailto.csv": also(person(" mailto:ivet@example.org "), person("<jan@example.org>")),
        "formula-as-name.csv": also(person("ivet@example.org", '=HYPERLINK("https://example.net","Ivet")')),
        "usual.xlsx": xlsx(in_excel),
        "second-sheet.xlsx": xlsx([("Resum", "2026"), ("Sòcies", 6)], in_excel),
        "starts-below.xlsx": xlsx([*in_excel, person("no-address")], first_row=4),
        "dates.xlsx": xlsx(
            [
                *in_excel,
                ("A", "a@example.org", "", True, date(2026, 11, 24)),
                ("B", "b@example.org", "", 1, date(2026, 11, 25)),
            ]
        ),
        "formulas.xlsx": xlsx(
            [
                *in_excel,
                ("Ivet", Formula('B2&"x"', "ivet@example.org"), "", Formula("TRUE()", "TRUE")),
                ("Jan", Formula('B3&"x"'), "", "sí"),
            ]
        ),
        "torn.xlsx": xlsx(in_excel)[:-600],
        "no-workbook.xlsx": b"PK\x03\x04 this is no zip",
        "usual.ods": ods(in_excel),
        "web-page.xls": "<html><table><tr><td>Nom</td><td>Correu electrònic</td></tr></table></html>",
        "usual.json": json.dumps(objects(), ensure_ascii=False),
        "inside.json": json.dumps({"pagina": 1, "dades": objects()}, ensure_ascii=True),
        "typed.json": json.dumps(
            [
                *objects(),
                {"Correu electrònic": "ivet@example.org", "Sòcia": True, "Factura": [501, 502.0], "Nom": None},
                {"Correu electrònic": ["jan@example.org"], "Sòcia": False, "Baixa": None},
            ]
        ),
        "lines.jsonl": "\n".join(json.dumps(one) for one in objects()),
        "broken.json": json.dumps(objects())[:-5],
        "key-twice.json": '[{"Correu electrònic": "a@example.org", "Correu electrònic": "b@example.org"}]',
        "no-objects.json": "[1, 2, 3]",
        "empty-list.json": "[]",
        "deep.json": "[" * 5_000,
    }
    return {name: body.encode() if isinstance(body, str) else body for name, body in made.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, body in files().items():
        (FOLDER / name).write_bytes(body)
