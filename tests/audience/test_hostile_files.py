"""Files made to end whoever reads them: the service stays, and the person gets one clear line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest
from django.utils import translation

from talaia.audience import reading
from talaia.audience.reading import UnreadableFile, sandbox, spreadsheets
from talaia.audience.words import unreadable
from tests.audience.exporting import HEADER, row, text
from tests.audience.sheets import ods, xlsx, zipped

ONE = [HEADER, row("anna")]
FAR = xlsx(ONE, far=(1_048_576, "XFD"))
NAMES = [*HEADER[:8]]


def changed(book: bytes, part: str, change: Callable[[str], str]) -> bytes:
    """A workbook one of whose parts is written otherwise."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    return zipped({name: change(one) if part in name else one for name, one in parts.items()})


def in_single_quotes(part: str) -> str:
    return part.replace('"', "'")


LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
WORKBOOKS = {
    "as-usual": (FAR, "sheet_far"),
    "places-in-single-quotes": (changed(FAR, "worksheets", in_single_quotes), "sheet_far"),
    "relations-in-single-quotes": (changed(FAR, ".rels", in_single_quotes), "sheet_far"),
    "small-letters": (changed(FAR, "worksheets", lambda part: part.replace("XFD", "xfd")), "sheet_far"),
    "blanks": (changed(FAR, "worksheets", lambda part: part.replace('r="XFD', 'r = "XFD')), "sheet_far"),
    "no-sheet-of-that-name": (
        changed(FAR, "xl/workbook", lambda part: part.replace("sheet name", "x:sheet  name")),
        "",
    ),
    "entities": (
        changed(ods(ONE), "content", lambda part: LAUGHS + "]>" + part.replace("Anna Puig", "&a9;")),
        "",
    ),
    "a-file-of-this-machine": (
        changed(
            ods(ONE),
            "content",
            lambda part: "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>" + part.replace("Anna Puig", "&a;"),
        ),
        "",
    ),
}


@pytest.mark.parametrize(("book", "code"), WORKBOOKS.values(), ids=WORKBOOKS)
def test_a_workbook_that_asks_for_too_much_is_refused_in_words(book: bytes, code: str) -> None:
    try:
        found = sandbox.read(book, NAMES, "Correu")
    except UnreadableFile as error:
        assert code in ("", error.code)  # noqa: PT017
    else:
        assert not code
        assert "root:" not in str([*found.rows()])


ONCE = "from talaia.audience.reading import sandbox_worker as once"


def test_what_these_programs_begin_with_can_be_begun() -> None:
    """Else each of them would end for that alone."""
    subprocess.run([sys.executable, "-P", "-c", f"{ONCE}, workbook; once.limited; once.SECONDS; once.SAID"], check=True)


def test_a_reader_that_aborts_ends_nothing_of_ours() -> None:
    """What the look at the dimensions would not see: the reader itself asks for 412 GB."""
    unseen = (
        "import sys; from talaia.audience.reading import sandbox_worker as once, workbook;"
        "unseen = type('Unseen', (dict,), {'get': lambda *_: workbook.Worksheet()});"
        "workbook.sheets = lambda archive: unseen();"
        "sys.argv[1:] = sys.argv[-1:]; once.main()"
    )
    with pytest.raises(UnreadableFile) as caught:
        sandbox.read(FAR, NAMES, "Correu", command=(sys.executable, "-P", "-c", unseen))
    assert caught.value.code == "reader_ended"
    with translation.override("en"):
        assert "save it anew" in unreadable(caught.value.code, caught.value.data)


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("import time; time.sleep(60)", "reader_slow"),
        ("import os; os.abort()", "reader_ended"),
        ('print(\'{"header":[],"ended":null}\')', "reader_ended"),
        ("print('{\"header\":[],\"ended\":null}'); print('[1,false,[]]')", "reader_ended"),
        ("bytearray(10**12)", "reader_ended"),
        (f"{ONCE}; once.limited(); bytearray(2 * 10**9); print('{{}}\\n{{}}')", "reader_ended"),
        (f"{ONCE}; once.SECONDS = 1; once.limited()\nwhile True: pass", "reader_ended"),
        (
            f"{ONCE}; once.SAID = 9999; once.limited(); import sys\n"
            "for _ in range(99): sys.stdout.write('x' * 999); sys.stdout.flush()",
            "reader_ended",
        ),
    ],
    ids=["hangs", "aborts", "ends-early", "ends-in-the-middle", "no-room", "over-memory", "over-time", "says-too-much"],
)
def test_whatever_becomes_of_the_reader_it_is_said(does: str, code: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        sandbox.read(b"x", NAMES, "Correu", 10 if code == "reader_ended" else 0.3, (sys.executable, "-P", "-c", does))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "data",
    [
        text([row("anna"), row("berta", Notes="dues\nlínies, “cometes” i 𝄞")]).encode(),
        text([row("anna")]).encode().removesuffix(b"\n"),
        b'Correu;Nom\nanna@example.org;"Anna',
        b"Correu,Nom\nanna@example.org,Anna,Puig,x\nberta@example.org,Berta\n",
        json.dumps([{"Correu": "anna@example.org", "Nom": "\ud83d", "x": None}]).encode(),
        b"[" * 100_000,
        b"",
        xlsx(ONE),
        ods(ONE),
    ],
    ids=["csv", "cut", "quotes", "broken", "json", "deep", "empty", "xlsx", "ods"],
)
def test_what_is_read_over_there_is_what_would_be_read_here(data: bytes) -> None:
    def told(read: Callable[..., reading.ExportTable]) -> list[object]:
        said: list[object] = []
        try:
            found = read(data, NAMES, "Correu")
            said += [found.header, found.ended]
            said += [(line, isinstance(cells, reading.BrokenRow), tuple(cells)) for line, cells in found.rows()]
        except UnreadableFile as error:
            said.append((error.code, error.data))
        return said

    assert told(sandbox.read) == told(reading.read)


@pytest.mark.torture
def test_a_zip_bomb_and_rows_without_end_take_neither_memory_nor_the_service() -> None:
    far = 'table:number-rows-repeated="2000000000" table:number-columns-repeated="2000000000"'
    endless = changed(ods(ONE), "content", lambda part: part.replace("<table:table-row>", f"<table:table-row {far}>"))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(spreadsheets.LARGEST + 1))
    for book in (endless, content.getvalue()):
        try:
            found = sandbox.read(book, NAMES, "Correu", 30)
            assert found.header
        except UnreadableFile as error:
            assert error.code in ("sheet", "too_large", "reader_slow", "reader_ended")  # noqa: PT017
