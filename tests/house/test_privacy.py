"""docs/privacy.md says what the product does: its table is that of retention.py, and whoever forgets asks there."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

from talaia import retention

ROOT = Path(__file__).parents[2]


def test_the_table_that_people_read_is_that_of_the_product() -> None:
    assert retention.markdown() in (ROOT / "docs" / "privacy.md").read_text(), "paste talaia.retention.markdown() there"


def test_each_length_is_asked_for_by_who_forgets_and_stands_in_the_table() -> None:
    lengths = {name for name, value in vars(retention).items() if name.isupper() and isinstance(value, timedelta | int)}
    shown = ast.parse((ROOT / "talaia" / "retention.py").read_text()).body
    (table,) = [node for node in shown if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TABLE"]
    product = "".join(p.read_text() for p in (ROOT / "talaia").rglob("*.py") if p.name != "retention.py")
    for name in lengths - {"FORGET_AFTER"}:
        assert name in ast.unparse(table) or name == "REPLIES", name
        assert f"import {name}" in product or f", {name}" in product, f"nobody forgets by {name}"
