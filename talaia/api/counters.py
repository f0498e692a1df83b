"""What this process counts by itself; everything else in /metrics is read from the database when it is asked for."""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]


class OwnProcess(ProcessCollector):
    """Its memory, descriptors and time, also where /proc shows processes and nothing else (`ProcSubset=pid`)."""

    def _boot_time(self) -> float:
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


REGISTRY = CollectorRegistry()
OwnProcess(registry=REGISTRY)
HOOKS = Counter(
    "talaia_hook_requests", "Bodies posted to the hooks, by the answer.", ["kind", "code"], registry=REGISTRY
)
CONNECTIONS = Gauge("talaia_connections", "Connections to the web server that are open.", registry=REGISTRY)
CLOSED = Counter(
    "talaia_connections_closed",
    "Connections that we closed: too many of them (room), too many from one place (place), too much kept for them "
    "(memory), too slow in asking (slow), in reading the answer (unread), or what they asked (refused).",
    ["reason"],
    registry=REGISTRY,
)
REFUSED = Counter(
    "talaia_requests_refused",
    "Requests that the application was not given: too many at once (busy), a host that is not ours (host).",
    ["reason"],
    registry=REGISTRY,
)
