"""From a webhook to the new page on the disk, and what one update costs, with a growing archive.

The webhook is timed from before it is sent until the front on the disk shows the service in disruption. The cost of an
update is the time that its transaction, its deliveries and all their files take, one after the other in one process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from scripts.benches.installation import configuration, cpu_seconds, quiet, resident_mb, seed
from tests.product import ROOT, Talaia
from tests.servers.process import wait_until

P99 = 1.0  # seconds
GROWTH = 1.5


def quantile(times: list[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def firing(slug: str) -> dict[str, object]:
    """What Alertmanager posts for one alert on one service."""
    labels = {"alertname": "Down", "talaia_service": slug, "talaia_impact": "disruption"}
    now = datetime.now(UTC).isoformat()
    alert = {"status": "firing", "labels": labels, "annotations": {}, "startsAt": now, "endsAt": "0001-01-01T00:00:00Z"}
    return {"version": "4", "status": "firing", "receiver": "page", "alerts": [alert], "truncatedAlerts": 0}


def in_disruption(front: Path) -> int:
    """How many rows of the panel on the disk are in disruption."""
    return front.read_text().count('<li class="disruption"')


def webhooks(talaia: Talaia, count: int) -> list[float]:
    token = talaia.run("token", "create", "am", "--quiet").strip()
    client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    front, times = talaia.home / "public" / "index.html", []
    hook = f"{talaia.address}/hooks/alertmanager/am"
    client.post(hook, json=firing("s000")).raise_for_status()
    wait_until(lambda: in_disruption(front) > 0, 30, "the first one shows", talaia)
    for n in range(1, count + 1):
        before, inode = in_disruption(front), front.stat().st_ino
        begun = time.perf_counter()
        client.post(hook, json=firing(f"s{n:03}")).raise_for_status()
        while True:
            if (now := front.stat().st_ino) != inode:
                inode = now
                if in_disruption(front) > before:
                    break
            if time.perf_counter() - begun > 30:
                raise SystemExit(f"scripts/bench publish: s{n:03} never showed\n{talaia.log_tail()}")
            time.sleep(0.001)
        times.append(time.perf_counter() - begun)
    return times


def updates(talaia: Talaia, count: int) -> list[float]:
    """With the process down: seconds per update, everything included."""
    environment = {**os.environ, **talaia.environment}
    command = [sys.executable, "-m", "scripts.benches.updates", str(count)]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def at_rest(talaia: Talaia, seconds: int) -> tuple[float, float]:
    """Share of a core and megabytes of the process while nothing happens."""
    assert talaia.process
    before = cpu_seconds(talaia.process.pid)
    time.sleep(seconds)
    return (cpu_seconds(talaia.process.pid) - before) / seconds, resident_mb(talaia.process.pid)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench publish", description=__doc__)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--incidents", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--webhooks", type=int, default=150)
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--rest", type=int, default=0, metavar="SECONDS", help="measure the process at rest as well")
    options = parser.parse_args(argv)
    cost, slowest = {}, 0.0
    for incidents in options.incidents:
        with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder:
            talaia = Talaia(Path(folder), configuration(options.services))
            seed(talaia.home, incidents)
            begun = time.perf_counter()
            each = updates(talaia, options.updates)  # its first settling writes the whole archive
            took = time.perf_counter() - begun
            print(f"{incidents:>6} incidents: whole archive and {options.updates} updates in {took:.0f} s")
            cost[incidents] = statistics.median(each)
            with talaia:
                talaia.started()
                quiet(talaia)
                waits = webhooks(talaia, min(options.webhooks, options.services - 1))
                p99 = quantile(waits, 0.99)
                print(
                    f"{incidents:>6} incidents: webhook → page p50 {quantile(waits, 0.5) * 1000:.0f} ms, "
                    f"p99 {p99 * 1000:.0f} ms ({len(waits)} webhooks); one update {cost[incidents] * 1000:.0f} ms"
                )
                slowest = max(slowest, p99)
                if options.rest:
                    quiet(talaia)
                    share, megabytes = at_rest(talaia, options.rest)
                    print(f"        at rest: {share:.1%} of a core, {megabytes:.0f} MB")
    growth = cost[max(cost)] / cost[min(cost)]
    print(f"webhook → page, p99: {slowest * 1000:.0f} ms (bar: {P99 * 1000:.0f} ms)")
    print(f"one update with {max(cost)} / with {min(cost)} incidents: {growth:.2f} × (bar: {GROWTH} ×)")
    return 0 if slowest <= P99 and growth <= GROWTH else 1
