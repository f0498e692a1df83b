"""A list of 10,000 at a real Mailman that has nothing to learn: a whole sync beside one plain read of that list."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.product import ROOT
from tests.servers.mailman import PASSWORD, USER, Mailman

LIST = "bench@lists.example.org"
RATIO, OWN = 1.3, 5.0  # times one plain read; seconds of ours


def measure(home: Path, config: str, addresses: list[str], times: int, sync: Callable[[], float]) -> bool:
    """Whether the bars are held. `home` has a talaia.toml, which gets a list; `sync` does one and tells its seconds."""
    with Mailman() as core:
        (home / "password").write_text(PASSWORD)
        mailman = f'\n[audience.mailman]\nlist = "{LIST}"\nurl = "{core.url}"\nusername = "{USER}"\n'
        (home / "talaia.toml").write_text(f'{config}{mailman}password_file = "password"\ntimeout = "60s"\n')
        environment = {**os.environ, "TALAIA_CONFIG": str(home / "talaia.toml"), "TALAIA_HOME": str(home)}
        subprocess.run([sys.executable, "-m", "talaia", "audience", "setup"], env=environment, cwd=ROOT, check=True)
        core.fill(LIST, addresses)
        sync()  # learns who is on it
        plain, whole = [], []
        for _ in range(times):  # by turns, as the machine may have others to serve
            begun = time.perf_counter()
            found = core.ask("GET", f"lists/{LIST.replace('@', '.', 1)}/roster/member", fields="email")
            plain.append(time.perf_counter() - begun)
            assert len(found["entries"]) == len(addresses)
            whole.append(sync())
    read, took = statistics.median(plain), statistics.median(whole)
    print(f"one plain read of {len(addresses):,} members: {read:.1f} s")
    print(f"a sync that changes nothing, from its start to its end: {took:.1f} s, {took / read:.2f} × (bar: {RATIO} ×)")
    print(f"of it our own part: {took - read:.1f} s (bar: {OWN:g} s)")
    return took <= RATIO * read and took - read <= OWN
