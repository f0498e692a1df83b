"""The picture of the arrows is that of the imports of today."""

from __future__ import annotations

import pytest

from scripts.architecture import PICTURE, arrows, draw, heights, reduced


@pytest.mark.slow
def test_the_picture_shows_the_imports_of_today() -> None:
    assert PICTURE.read_text() == draw(reduced(arrows())), "run scripts/architecture"


def test_an_arrow_that_others_imply_is_left_out_and_each_stands_above_all_that_it_imports() -> None:
    graph = {"desk": {"events", "panel"}, "events": {"panel"}, "panel": set[str]()}
    assert reduced(graph) == {"desk": {"events"}, "events": {"panel"}, "panel": set()}
    assert heights(graph) == {"panel": 0, "events": 1, "desk": 2}
