"""Cells that are built to keep us busy: the time that one takes grows with its length, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from talaia.audience.cells import CellRefused, invoices, is_yes
from talaia.audience.row_owners import legible, owners_of

YES = frozenset({"si"})
LONG = 131_000  # characters of a cell that Python's csv reads


@pytest.mark.parametrize("filler", [" ", "\r\n", "a", "a.", "( ", "(at", " at ", "1", "1,", "1.0", "@", "a@"])
@pytest.mark.parametrize(
    "read",
    [
        legible,
        lambda text: owners_of(text, {}, {}, {}),
        lambda text: invoices(text, YES, YES),
        lambda text: is_yes(text, YES, YES),
    ],
    ids=["legible", "owners", "invoices", "yes"],
)
@pytest.mark.slow
def test_a_long_cell_is_read_at_once(read: Callable[[str], object], filler: str) -> None:
    begun = time.process_time()
    with suppress(CellRefused):
        read("x" + filler * (LONG // len(filler)) + "x")
    assert time.process_time() - begun < 5
