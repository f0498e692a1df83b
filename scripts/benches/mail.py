"""Direct mail: an incident is told to 10,000 people, each with a mail of their own, through a mail server beside it.

The figure is what arrives a second, from the first copy to the last, while `talaia work` does everything else as usual.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.notices.killing import mailing, open_incident, worker
from tests.notices.mailserver import MailServer

LEAST = 200.0  # messages a second
GROWTH = 15.0  # megabytes between the first tenth and the end


def resident(pid: int) -> float:
    """Megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench mail", description=__doc__)
    parser.add_argument("--addresses", type=int, default=10_000)
    options = parser.parse_args(argv)
    people = options.addresses
    with MailServer() as server, tempfile.TemporaryDirectory() as folder:
        talaia = mailing(Path(folder), server.port, people)
        open_incident(talaia)
        with worker(talaia) as process:
            server.wait_for(1, 60)
            begun = time.perf_counter()
            server.wait_for(people // 10, 600)
            early = resident(process.pid)
            server.wait_for(people, 3600)
            took, late = time.perf_counter() - begun, resident(process.pid)
        doubles = people - len(server.by_id())
    rate = (people - 1) / took
    print(f"{people:,} mails in {took:.1f} s: {rate:.0f} messages/s (bar: {LEAST:.0f})")
    print(f"memory of the worker: {early:.0f} MB after a tenth, {late:.0f} MB at the end (bar: +{GROWTH:.0f} MB)")
    print(f"connections: {server.connections}, Message-IDs twice: {doubles}")
    return 0 if rate >= LEAST and late - early <= GROWTH and doubles == 0 else 1
