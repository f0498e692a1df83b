"""Evidence queries, many asked as one, and what their answer says, pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from talaia.config import Config, SourceConfig
from talaia.signals.parse.prometheus import LATEST, PrometheusSample

BELIEVED_SKEW = 30.0  # seconds between the source's clock and ours before operators are told


@dataclass(frozen=True)
class EvidenceQuery:
    """An evidence query: for which service, and by which label its series name a connection ("" for none)."""

    service: str
    query: str
    label: str = ""


@dataclass(frozen=True)
class Measured:
    """A sample: its age in seconds by the source's own clock."""

    service: str
    connection: str
    value: float
    age: float


def wanted(config: Config, source: SourceConfig) -> list[EvidenceQuery]:
    """The evidence queries for one source."""
    return [
        EvidenceQuery(service.slug, service.evidence.query, service.reference.label if service.reference else "")
        for service in config.tables.services
        if service.evidence and service.evidence.source == source.id and service.evidence.query
    ]


def as_one(batch: Sequence[EvidenceQuery]) -> str:
    """A query that brings the value and the time of each, and the time of the source."""
    parts = []
    for number, one in enumerate(batch):
        for what, query in (("value", one.query), ("time", f"timestamp({one.query})")):
            marked = f'label_replace({query}, "talaia_query", "{number}", "", "")'
            parts.append(f'label_replace({marked}, "talaia_what", "{what}", "", "")')
    return " or ".join([*parts, 'label_replace(vector(time()), "talaia_what", "clock", "", "")'])


def measured(
    batch: Sequence[EvidenceQuery], samples: Sequence[PrometheusSample], notes: list[Mapping[str, Any]]
) -> list[Measured] | None:
    """What the answer to `as_one` says of each; None where it lacks the time. What is odd becomes a note."""
    clock = next((s.value for s in samples if s.labels.get("talaia_what") == "clock"), None)
    if clock is None or not abs(clock) < LATEST:
        return None
    values: dict[tuple[int, str], float] = {}
    times: dict[tuple[int, str], float] = {}
    timeless: set[tuple[int, str]] = set()
    for sample in samples:
        if "talaia_query" not in sample.labels or sample.labels.get("talaia_experimental") == "true":
            continue
        asked = int(sample.labels["talaia_query"])
        label = batch[asked].label
        key = (asked, sample.labels.get(label, "") if label else "")
        if sample.labels["talaia_what"] == "value":
            if math.isnan(sample.value):  # a ratio of nothing to nothing says nothing
                continue
            values[key] = min(values.get(key, sample.value), sample.value)
        elif abs(sample.value) < LATEST:
            times[key] = max(times.get(key, sample.value), sample.value)
        else:
            timeless.add(key)
    found = []
    for (number, connection), value in values.items():
        if (number, connection) in timeless:
            notes.append({"code": "no_time", "service": batch[number].service})
            continue
        age = clock - times.get((number, connection), clock)
        if age < -BELIEVED_SKEW:
            notes.append({"code": "future_sample", "service": batch[number].service, "seconds": round(-age)})
        found.append(Measured(batch[number].service, connection, value, max(0.0, age)))
    return found
