"""The shape of each state, pure: the same on the page, in the desk, as the favicon and on badges. Boxes of 16 × 16."""

from __future__ import annotations

from talaia.panel.state import State

SHAPES = {
    State.OPERATIONAL: '<circle cx="8" cy="8" r="7"/>',
    State.DEGRADED: '<path d="M8 1l7.6 13.6H.4z"/>',
    State.PARTIAL: '<path d="M8 .2 15.8 8 8 15.8.2 8z"/>',
    State.DISRUPTION: '<path d="M1.5 1.5h13v13h-13z"/>',
    State.MAINTENANCE: '<path fill-rule="evenodd" d="M8 0l7 4v8l-7 4-7-4V4zm0 2.8L3.5 5.4v5.2L8 13.2l4.5-2.6V5.4z"/>',
    State.UNKNOWN: (
        '<path d="M3.4 5.6a4.6 4.6 0 1 1 7.4 3.6c-1 .8-1.5 1.2-1.5 2.2H6.7c0-2.1.9-3 2.5-4.2'
        'a2 2 0 1 0-3.2-1.6z"/><circle cx="8" cy="14.2" r="1.6"/>'
    ),
}

# On a tab's ground, light or dark, whatever the page's colour scheme is: middle tones with 3:1 on both.
ICON_COLOURS = {
    State.OPERATIONAL: "#2b9a62",
    State.DEGRADED: "#b98012",
    State.PARTIAL: "#d4692b",
    State.DISRUPTION: "#d8433f",
    State.MAINTENANCE: "#4f80dd",
    State.UNKNOWN: "#7d8098",
}


def icon(state: State) -> bytes:
    """The favicon: an SVG file."""
    box = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="{ICON_COLOURS[state]}">'
    return f"{box}{SHAPES[state]}</svg>\n".encode()
