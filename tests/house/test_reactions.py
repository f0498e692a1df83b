"""Every kind of fact that is recorded anywhere is known, and no line of reactions.py is for nothing."""

from __future__ import annotations

import re
from pathlib import Path

from talaia.desk.audit.sentences import SENTENCES
from talaia.events.timeline import MaintenanceState
from talaia.reactions import REACTIONS

ROOT = Path(__file__).parents[2] / "talaia"


def recorded() -> set[str]:
    """The kinds that stand in calls of record(), with the names that are put together at run time spelt out."""
    found: set[str] = set()
    for path in ROOT.rglob("*.py"):
        text = path.read_text()
        for call in re.findall(r"\brecord\((.*?)\)\n", text, re.DOTALL):
            first = call.split(",")[0]
            found |= set(re.findall(r'"([a-z]+\.[a-z_]+)"', first))
        found |= set(re.findall(r'kind = "([a-z]+\.[a-z_]+)"', text))
        found |= set(re.findall(r'"((?:incident|service)\.[a-z_]+)" (?:if|else)', text))
        found |= set(re.findall(r'else "((?:incident|service|source)\.[a-z_]+)"', text))
    found |= set(re.findall(r'_decide\(delivery_id, "([a-z]+\.[a-z_]+)"', (ROOT / "outbox" / "actions.py").read_text()))
    found |= {f"maintenance.{state}" for state in MaintenanceState}
    both = ("corrected", "edited", "analysed", "addressed", "widened")
    found |= {f"{kind}.{what}" for kind in ("incident", "maintenance") for what in both}
    return found


def test_every_kind_of_fact_that_is_recorded_is_known_by_its_sentence() -> None:
    """One that is misspelt would follow nothing, and nobody would see it."""
    found = recorded()
    assert len(found) > 15
    assert found == SENTENCES.keys()


def test_no_reaction_waits_for_a_fact_that_nobody_records() -> None:
    assert REACTIONS.keys() - recorded() == set()
    assert all(REACTIONS.values()), "a fact without consequences needs no line"
