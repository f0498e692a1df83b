"""An export as rows with their line numbers, whatever kind of file it is. Nothing here knows what the columns mean."""

from __future__ import annotations

import re
from collections.abc import Collection

from talaia.audience.reading import delimited, json_records, spreadsheets
from talaia.audience.reading.table import BrokenRow, ExportTable, UnreadableFile

__all__ = ["BrokenRow", "ExportTable", "UnreadableFile", "read"]

LARGEST = 100_000_000  # bytes of a file
# What many programs call .xls: a web page, or XML. A spreadsheet opens it, with a warning.
OPENED_ONLY = re.compile(r"\s*(<(\?xml|!doctype|!--|html|head|body|meta|style|table)\b|mime-version:)", re.IGNORECASE)


def read(data: bytes, names: Collection[str], needed: str) -> ExportTable:
    """The table in a file. What kind of file it is, its content says: names of files lie.

    names: the columns that talaia.toml names; by them the header is found, and in a CSV what parts the cells.
    needed: the one of them that must be there. Raises Unreadable.
    """
    if len(data) > LARGEST:
        raise UnreadableFile("too_large", {"limit": LARGEST // 1_000_000})
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf"):
        raise UnreadableFile("empty")
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return spreadsheets.read(data, names, needed)
    text = delimited.decode(data)
    if OPENED_ONLY.match(text):
        raise UnreadableFile("web_page")
    if text.lstrip().startswith(("[", "{")):
        return json_records.read(text, names, needed)
    return delimited.read(text, names, needed)
