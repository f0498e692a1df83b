"""The product says and tells what the rules say, whatever happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle.compare import agrees
from tests.oracle.histories import histories
from tests.oracle.history import History
from tests.oracle.product import Letterbox, installed

COUNT = int(os.environ.get("TALAIA_ORACLE_HISTORIES", "60"))


@pytest.fixture(scope="module")
def letterbox() -> Iterator[Letterbox]:
    with Letterbox() as server:
        yield server


@pytest.mark.django_db
@settings(max_examples=COUNT, deadline=None, derandomize=COUNT <= 60, database=None,
          suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_a_history(tmp_path: Path, letterbox: Letterbox, history: History) -> None:
    with installed(tmp_path, letterbox) as product:
        agrees(history, product)
