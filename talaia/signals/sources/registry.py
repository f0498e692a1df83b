"""All kinds of sources. A new one is a row in config/source_kinds.py, a file beside this one, and its line here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from talaia.config.source_kinds import KINDS
from talaia.signals.client import Heard, SourceClient
from talaia.signals.evidence import EvidenceQuery
from talaia.signals.parse.report import Report
from talaia.signals.sources.adapter import SourceAdapter
from talaia.signals.sources.alertmanager import AlertmanagerSource
from talaia.signals.sources.prometheus import PrometheusSource
from talaia.signals.sources.prometheus_push import PrometheusPushSource
from talaia.signals.sources.push import PushSource

ADAPTERS: dict[str, SourceAdapter] = {
    each.kind: each for each in (PrometheusSource(), AlertmanagerSource(), PrometheusPushSource(), PushSource())
}
if ADAPTERS.keys() != KINDS.keys():
    raise TypeError(f"signals/sources/registry.py: not both here and a row: {ADAPTERS.keys() ^ KINDS.keys()}")


def poll(client: SourceClient, wanted: Sequence[EvidenceQuery], now: datetime) -> Heard:
    """Everything that a source knows, complete. Raises Temporary or Permanent."""
    return ADAPTERS[client.source.kind].poll(client, wanted, now)


def read(kind: str, body: object, received_at: datetime) -> Report:
    """The report in `body` (JSON values) from a source of `kind`. Raises MalformedBody with the place in the body."""
    return ADAPTERS[kind].read(body, received_at)
