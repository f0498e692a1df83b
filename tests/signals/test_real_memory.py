"""A real Prometheus that was off for a part of our absence is asked what it remembers: blocks written beforehand."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from talaia.config import Config, EvidenceConfig, Reference, ServiceConfig, SourceConfig, Text
from talaia.panel.state import State
from talaia.signals.backfill import recall
from talaia.signals.client import SourceClient
from talaia.signals.replay import Gap
from tests.servers.programs import find_program
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.servers
NOW = datetime.now(UTC).replace(microsecond=0)
DAYS = 5
LEFT = NOW - timedelta(days=DAYS)
BACK = NOW - timedelta(minutes=1)
DARK = (LEFT + timedelta(days=1), LEFT + timedelta(days=1, hours=6))  # Prometheus itself was off
DOWN = (LEFT + timedelta(days=3), LEFT + timedelta(days=3, minutes=40))
EVERY = timedelta(seconds=30)
USUAL: dict[str, Any] = {"group": "g", "name": Text((("", "x"),))}
WEB = ServiceConfig(
    slug="web", evidence=EvidenceConfig(source="p", query='probe_success{talaia_service="web"}'), **USUAL
)
LINKS = ServiceConfig(
    slug="links",
    evidence=EvidenceConfig(source="p", query='min by (link) (probe_success{link!=""})'),
    reference=Reference(connections=("a", "b", "c"), label="link"),
    **USUAL,
)
BAD = ServiceConfig(slug="bad", evidence=EvidenceConfig(source="p", query="probe_success{"), **USUAL)


def blocks() -> Iterator[str]:
    """What it measured and which alerts fired, in the text format of OpenMetrics."""
    moments = [at for n in range(int((BACK - LEFT + timedelta(hours=1)) / EVERY))
               if not DARK[0] <= (at := LEFT - timedelta(hours=1) + n * EVERY) < DARK[1]]  # fmt: skip
    yield "# TYPE probe_success gauge"
    for labels in ('talaia_service="web"', 'link="a"', 'link="b"', 'link="c"'):
        for at in moments:
            down = "web" in labels and DOWN[0] <= at < DOWN[1]
            yield f"probe_success{{{labels}}} {int(not down)} {at.timestamp():.0f}"
    yield "# TYPE ALERTS gauge"
    for at in moments:
        if DOWN[0] <= at < DOWN[1]:
            yield f'ALERTS{{alertname="Down",alertstate="firing",talaia_service="web"}} 1 {at.timestamp():.0f}'
    yield "# EOF"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    text = tmp_path / "past.txt"
    text.write_text("\n".join(blocks()) + "\n")
    server = Prometheus()
    promtool = find_program("promtool", "prometheus")
    create = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(server.folder / "data")]
    subprocess.run(create, check=True, capture_output=True, timeout=120)
    with server:
        yield server


def test_of_an_absence_of_five_days_a_real_prometheus_tells_the_outage_and_its_own_absence(
    prometheus: Prometheus, configure: Callable[[str], Config]
) -> None:
    config = configure('[site]\nname = "x"\naddress = "https://status.example.org"\n')
    source = SourceConfig(id="p", kind="prometheus", url=prometheus.url)
    gaps = [Gap(n, service, State.OPERATIONAL, LEFT, BACK) for n, service in enumerate((WEB, LINKS, BAD))]
    client = SourceClient(source, config)
    try:
        web, links, bad = recall(client, gaps, 0.0, threading.Event())
    finally:
        client.close()
    assert [state.value for _, state, _ in web.told] == [
        "operational",
        "unknown",
        "operational",
        "disruption",
        "operational",
    ]
    wanted = (LEFT, DARK[0], DARK[1], DOWN[0], DOWN[1] + WEB.hold_better)
    for (at, state, _), expected in zip(web.told, wanted, strict=True):
        # A sample is believed for `stale_after`, an alert and a series that ended without a word for five minutes.
        assert timedelta(0) <= at - expected <= timedelta(minutes=6), state
    assert [state.value for _, state, _ in links.told] == ["operational", "unknown", "operational"]
    assert [state.value for _, state, _ in bad.told] == ["unknown"], "a query that it refuses hides no other"
