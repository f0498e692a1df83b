"""Every colour of the style sheet can be read on the ground it stands on (WCAG 1.4.3, 1.4.11), light and dark."""

from __future__ import annotations

import re

import pytest

from talaia.panel.state import State
from talaia.site.assets import contents

STYLE = contents()["style.css"].decode()


def colours(part: str) -> dict[str, str]:
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", part))
    return {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:]) for name, value in found.items()
    }


def luminance(colour: str) -> float:
    """WCAG 2.2, «relative luminance»."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


LIGHT = colours(STYLE.split("@media")[0])
DARK = LIGHT | colours(STYLE.split("@media (prefers-color-scheme: dark)")[1].split("@media")[0].split("*,")[0])


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_have_four_and_a_half_to_one_and_shapes_three(scheme: dict[str, str]) -> None:
    grounds = [scheme["paper"], scheme["raised"], *(scheme[f"{state.value}-ground"] for state in State)]
    for name in ("ink", "quiet", "accent"):
        for ground in grounds:
            assert contrast(scheme[name], ground) >= 4.5, (name, ground)
    for state in State:
        for ground in (scheme["paper"], scheme[f"{state.value}-ground"]):
            assert contrast(scheme[state.value], ground) >= 4.5, state
        assert contrast(scheme[f"{state.value}-bar"], scheme["paper"]) >= 3, state


def test_both_schemes_define_the_same_colours() -> None:
    assert LIGHT != DARK
    assert LIGHT.keys() == DARK.keys()
