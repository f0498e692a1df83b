"""The generic body, for what can post JSON: `{"key": "mail", "state": "down", "labels": {…}, "at": "…"}`, or a list.

`key` names the thing; it becomes the label `key`, to be matched in talaia.toml, unless the labels say `talaia_service`
themselves. `state` is one of the words below; a heartbeat only says that the sender is alive, and `unknown` that it
cannot look. `summary` is for operators, as in Alertmanager; `talaia_summary` is public. docs/monitoring.md tells more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from talaia.signals.parse.report import Alert, Report, decode, instant

Word = Literal[
    "firing",
    "down",
    "degraded",
    "partial",
    "disruption",
    "unknown",
    "resolved",
    "up",
    "ok",
    "operational",
    "heartbeat",
]
WELL = ("resolved", "up", "ok", "operational")
IMPACTS = ("degraded", "partial", "disruption", "unknown")


class _Said(msgspec.Struct):
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    state: Word
    labels: dict[str, str | int | float | bool] = {}
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    summary: str = ""
    talaia_summary: str = ""


def said(body: object) -> Report:
    """What a generic body says. Raises Malformed."""
    every = decode(body, list[_Said]) if isinstance(body, list) else [decode(body, _Said)]
    return Report(tuple(_alert(one) for one in every))


def _alert(said: _Said) -> Alert:
    labels = {name: _word(value) for name, value in said.labels.items()} | {"key": said.key}
    # An impact is a state of the thing, not another thing: it must not become part of what identifies it.
    annotations: dict[str, str] = {"talaia_impact": said.state} if said.state in IMPACTS else {}
    if said.state == "heartbeat":
        labels["talaia_heartbeat"] = "true"
    annotations |= {name: words for name in ("summary", "talaia_summary") if (words := getattr(said, name))}
    well = said.state in WELL
    at = instant(said.at)
    return Alert(labels, not well, annotations, None if well else at, at if well else None)


def _word(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
