from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from talaia.forum.discourse.topics import Discourse as Ours
from tests.forum.there import Pair
from tests.servers.discourse import Discourse


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with Discourse() as double:
        both = Pair(double, tmp_path)
        yield both
        both.close()


@pytest.fixture
def ours(pair: Pair) -> Ours:
    return pair.ours()
