"""The product says and tells what the rules say, whatever happens: histories that are made up, made real in it.

In the suite it is a short, fixed row of them, of some hours each. `TALAIA_ORACLE_HISTORIES=5000` makes so many, of
hours, days and years, other ones each time (`--hypothesis-seed=N`: the same again). One takes a few seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.oracle.compare import agrees
from tests.oracle.histories import histories
from tests.oracle.history import History
from tests.oracle.product import Letterbox, installed

SHORT = 40
COUNT = int(os.environ.get("TALAIA_ORACLE_HISTORIES", SHORT))
LONG = COUNT != SHORT


@pytest.fixture(scope="module")
def letterbox() -> Iterator[Letterbox]:
    with Letterbox() as server:
        yield server


@pytest.mark.django_db
@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize=not LONG,
    database=None,
    phases=(Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(history=histories(None if LONG else "hours"))
def test_what_is_shown_why_and_who_is_told_is_what_must_follow(
    tmp_path: Path, letterbox: Letterbox, history: History
) -> None:
    with installed(tmp_path, letterbox) as product:
        agrees(history, product)
