"""An installation to measure: a talaia.toml with as many services as wanted, and as many past incidents."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.product import ROOT, Talaia
from tests.servers.process import wait_until

SOURCE = """
[[sources]]
id = "am"
kind = "alertmanager"
stale_after = "1h"
"""


def configuration(services: int, groups: int = 6) -> str:
    """A talaia.toml with `services` services in `groups` groups, all heard through one webhook."""
    parts = [
        '[site]\nname = "Cooperativa Exemple"\naddress = "https://status.example.org"\n',
        SOURCE,
        *(f'[[groups]]\nid = "g{n}"\nname = "Grup de serveis {n}"\n' for n in range(groups)),
        *(
            f'[[services]]\nslug = "s{n:03}"\ngroup = "g{n % groups}"\nname = "Servei número {n}"\n'
            'evidence = { source = "am" }\n'
            for n in range(services)
        ),
    ]
    return "\n".join(parts)


def seed(home: Path, incidents: int) -> None:
    """Write `incidents` past incidents, three a day, straight into the rows."""
    environment = {**os.environ, "TALAIA_CONFIG": str(home / "talaia.toml"), "TALAIA_HOME": str(home)}
    command = [sys.executable, "-m", "scripts.benches.seed", str(incidents)]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    line = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def quiet(talaia: Talaia) -> None:
    """Wait until the whole site stands: until the process uses less than a twentieth of a core for a second."""

    def rests() -> bool:
        assert talaia.process
        before = cpu_seconds(talaia.process.pid)
        time.sleep(1)
        return cpu_seconds(talaia.process.pid) - before < 0.05

    wait_until(rests, 900, "the process is quiet", talaia)
