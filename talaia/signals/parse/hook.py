"""The stored bodies of our hooks, of whatever kind."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def only(body: Any, kept: Collection[int]) -> Any:
    """A stored body with those of its alerts alone whose places are in `kept`."""
    if isinstance(body, list):
        return [alert for place, alert in enumerate(body) if place in kept]
    if isinstance(body, dict) and isinstance(body.get("alerts"), list):
        return {**body, "alerts": only(body["alerts"], kept)}
    return body
