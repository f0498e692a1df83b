"""A kind of source, of check or of channel is there wholly, or the product does not even begin."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec
import pytest

from talaia.channels import channels
from talaia.config import CheckConfig, current
from talaia.config.check_kinds import KINDS as CHECK_KINDS
from talaia.config.source_kinds import KINDS
from talaia.notices.chat.registry import ROOMS
from talaia.notices.chat.room import RoomChannel
from talaia.notices.webhooks.channel import WEBHOOKS
from talaia.outbox.channel import Channel, NamedChannel
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


class Told:
    """What a channel must have to be made."""

    def deliver(self, *_: object) -> None: ...
    def receivers(self, *_: object) -> tuple[()]:
        return ()

    def tell(self, *_: object) -> None: ...
    def check(self, *_: object) -> tuple[()]:
        return ()

    def say(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("base", "needed"),
    [
        (Channel, ["deliver"]),
        (NamedChannel, ["receivers", "tell", "check"]),
        (RoomChannel, ["receivers", "check", "say"]),
    ],
)
def test_a_channel_that_is_half_made_cannot_be_made(base: type[Channel], needed: list[str]) -> None:
    whole = {"name": "half", **{name: vars(Told)[name] for name in needed}}
    assert type("Whole", (base,), whole)()
    for lacking in needed:
        with pytest.raises(TypeError, match=f"abstract method '?{lacking}"):
            type("Half", (base,), {name: value for name, value in whole.items() if name != lacking})()


@pytest.mark.usefixtures("db")
def test_whatever_is_ordered_has_a_channel() -> None:
    """A delivery on a channel that nobody works would wait for ever, and nothing would say so."""
    known = {channel.name for channel in channels(current())}
    assert len(known) == len(channels(current()))
    ordered = set()
    for file in sorted((DOCS.parent / "talaia").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Order":
                name = call.args[0]
                if isinstance(name, ast.Constant):
                    ordered.add(name.value)
                else:  # the name of a channel itself
                    assert isinstance(name, ast.Attribute), f"{file}:{call.lineno}"
                    assert name.attr == "name"
    assert ordered <= known
    assert ordered | {channel.name for channel in (*ROOMS, WEBHOOKS)} == known
