"""Reads an export in a process of its own, with limits of memory and time: what it does there ends nothing of ours.

The reader of spreadsheets is no Python: what asks it for a terabyte aborts the process in which it runs.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import talaia
from talaia.audience.reading.table import BrokenRow, ExportTable, Numbered, UnreadableFile

PATIENCE = 90.0  # seconds by the clock, for all of it
KEPT = ("PATH", "LANG", "LC_ALL")  # of the environment: nothing of ours that a reader could look up
COMMAND = (sys.executable, "-P", "-m", "talaia.audience.reading.sandbox_worker")


def read(
    data: bytes,
    names: Collection[str],
    needed: str,
    patience: float = PATIENCE,
    command: Collection[str] = COMMAND,
) -> ExportTable:
    """As reading.read, which it calls over there. Raises Unreadable whatever becomes of the reader."""
    environment = {key: value for key, value in os.environ.items() if key in KEPT}
    environment["PYTHONPATH"] = str(Path(talaia.__file__).parents[1])  # the same talaia, wherever it was started
    asked = json.dumps({"names": list(names), "needed": needed})
    with in_memory(data) as given, in_memory() as told:
        try:
            subprocess.run(
                [*command, asked],
                stdin=given,
                stdout=told,
                stderr=subprocess.DEVNULL,  # it could quote what stands in the file
                timeout=patience,
                check=False,
                env=environment,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableFile("reader_slow", {"limit": f"{patience:g}"}) from None
        told.seek(0)
        said = told.read()
    if not said.endswith((b"\n{}\n", b"}}\n")):  # all of it, or an Unreadable; no row ends like this
        raise UnreadableFile("reader_ended")
    head = json.loads(said[: said.index(b"\n")])
    if "code" in head:
        raise UnreadableFile(head["code"], head["data"])
    return ExportTable(tuple(head["header"]), lambda: rows(said), head["ended"])


def in_memory(data: bytes = b"") -> io.FileIO:
    """A file that no disk can be too full for, and that is gone with us."""
    file = io.FileIO(os.memfd_create("export"), "r+")
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
    file.seek(0)
    return file


def rows(said: bytes) -> Iterator[Numbered]:
    """Raises Unreadable where the reader met it."""
    lines = io.BytesIO(said)
    next(lines)
    for line in lines:
        frame: Any = json.loads(line)
        if isinstance(frame, list):
            number, broken, cells = frame
            yield number, BrokenRow(cells) if broken else cells
        elif frame:
            raise UnreadableFile(frame["code"], frame["data"])
