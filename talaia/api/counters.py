"""What this process counts by itself; everything else in /metrics is read from the database when it is asked for."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
HOOKS = Counter(
    "talaia_hook_requests", "Bodies posted to the hooks, by the answer.", ["kind", "code"], registry=REGISTRY
)
