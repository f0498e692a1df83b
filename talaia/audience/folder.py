"""The export as a file of this machine: the newest one of a folder, once nobody writes it any more."""

from __future__ import annotations

from pathlib import Path

from talaia.errors import UserError

KINDS = {".csv", ".tsv", ".txt", ".xlsx", ".ods", ".xls", ".json", ".jsonl"}

# What changes whenever somebody writes: which file, how long it is, and when it was written.
Mark = tuple[int, int, int]


def newest(place: Path) -> Path | None:
    """`place` itself if it is a file; of a folder, the file of a known kind that was written last. Raises Refused."""
    try:
        if not place.is_dir():
            return place if place.is_file() else None
        files = [
            file
            for file in place.iterdir()
            if file.suffix.lower() in KINDS and not file.name.startswith((".", "~")) and file.is_file()
        ]
        return max(files, key=lambda file: (file.stat().st_mtime_ns, file.name), default=None)
    except OSError as error:
        raise UserError(f"{place} cannot be read: {error.strerror}") from None


def mark(file: Path) -> Mark | None:
    """None: it is gone."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def content(file: Path) -> bytes:
    """The file, whole. Raises Refused, also when somebody writes it at that moment."""
    try:
        before = mark(file)
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    if mark(file) != before or (before and before[1] != len(data)):
        raise UserError(f"{file} is being written; try again once it is whole")
    return data
