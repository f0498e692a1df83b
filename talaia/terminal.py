"""What goes to a terminal or a log: words of others are only words there.

Names of alerts, errors of servers, rows of an export, topics of a forum: whatever is printed passes here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from typing import Any, TextIO, cast

from talaia.config import sanitize


class SafeStream:
    """A stream that lets through only what does not act: no escape sequence, no mark of direction left open."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """A carriage return stays at an end: by it our own counters write over themselves."""
        kept = "\r" if text == "\r" else sanitize.lines(text)
        self._stream.write(kept)
        return len(text)

    def writelines(self, texts: Iterator[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def only_words() -> Iterator[None]:
    """Whatever is printed meanwhile passes through Words. Bytes go by `sys.stdout.buffer`, as they are."""
    out, err = (cast(TextIOWrapper, SafeStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(out), redirect_stderr(err):
        yield
