"""A name of a class is that of one class: whoever searches for it finds it."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2] / "talaia"


def test_no_two_classes_of_the_product_have_one_name() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and "migrations" not in path.parts:
                found[node.name].append(str(path.relative_to(ROOT)))
    assert len(found) > 300
    assert {name: where for name, where in found.items() if len(where) > 1} == {}
