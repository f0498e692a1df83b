"""What keeps a broken export from emptying the list, pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from talaia.audience.diff import Diff, What
from talaia.audience.roster import Roster
from talaia.config import Audience, Threshold


@dataclass(frozen=True)
class Objection:
    """Why an import stops and asks. `final`: nobody can want it, and no confirmation lets it pass."""

    code: str
    data: Mapping[str, Any] = field(default_factory=dict)
    final: bool = False


def objections(roster: Roster, diff: Diff, audience: Audience) -> tuple[Objection, ...]:
    """Nothing: it may be applied without asking anybody."""
    if not roster.rows:
        return (Objection("empty", final=True),)
    if not roster.wanted:
        return (Objection("nobody", {"rows": roster.rows, "refused": len(roster.refused)}, final=True),)
    found = []
    leaves = len(diff.of(What.LEAVES))
    if beyond(audience.shrink, leaves, diff.base):
        found.append(Objection("shrink", {"leaves": leaves, "of": diff.base, "limit": str(audience.shrink)}))
    if beyond(audience.refused, len(roster.refused), roster.rows):
        data = {"refused": len(roster.refused), "of": roster.rows, "limit": str(audience.refused)}
        found.append(Objection("refused", data))
    return tuple(found)


def beyond(limit: Threshold, count: int, of: int) -> bool:
    """Whether `count` of `of` is more than the limit; what is exactly the limit is not."""
    return count > (limit.count if limit.count else limit.share * of + 1e-9)
