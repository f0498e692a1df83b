"""Programs that stand in tests as texts, run in processes of their own: no type checker sees what they import."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

TESTS = Path(__file__).parents[1]
IMPORT = re.compile(r"from (talaia[\w.]*) import ([\w, ]+)")


def imports_in_texts() -> Iterator[tuple[Path, str, str]]:
    for path in sorted(TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for found in IMPORT.finditer(node.value):
                    for name in found[2].split(","):
                        yield path, found[1], name.partition(" as ")[0].strip()


def test_what_a_program_in_a_test_imports_is_there() -> None:
    found = list(imports_in_texts())
    assert len(found) > 10
    for path, module, name in found:
        is_there = hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None
        assert is_there, f"{path}: {module} has no {name}"
