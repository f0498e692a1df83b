"""What a crowd that means no good costs: memory of the process, and how soon the page is there meanwhile.

Each kind comes by itself and stays for a while; between two of them the process has time to let go.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from scripts.benches.installation import configuration, cpu_seconds, quiet, resident_mb, seed
from tests.product import Talaia
from tests.servers.crowd import FIRST, crowd

BAR_MB = 60
BAR_SECONDS = 1.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench crowd", description=__doc__)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=20, help="how long each kind stays")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of: {', '.join(FIRST)}")
    options = parser.parse_args(argv)
    most, slowest = 0.0, 0.0
    with tempfile.TemporaryDirectory(prefix="talaia-bench-") as folder:
        home = Path(folder)
        talaia = Talaia(home, configuration(30))
        seed(home, 100)
        with talaia:
            talaia.started()
            assert talaia.process
            pid = talaia.process.pid
            quiet(talaia)
            httpx.get(f"{talaia.address}/desk/login", trust_env=False)  # the desk is there, too
            for kind in options.kinds or FIRST:
                before, cpu = resident_mb(pid), cpu_seconds(pid)
                with crowd(talaia.port, options.connections, kind, home) as there:
                    memory, waits = look(talaia, pid, options.seconds)
                told = there.output().splitlines()[-1]
                p50, worst = statistics.median(waits), max(waits)
                print(
                    f"  {kind:<14} {before:>5.0f} MB {memory - before:>+5.0f} MB   "
                    f"page: median {p50 * 1000:.0f} ms, worst {worst * 1000:.0f} ms   "
                    f"{cpu_seconds(pid) - cpu:.1f} CPU-s   {told}"
                )
                most, slowest = max(most, memory - before), max(slowest, worst)
                quiet(talaia)
    if most > BAR_MB or slowest > BAR_SECONDS:
        print(f"missed: ≤ +{BAR_MB} MB and the page within {BAR_SECONDS:g} s", file=sys.stderr)
        return 1
    print(f"held: ≤ +{BAR_MB} MB, the page within {BAR_SECONDS:g} s")
    return 0


def look(talaia: Talaia, pid: int, seconds: float) -> tuple[float, list[float]]:
    """The most memory, and how long each new visitor waited for the page."""
    memory, waits, end = 0.0, [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            httpx.get(f"{talaia.address}/", trust_env=False, timeout=5).raise_for_status()
        except httpx.HTTPError as fault:
            print(f"    {fault!r}", file=sys.stderr)
        waits.append(time.monotonic() - begun)
        memory = max(memory, resident_mb(pid))
        time.sleep(0.2)
    return memory, waits
