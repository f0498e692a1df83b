"""What a body posted to one of our hooks says, by the kind of the source that sent it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from talaia.signals.parse import alertmanager, generic, prometheus
from talaia.signals.parse.report import Report


def read(kind: str, body: object, received_at: datetime) -> Report:
    """The report in `body` (JSON values) from a source of `kind`. Raises Malformed with the place in the body."""
    if kind == "prometheus-push":
        return prometheus.push(body, received_at)
    if kind == "push" and not (isinstance(body, dict) and "alerts" in body):
        return generic.said(body)
    return alertmanager.webhook(body)


def only(body: Any, kept: Collection[int]) -> Any:
    """A stored body with those of its alerts alone whose places are in `kept`."""
    if isinstance(body, list):
        return [alert for place, alert in enumerate(body) if place in kept]
    if isinstance(body, dict) and isinstance(body.get("alerts"), list):
        return {**body, "alerts": only(body["alerts"], kept)}
    return body
