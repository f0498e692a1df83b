"""How long torture lasts: short in every run, so that each kind is tried; long by `scripts/test --torture`."""

from __future__ import annotations

import os

LONG = bool(os.environ.get("TALAIA_LONG"))


def bounded(promised: int, short: int) -> int:
    """How many of something: `short`, or as many as were promised when it was built."""
    return promised if LONG else short
