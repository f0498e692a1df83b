"""A kind of source, or of check, is there wholly, or the product does not even begin."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from talaia.config import CheckConfig
from talaia.config.check_kinds import KINDS as CHECK_KINDS
from talaia.config.source_kinds import KINDS
from talaia.signals.probes.probe import Probe
from talaia.signals.probes.registry import PROBES
from talaia.signals.sources.adapter import SourceAdapter
from talaia.signals.sources.registry import ADAPTERS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_described_and_can_be_set_up(kind: str) -> None:
    assert f"`{kind}`" in (DOCS / "configuration.md").read_text()
    assert kind in (DOCS / "monitoring.md").read_text()
    setup, hooks = ADAPTERS[kind].setup, KINDS[kind].hooks
    assert bool(setup) == bool(hooks)
    assert not hooks or ("{file}" in setup and ("{url}" in setup or "{prefix}" in setup))
    assert all(hook.count("{}") == 1 for hook in hooks)


@pytest.mark.parametrize(
    ("kind", "has", "said"),
    [
        ("push", {"setup": "{url}"}, "Half: read is missing"),
        ("push", {"read": lambda *_: None}, "Half: setup is missing"),
        ("prometheus", {}, "Half: poll is missing"),
        ("prometheus", {"poll": lambda *_: None, "setup": "x"}, "Half: setup is nothing that its row"),
        ("push", {"read": lambda *_: None, "setup": "{url}", "poll": lambda *_: None}, "Half: poll is nothing that"),
    ],
)
def test_one_that_is_half_made_fails_when_it_is_made(kind: str, has: dict[str, object], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        type("Half", (SourceAdapter,), {"kind": kind, **has})


def test_one_without_a_row_fails_too() -> None:
    with pytest.raises(KeyError, match="no-such-kind"):
        type("NoRow", (SourceAdapter,), {"kind": "no-such-kind"})


@pytest.mark.parametrize("kind", CHECK_KINDS)
def test_a_kind_of_check_is_described_and_looks(kind: str) -> None:
    assert f"`{kind}`" in (DOCS / "configuration.md").read_text()
    assert PROBES[kind].kind == kind
    fields = {field.name for field in msgspec.structs.fields(CheckConfig)}
    assert set(CHECK_KINDS[kind].keys) <= fields


@pytest.mark.parametrize("has", [{"kind": "tcp"}, {"kind": "no-such-kind", "look": None}])
def test_a_probe_that_is_half_made_fails_when_it_is_made(has: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Half: a probe has a row"):
        type("Half", (Probe,), has)
