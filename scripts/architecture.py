"""Draws which folder of the product imports which, but for the arrows that others imply: docs/images/architecture.svg.

scripts/architecture [FILE]
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
# Django's own files, and what is too small to be a subject: small files that everybody may ask.
LEFT_OUT = {"settings", "urls", "models", "apps", "migrations", "__init__", "__main__"}
WIDE, HIGH, GAP, STEP, EDGE = 128, 34, 22, 74, 16


def arrows(root: Path = ROOT / "talaia") -> dict[str, set[str]]:
    """For each folder, and the two files beside them that stand between folders, whom it imports."""
    folders = {path.parent.name for path in root.glob("*/__init__.py")} - LEFT_OUT
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(root.rglob("*.py")):
        whose = path.relative_to(root).parts[0].removesuffix(".py")
        if whose in LEFT_OUT:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for module in modules:
                parts = module.split(".")
                if parts[0] == "talaia" and len(parts) > 1 and parts[1] in folders | {"reactions", "channels"}:
                    found[whose].add(parts[1])
        found[whose].discard(whose)
    shown = folders | {"reactions", "channels"}
    return {name: found[name] & shown for name in sorted(shown)}


def reduced(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that follow from others."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [*graph[start]]
        while waiting:
            if (one := waiting.pop()) not in seen:
                seen.add(one)
                waiting += graph[one]
        return seen

    return {
        name: {one for one in below if not any(one in reached(other) for other in below - {one})}
        for name, below in graph.items()
    }


def heights(graph: Mapping[str, set[str]]) -> dict[str, int]:
    """On which floor each stands: above all that it imports."""
    found: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in found:
            found[name] = max((height(one) + 1 for one in graph[name]), default=0)
        return found[name]

    for name in graph:
        height(name)
    return found


def draw(graph: Mapping[str, set[str]]) -> str:
    floors: dict[int, list[str]] = defaultdict(list)
    for name, height in heights(graph).items():
        floors[height].append(name)
    most = max(map(len, floors.values()))
    width = most * (WIDE + GAP) - GAP + 2 * EDGE
    height = (max(floors) + 1) * STEP - (STEP - HIGH) + 2 * EDGE
    places = {}
    for floor, names in floors.items():
        row = len(names) * (WIDE + GAP) - GAP
        for n, name in enumerate(sorted(names)):
            places[name] = ((width - row) // 2 + n * (WIDE + GAP), height - EDGE - HIGH - floor * STEP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">',
        '<title id="title">Which folder of talaia imports which; arrows that follow from others are left out</title>',
        "<style>rect{fill:#f4f6f8;stroke:#5b6b7a}path{fill:none;stroke:#8494a3}marker path{fill:#8494a3;stroke:none}"
        "text{font:14px system-ui,sans-serif;text-anchor:middle;fill:#1b242c}"
        "@media(prefers-color-scheme:dark){rect{fill:#1f2a33;stroke:#8494a3}text{fill:#e6ebef}}</style>",
        '<marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>',
    ]
    for name, below in sorted(graph.items()):
        for other in sorted(below):
            (x, y), (x2, y2) = places[name], places[other]
            x, x2, y = x + WIDE // 2, x2 + WIDE // 2, y + HIGH
            bend = (y2 - y) // 2
            lines.append(f'<path d="M{x} {y}C{x} {y + bend} {x2} {y2 - bend} {x2} {y2}" marker-end="url(#end)"/>')
    for name, (x, y) in sorted(places.items()):
        label = f"{name}/" if (ROOT / "talaia" / name).is_dir() else f"{name}.py"
        lines.append(f'<rect x="{x}" y="{y}" width="{WIDE}" height="{HIGH}" rx="6"/>')
        lines.append(f'<text x="{x + WIDE // 2}" y="{y + 22}">{label}</text>')
    return "\n".join([*lines, "</svg>", ""])


def main(argv: list[str]) -> int:
    target = Path(argv[0]) if argv else PICTURE
    target.write_text(draw(reduced(arrows())))
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
