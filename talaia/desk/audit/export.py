"""The log as a table for a spreadsheet, and as JSON for a program."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from typing import Any

from talaia.desk.audit.query import AuditLine

COLUMNS = ("at", "who", "did", "kind", "subject", "from", "what", "language", "before", "after")
# A cell that begins with one of these would be a formula, with whatever it may do to who opens the table.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where the semicolon parts cells (Catalan and Spanish tables), a new one begins within ours. A list is left as it is.
WITHIN = re.compile(r"(?<=[;\t\r\n])( *)(?=[=+@＝＋－＠]|-(?! ))")


def as_csv(lines: Iterable[AuditLine]) -> str:
    """A row per changed text, and one for a fact without any."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        told = [line.at.isoformat(), line.who, line.said, line.kind, line.subject, line.place]
        for change in line.changes or (None,):
            rest = [change.what, change.language, change.before or "", change.after] if change else [""] * 4
            writer.writerow([harmless(cell) for cell in (*told, *rest)])
    return out.getvalue()


def harmless(cell: str) -> str:
    safe = cell[:1] + WITHIN.sub(r"\1'", cell[1:])
    return f"'{safe}" if cell.lstrip(" ").startswith(FORMULA) else safe


def as_json(lines: Iterable[AuditLine]) -> str:
    """A list of objects, the newest first; `changes` as they are, with null where there was nothing before."""
    return json.dumps([_object(line) for line in lines], ensure_ascii=False, indent=1)


def _object(line: AuditLine) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "who": line.who,
        "did": line.said,
        "kind": line.kind,
        "subject": line.subject,
        "from": line.place,
        "changes": [
            {"what": one.what, "language": one.language, "before": one.before, "after": one.after}
            for one in line.changes
        ],
    }
