"""`talaia …` as somebody types it, in this process and on the test's own database."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from talaia import cli


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.capsys, self.monkeypatch = capsys, monkeypatch

    def __call__(self, *arguments: str, text: str = "") -> Said:
        """Run `talaia ARGUMENTS` with `text` as its standard input."""
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        try:
            code = cli.main(arguments)
        except SystemExit as exit:
            code = int(exit.code or 0)
        printed = self.capsys.readouterr()
        return Said(code, printed.out, printed.err)
