"""The state machine of a service, pure: what is shown (precedence) and when a computed state may change (holds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    PARTIAL = "partial"
    DISRUPTION = "disruption"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


# How much a reader must know of it first; also the order in which a group or the page takes the worst of its services.
WEIGHT = {
    State.OPERATIONAL: 0,
    State.MAINTENANCE: 1,
    State.UNKNOWN: 2,
    State.DEGRADED: 3,
    State.PARTIAL: 4,
    State.DISRUPTION: 5,
}
TROUBLE = (State.DEGRADED, State.PARTIAL, State.DISRUPTION)


def worst(states: Iterable[State]) -> State:
    """The heaviest of `states`; operational when there are none."""
    return max(states, key=WEIGHT.__getitem__, default=State.OPERATIONAL)


@dataclass(frozen=True)
class Reason:
    """Why a state is what it is: a code of `panel/words.py` and the values for its sentence (JSON kinds only)."""

    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.values} if self.code or self.values else {}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reason:
        return cls(data.get("code", ""), {key: value for key, value in data.items() if key != "code"})


@dataclass(frozen=True)
class Verdict:
    """What the signals alone say of a service at one moment, before any hold."""

    state: State
    reason: Reason = Reason()
