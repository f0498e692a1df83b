"""`talaia …` as somebody types it, in this process and on the test's own database."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from talaia import cli


class Terminal(io.StringIO):
    """Somebody who types; after their last line they press Ctrl-D."""

    def isatty(self) -> bool:
        return True


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, text: str = "", typed: str | None = None) -> Said:
        """Run `talaia ARGUMENTS` with `text` as its standard input; with `typed`, on a terminal."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(text) if typed is None else Terminal(typed))
        if typed is not None:
            self.monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        try:
            code = cli.main(arguments)
        except SystemExit as exit:
            code = int(exit.code or 0)
        printed = self.capsys.readouterr()
        return Said(code, printed.out, printed.err)
