"""docs/MAP.md and docs/where.md are true: what they name exists; every folder stands on the map, which stays short."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAP, ELSEWHERE = ((ROOT / "docs" / name).read_text() for name in ("MAP.md", "where.md"))


def answers() -> list[tuple[str, str]]:
    """The rows of the thirty-second table: question and answer."""
    section = MAP.split("## Ask it in thirty seconds")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in (section + ELSEWHERE).splitlines() if line.startswith("| ")]
    return [(question, answer) for question, answer in rows if question != "question"]


def test_the_map_is_read_in_a_minute_and_asks_no_more_than_twenty_five_questions() -> None:
    section = MAP.split("## Ask it in thirty seconds")[1].split("\n## ")[0]
    assert sum(line.startswith("| ") for line in section.splitlines()) - 1 <= 25


def test_every_file_that_the_map_names_exists() -> None:
    for name in re.findall(r"`((?:talaia|tests|docs)/[\w/.\-]+\.\w+)`", MAP + ELSEWHERE):
        assert (ROOT / name).is_file(), name
    for name in re.findall(
        r"`((?:[a-z]+/)+\w+\.py|\w+\.py)`", (MAP.split("## Folders")[0] + ELSEWHERE).replace("`talaia/", "`")
    ):
        assert (ROOT / "talaia" / name).is_file() or (ROOT / name).is_file(), name


def test_every_definition_that_the_map_names_stands_in_its_file() -> None:
    named = 0
    for _, answer in answers():
        if found := re.match(r"`(talaia/[\w/]+\.py)`: ((?:`\w+`(?:, )?)+)", answer):
            tree = ast.parse((ROOT / found[1]).read_text())
            there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            for name in re.findall(r"`(\w+)`", found[2]):
                assert name in there, f"{found[1]} has no {name}"
                named += 1
    assert named >= 4


def test_every_folder_of_the_product_stands_on_the_map() -> None:
    folders = {path.parent.name for path in (ROOT / "talaia").glob("*/__init__.py")} - {"migrations"}
    listed = set(re.findall(r"^\| `(\w+)/` \|", MAP, re.MULTILINE))
    assert listed == folders


def test_the_four_questions_of_a_newcomer_have_one_answer_each() -> None:
    questions = [question for question, _ in answers()]
    assert len(questions) == len(set(questions))
    for wanted in ("turn a service red", "page at `/`", "what follows when", "webhook come in"):
        assert sum(wanted in question for question in questions) == 1, wanted
