"""What alerts say that means nothing to us, pure: it is told to operators, as nobody else would notice.

An impact that is misspelt counts as the worst; an alert for a service that is not listed counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from talaia.config import Config
from talaia.signals.inputs import LiveSignal
from talaia.signals.matching import CONNECTION, HEARTBEAT, IMPACTS
from talaia.signals.parse.report import speaks_of_itself

Code = Literal["impact", "service", "connection", "label", "blind"]
EXPERIMENTAL = "talaia_experimental"
LABELS = {"talaia_service", CONNECTION, "talaia_impact", EXPERIMENTAL, HEARTBEAT}
ANNOTATIONS = {"talaia_impact", "talaia_summary"}
FLAGS = {EXPERIMENTAL, HEARTBEAT}
MOST = 20  # of one source that are told


@dataclass(frozen=True)
class UnknownLabel:
    """Something of `source` that operators should mend. `value`: what stands there; `alert`: one that says it."""

    source: str
    code: Code
    value: str
    alert: str
    count: int = 1

    def __str__(self) -> str:
        """In English, for the shell."""
        more = f" (and {self.count - 1} more)" if self.count > 1 else ""
        alert = f"{self.alert}{more}"
        match self.code:
            case "impact":
                return f"{alert}: talaia_impact {self.value!r} is none of {', '.join(sorted(IMPACTS))}"
            case "service":
                return f"{alert}: there is no service {self.value!r} in talaia.toml, so it counts for nothing"
            case "connection":
                return f"{alert}: there is no connection {self.value!r} in talaia.toml, so it counts for nothing"
            case "label":
                return f"{alert}: {self.value} means nothing here"
            case "blind":
                return f"{alert}: its rule {self.value} cannot look, so what it speaks of is unknown"


def oddities(
    config: Config, source: str, told: Iterable[tuple[Mapping[str, str], Mapping[str, str]]]
) -> tuple[UnknownLabel, ...]:
    """What is odd in the labels and annotations that `source` tells; the same of many alerts once."""
    services = {service.slug for service in config.tables.services}
    connections = {connection.id for connection in config.tables.connections}
    found: dict[tuple[Code, str], UnknownLabel] = {}
    for labels, words in told:
        signal = LiveSignal((source,), labels, words)
        for code, value in _of(signal, services, connections):
            known = found.get((code, value))
            if known or len(found) < MOST:
                count = known.count + 1 if known else 1
                found[code, value] = UnknownLabel(source, code, value, known.alert if known else signal.name, count)
    return tuple(found.values())


def _of(signal: LiveSignal, services: set[str], connections: set[str]) -> Iterator[tuple[Code, str]]:
    labels, annotations = signal.labels, signal.annotations
    if speaks_of_itself(labels, annotations):
        yield "blind", labels.get("rulename") or signal.name
    for impact in dict.fromkeys((annotations.get("talaia_impact"), labels.get("talaia_impact"))):
        if impact is not None and impact not in IMPACTS:
            yield "impact", impact
    if (service := labels.get("talaia_service", "")) and service not in services:
        yield "service", service
    if (connection := labels.get(CONNECTION, "")) and connection not in connections:
        yield "connection", connection
    for name, value in labels.items():
        if name.startswith("talaia_") and (
            name not in LABELS or (name in FLAGS and value not in ("true", "false", ""))
        ):
            yield "label", f'the label {name}="{value}"'
    for name in annotations:
        if name.startswith("talaia_") and name not in ANNOTATIONS:
            yield "label", f"the annotation {name}"
