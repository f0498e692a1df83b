"""The bar of a service's days as SVG paths, one for each state, pure.

A state is told by height as well as by colour: trouble stands out above, days without data lie flat at the bottom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talaia.panel.state import State
from talaia.panel.uptime import DaySeconds, day_state

STEP, WIDTH, HEIGHT = 8, 6, 64
HEIGHTS = {
    State.OPERATIONAL: 40,
    State.MAINTENANCE: 28,
    State.DEGRADED: 48,
    State.PARTIAL: 56,
    State.DISRUPTION: 64,
    State.UNKNOWN: 8,
}


@dataclass(frozen=True)
class Bars:
    """`paths`: state → the path that draws all its days, in a box of `width` × HEIGHT."""

    width: int
    height: int
    paths: tuple[tuple[State, str], ...]


def bars(days: Sequence[DaySeconds]) -> Bars:
    """One bar for each of `days`, in their order."""
    drawn: dict[State, str] = {}
    for position, day in enumerate(days):
        state = day_state(day.seconds)
        height = HEIGHTS[state]
        bar = f"M{position * STEP} {HEIGHT - height}h{WIDTH}v{height}h-{WIDTH}z"
        drawn[state] = drawn.get(state, "") + bar
    width = max(len(days) * STEP - (STEP - WIDTH), 1)
    return Bars(width, HEIGHT, tuple((state, drawn[state]) for state in HEIGHTS if state in drawn))
